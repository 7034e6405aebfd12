//! Characters nobody sees: which may leave, and what becomes of the others.
//!
//! What Unicode calls default ignorable, the controls but tab and line ends, line and paragraph separators and
//! interlinear annotations are out, with these exceptions, without which scripts and emoji break:
//! a joiner inside an emoji sequence or a word of a script that joins; a variation selector on a base that takes one;
//! a grapheme joiner between marks; the flags of England, Scotland and Wales, the only tag sequences Unicode recommends
//! for interchange (RGI); a byte order mark at the start of a file.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::ops::Range;

use icu_properties::props::{
    DefaultIgnorableCodePoint, Emoji, EmojiModifier, ExtendedPictographic, GeneralCategory, GeneralCategoryGroup,
    Script, UnifiedIdeograph,
};
use icu_properties::{CodePointMapData, CodePointSetData};

use super::Kind;

/// Tag sequences that may follow the black flag: RGI has these three (UTS #51, `emoji-sequences.txt`).
const FLAG_TAGS: [&str; 3] = [
    "\u{E0067}\u{E0062}\u{E0065}\u{E006E}\u{E0067}\u{E007F}",
    "\u{E0067}\u{E0062}\u{E0073}\u{E0063}\u{E0074}\u{E007F}",
    "\u{E0067}\u{E0062}\u{E0077}\u{E006C}\u{E0073}\u{E007F}",
];
const BLACK_FLAG: char = '\u{1F3F4}';
const KEYCAP: char = '\u{20E3}';
const ZERO_WIDTH_NON_JOINER: char = '\u{200C}';
const ZERO_WIDTH_JOINER: char = '\u{200D}';
const BYTE_ORDER_MARK: char = '\u{FEFF}';
/// How much of a text is read before it is asked whether all of it was plain.
const PLAIN_CHUNK_BYTES: usize = 256;

/// Scripts whose spelling uses joiners: the cursive ones and those of Brahmi's family.
const JOINING_SCRIPTS: [Script; 33] = [
    Script::Adlam,
    Script::Arabic,
    Script::Balinese,
    Script::Bengali,
    Script::Brahmi,
    Script::Chakma,
    Script::Devanagari,
    Script::Grantha,
    Script::Gujarati,
    Script::Gurmukhi,
    Script::HanifiRohingya,
    Script::Javanese,
    Script::Kaithi,
    Script::Kannada,
    Script::Khmer,
    Script::Malayalam,
    Script::Mandaic,
    Script::Manichaean,
    Script::MeeteiMayek,
    Script::Mongolian,
    Script::Myanmar,
    Script::Newa,
    Script::Nko,
    Script::Oriya,
    Script::PhagsPa,
    Script::Sinhala,
    Script::Sogdian,
    Script::Sundanese,
    Script::Syriac,
    Script::TaiTham,
    Script::Tamil,
    Script::Telugu,
    Script::Tirhuta,
];

/// A character that must not leave, or not as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Hidden {
    /// The character.
    pub character: char,
    /// Where, in bytes.
    pub span: Range<usize>,
}

impl Hidden {
    /// What stands for it: an escape in a file, a line end or a space for what broke the line, else nothing.
    pub(super) fn stand_in(&self, kind: Kind) -> Cow<'static, str> {
        match (kind, is_line_break(self.character)) {
            (Kind::File, _) => {
                let mut escape = String::new();
                // Writing to a String does not fail.
                let _infallible = write!(escape, "\\u{{{:04X}}}", u32::from(self.character));
                Cow::Owned(escape)
            }
            (Kind::Prose, true) => Cow::Borrowed("\n"),
            (Kind::Line, true) => Cow::Borrowed(" "),
            (Kind::Prose | Kind::Line, false) => Cow::Borrowed(""),
        }
    }
}

