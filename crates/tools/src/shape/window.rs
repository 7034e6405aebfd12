//! Part of a long text, cut at line ends where there are any.
//!
//! A secret cut in two no longer looks like one. So beside the part that is shown, a window keeps the bytes round each
//! cut, its seams: the gate scans them, and refuses the part where a secret lies across a cut.

use std::ops::Range;

/// How far from a cut a secret may reach: an armoured RSA key of 8,192 bits is 6.4 kB.
pub(crate) const SEAM_BYTES: usize = 8 * 1024;

/// Part of a text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Window {
    /// What is shown, in bytes of the whole.
    pub(crate) range: Range<usize>,
    /// Where to go on; none at the end.
    pub(crate) next_offset: Option<usize>,
}

/// At most `most_bytes` of `text` from `offset`, which is moved to the start of a character. An offset past the end
/// shows nothing.
pub(crate) fn window(text: &str, offset: usize, most_bytes: usize) -> Window {
    let start = text.floor_char_boundary(offset);
    let reach = text.floor_char_boundary(start.saturating_add(most_bytes));
    if reach >= text.len() {
        return Window { range: start..text.len(), next_offset: None };
    }
    let shown = text.get(start..reach).unwrap_or_default();
    let end = match shown.rfind('\n') {
        Some(line_end) => start.saturating_add(line_end).saturating_add(1),
        // One line longer than the window: cut inside it.
        None => reach,
    };
    Window { range: start..end, next_offset: Some(end) }
}

impl Window {
    /// What is shown.
    pub(crate) fn of<'a>(&self, text: &'a str) -> &'a str {
        text.get(self.range.clone()).unwrap_or_default()
    }

    /// The bytes round each cut, on the lines where they stand in the whole; nothing where nothing was cut.
    pub(crate) fn seams(&self, whole: &[u8]) -> Vec<u8> {
        let mut seams = Vec::new();
        let mut done = 0;
        for cut in [self.range.start, self.range.end] {
            if cut == 0 || cut >= whole.len() {
                continue;
            }
            let from = cut.saturating_sub(SEAM_BYTES).max(done);
            let to = cut.saturating_add(SEAM_BYTES).min(whole.len());
            // Line ends alone keep the place of what lies between.
            seams.extend(whole.get(done..from).unwrap_or_default().iter().filter(|byte| **byte == b'\n'));
            seams.extend_from_slice(whole.get(from..to).unwrap_or_default());
            done = to;
        }
        seams
    }

    /// What is shown and what lies round it, on the lines where they stand in the whole.
    pub(crate) fn with_surroundings(&self, whole: &[u8]) -> Vec<u8> {
        let from = self.range.start.saturating_sub(SEAM_BYTES).min(whole.len());
        let to = self.range.end.saturating_add(SEAM_BYTES).min(whole.len());
        let line_ends = whole.get(..from).unwrap_or_default().iter().filter(|byte| **byte == b'\n');
        line_ends.chain(whole.get(from..to).unwrap_or_default()).copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_read_to_its_end_window_by_window() {
        let text = "eins\nzwei\nüberlang und ohne Ende\nvier";
        for most in [4, 5, 7, 12, 100] {
            let (mut offset, mut read) = (0, String::new());
            while let Window { range, next_offset: Some(next) } = window(text, offset, most) {
                assert!(next > offset && range.len() <= most);
                read.push_str(&text[range]);
                offset = next;
            }
            read.push_str(window(text, offset, most).of(text));
            assert_eq!(read, text, "{most}");
        }
    }

    #[test]
    fn c08_a_line_without_end_is_cut_inside() {
        let text = "a".repeat(1_000_000);
        let first = window(&text, 0, 80_000);
        assert_eq!((first.range, first.next_offset), (0..80_000, Some(80_000)));
        assert_eq!(window(&text, 2_000_000, 10).of(&text), "");
    }

    #[test]
    fn seams_hold_what_lies_across_a_cut_on_its_own_line() {
        let text = format!("{}secret\n{}", "x\n".repeat(20_000), "y\n".repeat(20_000));
        let cut = window(&text, 40_003, 100);
        let seams = String::from_utf8(cut.seams(text.as_bytes())).unwrap();
        let line = |text: &str| text.lines().position(|line| line == "secret");
        assert_eq!(line(&seams), line(&text));
        assert!(seams.len() < 20_000 + 4 * SEAM_BYTES);
        assert!(window(&text, 0, text.len()).seams(text.as_bytes()).is_empty());
        assert!(!seams.contains(&text), "the seams are not the whole");
    }
}
