//! What may leave: everything that goes out passes here once, so that nobody reads what nobody could see, and no key
//! leaves with the file it lies in.
//!
//! Three steps, until nothing changes any more: invisible characters (`invisible`), hidden markup in prose (`markup`),
//! secrets (`scan`, by the table in `rule`). Secrets are looked for in the text as it reads once the invisible is gone,
//! so that a character nobody sees cannot split one. Safe text stays as it is: redacting twice is redacting once.

mod answer;
mod check;
mod invisible;
mod markup;
mod rule;
mod scan;
mod wrapped;

use std::borrow::Cow;
use std::fmt;

use secrecy::SecretString;
use serde::Deserialize;
use thiserror::Error;

pub use answer::Counts;

use invisible::Hidden;
use rule::RULES;
use scan::{Found, Scanner};

/// The most of one text or one run of bytes that is looked at, 32 MiB; more is blocked unread, under this rule's name.
/// Time and memory grow with the length and with nothing else.
pub const TEXT_LIMIT_BYTES: usize = 32 * 1024 * 1024;
const TOO_LARGE: &str = "too-large";
/// What hides behind so many layers is not meant for a reader.
const PASS_LIMIT: usize = 8;
const TOO_NESTED: &str = "[withheld: hidden markup nested too deeply]";

/// What happens to text in which a rule finds a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// The secret becomes `[masked: rule-id]`.
    #[default]
    Mask,
    /// The whole text becomes `[blocked: rule-id]`.
    Block,
    /// The rule does not run.
    Off,
}

/// What the operator wants done, by rule.
#[derive(Default)]
pub struct Settings {
    /// For rules not named below.
    pub default: Action,
    /// Rule ids and their actions; ids as [`Redactor::rules`] lists them.
    pub rules: Vec<(String, Action)>,
    /// Secrets of the gateway's own, at least eight bytes each; masked wherever they stand, whatever else is set.
    pub literals: Vec<SecretString>,
}

/// Why a [`Redactor`] could not be made. The start is refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RedactError {
    /// A setting names a rule that does not exist.
    #[error("there is no rule for secrets named `{id}`")]
    UnknownRule {
        /// As it was written.
        id: String,
    },
    /// A secret of our own is so short that masking it would mask ordinary words.
    #[error("a secret of the gateway's own is shorter than {at_least_bytes} bytes and cannot be masked")]
    LiteralTooShort {
        /// The shortest that can.
        at_least_bytes: usize,
    },
    /// The secrets of our own do not fit into one search.
    #[error("there are too many secrets of the gateway's own to mask")]
    TooManyLiterals,
}

impl RedactError {
    /// The frozen code, `snake_case`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownRule { .. } => "unknown_secret_rule",
            Self::LiteralTooShort { .. } => "own_secret_too_short",
            Self::TooManyLiterals => "too_many_own_secrets",
        }
    }
}

/// How a text is read, and so what can hide in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Markdown by people: descriptions, comments, commit messages. Hidden characters and markup are removed.
    Prose,
    /// One line: titles, names, labels, branches, paths. Hidden characters are removed, line ends become spaces.
    Line,
    /// The text of a file or diff. Hidden characters become visible escapes as `\u{202E}`; markup stays.
    File,
}

/// Text that may leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Safe<'a> {
    /// The text; borrowed if nothing had to change.
    pub text: Cow<'a, str>,
    /// Hidden characters and pieces of hidden markup that were removed or made visible.
    pub sanitised: u32,
    /// Secrets that were masked.
    pub masked: u32,
    /// Set if a rule blocks; `text` then says so and holds nothing else.
    pub blocked: Option<Finding>,
}

/// A secret's rule and place; never the secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Finding {
    /// The rule's id.
    pub rule: &'static str,
    /// The line it begins on, from 1.
    pub line: u32,
}

/// Makes text safe. Built once and shared; all state is read-only.
pub struct Redactor {
    scanner: Scanner,
}

impl fmt::Debug for Redactor {
    /// Shows nothing: it holds secrets.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Redactor").finish_non_exhaustive()
    }
}

impl Redactor {
    /// Prepares the rules; their patterns are compiled when first needed.
    ///
    /// # Errors
    /// A setting names an unknown rule, or a literal is shorter than eight bytes.
    pub fn new(settings: Settings) -> Result<Self, RedactError> {
        Scanner::new(settings).map(|scanner| Self { scanner })
    }

    /// Every rule's id and name, for settings and documentation.
    pub fn rules() -> impl Iterator<Item = (&'static str, &'static str)> {
        RULES.iter().map(|rule| (rule.id, rule.name))
    }