/// Every character of `text` that must not leave as it is, in order.
pub(super) fn hidden(kind: Kind, text: &str) -> Vec<Hidden> {
    if is_plain(kind, text.as_bytes()) {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut before = Before::default();
    let mut at = 0;
    while let Some(character) = text.get(at..).and_then(|rest| rest.chars().next()) {
        let end = at + character.len_utf8();
        let rest = text.get(end..).unwrap_or_default();
        let breaks_line = kind == Kind::Line && matches!(character, '\r' | '\n');
        let mark_at_start = kind == Kind::File && at == 0 && character == BYTE_ORDER_MARK;
        if mark_at_start || (!breaks_line && (!is_suspect(character) || before.admits(character, rest.chars().next())))
        {
            let tags =
                if character == BLACK_FLAG { FLAG_TAGS.iter().find(|tags| rest.starts_with(**tags)) } else { None };
            before.pass(character);
            at = end + tags.map_or(0, |tags| tags.len());
        } else {
            // An escape stands between its neighbours; a gap does not.
            if kind == Kind::File || is_line_break(character) {
                before = Before::default();
            }
            found.push(Hidden { character, span: at..end });
            at = end;
        }
    }
    found
}

/// Whether a character is never seen wherever it stands. Used where context is already lost, as in entities.
pub(super) fn is_suspect(character: char) -> bool {
    match character {
        '\t' | '\n' | '\r' | ' '..='~' => false,
        '\u{2028}' | '\u{2029}' | '\u{FFF9}'..='\u{FFFB}' => true,
        _ => character.is_control() || CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(character),
    }
}

fn is_line_break(character: char) -> bool {
    matches!(character, '\n' | '\r' | '\u{B}' | '\u{C}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Whether there is nothing but printable ASCII and tabs, and line ends where the kind has several lines. Nearly all
/// text is so; it is read without a branch a byte, many bytes at a time.
fn is_plain(kind: Kind, bytes: &[u8]) -> bool {
    let ends_stay = kind != Kind::Line;
    let plain = |byte: u8| matches!(byte, b'\t' | b' '..=b'~') | (ends_stay & matches!(byte, b'\n' | b'\r'));
    bytes.chunks(PLAIN_CHUNK_BYTES).all(|chunk| chunk.iter().fold(true, |all, byte| all & plain(*byte)))
}

/// What stands before a character, as far as it stays.
#[derive(Debug, Default)]
struct Before {
    last: Option<char>,
    /// A pictograph, perhaps with a selector and a skin tone: a joiner may follow.
    pictograph: bool,
    /// A letter or mark of a script that joins: a joiner may follow.
    joining: bool,
}

impl Before {
    fn admits(&self, character: char, next: Option<char>) -> bool {
        let Some(last) = self.last else { return false };
        match character {
            ZERO_WIDTH_JOINER => self.joining || (self.pictograph && next.is_some_and(is_pictograph)),
            ZERO_WIDTH_NON_JOINER => self.joining && next.is_some_and(joins),
            '\u{34F}' => is_mark(last) && next.is_some_and(is_mark),
            '\u{180B}'..='\u{180D}' | '\u{180F}' => script(last) == Script::Mongolian,
            '\u{FE00}'..='\u{FE06}' => takes_variation(last, character),
            '\u{FE0E}' | '\u{FE0F}' if last.is_ascii() => next == Some(KEYCAP) && is_emoji(last),
            '\u{FE0E}' | '\u{FE0F}' => is_emoji(last),
            '\u{E0100}'..='\u{E01EF}' => is_ideograph(last),
            _ => false,
        }
    }

    fn pass(&mut self, character: char) {
        let modifies = matches!(character, '\u{FE0E}' | '\u{FE0F}') || is_modifier(character);
        self.pictograph = if modifies { self.pictograph } else { is_pictograph(character) };
        let neutral = !character.is_ascii() && script(character) == Script::Inherited && !is_suspect(character);
        self.joining = if neutral { self.joining } else { !is_suspect(character) && joins(character) };
        self.last = Some(character);
    }
}

fn joins(character: char) -> bool {
    !character.is_ascii() && JOINING_SCRIPTS.contains(&script(character)) && !is_suspect(character)
}

/// The bases of `StandardizedVariants.txt`, by group rather than one by one.
fn takes_variation(base: char, selector: char) -> bool {
    let first = selector == '\u{FE00}';
    let upright = matches!(selector, '\u{FE00}' | '\u{FE01}');
    (matches!(selector, '\u{FE00}'..='\u{FE02}') && is_ideograph(base))
        || (upright && matches!(base, '\u{2018}'..='\u{201D}' | '\u{3001}' | '\u{3002}' | '\u{FF01}'..='\u{FF1F}'))
        || (first && !base.is_ascii() && category(base) == GeneralCategory::MathSymbol)
        || (first && matches!(script(base), Script::Myanmar | Script::PhagsPa | Script::Manichaean))
        || script(base) == Script::EgyptianHieroglyphs
}

fn script(character: char) -> Script {
    CodePointMapData::<Script>::new().get(character)
}

fn category(character: char) -> GeneralCategory {
    CodePointMapData::<GeneralCategory>::new().get(character)
}

fn is_mark(character: char) -> bool {
    GeneralCategoryGroup::Mark.contains(category(character)) && !is_suspect(character)
}

fn is_emoji(character: char) -> bool {
    CodePointSetData::new::<Emoji>().contains(character)
}

fn is_pictograph(character: char) -> bool {
    CodePointSetData::new::<ExtendedPictographic>().contains(character)
}

fn is_modifier(character: char) -> bool {
    CodePointSetData::new::<EmojiModifier>().contains(character)
}

fn is_ideograph(character: char) -> bool {
    CodePointSetData::new::<UnifiedIdeograph>().contains(character)
}
