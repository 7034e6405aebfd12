//! HTML in Markdown: comments, declarations, hidden elements and attributes no reader sees.
//!
//! In a line of text `CommonMark` says what is a tag (§6.6); in a block of HTML the browser does, which takes more for
//! one (WHATWG HTML §13.2.5).

use std::ops::Range;

use super::code;

/// Whose content no renderer shows: what Gitea's sanitiser drops with its content, and `template`.
const HIDDEN_ELEMENTS: [&str; 11] = [
    "frame", "frameset", "iframe", "noembed", "noframes", "noscript", "nostyle", "object", "script", "style",
    "template",
];
/// Elements without content (WHATWG HTML §13.1.2).
const VOID_ELEMENTS: [&str; 13] =
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"];
/// Void elements that show nothing of their own.
const UNSEEN_VOIDS: [&str; 3] = ["base", "link", "meta"];
/// Attributes a page needs; what others say, in name or value, no reader sees.
const KEPT_ATTRIBUTES: [&str; 33] = [
    "align", "alt", "border", "checked", "cite", "class", "color", "colspan", "controls", "datetime", "dir",
    "disabled", "height", "href", "id", "lang", "loop", "media", "name", "open", "rel", "reversed", "rowspan", "scope",
    "size", "span", "src", "srcset", "start", "style", "type", "valign", "width",
];
/// Tags that begin but never end; after so many the rest of the text goes, since each costs a look at all of it.
const ENDLESS_LIMIT: usize = 16;
/// How far back from a tag its line's start is looked for.
const LINE_MARKS_LIMIT: usize = 64;
/// Text smaller than this cannot be read.
const TINY_PIXELS: f32 = 4.0;
const TINY_SHARE: f32 = 0.3;

/// The pieces of HTML to take out, in the order they begin.
pub(super) fn cuts(text: &str, spans: &[Range<usize>]) -> Vec<Range<usize>> {
    let lower = text.to_ascii_lowercase();
    let mut reader = Reader { text: &lower, blocks: code::html_blocks(&lower), absent: Vec::new(), endless: 0 };
    let mut cuts = Vec::new();
    let mut at = 0;
    while let Some(start) = lower.get(at..).and_then(|rest| rest.find('<')).map(|next| at + next) {
        at = super::covered(spans, start).unwrap_or_else(|| reader.markup(start, &mut cuts));
    }
    cuts
}

struct Reader<'a> {
    /// In lower case; places are those of the text.
    text: &'a str,
    blocks: Vec<Range<usize>>,
    /// Ends that do not come any more, so that they are searched for once.
    absent: Vec<&'static str>,
    endless: usize,
}

struct Tag<'a> {
    name: &'a str,
    attributes: Vec<Attribute<'a>>,
    /// Ended by a `>` of its own.
    complete: bool,
    end: usize,
}

struct Attribute<'a> {
    name: &'a str,
    value: &'a str,
    /// With the space before it.
    span: Range<usize>,
}

impl Tag<'_> {
    /// Whether it is a tag to Markdown too; otherwise it is text there, and seen.
    fn is_markdown(&self) -> bool {
        let is_name = |name: &str| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte));
        self.complete && is_name(self.name) && self.attributes.iter().all(|attribute| is_name(attribute.name))
    }
}

impl<'a> Reader<'a> {
    /// Reads what begins at a `<` and returns where to go on.
    fn markup(&mut self, start: usize, cuts: &mut Vec<Range<usize>>) -> usize {
        if let Some(end) = self.link(start) {
            return end;
        }
        let rest = self.from(start);
        let end = match rest.as_bytes() {
            [b'<', b'!', b'-', b'-', b'>', ..] => Some(start + 5),
            [b'<', b'!', b'-', b'-', b'-', b'>', ..] => Some(start + 6),
            [b'<', b'!', b'-', b'-', ..] => self.until(start, start + 4, "-->"),
            _ if rest.starts_with("<![cdata[") => self.until(start, start + 9, "]]>"),
            [b'<', b'?', ..] => self.until(start, start + 2, "?>"),
            [b'<', b'a'..=b'z', ..] => return self.element(start, cuts),
            [b'<', b'/', b'a'..=b'z', ..] => return self.end_tag(start, cuts),
            // A declaration, or what a browser takes for a comment (WHATWG HTML §13.2.5.42).
            [b'<', b'!' | b'/', ..] => self.until(start, start + 2, ">"),
            _ => None,
        };
        cuts.extend(end.map(|end| start..end));
        end.unwrap_or(start + 1)
    }

