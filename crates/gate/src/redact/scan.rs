//! Finds secrets in bytes: one pass over keywords, then a rule's pattern on the window round each hit, so that the
//! cost grows with the text and not with the number of rules. Every step is linear in the length of the text.

use std::ops::Range;

use aho_corasick::{AhoCorasick, MatchKind};
use secrecy::{ExposeSecret, SecretString};

use super::rule::{Extent, RULES, Rule};
use super::{Action, RedactError, Settings, wrapped};

/// The rule under which the gateway's own secrets are masked, whatever the settings say.
pub(super) const OWN_SECRET: &str = "own-secret";
/// A shorter literal would mask ordinary words.
const LITERAL_MIN_BYTES: usize = 8;
/// What is shorter holds no secret: those of our own have as many bytes at least, and so has what any rule matches, of
/// which `a://:p@h` is the shortest. Many fields of an answer are numbers and names, and not looked at further.
const SHORTEST_BYTES: usize = LITERAL_MIN_BYTES;
/// How long an armoured key may be; all of it is looked at, and no more.
const ARMOUR_LIMIT_BYTES: usize = 64 * 1024;

/// A secret's place and the rule that found it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    /// The rule's id.
    pub rule: &'static str,
    /// What the settings want done.
    pub action: Action,
    /// Where, in bytes.
    pub span: Range<usize>,
}

/// The rules with the keywords of all of them in one automaton.
pub(super) struct Scanner {
    keywords: AhoCorasick,
    owners: Vec<Owner>,
    literals: Vec<SecretString>,
    actions: Vec<Action>,
}

/// Whose keyword a pattern of the automaton is.
#[derive(Clone, Copy)]
enum Owner {
    Rule { index: usize, keyword: &'static str },
    Literal { index: usize },
}

impl Scanner {
    /// Fails if a setting names a rule that does not exist or a literal is too short to be one.
    pub(super) fn new(settings: Settings) -> Result<Self, RedactError> {
        let Settings { default, rules, literals } = settings;
        let mut actions = vec![default; RULES.len()];
        for (id, action) in rules {
            let place = RULES.iter().position(|rule| rule.id == id).and_then(|index| actions.get_mut(index));
            *place.ok_or(RedactError::UnknownRule { id })? = action;
        }
        if literals.iter().any(|literal| literal.expose_secret().len() < LITERAL_MIN_BYTES) {
            return Err(RedactError::LiteralTooShort { at_least_bytes: LITERAL_MIN_BYTES });
        }
        let (owners, keywords) = Self::automaton(&actions, &literals)?;
        Ok(Self { keywords, owners, literals, actions })
    }

    fn automaton(actions: &[Action], literals: &[SecretString]) -> Result<(Vec<Owner>, AhoCorasick), RedactError> {
        let of_rules = RULES.iter().enumerate().zip(actions).filter(|(_, action)| **action != Action::Off);
        let mut owners: Vec<Owner> = of_rules
            .flat_map(|((index, rule), _)| rule.keywords.iter().map(move |keyword| Owner::Rule { index, keyword }))
            .collect();
        owners.extend((0..literals.len()).map(|index| Owner::Literal { index }));
        let words = owners.iter().map(|owner| match *owner {
            Owner::Rule { keyword, .. } => keyword,
            Owner::Literal { index } => literals.get(index).map_or("", |literal| literal.expose_secret()),
        });
        // Standard matching reports every keyword, also one inside another.
        let built = AhoCorasick::builder().match_kind(MatchKind::Standard).ascii_case_insensitive(true).build(words);
        built.map(|automaton| (owners, automaton)).map_err(|_| RedactError::TooManyLiterals)
    }

    /// Every secret, in order and not overlapping; also in runs of base64, decoded once.
    pub(super) fn find(&self, bytes: &[u8]) -> Vec<Found> {
        if bytes.len() < SHORTEST_BYTES {
            return Vec::new();
        }
        let mut found = self.plain(bytes);
        for run in wrapped::runs(bytes) {
            let body = bytes.get(run.clone()).unwrap_or_default();
            let inner = wrapped::decodings(body).flat_map(|decoded| self.plain(&wrapped::narrow(&decoded)));
            let inner = inner.max_by_key(|inner| inner.action == Action::Block);
            found.extend(inner.map(|inner| Found { span: run, ..inner }));
        }
        disjoint(found)
    }

    fn plain(&self, bytes: &[u8]) -> Vec<Found> {
        let mut found = Vec::new();
        let mut hits = self.keywords.find_overlapping_iter(bytes).peekable();
        if hits.peek().is_none() {
            return found;
        }
        let mut windows: Vec<Option<Range<usize>>> = vec![None; RULES.len()];
        for hit in hits {
            match self.owners.get(hit.pattern().as_usize()) {
                Some(&Owner::Rule { index, keyword }) => {
                    let (Some(rule), Some(window)) = (RULES.get(index), windows.get_mut(index)) else { continue };
                    if rule.exact && bytes.get(hit.range()) != Some(keyword.as_bytes()) {
                        continue;
                    }
                    let next = hit.start().saturating_sub(rule.before)..bytes.len().min(hit.end() + rule.after);
                    match window {
                        Some(open) if next.start <= open.end => open.end = next.end,
                        _ => {
                            if let Some(done) = window.replace(next) {
                                self.match_in(index, bytes, done, &mut found);
                            }
                        }
                    }
                }
                Some(&Owner::Literal { index }) => {
                    let literal = self.literals.get(index).map(|literal| literal.expose_secret().as_bytes());
                    if bytes.get(hit.range()) == literal {
                        found.push(Found { rule: OWN_SECRET, action: Action::Mask, span: hit.range() });
                    }
                }
                None => {}
            }
        }
        for (index, window) in windows.into_iter().enumerate() {
            if let Some(window) = window {
                self.match_in(index, bytes, window, &mut found);
            }
        }
        found
    }

