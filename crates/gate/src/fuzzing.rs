//! What must hold whatever comes in. `fuzz/` runs each with bytes of its own making, the unit test below with the seeds.

use std::sync::LazyLock;

use serde_json::{Map, Value, json};

use crate::audit::read::Record;
use crate::redact::{Kind, Redactor, Settings};
use crate::{Policy, arguments};

static REDACTOR: LazyLock<Redactor> = LazyLock::new(|| Redactor::new(Settings::default()).expect("the rules compile"));

/// Redaction run twice is redaction run once: what left is safe, and its marks are not taken for secrets.
///
/// # Panics
/// It does not hold.
pub fn redaction(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    for kind in [Kind::Prose, Kind::Line, Kind::File] {
        let once = REDACTOR.text(kind, text);
        let twice = REDACTOR.text(kind, &once.text);
        assert_eq!(once.text, twice.text, "{kind:?}");
        assert_eq!(twice.masked, 0, "{kind:?} {}", once.text);
    }
}

/// Checked arguments hold nothing the schema does not name, and pass a second check as they are.
///
/// # Panics
/// It does not hold.
pub fn arguments(data: &[u8]) {
    let Ok(Value::Object(raw)) = serde_json::from_slice(data) else { return };
    let schema = schema();
    let Ok(checked) = arguments::check(&schema, raw) else { return };
    let properties = schema.get("properties").and_then(Value::as_object).expect("the schema has properties");
    assert!(checked.keys().all(|key| properties.contains_key(key)), "{checked:?}");
    assert_eq!(arguments::check(&schema, checked.clone()).as_ref(), Ok(&checked));
}

fn schema() -> Map<String, Value> {
    let schema = json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["repo"],
        "properties": {
            "repo": {"type": "string", "maxLength": 100},
            "state": {"type": "string", "enum": ["open", "closed", "all"]},
            "limit": {"type": "integer", "minimum": 1, "maximum": 50},
            "labels": {"type": "array", "items": {"type": "string"}},
            "deep": {"type": "boolean"},
        },
    });
    let Value::Object(schema) = schema else { return Map::new() };
    schema
}

/// A policy file is taken or refused with a reason, never half; what is taken can say itself in one sentence.
///
/// # Panics
/// It does not hold.
pub fn policy(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match Policy::parse(text, &["get_me", "get_repository"]) {
        Ok(policy) => assert!(!policy.sentence().is_empty()),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// A line of the record is read as what was written or not at all: what is read is printable and names its own number.
///
/// # Panics
/// It does not hold.
pub fn audit_line(data: &[u8]) {
    let Some(record) = Record::parse("main", data) else { return };
    assert_eq!(record.line().as_bytes(), data);
    assert!(record.line().bytes().all(|byte| (b' '..=b'~').contains(&byte)));
    assert_eq!(record.field("seq").and_then(Value::as_u64), Some(record.seq()));
}

#[cfg(test)]
mod tests {
    use aegis_testkit::hold;

    use super::*;

    #[test]
    fn the_seeds_hold() {
        hold("redaction", redaction).unwrap();
        hold("arguments", arguments).unwrap();
        hold("policy", policy).unwrap();
        hold("audit_line", audit_line).unwrap();
    }
}