    /// The end of an autolink (`CommonMark` §6.5) or of a link's target in angle brackets.
    fn link(&self, start: usize) -> Option<usize> {
        let rest = self.from(start + 1);
        let length = rest.find(['<', '>', '\n']).filter(|end| self.from(start + 1 + end).starts_with('>'))?;
        let inner = rest.get(..length)?;
        let is_target = rest.get(length..)?.starts_with(">)") && self.text.get(..start)?.ends_with("](");
        let first = inner.split([':', '@']).next()?;
        let is_autolink = !inner.contains(char::is_whitespace)
            && (1..inner.len()).contains(&first.len())
            && first.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+.-_".contains(&byte));
        (is_target || is_autolink).then_some(start + 1 + length + 1)
    }

    fn from(&self, at: usize) -> &'a str {
        self.text.get(at..).unwrap_or_default()
    }

    /// The place after `end`. Without one, a construct at the start of a line is a block to the end of the text, and
    /// one inside a line is plain text (`CommonMark` §4.6, §6.6).
    fn until(&mut self, start: usize, from: usize, end: &'static str) -> Option<usize> {
        if !self.absent.contains(&end) {
            if let Some(at) = self.from(from).find(end) {
                return Some(from + at + end.len());
            }
            self.absent.push(end);
        }
        self.begins_line(start).then_some(self.text.len())
    }

    /// Whether nothing but indentation and marks of lists and quotations stands before; of very many marks, yes.
    fn begins_line(&self, start: usize) -> bool {
        let before = self.text.get(..start).unwrap_or_default().chars().rev();
        let mut words = before.take(LINE_MARKS_LIMIT).take_while(|mark| *mark != '\n');
        !words.any(|mark| mark.is_alphanumeric() || mark == '`')
    }

    fn element(&mut self, start: usize, cuts: &mut Vec<Range<usize>>) -> usize {
        let in_block = super::covered(&self.blocks, start).is_some();
        let Some(tag) = self.tag(start) else {
            self.endless += 1;
            let hides = self.endless > ENDLESS_LIMIT || (in_block && self.from(start).contains(['"', '\'']));
            cuts.extend(hides.then_some(start..self.text.len()));
            return if hides { self.text.len() } else { start + 1 };
        };
        if !in_block && !tag.is_markdown() {
            return start + 1;
        }
        let hidden = tag.attributes.iter().any(is_hiding);
        let end = if HIDDEN_ELEMENTS.contains(&tag.name) {
            self.close(&tag, false)
        } else if UNSEEN_VOIDS.contains(&tag.name) || (hidden && VOID_ELEMENTS.contains(&tag.name)) {
            tag.end
        } else if hidden {
            self.close(&tag, true)
        } else {
            cuts.extend(tag.attributes.into_iter().filter(|one| !is_kept(one)).map(|attribute| attribute.span));
            return tag.end;
        };
        cuts.push(start..end);
        end
    }

    /// An end tag has no attributes; what stands there, no reader sees.
    fn end_tag(&mut self, start: usize, cuts: &mut Vec<Range<usize>>) -> usize {
        let name = self.from(start + 2).find(|mark: char| !mark.is_ascii_alphanumeric() && mark != '-');
        let Some(name) = name.map(|length| start + 2 + length) else { return self.text.len() };
        match self.until(start, name, ">") {
            Some(end) if !self.text.get(name..end - 1).unwrap_or_default().trim().is_empty() => {
                cuts.push(name..end - 1);
                end
            }
            Some(end) => end,
            None => name,
        }
    }

    /// The place after the tag that closes `tag`, or the end of the text.
    fn close(&self, tag: &Tag<'_>, nests: bool) -> usize {
        let mut depth = 1_usize;
        let mut at = tag.end;
        while let Some(start) = self.from(at).find('<').map(|next| at + next) {
            let rest = self.from(start + 1);
            let closes = rest.starts_with('/');
            let name = rest.trim_start_matches('/').strip_prefix(tag.name);
            at = start + 1;
            if name.is_none_or(|after| after.starts_with(|next: char| next.is_ascii_alphanumeric() || next == '-')) {
                continue;
            }
            if closes {
                depth -= 1;
            } else if nests {
                depth += 1;
            }
            if depth == 0 {
                return self.from(at).find('>').map_or(self.text.len(), |end| at + end + 1);
            }
        }
        self.text.len()
    }

    /// Reads a start tag. `None` if the text ends first. A tag that holds another `<` outside quotes ends before it:
    /// to a browser it is one tag, to Markdown none, and so both what stands before and what comes is looked at.
    fn tag(&self, start: usize) -> Option<Tag<'a>> {
        let ends_name = |mark: char| mark.is_ascii_whitespace() || matches!(mark, '/' | '>' | '<');
        let name = self.from(start + 1).split(ends_name).next()?;
        let mut at = start + 1 + name.len();
        let mut attributes = Vec::new();
        loop {
            let rest = self.from(at);
            let gap =
                rest.len() - rest.trim_start_matches(|mark: char| mark.is_ascii_whitespace() || mark == '/').len();
            let body = rest.get(gap..)?;
            match body.as_bytes().first()? {
                b'>' => return Some(Tag { name, attributes, complete: true, end: at + gap + 1 }),
                b'<' => return Some(Tag { name, attributes, complete: false, end: at + gap }),
                _ => {}
            }
            let (name, value, length) = attribute(body)?;
            attributes.push(Attribute { name, value, span: at..at + gap + length });
            at += gap + length;
        }
    }
}

