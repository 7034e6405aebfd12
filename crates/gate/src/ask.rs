//! The way back to whoever called: progress while the call runs, and questions to the person.
//!
//! A question is a form of flat fields (MCP elicitation, 2025-06-18 and later). Up to 2025-11-25 it goes out on the open
//! request's stream and the call waits; since 2026-07-28 the call ends with the question, and the call that brings the
//! answer runs anew. A tool writes `permit.ask(…).await?` and does not know which.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use serde_json::{Map, Value, json};

use crate::arguments;
use crate::authn::Origin;
use crate::redact::{Kind, Redactor};

/// How long a question waits for a person.
pub const ASK_FOR: Duration = Duration::from_mins(5);

/// What a transport says of a call beside the call itself. Cancellation needs no word here: whoever no longer wants an
/// answer drops the call's future, and the call is on record as abandoned.
pub struct Ask<'a> {
    /// Where the request came from, and its id.
    pub origin: &'a Origin,
    /// The way back while the call runs, if there is one.
    pub back: Option<Arc<dyn Back>>,
    /// How the person can be asked.
    pub asking: Asking,
}

/// How the person can be asked.
#[derive(Debug)]
pub enum Asking {
    /// They cannot.
    Never,
    /// By a request of ours while the call runs.
    Now,
    /// The call ends with the question, and the next one brings the answer (2026-07-28 basic/patterns/mrtr).
    InRounds {
        /// What the last round's answer gave the client to carry. Anybody may have written it.
        state: Option<String>,
        /// What came in answer to its questions, by their keys, as it came.
        replies: Map<String, Value>,
    },
}

impl<'a> Ask<'a> {
    /// Of a caller who hears nothing before the answer and cannot be asked.
    #[must_use]
    pub fn alone(origin: &'a Origin) -> Self {
        Self { origin, back: None, asking: Asking::Never }
    }
}

/// What a transport does for a call that runs.
pub trait Back: Send + Sync {
    /// Passes it on. Whether anybody hears it is not known.
    fn progress(&self, progress: Progress) -> BoxFuture<'_, ()>;

    /// Puts the question and waits, [`ASK_FOR`] at most. What comes back is unread: the protocol's `ElicitResult`, or
    /// none where nobody answered.
    fn ask<'a>(&'a self, question: &'a Question) -> BoxFuture<'a, Option<Value>>;
}

/// How far a call has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// So much is done. It grows from one to the next.
    pub done: u64,
    /// Of so much, where that is known.
    pub total: Option<u64>,
    /// What is being done.
    pub message: String,
}

/// What a person is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// Its name within the tool: the answer comes back under it.
    pub key: &'static str,
    /// What is asked, in words. It may name things of the forge; it passes the redactor.
    pub message: String,
    /// What is to be filled in.
    pub fields: Vec<Field>,
}

/// One field of a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Its name in the answer.
    pub name: &'static str,
    /// A word or two for the person.
    pub title: &'static str,
    /// What it is for.
    pub description: &'static str,
    /// Whether the form may not be sent without it.
    pub required: bool,
    /// What can be filled in.
    pub kind: FieldKind,
}

/// What can be filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FieldKind {
    /// A text.
    Text,
    /// A whole number.
    Number,
    /// Yes or no.
    Boolean,
    /// One of these.
    Choice(Vec<String>),
}

/// What the person chose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// They filled it in. The values fit the fields, and no other is among them.
    Accepted(Map<String, Value>),
    /// They said no.
    Declined,
    /// They did not choose, or not in time.
    Dismissed,
}

