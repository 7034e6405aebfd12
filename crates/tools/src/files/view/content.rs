//! Bytes of a file, as text, as an image, as base64, or described.

use aegis_gate::{Image, ToolError};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

use super::{Kind, View, Wish};
use crate::files::part::Part;
use crate::shape::{Window, invalid, window};

/// Larger images are described, not shown.
const IMAGE_BYTES: usize = 1024 * 1024;
const BYTE_ORDER_MARK: &str = "\u{feff}";

/// All bytes of a file, or a run of them.
pub(super) struct Content {
    pub(super) bytes: Bytes,
    /// Where they begin in the file.
    pub(super) start: u64,
    /// How long the file is.
    pub(super) size: u64,
}

impl Content {
    /// The view of them.
    pub(super) fn show(&self, blank: View, wish: Wish) -> Result<View, ToolError> {
        if let Part::Offset(offset) = wish.part
            && offset > 0
            && offset >= self.size
        {
            return Err(invalid("offset", format!("got {offset}"), format!("the file has {} bytes", self.size)));
        }
        if wish.exact {
            return self.exact(blank, wish);
        }
        match (self.text(), mime_type(&self.bytes)) {
            (Some((before, text)), _) => self.lines(blank, wish, before, text),
            (None, Some(mime_type)) if self.is_whole() && self.bytes.len() <= IMAGE_BYTES => {
                let image = Image { mime_type, base64: STANDARD.encode(&self.bytes) };
                let scanned = self.bytes.to_vec();
                let hint = Some("it is shown as an image; encoding base64 gives its bytes");
                Ok(View { kind: Kind::Image, mime_type: Some(mime_type), image: Some(image), hint, scanned, ..blank })
            }
            (None, mime_type) => {
                let hint = Some("this is no UTF-8 text; get_file_contents with encoding base64 gives its bytes");
                Ok(View { kind: Kind::Binary, mime_type, hint, ..blank })
            }
        }
    }

    fn is_whole(&self) -> bool {
        self.start == 0 && u64::try_from(self.bytes.len()).is_ok_and(|length| length >= self.size)
    }

    /// UTF-8 without NUL, and the bytes before it. A run out of the middle may begin and end inside a character.
    fn text(&self) -> Option<(usize, &str)> {
        let inside = |byte: &&u8| **byte & 0b1100_0000 == 0b1000_0000;
        let skipped = if self.start == 0 { 0 } else { self.bytes.iter().take(3).take_while(inside).count() };
        let bytes = self.bytes.get(skipped..)?;
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => text,
            // No length: the last character is only cut off.
            Err(error) if error.error_len().is_none() && !self.is_whole() => {
                std::str::from_utf8(bytes.get(..error.valid_up_to())?).ok()?
            }
            Err(_) => return None,
        };
        (!text.contains('\0')).then_some((skipped, text))
    }

    fn lines(&self, blank: View, wish: Wish, skipped: usize, text: &str) -> Result<View, ToolError> {
        // Without its mark the text of a whole file begins at offset 0.
        let (text, byte_order_mark) = match text.strip_prefix(BYTE_ORDER_MARK) {
            Some(rest) if self.is_whole() => (rest, true),
            _ => (text, false),
        };
        let before = self.start.saturating_add(count(skipped));
        let shown = match wish.part {
            Part::Whole => window(text, 0, wish.most_bytes),
            Part::Offset(offset) => window(text, place(offset.saturating_sub(before)), wish.most_bytes),
            Part::Lines { first, last } => by_lines(text, first, last, wish.most_bytes)?,
        };
        let end = before.saturating_add(count(shown.range.end));
        let is_more = shown.next_offset.is_some() || (!self.is_whole() && end < self.size);
        let numbered = self.is_whole().then(|| numbers(text, &shown));
        let shown_lines = numbered.filter(|_| !text.is_empty());
        Ok(View {
            kind: Kind::Text,
            lines: numbered.map(|numbers| numbers.2),
            start_line: shown_lines.map(|numbers| numbers.0),
            end_line: shown_lines.map(|numbers| numbers.1),
            truncated: is_more,
            next_offset: is_more.then_some(end),
            byte_order_mark,
            content: Some(shown.of(text).to_owned()),
            scanned: shown.seams(text.as_bytes()),
            ..blank
        })
    }

    /// Base64 of a run, four letters for three bytes. All of it is scanned, and what lies round it.
    fn exact(&self, blank: View, wish: Wish) -> Result<View, ToolError> {
        let offset = match wish.part {
            Part::Whole => 0,
            Part::Offset(offset) => offset,
            Part::Lines { .. } => return Err(invalid("start_line", "it came with base64", "use an offset instead")),
        };
        let start = place(offset.saturating_sub(self.start)).min(self.bytes.len());
        let end = start.saturating_add(wish.most_bytes / 4 * 3).min(self.bytes.len());
        let reached = self.start.saturating_add(count(end));
        let run = Window { range: start..end, next_offset: None };
        Ok(View {
            kind: if self.text().is_some() { Kind::Text } else { Kind::Binary },
            truncated: reached < self.size,
            next_offset: (reached < self.size).then_some(reached),
            encoding: Some("base64"),
            mime_type: mime_type(&self.bytes),
            content: Some(STANDARD.encode(self.bytes.get(start..end).unwrap_or_default())),
            scanned: run.with_surroundings(&self.bytes),
            ..blank
        })
    }
}

