//! Arguments without their values: they hold issue texts, code, sometimes secrets, and the record keeps none of it.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value};

use super::key::DigestKey;
use super::text;

/// No more argument names than this are written; the rest is counted.
const NAMES_CAP: usize = 32;
/// Names come from outside too.
const NAME_CAP_BYTES: usize = 64;

/// Which arguments came, of which type and length, and one keyed hash over all of them: equal calls can be recognised,
/// and a suspected call confirmed by whoever has the key, but nothing can be read or guessed back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ArgumentsShape {
    shape: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "is_zero")]
    more: usize,
    hmac_sha256: String,
}

impl ArgumentsShape {
    /// The shape of a call's arguments.
    #[must_use]
    pub fn of(arguments: &Map<String, Value>, key: &DigestKey) -> Self {
        let mut digester = key.digester("arguments");
        canonical(arguments, &mut |bytes| digester.update(bytes));
        let entry = |(name, value): (&String, &Value)| {
            let mut name = name.clone();
            text::cap_to(&mut name, NAME_CAP_BYTES, key);
            (name, kind(value))
        };
        let shape = arguments.iter().take(NAMES_CAP).map(entry).collect();
        Self { shape, more: arguments.len().saturating_sub(NAMES_CAP), hmac_sha256: digester.finish() }
    }
}

/// The type, and the length in bytes or members where there is one.
fn kind(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(_) => "boolean".to_owned(),
        Value::Number(_) => "number".to_owned(),
        Value::String(text) => format!("string {}", text.len()),
        Value::Array(members) => format!("array {}", members.len()),
        Value::Object(members) => format!("object {}", members.len()),
    }
}

/// The arguments with members in the order of their names and no space between: the same call, the same bytes. The
/// depth is bounded by the parser that made the value.
pub(crate) fn canonical(members: &Map<String, Value>, update: &mut dyn FnMut(&[u8])) {
    update(b"{");
    for (name, member) in members.iter().collect::<BTreeMap<_, _>>() {
        update(Value::from(name.as_str()).to_string().as_bytes());
        update(b":");
        canonical_value(member, update);
        update(b",");
    }
    update(b"}");
}

fn canonical_value(value: &Value, update: &mut dyn FnMut(&[u8])) {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => update(value.to_string().as_bytes()),
        Value::Array(members) => {
            update(b"[");
            for member in members {
                canonical_value(member, update);
                update(b",");
            }
            update(b"]");
        }
        Value::Object(members) => canonical(members, update),
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shape(arguments: &Value, key: u8) -> ArgumentsShape {
        ArgumentsShape::of(arguments.as_object().unwrap(), &DigestKey::of_seed(&[key; 32]))
    }

    #[test]
    fn a09_names_types_and_lengths_but_no_values() {
        let arguments = json!({"owner": "acme", "token": "canary-3141", "page": 2, "labels": ["x"], "deep": {"a": 1}});
        let written = serde_json::to_string(&shape(&arguments, 1)).unwrap();
        assert!(written.starts_with(
            r#"{"shape":{"deep":"object 1","labels":"array 1","owner":"string 4","page":"number","token":"string 11"},"#
        ));
        assert!(!written.contains("canary") && !written.contains("acme"));
    }

    #[test]
    fn a09_equal_arguments_hash_alike_and_only_under_one_key() {
        let one = shape(&json!({"a": 1, "b": {"c": 2, "d": 3}}), 1);
        assert_eq!(one, shape(&json!({"b": {"d": 3, "c": 2}, "a": 1}), 1));
        assert_ne!(one, shape(&json!({"a": 1, "b": {"c": 2, "d": 4}}), 1));
        assert_ne!(one, shape(&json!({"a": 1, "b": {"c": 2, "d": 3}}), 2));
        assert_ne!(shape(&json!({"a": ["b", "c"]}), 1), shape(&json!({"a": ["b\",\"c"]}), 1));
    }

    #[test]
    fn a06_many_and_long_names_stay_small() {
        let arguments = (0..1000).map(|at| (format!("{at}{}", "\u{1b}".repeat(5000)), json!(1))).collect();
        let shape = shape(&Value::Object(arguments), 1);
        assert_eq!((shape.shape.len(), shape.more), (32, 968));
        assert!(text::json(&shape).unwrap().len() < 24 * 1024);
    }
}
