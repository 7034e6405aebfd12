//! Checks raw arguments against a tool's schema before anything else looks at them, so that every mistake is answered
//! with the field, what came and what would be right. serde's own messages lose the field inside flattened groups.

use serde_json::{Map, Value};

use crate::error::CallError;
use crate::nearest::nearest;

/// Longest piece of what came that is repeated in an error, in characters.
const SHOWN_CHARACTERS: usize = 60;
/// Most values in one array argument, whatever its schema says.
const MAX_ITEMS: usize = 100;
/// Longest string argument, in bytes.
const MAX_TEXT_BYTES: usize = 65_536;

/// The arguments, with digits in strings made numbers and nulls dropped.
///
/// # Errors
/// [`CallError::InvalidArgument`] for the first argument that is unknown, missing, of the wrong type or out of range.
pub(crate) fn check(schema: &Map<String, Value>, raw: Map<String, Value>) -> Result<Map<String, Value>, CallError> {
    let empty = Map::new();
    let properties = schema.get("properties").and_then(Value::as_object).unwrap_or(&empty);
    let mut checked = Map::new();
    for (name, value) in raw {
        let Some(property) = properties.get(&name) else { return Err(unknown(&name, properties)) };
        if !value.is_null() {
            let value = check_value(&name, property, value)?;
            checked.insert(name, value);
        }
    }
    let required = schema.get("required").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    for name in required.iter().filter_map(Value::as_str) {
        if !checked.contains_key(name) {
            return Err(invalid(name, "it is missing".to_owned(), wanted(properties.get(name))));
        }
    }
    Ok(checked)
}

fn check_value(name: &str, schema: &Value, value: Value) -> Result<Value, CallError> {
    let refuse = |value: &Value| Err(invalid(name, came(value), wanted(Some(schema))));
    let kind = schema.get("type").and_then(Value::as_str).unwrap_or_default();
    match (kind, value) {
        ("string", Value::String(text)) => {
            let listed = schema.get("enum").and_then(Value::as_array);
            let known = listed.is_none_or(|names| names.iter().any(|name| name == &text));
            if known && text.len() <= MAX_TEXT_BYTES { Ok(text.into()) } else { refuse(&text.into()) }
        }
        ("integer", value) => match integer(&value) {
            Some(number) if in_range(schema, number) => Ok(number.into()),
            _ => refuse(&value),
        },
        ("boolean", Value::Bool(flag)) => Ok(flag.into()),
        ("boolean", Value::String(word)) if word == "true" || word == "false" => Ok((word == "true").into()),
        ("array", Value::Array(items)) if items.len() <= limit(schema) && !items.is_empty() => {
            let item = schema.get("items").unwrap_or(&Value::Null);
            items.into_iter().map(|value| check_value(name, item, value)).collect::<Result<_, _>>().map(Value::Array)
        }
        (_, value) => refuse(&value),
    }
}

/// A whole number, also where it came as a string of digits (some models quote every value).
fn integer(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64(),
        Value::String(digits) if !digits.starts_with('+') => digits.parse().ok(),
        _ => None,
    }
}

fn in_range(schema: &Value, number: i64) -> bool {
    let bound = |key: &str| schema.get(key).and_then(Value::as_i64);
    bound("minimum").is_none_or(|least| number >= least) && bound("maximum").is_none_or(|most| number <= most)
}

fn limit(schema: &Value) -> usize {
    let listed = schema.get("maxItems").and_then(Value::as_u64).and_then(|most| usize::try_from(most).ok());
    listed.unwrap_or(MAX_ITEMS)
}

fn unknown(name: &str, properties: &Map<String, Value>) -> CallError {
    let wanted = match nearest(name, properties.keys().map(String::as_str)).first() {
        Some(known) => format!("did you mean `{known}`?"),
        None if properties.is_empty() => "it takes none".to_owned(),
        None => format!("it takes {}", properties.keys().cloned().collect::<Vec<_>>().join(", ")),
    };
    invalid(&shown(name), "the tool has no such argument".to_owned(), wanted)
}

fn invalid(name: &str, came: String, wanted: String) -> CallError {
    CallError::InvalidArgument { argument: name.to_owned(), came, wanted }
}

fn came(value: &Value) -> String {
    match value {
        Value::String(text) if text.is_empty() => "got an empty text".to_owned(),
        Value::String(text) => format!("got the text \"{}\"", shown(text)),
        Value::Array(items) => format!("got a list of {}", items.len()),
        Value::Object(_) => "got an object".to_owned(),
        Value::Null | Value::Bool(_) | Value::Number(_) => format!("got {}", shown(&value.to_string())),
    }
}

