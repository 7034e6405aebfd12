//! Whether a value is what a schema says, for the words our schemas use; `catalogue` refuses all other words.

use serde_json::Value;

/// The first place where the value is not what the schema says. Every field must be declared.
pub(crate) fn misfit(place: &str, schema: &Value, value: &Value) -> Option<String> {
    let wrong = |what: &str| Some(format!("{place}: {what}: {value}"));
    if schema.get("enum").and_then(Value::as_array).is_some_and(|words| !words.contains(value)) {
        return wrong("none of the words");
    }
    match (schema["type"].as_str().unwrap_or_default(), value) {
        ("string", Value::String(_)) | ("boolean", Value::Bool(_)) => None,
        ("integer", Value::Number(number)) if number.is_i64() || number.is_u64() => {
            let least = schema.get("minimum").and_then(Value::as_i64);
            if number.as_i64().zip(least).is_some_and(|(number, least)| number < least) {
                wrong("too small")
            } else {
                None
            }
        }
        ("array", Value::Array(items)) => items
            .iter()
            .enumerate()
            .find_map(|(number, item)| misfit(&format!("{place}[{number}]"), &schema["items"], item)),
        ("object", Value::Object(fields)) => {
            let required = schema.get("required").and_then(Value::as_array).into_iter().flatten();
            let missing = required.filter_map(Value::as_str).find(|name| !fields.contains_key(*name));
            if let Some(name) = missing {
                return Some(format!("{place}.{name} is missing"));
            }
            fields.iter().find_map(|(name, field)| match schema["properties"].get(name) {
                Some(property) => misfit(&format!("{place}.{name}"), property, field),
                None => Some(format!("{place}.{name} is not declared")),
            })
        }
        _ => wrong("of another type"),
    }
}

#[test]
fn a_misfit_is_found_wherever_it_is() {
    let schema = serde_json::json!({"type": "object", "required": ["rows"], "properties": {"rows": {"type": "array",
        "items": {"type": "object", "properties": {"state": {"type": "string", "enum": ["open"]}, "n": {"type": "integer",
        "minimum": 0}}}}}});
    let check = |value: Value| misfit("", &schema, &value);
    assert_eq!(check(serde_json::json!({"rows": [{"state": "open", "n": 1}, {}]})), None);
    for bad in [
        serde_json::json!({}),
        serde_json::json!({"rows": {}}),
        serde_json::json!({"rows": [{"state": "shut"}]}),
        serde_json::json!({"rows": [{"n": -1}]}),
        serde_json::json!({"rows": [{"n": "1"}]}),
        serde_json::json!({"rows": [{"other": 1}]}),
        serde_json::json!([]),
    ] {
        assert!(check(bad.clone()).is_some(), "{bad}");
    }
}
