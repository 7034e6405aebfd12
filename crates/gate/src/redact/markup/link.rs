//! Links: titles, `data:` targets and definitions that nothing refers to (`CommonMark` §4.7, §6.3).

use std::collections::HashMap;
use std::ops::Range;

use super::super::rule::RULES;
use super::super::scan::OWN_SECRET;

/// The longest label of a definition (`CommonMark` §4.7).
const LABEL_LIMIT_CHARACTERS: usize = 999;
/// How deep a target may nest parentheses; renderers stop at 32 at the latest.
const PARENTHESES_LIMIT: usize = 32;

/// The pieces of links to take out.
pub(super) fn cuts(text: &str, code: &[Range<usize>]) -> Vec<Range<usize>> {
    let mut cuts = Vec::new();
    for (bracket, _) in text.match_indices("](") {
        if super::covered(code, bracket).is_none() {
            inline(text, bracket, &mut cuts);
        }
    }
    definitions(text, code, &mut cuts);
    cuts
}

/// `[text](target "title")` or `![text](target)`, from its closing bracket.
fn inline(text: &str, bracket: usize, cuts: &mut Vec<Range<usize>>) {
    let Some(target) = Target::read(text, bracket + 2) else { return };
    let Some(end) =
        after_space(text, target.end).filter(|end| text.get(*end..).is_some_and(|rest| rest.starts_with(')')))
    else {
        return;
    };
    if target.is_data(text) {
        let before = text.get(..bracket).unwrap_or_default();
        let image = before.rfind('[').filter(|open| before.get(..*open).is_some_and(|lead| lead.ends_with('!')));
        cuts.push(image.map_or(target.place.start..end, |open| open - 1..end + 1));
    } else if target.end > target.place.end {
        cuts.push(target.place.end..end);
    }
}

/// `[label]: target "title"` and `[^label]: words`.
fn definitions(text: &str, code: &[Range<usize>], cuts: &mut Vec<Range<usize>>) {
    let mut labels = None;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let open = start + line.len() - line.trim_start_matches([' ', '\t', '>', '-', '+', '*']).len();
        if super::covered(code, open).is_some() {
            continue;
        }
        let Some(label) = label(text, open).filter(|label| !is_mask(label)) else { continue };
        let body = open + label.len() + 3;
        if text.get(body - 1..).is_none_or(|rest| !rest.starts_with(':')) {
            continue;
        }
        let labels = labels.get_or_insert_with(|| count_labels(text));
        let used = labels.get(&fold(label)).is_some_and(|count| *count > 1);
        if label.starts_with('^') {
            cuts.extend((!used).then(|| start..footnote_end(text, at)));
        } else if let Some(target) = definition_target(text, body) {
            let end = line_end(text, target.end);
            if !used || target.is_data(text) {
                cuts.push(start..end);
            } else if target.end > target.place.end {
                cuts.push(target.place.end..target.end);
            }
        }
    }
}

/// The target of a definition; a title that does not end its line is not one, and then the target must end its own.
fn definition_target(text: &str, at: usize) -> Option<Target> {
    let ends_line = |end: usize| {
        let rest = text.get(end..).unwrap_or_default();
        rest.split('\n').next().is_some_and(|tail| tail.trim().is_empty())
    };
    let target = Target::read(text, at)?;
    if ends_line(target.end) {
        return Some(target);
    }
    let end = target.place.end;
    ends_line(end).then_some(Target { end, ..target })
}

/// Where a link goes and where its title, if any, ends.
struct Target {
    place: Range<usize>,
    end: usize,
}

impl Target {
    fn read(text: &str, at: usize) -> Option<Self> {
        let start = after_space(text, at)?;
        let rest = text.get(start..)?;
        let length = match rest.strip_prefix('<') {
            Some(inner) => {
                inner.find(['>', '\n']).filter(|end| inner.get(*end..).is_some_and(|tail| tail.starts_with('>')))? + 2
            }
            None => plain_length(rest)?,
        };
        let place = start..start + length;
        let title = after_space(text, place.end).filter(|title| *title > place.end);
        let end = title.and_then(|title| Some(title + title_length(text.get(title..)?)?));
        Some(Self { end: end.unwrap_or(place.end), place })
    }

    fn is_data(&self, text: &str) -> bool {
        let place = text.get(self.place.clone()).unwrap_or_default().trim_start_matches(['<', ' ']);
        // A scheme written in entities is no honest one.
        place.starts_with('&') || place.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("data:"))
    }
}

/// Up to a space or the parenthesis that closes the link.
fn plain_length(rest: &str) -> Option<usize> {
    let (mut depth, mut escaped) = (0, false);
    for (at, character) in rest.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '(' if depth == PARENTHESES_LIMIT => return None,
            '(' => depth += 1,
            ')' if depth == 0 => return Some(at),
            ')' => depth -= 1,
            _ if character.is_ascii_whitespace() => return Some(at).filter(|at| *at > 0),
            _ => {}
        }
    }
    Some(rest.len()).filter(|length| *length > 0)
}

/// The length of a title with its quotes; it may go over line ends but not over a blank line.
fn title_length(rest: &str) -> Option<usize> {
    let close = match rest.chars().next()? {
        '(' => ')',
        quote @ ('"' | '\'') => quote,
        _ => return None,
    };
    let (mut escaped, mut blank) = (false, false);
    for (at, character) in rest.char_indices().skip(1) {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if character == close => return Some(at + 1),
            '(' if close == ')' => return None,
            '\n' if blank => return None,
            '\n' => blank = true,
            _ => blank &= character.is_ascii_whitespace(),
        }
    }
    None
}

/// Past spaces and at most one line end.
fn after_space(text: &str, at: usize) -> Option<usize> {
    let rest = text.get(at..)?;
    let gap = rest.len() - rest.trim_start_matches(|mark: char| mark.is_ascii_whitespace()).len();
    (rest.get(..gap)?.matches('\n').count() <= 1).then_some(at + gap)
}

/// The label that opens at `open`.
fn label(text: &str, open: usize) -> Option<&str> {
    let inner = text.get(open..)?.strip_prefix('[')?;
    let mut escaped = false;
    for (at, character) in inner.char_indices().take(LABEL_LIMIT_CHARACTERS) {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            ']' => return inner.get(..at).filter(|label| !label.trim().is_empty()),
            '[' => return None,
            _ => {}
        }
    }
    None
}

/// A mask of ours before a colon is no definition.
fn is_mask(label: &str) -> bool {
    let rule = label.strip_prefix("masked: ");
    rule.is_some_and(|id| id == OWN_SECRET || RULES.iter().any(|rule| rule.id == id))
}

/// How often each label stands in brackets, its definition included.
fn count_labels(text: &str) -> HashMap<String, usize> {
    let mut counts = HashMap::new();
    for (open, _) in text.match_indices('[') {
        if let Some(label) = label(text, open) {
            *counts.entry(fold(label)).or_insert(0) += 1;
        }
    }
    counts
}

fn fold(label: &str) -> String {
    label.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

fn line_end(text: &str, at: usize) -> usize {
    text.get(at..).and_then(|rest| rest.find('\n')).map_or(text.len(), |end| at + end + 1)
}

/// A footnote goes on over the indented lines after it.
fn footnote_end(text: &str, at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    at + rest.split_inclusive('\n').take_while(|line| line.starts_with([' ', '\t'])).map(str::len).sum::<usize>()
}
