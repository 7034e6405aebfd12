//! Which parts of Markdown are certainly code.
//!
//! Markdown's rules depend on containers, HTML blocks and extensions; whoever reads them otherwise than the renderer
//! takes hidden text for code. So only what every renderer must read as code counts: a fence that begins its line (no
//! list or quotation can hold it, `CommonMark` §4.5, §5) and is not inside an HTML or mathematics block, and a code span
//! on one line of a paragraph in which nothing before it could take its backtick (§6.1). At the first line that could
//! be read in two ways, the rest of the text has no code.

use std::ops::Range;

/// A language is a word as `c++`, `objective-c`, `Dockerfile.dev`.
const LANGUAGE_LIMIT_BYTES: usize = 32;

/// The fences and spans that are certainly code, in order.
pub(super) fn spans(text: &str) -> Vec<Range<usize>> {
    let mut reader = Reader::default();
    let mut at = 0;
    // A line end that some renderers see and some do not, or front matter, makes every line uncertain.
    if text.starts_with("---") || text.split('\r').skip(1).any(|after| !after.starts_with('\n')) {
        return reader.code;
    }
    for line in text.split_inclusive('\n') {
        if !reader.line(at, line) {
            break;
        }
        at += line.len();
    }
    reader.fence_open_at_end(at);
    reader.code
}

/// The lines that may be blocks of HTML, in which a browser reads tags that Markdown would take for text.
pub(super) fn html_blocks(text: &str) -> Vec<Range<usize>> {
    let mut blocks = Vec::new();
    let mut open = None;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let bare = line.trim_start_matches(is_container);
        if line.trim().is_empty() {
            blocks.extend(open.take().map(|start| start..at));
        } else if begins_long_block(bare) {
            blocks.push(open.unwrap_or(at)..text.len());
            return blocks;
        } else if bare.starts_with('<') {
            open = open.or(Some(at));
        }
        at += line.len();
    }
    blocks.extend(open.map(|start| start..at));
    blocks
}

#[derive(Default)]
struct Reader {
    code: Vec<Range<usize>>,
    /// Where the open fence's content starts, its character and length.
    fence: Option<(usize, char, usize)>,
    /// A line that may have begun an HTML block, and no blank line since (§4.6, conditions 6 and 7).
    html: bool,
    /// Something in this paragraph could take a backtick, so spans are uncertain until the next blank line.
    murky: bool,
}

impl Reader {
    /// Reads one line. `false` if it could be read in two ways.
    fn line(&mut self, at: usize, line: &str) -> bool {
        if let Some((start, mark, length)) = self.fence {
            if closes(line, mark, length) {
                self.code.push(start..at);
                self.fence = None;
            }
            return true;
        }
        let bare = line.trim_start_matches(is_container);
        if line.trim().is_empty() {
            (self.html, self.murky) = (false, false);
            return true;
        }
        if let Some((mark, length, _)) = fence(bare) {
            let certain = bare.len() == line.len() && !self.html;
            self.fence = certain.then_some((at + line.len(), mark, length));
            self.murky = false;
            return certain;
        }
        if begins_long_block(bare) {
            return false;
        }
        self.html |= bare.starts_with('<');
        if !self.html && !self.murky {
            self.inline(at, line);
        }
        true
    }

    /// Takes the spans of one line, up to the first thing that makes the rest of the paragraph uncertain.
    fn inline(&mut self, at: usize, line: &str) {
        let mut from = 0;
        while let Some(next) = line.get(from..).and_then(|rest| rest.find(['`', '<', '\\', '|', '$', '['])) {
            let start = from + next;
            let rest = line.get(start..).unwrap_or_default();
            let run = rest.len() - rest.trim_start_matches('`').len();
            let inner = rest.get(run..).unwrap_or_default();
            let Some(length) = (if run == 0 { None } else { span_length(inner, run) }) else {
                // A bracket takes a backtick only as the start of a definition.
                if rest.starts_with('[') && !line.get(..start).unwrap_or_default().chars().all(is_container) {
                    from = start + 1;
                    continue;
                }
                self.murky = true;
                return;
            };
            self.code.push(at + start..at + start + run + length + run);
            from = start + run + length + run;
        }
    }

    /// A fence without an end goes to the end of the text.
    fn fence_open_at_end(&mut self, end: usize) {
        if let Some((start, ..)) = self.fence.take() {
            self.code.push(start..end);
        }
    }
}

/// The length of a span's content, up to a run of exactly `run` backticks.
fn span_length(inner: &str, run: usize) -> Option<usize> {
    let mut from = 0;
    loop {
        let start = from + inner.get(from..)?.find('`')?;
        let rest = inner.get(start..)?;
        let length = rest.len() - rest.trim_start_matches('`').len();
        // A table's row is split at bars before its spans are read.
        if length == run {
            return Some(start).filter(|end| !inner.get(..*end).is_some_and(|content| content.contains('|')));
        }
        from = start + length;
    }
}

/// Indentation and the marks of lists, quotations and definitions.
fn is_container(character: char) -> bool {
    matches!(character, ' ' | '\t' | '>' | '-' | '+' | '*' | '.' | ')' | ':' | '0'..='9')
}

/// Blocks that blank lines do not end: HTML blocks of conditions 1 to 5, mathematics.
fn begins_long_block(bare: &str) -> bool {
    let starts = |word: &str| bare.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
    ["<pre", "<script", "<style", "<textarea", "<!", "<?", "$$", "\\["].into_iter().any(starts)
}

/// A line that opens a fence: its character, its length and the rest of the line.
fn fence(line: &str) -> Option<(char, usize, &str)> {
    let mark = line.chars().next().filter(|mark| matches!(mark, '`' | '~'))?;
    let info = line.trim_start_matches(mark);
    let length = line.len() - info.len();
    (length >= 3 && (mark == '~' || !info.contains('`'))).then_some((mark, length, info))
}

fn closes(line: &str, mark: char, length: usize) -> bool {
    let bare = line.trim_start_matches(' ');
    let rest = bare.trim_start_matches(mark);
    line.len() - bare.len() <= 3 && bare.len() - rest.len() >= length && rest.trim().is_empty()
}

/// What stands after the language on the lines that open fences; the whole of it if its first word is no language.
pub(super) fn info_cuts(text: &str, code: &[Range<usize>]) -> Vec<Range<usize>> {
    let mut cuts = Vec::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let bare = line.trim_start_matches(is_container);
        let Some((_, _, info)) = fence(bare).filter(|_| super::covered(code, start).is_none()) else { continue };
        let info = info.trim_end_matches(['\n', '\r']);
        let end = start + line.trim_end_matches(['\n', '\r']).len();
        let word = info.split_whitespace().next().unwrap_or_default();
        let lead = info.len() - info.trim_start().len();
        let is_language = word.len() <= LANGUAGE_LIMIT_BYTES
            && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+#._-".contains(&byte));
        let keep = if is_language { lead + word.len() } else { 0 };
        if !info.get(keep..).unwrap_or_default().trim().is_empty() {
            cuts.push(end - info.len() + keep..end);
        }
    }
    cuts
}