    /// Makes one text safe. Deterministic, and safe text comes back unchanged.
    #[must_use]
    pub fn text<'a>(&self, kind: Kind, text: &'a str) -> Safe<'a> {
        if text.len() > TEXT_LIMIT_BYTES {
            return Safe::blocked(Finding { rule: TOO_LARGE, line: 1 });
        }
        let mut safe = Safe { text: Cow::Borrowed(text), sanitised: 0, masked: 0, blocked: None };
        for _ in 0..PASS_LIMIT {
            let Some(pass) = self.pass(kind, &safe.text) else { return safe };
            if let Some(finding) = pass.blocked {
                return Safe::blocked(finding);
            }
            safe.text = pass.text;
            safe.sanitised = safe.sanitised.saturating_add(pass.sanitised);
            safe.masked = safe.masked.saturating_add(pass.masked);
        }
        Safe { text: Cow::Borrowed(TOO_NESTED), sanitised: safe.sanitised.saturating_add(1), masked: 0, blocked: None }
    }

    /// The first secret in bytes that leave undecoded (base64, raw), if any: in the bytes as they are, as text of one,
    /// two or four bytes a character, with what nobody sees left out, and in runs of base64. `None`: they may leave.
    #[must_use]
    pub fn scan_bytes(&self, bytes: &[u8]) -> Option<Finding> {
        if bytes.len() > TEXT_LIMIT_BYTES {
            return Some(Finding { rule: TOO_LARGE, line: 1 });
        }
        let narrow = wrapped::narrow(bytes);
        self.first(&narrow).or_else(|| {
            let text = String::from_utf8_lossy(&narrow);
            let hidden = invisible::hidden(Kind::File, &text);
            if hidden.is_empty() { None } else { self.first(replace(&text, &hidden, |_| "".into()).as_bytes()) }
        })
    }

    fn first(&self, bytes: &[u8]) -> Option<Finding> {
        self.scanner.find(bytes).first().map(|found| finding(bytes, found))
    }

    /// One pass; `None` if nothing had to change.
    fn pass(&self, kind: Kind, text: &str) -> Option<Safe<'static>> {
        let hidden = invisible::hidden(kind, text);
        let (plain, markup) = match kind {
            Kind::Prose => markup::remove(replace(text, &hidden, |one| one.stand_in(kind))),
            Kind::Line => (replace(text, &hidden, |one| one.stand_in(kind)), 0),
            Kind::File => (replace(text, &hidden, |_| Cow::Borrowed("")), 0),
        };
        let found = self.scanner.find(plain.as_bytes());
        if hidden.is_empty() && markup == 0 && found.is_empty() {
            return None;
        }
        let blocked = found.iter().find(|one| one.action == Action::Block).map(|one| finding(plain.as_bytes(), one));
        let output = match kind {
            Kind::Prose | Kind::Line => mask_and_escape(&plain, &[], &found),
            Kind::File => mask_and_escape(text, &hidden, &found),
        };
        let sanitised = count(hidden.len()).saturating_add(markup);
        Some(Safe { text: Cow::Owned(output), sanitised, masked: count(found.len()), blocked })
    }
}

impl Safe<'_> {
    fn blocked(finding: Finding) -> Self {
        let text = Cow::Owned(format!("[blocked: {}]", finding.rule));
        Self { text, sanitised: 0, masked: 0, blocked: Some(finding) }
    }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn finding(bytes: &[u8], found: &Found) -> Finding {
    let before = bytes.get(..found.span.start).unwrap_or_default();
    Finding { rule: found.rule, line: count(before.split(|byte| *byte == b'\n').count()) }
}

/// The text with every hidden character replaced.
fn replace<'a>(text: &'a str, hidden: &[Hidden], stand_in: impl Fn(&Hidden) -> Cow<'static, str>) -> Cow<'a, str> {
    if hidden.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut output = String::with_capacity(text.len());
    let mut at = 0;
    for one in hidden {
        output.push_str(text.get(at..one.span.start).unwrap_or_default());
        output.push_str(&stand_in(one));
        at = one.span.end;
    }
    output.push_str(text.get(at..).unwrap_or_default());
    Cow::Owned(output)
}

/// The text with secrets masked and hidden characters escaped. The secrets were found in the text without the
/// hidden characters, so their places are moved by what was left out before them.
fn mask_and_escape(text: &str, hidden: &[Hidden], found: &[Found]) -> String {
    let mut output = String::with_capacity(text.len());
    let mut hidden = hidden.iter().peekable();
    let mut found = found.iter().peekable();
    // `at` counts in `text`, `left_out` what lies before it and not in the text that was searched.
    let (mut at, mut left_out) = (0, 0);
    loop {
        let secret = found.peek().map(|one| one.span.start + left_out);
        match (secret, hidden.peek()) {
            (Some(start), next) if next.is_none_or(|next| start <= next.span.start) => {
                let Some(one) = found.next() else { break };
                output.push_str(text.get(at..text.floor_char_boundary(start)).unwrap_or_default());
                output.extend(["[masked: ", one.rule, "]"]);
                while let Some(inside) = hidden.next_if(|inside| inside.span.start < one.span.end + left_out) {
                    left_out += inside.span.len();
                }
                at = text.ceil_char_boundary(one.span.end + left_out);
            }
            (_, Some(_)) => {
                let Some(one) = hidden.next() else { break };
                output.push_str(text.get(at..one.span.start).unwrap_or_default());
                output.push_str(&one.stand_in(Kind::File));
                left_out += one.span.len();
                at = one.span.end;
            }
            (_, None) => break,
        }
    }
    output.push_str(text.get(at..).unwrap_or_default());
    output
}

#[cfg(test)]
mod tests;
