//! Reads a file line by line in bounded memory, whatever the file holds.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader};

use super::line::LINE_CAP_BYTES;

/// Lines of one file, counted from 1.
pub(super) struct Lines {
    reader: BufReader<File>,
    buffer: Vec<u8>,
    number: u64,
}

/// One line, as far as it goes.
pub(super) enum Piece<'a> {
    /// With its line end, which is left out here.
    Whole(&'a [u8]),
    /// The file ends before the line does.
    Unfinished(&'a [u8]),
    /// Longer than any line of ours; skipped.
    TooLong,
}

impl Lines {
    pub(super) fn of(file: File) -> Self {
        Self { reader: BufReader::with_capacity(LINE_CAP_BYTES, file), buffer: Vec::new(), number: 0 }
    }

    /// The next line and its number.
    pub(super) fn next(&mut self) -> io::Result<Option<(u64, Piece<'_>)>> {
        self.buffer.clear();
        let (mut length, mut ended) = (0_usize, false);
        while !ended {
            let available = self.reader.fill_buf()?;
            if available.is_empty() {
                break;
            }
            let end = available.iter().position(|byte| *byte == b'\n');
            let part = available.get(..end.unwrap_or(available.len())).unwrap_or_default();
            if length.saturating_add(part.len()) < LINE_CAP_BYTES {
                self.buffer.extend_from_slice(part);
            }
            let used = part.len().saturating_add(usize::from(end.is_some()));
            length = length.saturating_add(used);
            ended = end.is_some();
            self.reader.consume(used);
        }
        if length == 0 {
            return Ok(None);
        }
        self.number = self.number.saturating_add(1);
        let piece = match ended {
            _ if length > LINE_CAP_BYTES => Piece::TooLong,
            true => Piece::Whole(&self.buffer),
            false => Piece::Unfinished(&self.buffer),
        };
        Ok(Some((self.number, piece)))
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Seek as _, Write as _};

    use super::*;

    #[test]
    fn a06_a_line_without_end_is_skipped_and_not_kept() {
        let mut file = tempfile::tempfile().unwrap();
        let longest = "x".repeat(LINE_CAP_BYTES - 1);
        write!(file, "one\n{longest}\n{longest}y\n\n{}\nlast", "z".repeat(10 * LINE_CAP_BYTES)).unwrap();
        file.rewind().unwrap();
        let mut lines = Lines::of(file);
        let mut seen = Vec::new();
        while let Some((number, piece)) = lines.next().unwrap() {
            seen.push((
                number,
                match piece {
                    Piece::Whole(bytes) => format!("whole {}", bytes.len()),
                    Piece::Unfinished(bytes) => format!("unfinished {}", bytes.len()),
                    Piece::TooLong => "too long".to_owned(),
                },
            ));
        }
        assert!(lines.buffer.capacity() <= 2 * LINE_CAP_BYTES);
        let kinds: Vec<_> = seen.iter().map(|(_, kind)| kind.as_str()).collect();
        assert_eq!(kinds, ["whole 3", "whole 65535", "too long", "whole 0", "too long", "unfinished 4"]);
        assert_eq!(seen.last().unwrap().0, 6);
    }
}