/// An attribute's name, value and length. `None` if its value does not end.
fn attribute(body: &str) -> Option<(&str, &str, usize)> {
    // An equals sign first is part of the name (WHATWG HTML §13.2.5.32).
    let first = body.chars().next()?.len_utf8();
    let ends = |mark: char| mark.is_ascii_whitespace() || matches!(mark, '/' | '>' | '=' | '<');
    let length = first + body.get(first..)?.find(ends).unwrap_or(body.len() - first);
    let name = body.get(..length)?;
    let after = body.get(length..)?;
    let Some(value) = after.trim_start().strip_prefix('=').map(str::trim_start) else {
        return Some((name, "", length));
    };
    let start = body.len() - value.len();
    if let Some(quote) = value.chars().next().filter(|quote| matches!(quote, '"' | '\'')) {
        let inner = value.get(1..)?;
        let end = inner.find(quote)?;
        return Some((name, inner.get(..end)?, start + end + 2));
    }
    let end = value.find(|mark: char| mark.is_ascii_whitespace() || matches!(mark, '>' | '<')).unwrap_or(value.len());
    Some((name, value.get(..end)?, start + end))
}

/// Whether an attribute hides its element, or is an image in itself.
fn is_hiding(attribute: &Attribute<'_>) -> bool {
    let value: String = attribute.value.chars().filter(|mark| !mark.is_whitespace()).collect();
    match attribute.name {
        "hidden" => true,
        "type" => value == "hidden",
        // Comments, escapes and entities obscure a declaration; an honest one needs none.
        "style" => value.contains(['&', '\\', '*']) || value.split(';').any(hides),
        "src" => value.starts_with("data:") || value.starts_with('&'),
        _ => false,
    }
}

/// Whether a declaration, without spaces, makes its element unseen: gone, see-through, tiny, white or elsewhere.
fn hides(declaration: &str) -> bool {
    let Some((property, value)) = declaration.split_once(':') else { return false };
    match property {
        "display" => value.starts_with("none"),
        "visibility" => !value.starts_with("visible"),
        "font" | "font-size" | "height" | "max-height" | "max-width" | "opacity" | "width" => is_tiny(value),
        "color" => ["#fff", "white", "transparent", "rgb", "hsl"].iter().any(|start| value.starts_with(start)),
        "clip" | "clip-path" | "content-visibility" | "filter" | "mask" | "position" | "transform" => true,
        _ => value.starts_with('-'),
    }
}

fn is_tiny(value: &str) -> bool {
    let end = value.find(|digit: char| !digit.is_ascii_digit() && digit != '.').unwrap_or(value.len());
    let (number, unit) = value.split_at(end);
    let in_pixels = unit.starts_with("px") || unit.starts_with("pt");
    number.parse::<f32>().is_ok_and(|number| number < TINY_SHARE || (in_pixels && number < TINY_PIXELS))
}

/// A value with a `<` may be a tag's end to one reader and a comment to another.
fn is_kept(attribute: &Attribute<'_>) -> bool {
    KEPT_ATTRIBUTES.contains(&attribute.name) && !attribute.value.contains('<')
}