impl Question {
    /// The JSON Schema of its answer, as MCP's `requestedSchema`.
    #[must_use]
    pub fn schema(&self) -> Map<String, Value> {
        let properties = self.fields.iter().map(|field| (field.name.to_owned(), field.schema())).collect();
        let required = self.fields.iter().filter(|field| field.required).map(|field| field.name).collect();
        let schema = [("type", "object".into()), ("properties", Value::Object(properties)), ("required", required)];
        schema.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    /// The same with nothing in it that must not leave.
    pub(crate) fn redacted(mut self, redactor: &Redactor) -> Self {
        let choices = self.fields.iter_mut().flat_map(|field| match &mut field.kind {
            FieldKind::Choice(choices) => choices.as_mut_slice(),
            FieldKind::Text | FieldKind::Number | FieldKind::Boolean => &mut [],
        });
        for (kind, text) in choices.map(|choice| (Kind::Line, choice)).chain([(Kind::Prose, &mut self.message)]) {
            *text = redactor.text(kind, text).text.into_owned();
        }
        self
    }

    /// Reads what came in answer; none where it is no answer to this question.
    pub(crate) fn read(&self, raw: &Value) -> Option<Reply> {
        let raw = raw.as_object()?;
        match raw.get("action")?.as_str()? {
            "accept" => {
                let content = raw.get("content").and_then(Value::as_object).cloned().unwrap_or_default();
                arguments::check(&self.schema(), content).ok().map(Reply::Accepted)
            }
            "decline" => Some(Reply::Declined),
            "cancel" => Some(Reply::Dismissed),
            _ => None,
        }
    }
}

impl Field {
    fn schema(&self) -> Value {
        let mut schema = match &self.kind {
            FieldKind::Text => json!({"type": "string"}),
            FieldKind::Number => json!({"type": "integer"}),
            FieldKind::Boolean => json!({"type": "boolean"}),
            FieldKind::Choice(choices) => json!({"type": "string", "enum": choices}),
        };
        if let Some(schema) = schema.as_object_mut() {
            schema.insert("title".to_owned(), self.title.into());
            schema.insert("description".to_owned(), self.description.into());
        }
        schema
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question() -> Question {
        let field = |name, required, kind| Field { name, title: "T", description: "D", required, kind };
        let fields = vec![
            field("name", true, FieldKind::Text),
            field("count", false, FieldKind::Number),
            field("sure", false, FieldKind::Boolean),
            field("colour", false, FieldKind::Choice(vec!["red".to_owned(), "blue".to_owned()])),
        ];
        Question { key: "k", message: "Who?".to_owned(), fields }
    }

    #[test]
    fn an_answer_is_read_only_where_it_fits_the_question() {
        let read = |raw: Value| question().read(&raw);
        let content = json!({"name": "Ada", "count": 3, "sure": true, "colour": "blue"});
        let whole = content.as_object().cloned().map(Reply::Accepted);
        assert_eq!(read(json!({"action": "accept", "content": content})), whole);
        assert_eq!(read(json!({"action": "decline"})), Some(Reply::Declined));
        assert_eq!(read(json!({"action": "cancel"})), Some(Reply::Dismissed));
        for content in [
            json!({}),
            json!({"name": 1}),
            json!({"name": "a", "count": 1.5}),
            json!({"name": "a", "sure": "perhaps"}),
            json!({"name": "a", "colour": "green"}),
            json!({"name": "a", "other": "b"}),
        ] {
            assert_eq!(read(json!({"action": "accept", "content": content})), None, "{content}");
        }
        for raw in [json!(12_345), json!(null), json!({}), json!({"action": "shrug"}), json!({"action": "accept"})] {
            assert_eq!(read(raw.clone()), None, "{raw}");
        }
    }

    #[test]
    fn a_secret_in_a_question_does_not_leave() {
        let redactor = Redactor::new(crate::redact::Settings::default()).unwrap();
        let token = format!("ghp_{}", "a1B2c3D4e5F6".repeat(3));
        let mut asked = question();
        asked.message = format!("Use {token}?");
        asked.fields[3].kind = FieldKind::Choice(vec![token.clone()]);
        let shown = format!("{:?}", asked.redacted(&redactor));
        assert!(!shown.contains(&token), "{shown}");
    }
}