fn by_lines(text: &str, first: u64, last: Option<u64>, most_bytes: usize) -> Result<Window, ToolError> {
    let starts = || std::iter::once(0).chain(text.match_indices('\n').map(|(line_end, _)| line_end + 1));
    let start_of = |line: u64| starts().nth(place(line.saturating_sub(1)));
    let start = start_of(first).filter(|start| *start < text.len() || first == 1).ok_or_else(|| {
        invalid("start_line", format!("got {first}"), format!("the file has {} lines", text.lines().count()))
    })?;
    let end = last.and_then(|last| start_of(last.saturating_add(1))).unwrap_or(text.len());
    let wanted = text.get(..end).unwrap_or_default();
    Ok(window(wanted, start, most_bytes))
}

/// First and last line shown, and lines in all.
fn numbers(text: &str, shown: &Window) -> (u64, u64, u64) {
    let lines = |text: Option<&str>| count(text.unwrap_or_default().lines().count());
    let line_ends = text.get(..shown.range.start).unwrap_or_default().matches('\n').count();
    let first = count(line_ends).saturating_add(1);
    let last = first.saturating_add(lines(text.get(shown.range.clone())).saturating_sub(1));
    (first, last, lines(Some(text)))
}

/// By the first bytes, as the formats define them.
fn mime_type(bytes: &[u8]) -> Option<&'static str> {
    let is_webp = bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP");
    if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        Some("image/png")
    } else if bytes.starts_with(b"\xff\xd8\xff") {
        Some("image/jpeg")
    } else if bytes.starts_with(b"GIF87a") || bytes.starts_with(b"GIF89a") {
        Some("image/gif")
    } else {
        is_webp.then_some("image/webp")
    }
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