    /// Runs one rule over one window. Windows of a rule do not overlap, so a rule reads no byte twice.
    fn match_in(&self, index: usize, bytes: &[u8], window: Range<usize>, found: &mut Vec<Found>) {
        let (Some(rule), Some(&action)) = (RULES.get(index), self.actions.get(index)) else { return };
        let Some(regex) = rule.regex() else {
            // A rule that cannot run has not cleared what it should have read.
            return found.push(Found { rule: rule.id, action, span: window });
        };
        let within = bytes.get(..window.end).unwrap_or_default();
        let mut at = window.start;
        while let Some(captures) = regex.captures_at(within, at) {
            let Some(group) = captures.get(1).or_else(|| captures.get(0)) else { break };
            let span = reach(rule, bytes, group.range(), window.end);
            at = span.end.max(group.end());
            if (rule.check)(bytes.get(span.clone()).unwrap_or_default()) {
                found.push(Found { rule: rule.id, action, span });
            }
            if at >= window.end {
                break;
            }
        }
    }
}

/// The whole of a secret of which `span` matched.
fn reach(rule: &Rule, bytes: &[u8], span: Range<usize>, window_end: usize) -> Range<usize> {
    match rule.extent {
        Extent::Token if span.end == window_end => {
            let rest = bytes.get(span.end..).unwrap_or_default();
            let more = rest.iter().take_while(|byte| byte.is_ascii_alphanumeric() || b"_-+/=.".contains(byte)).count();
            span.start..span.end + more
        }
        Extent::Token => span,
        Extent::Armour => armour(bytes, span),
    }
}

/// From a `BEGIN` line to its `END` line, or over the lines that look like a key's; from an `END` line without a
/// `BEGIN` back over such lines. In diffs, strings, comments and quotes the lines carry marks.
fn armour(bytes: &[u8], line: Range<usize>) -> Range<usize> {
    if bytes.get(line.clone()).is_some_and(|text| text.starts_with(b"-----END")) {
        let before = bytes.get(line.start.saturating_sub(ARMOUR_LIMIT_BYTES)..line.start).unwrap_or_default();
        let lines = before.rsplitn(ARMOUR_LIMIT_BYTES, |byte| *byte == b'\n').take_while(|line| is_key_line(line));
        let body: usize = lines.map(|line| line.len() + 1).sum();
        return line.start - before.len().min(body.saturating_sub(1))..line.end;
    }
    let rest = bytes.get(line.end..).unwrap_or_default();
    let rest = rest.get(..ARMOUR_LIMIT_BYTES).unwrap_or(rest);
    // The next armour line, whichever it is: a key without an end must not make the search start over and over.
    let next = rest.windows(5).position(|part| part == b"-----").unwrap_or(rest.len());
    let (body, armour) = rest.split_at(next);
    let spread = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=-:,.\\\"'>!#*;| \t\r\n".contains(byte);
    if armour.starts_with(b"-----END") && body.iter().all(spread) {
        let tail = armour.get(5..).and_then(|tail| tail.windows(5).take(64).position(|part| part == b"-----"));
        return line.start..line.end + next + tail.map_or(8, |at| at + 10);
    }
    let lines = body.split_inclusive(|byte| *byte == b'\n').take_while(|line| is_key_line(line));
    let body = body.get(..lines.map(<[u8]>::len).sum()).unwrap_or_default();
    line.start..line.end + body.trim_ascii_end().len()
}

/// Base64 and nothing else, or one of the headers that may precede it (RFC 1421 §4.6, RFC 4880 §6.2).
fn is_key_line(line: &[u8]) -> bool {
    let marks = |byte: &u8| b"+->/!#*;| \"',\t\r\n".contains(byte);
    let start = line.iter().position(|byte| !marks(byte)).unwrap_or(line.len());
    let end = line.iter().rposition(|byte| !marks(byte)).map_or(start, |last| last + 1);
    let text = line.get(start..end).unwrap_or_default();
    text.iter().all(|byte| byte.is_ascii_alphanumeric() || b"+/=\\".contains(byte))
        || [&b"Proc-Type:"[..], b"DEK-Info:", b"Version:", b"Comment:"].iter().any(|header| text.starts_with(header))
}

/// In order, with overlapping finds made one: the first gives its name, a block wins over a mask.
fn disjoint(mut found: Vec<Found>) -> Vec<Found> {
    found.sort_by_key(|one| (one.span.start, std::cmp::Reverse(one.span.end)));
    let mut merged: Vec<Found> = Vec::with_capacity(found.len());
    for next in found {
        match merged.last_mut() {
            Some(last) if next.span.start < last.span.end => {
                last.span.end = last.span.end.max(next.span.end);
                if next.action == Action::Block && last.action != Action::Block {
                    (last.rule, last.action) = (next.rule, next.action);
                }
            }
            _ => merged.push(next),
        }
    }
    merged
}