fn wanted(schema: Option<&Value>) -> String {
    let Some(schema) = schema else { return "it is required".to_owned() };
    let text = |key: &str| schema.get(key).and_then(Value::as_str).unwrap_or_default();
    if let Some(names) = schema.get("enum").and_then(Value::as_array) {
        let names: Vec<&str> = names.iter().filter_map(Value::as_str).collect();
        return format!("it takes one of {}", names.join(", "));
    }
    let bound = |key: &str| schema.get(key).and_then(Value::as_i64);
    match (text("type"), bound("minimum"), bound("maximum")) {
        ("integer", Some(least), Some(most)) => format!("it takes a whole number from {least} to {most}"),
        ("integer", Some(least), None) => format!("it takes a whole number from {least}"),
        ("integer", ..) => "it takes a whole number".to_owned(),
        ("array", ..) => format!("it takes a list of 1 to {}", limit(schema)),
        ("boolean", ..) => "it takes true or false".to_owned(),
        _ => "it takes text".to_owned(),
    }
}

/// A piece of outside text that is safe to repeat: one line, no control or invisible characters, not long.
pub(crate) fn shown(text: &str) -> String {
    let mut short: String = text.chars().take(SHOWN_CHARACTERS).flat_map(char::escape_debug).collect();
    if text.chars().nth(SHOWN_CHARACTERS).is_some() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn schema() -> Map<String, Value> {
        let schema = json!({"type": "object", "required": ["repo"], "properties": {
            "repo": {"type": "string"}, "page": {"type": "integer", "minimum": 1, "maximum": 1000},
            "state": {"type": "string", "enum": ["open", "closed"]}, "deep": {"type": "boolean"},
            "paths": {"type": "array", "items": {"type": "string"}, "maxItems": 2}}});
        schema.as_object().cloned().unwrap()
    }

    fn checked(raw: &Value) -> Result<Value, String> {
        check(&schema(), raw.as_object().cloned().unwrap()).map(Value::Object).map_err(|error| error.to_string())
    }

    #[test]
    fn right_arguments_pass_and_digits_become_numbers() {
        let raw = json!({"repo": "a/b", "page": "2", "state": "open", "deep": "true", "paths": ["x"]});
        let want = json!({"repo": "a/b", "page": 2, "state": "open", "deep": true, "paths": ["x"]});
        assert_eq!(checked(&raw), Ok(want));
        assert_eq!(checked(&json!({"repo": "a", "page": null})), Ok(json!({"repo": "a"})));
    }

    #[test]
    fn each_mistake_names_field_what_came_and_what_would_be_right() {
        let says = |raw: &Value| checked(raw).unwrap_err();
        assert_eq!(says(&json!({})), "argument `repo`: it is missing; it takes text");
        let misspelt = says(&json!({"repo": "a", "pgae": 1}));
        assert_eq!(misspelt, "argument `pgae`: the tool has no such argument; did you mean `page`?");
        let strange = says(&json!({"repo": "a", "assignee": "bob"}));
        assert!(strange.contains("no such argument; it takes ") && strange.contains("state"), "{strange}");
        let empty = says(&json!({"repo": "a", "state": ""}));
        assert_eq!(empty, "argument `state`: got an empty text; it takes one of open, closed");
        let out = says(&json!({"repo": "a", "page": 0}));
        assert_eq!(out, "argument `page`: got 0; it takes a whole number from 1 to 1000");
        let word = says(&json!({"repo": "a", "state": "opne"}));
        assert_eq!(word, "argument `state`: got the text \"opne\"; it takes one of open, closed");
        assert!(says(&json!({"repo": {"owner": 1}})).contains("got an object"));
        assert!(says(&json!({"repo": "a", "paths": ["1", "2", "3"]})).contains("a list of 1 to 2"));
        assert!(says(&json!({"repo": "a", "paths": [1]})).contains("got 1"));
    }

    #[test]
    fn g07_numbers_that_are_none_are_refused() {
        for bad in [json!(-1), json!(1.5), json!("1e3"), json!("+1"), json!(9_223_372_036_854_775_808_u64), json!("")] {
            assert!(checked(&json!({"repo": "a", "page": bad})).is_err(), "{bad}");
        }
        assert!(checked(&json!({"repo": "a", "page": "7"})).is_ok());
    }

    #[test]
    fn what_came_is_cut_and_escaped() {
        let long = "\u{202e}\n".repeat(100);
        let error = checked(&json!({"repo": "a", "state": long})).unwrap_err();
        assert!(!error.contains('\u{202e}') && !error.contains('\n') && error.len() < 800, "{error}");
    }
}
