//! Markup nobody sees: what a page built from Markdown hides from its reader is taken out, so that a model reads what
//! the person reads. Everything else stays as it was written.
//!
//! Code that is certainly code (`code`) is not looked into, since there markup is text. Where it is uncertain, markup
//! is taken out: a comment lost from an odd code block costs less than an instruction nobody saw.

mod code;
mod element;
mod entity;
mod link;

use std::borrow::Cow;
use std::ops::Range;

/// Takes out comments, hidden elements and attributes, entities of invisible characters, words after a fence's
/// language, link titles, `data:` images and definitions nothing refers to. Returns how many pieces went.
///
/// One pass. What a removal joins may be markup again; the caller repeats until nothing is found.
pub(super) fn remove(text: Cow<'_, str>) -> (Cow<'_, str>, u32) {
    // Only these characters begin markup that hides.
    if !text.contains(['<', '&', '[', '`', '~']) {
        return (text, 0);
    }
    let code = code::spans(&text);
    let mut cuts = element::cuts(&text, &code);
    cuts.extend(entity::cuts(&text, &code));
    cuts.extend(link::cuts(&text, &code));
    cuts.extend(code::info_cuts(&text, &code));
    if cuts.is_empty() { (text, 0) } else { cut(&text, cuts) }
}

fn cut(text: &str, mut cuts: Vec<Range<usize>>) -> (Cow<'static, str>, u32) {
    cuts.sort_by_key(|cut| cut.start);
    let mut output = String::with_capacity(text.len());
    let (mut at, mut count) = (0, 0_u32);
    for cut in cuts {
        if cut.end > at {
            output.push_str(text.get(at..cut.start).unwrap_or_default());
            at = cut.end;
            count = count.saturating_add(1);
        }
    }
    output.push_str(text.get(at..).unwrap_or_default());
    (Cow::Owned(output), count)
}

/// The end of the span that covers `at`, if one does. Spans are in order and apart.
fn covered(spans: &[Range<usize>], at: usize) -> Option<usize> {
    let after = spans.partition_point(|span| span.end <= at);
    spans.get(after).filter(|span| span.start <= at).map(|span| span.end)
}
