//! A text that people wrote: whole, from an offset on, or as a row of a list has room for it.

use schemars::JsonSchema;
use serde::Serialize;

use super::cut::{in_row, in_thread};
use super::window;

/// The text, or part of it.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Body {
    #[serde(rename = "body")]
    text: String,
    /// Whether there is more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    truncated: bool,
    /// The offset to go on from.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_offset: Option<usize>,
    #[serde(skip)]
    seams: Vec<u8>,
}

impl Body {
    /// At most `most_bytes` of it from `offset` on, and where to go on.
    pub(crate) fn part(text: &str, offset: usize, most_bytes: usize) -> Self {
        let shown = window(text, offset, most_bytes);
        Self {
            text: shown.of(text).to_owned(),
            truncated: shown.next_offset.is_some(),
            next_offset: shown.next_offset,
            seams: shown.seams(text.as_bytes()),
        }
    }

    /// As much of it as a row of a list shows.
    pub(crate) fn row(text: &str) -> Self {
        Self::shortened(in_row(text))
    }

    /// As much of it as is shown under its issue, where so many characters are left in the answer.
    pub(crate) fn in_thread(text: &str, left_characters: usize) -> Self {
        Self::shortened(in_thread(text, left_characters))
    }

    fn shortened((text, truncated): (String, bool)) -> Self {
        Self { text, truncated, next_offset: None, seams: Vec::new() }
    }

    /// How much of it there is.
    pub(crate) fn len(&self) -> usize {
        self.text.len()
    }

    /// What the gate scans beside the text itself.
    pub(crate) fn seams(&self) -> Option<&[u8]> {
        (!self.seams.is_empty()).then_some(&self.seams)
    }
}