fn place(offset: u64) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use aegis_gitea::read::{File, FileKind};

    use super::*;

    fn show(content: &Content, part: Part, exact: bool) -> View {
        tried(content, part, exact).unwrap()
    }

    fn tried(content: &Content, part: Part, exact: bool) -> Result<View, ToolError> {
        let file = File {
            kind: FileKind::File,
            name: String::new(),
            path: String::new(),
            sha: None,
            size_bytes: content.size,
            content: None,
            lfs: None,
            at: None,
            html_url: String::new(),
            last_commit_sha: None,
        };
        content.show(View::of(&file), Wish { part, exact, most_bytes: 8 })
    }

    #[test]
    fn an_offset_beyond_the_end_is_refused() {
        let text = whole(b"one\n");
        for exact in [false, true] {
            assert!(tried(&text, Part::Offset(3), exact).is_ok());
            assert!(tried(&whole(b""), Part::Offset(0), exact).is_ok());
            for beyond in [4, 5, u64::MAX] {
                let Err(ToolError::Call(error)) = tried(&text, Part::Offset(beyond), exact) else { panic!("{beyond}") };
                assert_eq!(error.to_string(), format!("argument `offset`: got {beyond}; the file has 4 bytes"));
            }
        }
    }

    fn whole(bytes: &'static [u8]) -> Content {
        Content { bytes: Bytes::from_static(bytes), start: 0, size: count(bytes.len()) }
    }

    #[test]
    fn c07_line_ends_stay_a_mark_is_noted_and_what_is_no_text_is_binary() {
        let view = show(&whole(b"a\r\nb\r\n"), Part::Whole, false);
        assert_eq!((view.content.as_deref(), view.lines), (Some("a\r\nb\r\n"), Some(2)));
        let view = show(&whole(b"\xef\xbb\xbfab"), Part::Whole, false);
        assert_eq!((view.content.as_deref(), view.byte_order_mark), (Some("ab"), true));
        for bytes in [&b"\xff\xfea\0"[..], b"a\0b", b"gr\xfc\xdfe", b"\xf0\x9f", b"\xed\xa0\x80"] {
            let view = show(&whole(bytes), Part::Whole, false);
            assert_eq!((view.kind, view.content), (Kind::Binary, None), "{bytes:?}");
        }
        let empty = show(&whole(b""), Part::Whole, false);
        assert_eq!(
            (empty.content.as_deref(), empty.lines, empty.start_line, empty.end_line),
            (Some(""), Some(0), None, None)
        );
    }

    #[test]
    fn c07_images_are_known_by_their_first_bytes_and_not_by_their_names() {
        for (bytes, mime) in [
            (&b"\x89PNG\r\n\x1a\n\0"[..], "image/png"),
            (b"\xff\xd8\xff\0", "image/jpeg"),
            (b"GIF89a\0", "image/gif"),
            (b"RIFF\0\0\0\0WEBP", "image/webp"),
        ] {
            let view = show(&whole(bytes), Part::Whole, false);
            assert_eq!((view.kind, view.mime_type, view.scanned.as_slice()), (Kind::Image, Some(mime), bytes));
        }
        assert_eq!(show(&whole(b"GIF89a is a format"), Part::Whole, false).kind, Kind::Text);
    }

    #[test]
    fn c08_a_run_out_of_the_middle_begins_and_ends_between_characters() {
        // "éé…" from its second byte on: the first and the last byte are halves.
        let bytes = Bytes::copy_from_slice(&"é".repeat(20).as_bytes()[1..22]);
        let run = Content { bytes, start: 1_000, size: 5_000 };
        let view = show(&run, Part::Offset(1_001), false);
        assert_eq!((view.content.as_deref(), view.next_offset), (Some("éééé"), Some(1_009)));
        assert_eq!((view.lines, view.truncated), (None, true));
        let view = show(&run, Part::Offset(1_000), true);
        assert_eq!((view.next_offset, view.encoding), (Some(1_006), Some("base64")));
    }

    #[test]
    fn a_text_is_read_to_its_end_by_lines_and_by_offsets() {
        let text = whole(b"one\ntwo\nthree\n");
        let lines = Part::Lines { first: 2, last: Some(2) };
        let view = show(&text, lines, false);
        assert_eq!((view.content.as_deref(), view.start_line, view.end_line), (Some("two\n"), Some(2), Some(2)));
        assert!(!view.truncated);
        let first = show(&text, Part::Whole, false);
        assert_eq!((first.content.as_deref(), first.next_offset), (Some("one\ntwo\n"), Some(8)));
        assert_eq!((first.start_line, first.end_line, first.lines), (Some(1), Some(2), Some(3)));
        let last = show(&text, Part::Offset(8), false);
        assert_eq!((last.content.as_deref(), last.next_offset), (Some("three\n"), None));
    }
}
