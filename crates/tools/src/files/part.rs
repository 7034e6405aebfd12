//! Which part of a file is asked for.

use aegis_gate::ToolError;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::shape::{at_least, invalid};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Encoding {
    Base64,
}

/// The part that is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Whole,
    /// Lines from 1, the last included; none is the end.
    Lines {
        first: u64,
        last: Option<u64>,
    },
    /// From this byte on.
    Offset(u64),
}

impl Part {
    pub(crate) fn of(first: Option<i64>, last: Option<i64>, offset: Option<i64>) -> Result<Self, ToolError> {
        let first = at_least(1, "start_line", first)?;
        let last = at_least(1, "end_line", last)?;
        match (first, last, at_least(0, "offset", offset)?) {
            (None, None, None) => Ok(Self::Whole),
            (None, None, Some(offset)) => Ok(Self::Offset(offset)),
            (first, Some(last), None) if last < first.unwrap_or(1) => {
                Err(invalid("end_line", format!("got {last}"), "it is not before start_line"))
            }
            (first, last, None) => Ok(Self::Lines { first: first.unwrap_or(1), last }),
            (_, _, Some(_)) => Err(invalid("offset", "it came with lines", "give lines or an offset, not both")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_or_an_offset_but_not_both() {
        let of = |first, last, offset| Part::of(first, last, offset).ok();
        assert_eq!(of(None, None, None), Some(Part::Whole));
        assert_eq!(of(None, None, Some(7)), Some(Part::Offset(7)));
        assert_eq!(of(Some(2), None, None), Some(Part::Lines { first: 2, last: None }));
        assert_eq!(of(None, Some(9), None), Some(Part::Lines { first: 1, last: Some(9) }));
        assert_eq!(of(Some(9), Some(8), None), None);
        assert_eq!(of(Some(0), None, None), None);
        assert_eq!(of(None, None, Some(-1)), None);
        assert_eq!(of(Some(1), None, Some(1)), None);
    }
}
