//! One record as read back.

use std::fmt;

use aegis_ambient::Timestamp;
use serde_json::{Map, Value};

use crate::audit::line::Frame;
use crate::audit::text;

/// A line of the record. Nothing here is proven.
#[derive(Debug, Clone)]
pub struct Record {
    chain: String,
    seq: u64,
    time: Timestamp,
    line: String,
    fields: Map<String, Value>,
}

impl Record {
    /// Takes only what could have been written: printable ASCII.
    pub(crate) fn parse(chain: &str, line: &[u8]) -> Option<Self> {
        let frame = Frame::parse(line).filter(|_| line.iter().all(|byte| matches!(byte, b' '..=b'~')))?;
        let fields = serde_json::from_str(frame.text).ok()?;
        Some(Self { chain: chain.to_owned(), seq: frame.seq, time: frame.time, line: frame.text.to_owned(), fields })
    }

    /// The chain it stands in.
    #[must_use]
    pub fn chain(&self) -> &str {
        &self.chain
    }

    /// Its number in the chain.
    #[must_use]
    pub fn seq(&self) -> u64 {
        self.seq
    }

    /// When it happened.
    #[must_use]
    pub fn time(&self) -> Timestamp {
        self.time
    }

    /// The event's word.
    #[must_use]
    pub fn event(&self) -> &str {
        self.text("event").unwrap_or_default()
    }

    /// A field that is text, as it came from outside: not for a terminal.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.fields.get(name).and_then(Value::as_str)
    }

    /// Any field.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&Value> {
        self.fields.get(name)
    }

    /// The line as it stands in the file: printable ASCII.
    #[must_use]
    pub fn line(&self) -> &str {
        &self.line
    }

    /// What orders records of several chains.
    pub(super) fn age(&self) -> (Timestamp, &str, u64) {
        (self.time, &self.chain, self.seq)
    }

    /// A field for a terminal or a table.
    pub(super) fn shown(&self, name: &str) -> String {
        match self.fields.get(name) {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(value)) => text::printable(value),
            Some(other) => text::printable(&other.to_string()),
        }
    }
}

/// One line for a terminal. What a terminal would obey is spelled out.
impl fmt::Display for Record {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:.6}  {:7}  {}", self.time, self.shown("outcome"), self.shown("event"))?;
        for name in ["login", "address", "tool", "target", "code", "rule", "correlation_id"] {
            let value = self.shown(name);
            if !value.is_empty() {
                write!(formatter, "  {name}={value}")?;
            }
        }
        Ok(())
    }
}
