//! JSON Schemas that every vendor takes: root `type: object`, no `$ref`, no `$schema`, no union of types with null.
//!
//! schemars inlines subschemas but still writes `["string", "null"]` for options and format hints nobody reads; one
//! transform takes them out. Recursive types would still leave a `$ref`: the catalogue's tests refuse any.

use schemars::generate::SchemaSettings;
use schemars::transform::{Transform, transform_subschemas};
use schemars::{JsonSchema, Schema};
use serde_json::{Map, Value};

/// The portable schema of a type.
#[must_use]
pub(crate) fn of<T: JsonSchema>() -> Map<String, Value> {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    let mut schema = settings.into_generator().into_root_schema_for::<T>();
    Portable.transform(&mut schema);
    schema.remove("description");
    let mut object = match schema.to_value() {
        Value::Object(object) => object,
        _ => Map::new(),
    };
    object.entry("type").or_insert_with(|| Value::from("object"));
    object
}

struct Portable;

impl Transform for Portable {
    fn transform(&mut self, schema: &mut Schema) {
        for noise in ["$schema", "title", "format", "default"] {
            schema.remove(noise);
        }
        drop_null(schema);
        transform_subschemas(self, schema);
    }
}

/// An option is a property that is not required; the null beside its type says nothing more.
fn drop_null(schema: &mut Schema) {
    let Some(types) = schema.get("type").and_then(Value::as_array) else { return };
    let kept: Vec<Value> = types.iter().filter(|name| *name != "null").cloned().collect();
    if let [only] = kept.as_slice() {
        let only = only.clone();
        schema.insert("type".to_owned(), only);
    }
    if let Some(values) = schema.get_mut("enum").and_then(Value::as_array_mut) {
        values.retain(|value| !value.is_null());
    }
}
