//! A whole answer: every string of a JSON value, names of fields too, is made safe as its place says.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::{Finding, Kind, Redactor, Safe};

/// Answers are a few levels deep; what lies deeper was not made by us and becomes null.
const DEPTH_LIMIT: usize = 64;
/// Fields whose text is Markdown even where it is one line.
const PROSE_FIELDS: [&str; 8] = ["body", "comment", "description", "message", "note", "notes", "summary", "text"];

/// What happened to an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Hidden characters and pieces of hidden markup removed or made visible, and values that lay too deep.
    pub sanitised: u32,
    /// Secrets masked.
    pub masked: u32,
    /// Strings withheld because a rule blocks.
    pub blocked: u32,
    /// The first of them.
    pub first_block: Option<Finding>,
}

impl Counts {
    fn add(&mut self, safe: &Safe<'_>) {
        self.sanitised = self.sanitised.saturating_add(safe.sanitised);
        self.masked = self.masked.saturating_add(safe.masked);
        self.blocked = self.blocked.saturating_add(u32::from(safe.blocked.is_some()));
        self.first_block = self.first_block.or(safe.blocked);
    }
}

impl Redactor {
    /// Makes every string of an answer safe, in place. A string or list of strings in a field named in `file_fields`,
    /// at any depth, is file text. Others are prose if their field's name says so, or if they have a line end or a
    /// comment, and else a line. Names of fields are lines.
    pub fn value(&self, json: &mut Value, file_fields: &[&str]) -> Counts {
        let mut counts = Counts::default();
        self.walk(json, file_fields, None, DEPTH_LIMIT, &mut counts);
        counts
    }

    fn walk(&self, json: &mut Value, file_fields: &[&str], named: Option<Kind>, depth: usize, counts: &mut Counts) {
        match json {
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
            Value::String(text) => {
                let is_prose = text.contains('\n') || (text.contains('<') && text.contains("<!--"));
                let kind = named.unwrap_or(if is_prose { Kind::Prose } else { Kind::Line });
                self.replace(kind, text, counts);
            }
            Value::Array(_) | Value::Object(_) if depth == 0 => {
                *json = Value::Null;
                counts.sanitised = counts.sanitised.saturating_add(1);
            }
            Value::Array(items) => {
                for item in items {
                    self.walk(item, file_fields, named, depth - 1, counts);
                }
            }
            Value::Object(fields) => {
                for (name, field) in fields.iter_mut() {
                    self.walk(field, file_fields, kind_of(name, file_fields), depth - 1, counts);
                }
                self.names(fields, counts);
            }
        }
    }

    fn replace(&self, kind: Kind, text: &mut String, counts: &mut Counts) {
        let safe = self.text(kind, text);
        counts.add(&safe);
        if let Cow::Owned(changed) = safe.text {
            *text = changed;
        }
    }

    /// Field names are ours or, in maps, names of things in Gitea. Two that become the same are told apart.
    fn names(&self, fields: &mut Map<String, Value>, counts: &mut Counts) {
        if fields.keys().all(|name| matches!(self.text(Kind::Line, name).text, Cow::Borrowed(_))) {
            return;
        }
        for (mut name, field) in std::mem::take(fields) {
            self.replace(Kind::Line, &mut name, counts);
            while fields.contains_key(&name) {
                name.push('_');
            }
            fields.insert(name, field);
        }
    }
}

/// What a field's name says of its text.
fn kind_of(name: &str, file_fields: &[&str]) -> Option<Kind> {
    if file_fields.contains(&name) { Some(Kind::File) } else { PROSE_FIELDS.contains(&name).then_some(Kind::Prose) }
}
