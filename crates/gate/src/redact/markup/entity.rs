//! Character references that a page turns into characters nobody sees (WHATWG HTML §13.5, `CommonMark` §6.2).

use std::ops::Range;

use super::super::invisible;

/// The names of invisible characters.
const INVISIBLE_NAMES: [&str; 16] = [
    "ApplyFunction",
    "InvisibleComma",
    "InvisibleTimes",
    "NegativeMediumSpace",
    "NegativeThickSpace",
    "NegativeThinSpace",
    "NegativeVeryThinSpace",
    "NoBreak",
    "ZeroWidthSpace",
    "af",
    "ic",
    "it",
    "lrm",
    "rlm",
    "zwj",
    "zwnj",
];

/// The references to take out, in order.
pub(super) fn cuts(text: &str, code: &[Range<usize>]) -> Vec<Range<usize>> {
    text.match_indices('&')
        .filter(|(start, _)| super::covered(code, *start).is_none())
        .filter_map(|(start, _)| Some(start..start + 1 + length(text.get(start + 1..)?)?))
        .collect()
}

/// The length of what follows the ampersand, if it is a reference to something invisible.
fn length(rest: &str) -> Option<usize> {
    let body = match rest.strip_prefix('#') {
        Some(number) => 1 + number_length(number)?,
        // Of the names a page reads without a semicolon, one is invisible.
        None if rest.starts_with("shy") => 3,
        None => INVISIBLE_NAMES
            .iter()
            .find(|name| rest.strip_prefix(**name).is_some_and(|tail| tail.starts_with(';')))?
            .len(),
    };
    let semicolon = rest.get(body..).is_some_and(|tail| tail.starts_with(';'));
    Some(body + usize::from(semicolon))
}

/// Leading zeros may be many; a number too large is no character.
fn number_length(number: &str) -> Option<usize> {
    let (digits, radix) = match number.strip_prefix(['x', 'X']) {
        Some(digits) => (digits, 16),
        None => (number, 10),
    };
    let count = digits.find(|digit: char| !digit.is_digit(radix)).unwrap_or(digits.len());
    let character = char::from_u32(u32::from_str_radix(digits.get(..count)?, radix).ok()?)?;
    invisible::is_suspect(character).then_some(number.len() - digits.len() + count)
}
