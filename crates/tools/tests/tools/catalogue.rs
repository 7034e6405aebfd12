//! What every listed tool must be, whatever it does: the law of the schemas that all vendors take.

use std::collections::HashSet;

use aegis_gate::{Entry, Toolset};
use aegis_tools::catalog;
use serde_json::{Value, json};

/// Listed weight of a tool, in bytes.
const MOST_AVERAGE_BYTES: usize = 530;
const MOST_BYTES: usize = 1_500;

/// A tool as `tools/list` shows it, but for its output schema.
fn listed(entry: &Entry) -> Value {
    let (spec, effects) = (entry.spec(), entry.annotations());
    json!({
        "name": spec.name,
        "title": spec.title,
        "description": spec.description,
        "inputSchema": entry.input_schema().as_ref(),
        "annotations": {
            "readOnlyHint": effects.read_only, "destructiveHint": effects.destructive,
            "idempotentHint": effects.idempotent, "openWorldHint": effects.open_world,
        },
    })
}

/// Every schema inside a schema, with where it stands.
fn each_schema<'a>(place: &str, schema: &'a Value, see: &mut impl FnMut(&str, &'a Value)) {
    see(place, schema);
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        each_schema(&format!("{place}.{name}"), property, see);
    }
    if let Some(items) = schema.get("items") {
        each_schema(&format!("{place}[]"), items, see);
    }
}

/// Every key of a JSON value at any depth, property names left out.
fn keywords(schema: &Value, see: &mut impl FnMut(&str)) {
    match schema {
        Value::Object(fields) => {
            for (name, value) in fields {
                see(name);
                match (name.as_str(), value) {
                    ("properties", Value::Object(properties)) => {
                        properties.values().for_each(|property| keywords(property, see));
                    }
                    _ => keywords(value, see),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| keywords(item, see)),
        _ => {}
    }
}

#[test]
fn every_schema_can_be_taken_by_every_vendor() {
    let known = ["type", "properties", "required", "items", "enum", "description", "minimum", "maximum", "maxItems"];
    for entry in catalog().entries() {
        let name = entry.spec().name;
        for (side, schema) in [("in", entry.input_schema()), ("out", entry.output_schema())] {
            assert_eq!(schema["type"], "object", "{name} {side}");
            let schema = Value::Object(schema.as_ref().clone());
            keywords(&schema, &mut |keyword| assert!(known.contains(&keyword), "{name} {side}: {keyword}"));
            each_schema(&format!("{name} {side}"), &schema, &mut |place, schema| {
                let kind = schema["type"].as_str().unwrap_or_else(|| panic!("{place} has no one type: {schema}"));
                assert_eq!(kind == "array", schema.get("items").is_some(), "{place}");
                let words = schema.get("enum").and_then(Value::as_array);
                assert!(words.is_none_or(|words| words.iter().all(Value::is_string)), "{place}");
            });
        }
    }
}

#[test]
fn every_tool_is_named_titled_and_described() {
    let mut names = HashSet::new();
    for entry in catalog().entries() {
        let spec = entry.spec();
        for name in std::iter::once(&spec.name).chain(spec.aliases) {
            assert!(names.insert(*name), "{name} stands twice");
            assert!(name.len() <= 40 && name.contains('_'), "{name}");
            assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_'));
        }
        assert!(!spec.title.is_empty() && !spec.title.ends_with('.'), "{}", spec.name);
        let sentences = spec.description.matches(". ").count() + 1;
        assert!(spec.description.ends_with('.') && sentences <= 2, "{}", spec.name);
        assert!(!spec.endpoints.is_empty(), "{}", spec.name);
    }
}

/// Arguments whose names do not say all: what is meant where they are left out, in which form they are written, where
/// a part goes on. Bytes are few, so what a name says by itself has no text.
const UNCLEAR: &[&str] = &[
    "ref",
    "sha",
    "path",
    "offset",
    "pattern",
    "state",
    "labels",
    "milestone",
    "sort",
    "since",
    "encoding",
    "end_line",
];

#[test]
fn an_argument_is_described_where_its_name_does_not_say_all() {
    for entry in catalog().entries() {
        let properties = entry.input_schema().get("properties").and_then(Value::as_object);
        for (argument, property) in properties.into_iter().flatten() {
            let at = format!("{}.{argument}", entry.spec().name);
            let text = property["description"].as_str();
            assert!(text.is_none_or(|text| text.len() > 5 && text.ends_with('.')), "{at}: {text:?}");
            let says_all = argument == "path" && entry.spec().name == "get_file_contents";
            assert!(says_all || text.is_some() || !UNCLEAR.contains(&argument.as_str()), "{at} is not described");
        }
    }
}

/// The first sentence says when to use a tool; where another is likely meant, its name is said.
#[test]
fn a_description_says_when_to_use_the_tool_and_names_only_tools_there_are() {
    let catalog = catalog();
    for entry in catalog.entries() {
        let (name, text) = (entry.spec().name, entry.spec().description);
        assert!(text.starts_with("To ") && text.len() >= 60, "{name}: {text}");
        let words = text.split(|character: char| !character.is_ascii_lowercase() && character != '_');
        for word in words.filter(|word| word.contains('_')) {
            assert!(word != name && catalog.names().contains(&word), "{name} names {word}");
        }
    }
}

#[test]
fn the_list_is_in_order_and_light() {
    let catalog = catalog();
    let weights: Vec<(usize, &str)> =
        catalog.entries().iter().map(|entry| (listed(entry).to_string().len(), entry.spec().name)).collect();
    let total: usize = weights.iter().map(|(weight, _)| weight).sum();
    assert!(total <= MOST_AVERAGE_BYTES * weights.len(), "{} on average: {weights:?}", total / weights.len());
    assert!(weights.iter().all(|(weight, _)| *weight <= MOST_BYTES), "{weights:?}");
    assert!(total <= 20_000, "{total}");
    let whole: usize =
        catalog.entries().iter().map(|entry| json!(entry.output_schema().as_ref()).to_string().len()).sum();
    assert!(total + whole <= 60_000, "{total} and {whole} on the wire");
    let places: Vec<_> = catalog
        .entries()
        .iter()
        .map(|entry| Toolset::ALL.iter().position(|toolset| *toolset == entry.spec().toolset))
        .collect();
    assert!(places.is_sorted(), "{places:?}");
}

#[test]
fn the_former_name_finds_the_tool_and_is_not_listed() {
    let catalog = catalog();
    assert_eq!(catalog.find("get_repository_info").unwrap().spec().name, "get_repository");
    assert!(!catalog.names().contains(&"get_repository_info"));
    assert!(catalog.find("get_repositories").is_none());
}

#[test]
fn every_listed_form_is_as_it_was_accepted() {
    for entry in catalog().entries() {
        let mut form = listed(entry);
        form["outputSchema"] = Value::Object(entry.output_schema().as_ref().clone());
        insta::assert_json_snapshot!(entry.spec().name, form);
    }
}

#[test]
fn g09_no_tool_takes_an_address_to_fetch() {
    let asks_for_address = |name: &str| {
        ["url", "uri", "host", "address", "remote", "clone", "mirror"].iter().any(|word| name.contains(word))
    };
    for entry in catalog().entries() {
        let properties = entry.input_schema().get("properties").and_then(Value::as_object);
        let mut names = properties.into_iter().flat_map(|properties| properties.keys());
        assert_eq!(names.find(|name| asks_for_address(name)), None, "{}", entry.spec().name);
    }
}

/// Git is never run here, so there is no argument line to inject into and no working tree to escape from.
#[test]
fn g05_g06_nothing_that_ships_starts_a_program() {
    fn sources(directory: &std::path::Path, found: &mut Vec<std::path::PathBuf>) {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                sources(&path, found);
            } else if path.extension().is_some_and(|kind| kind == "rs") && !path.ends_with("tests.rs") {
                found.push(path);
            }
        }
    }
    /// Without the tests, which stand last.
    fn shipped(text: &str) -> &str {
        text.split("#[cfg(test)]\nmod tests {").next().unwrap()
    }
    let of_a_test = "fn one() {}\n#[cfg(test)]\nfn two() {}\nfn three() {}\n#[cfg(test)]\nmod tests {\nfn four() {}\n}";
    assert!(shipped(of_a_test).contains("three") && !shipped(of_a_test).contains("four"));
    let crates = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut found = Vec::new();
    for room in ["ambient", "gitea", "store", "gate", "tools", "server", "sandbox"] {
        sources(&crates.join(room).join("src"), &mut found);
    }
    assert!(found.len() > 100, "only {} files were read", found.len());
    for path in found {
        let text = std::fs::read_to_string(&path).unwrap();
        for way in ["process::Command", "Command::new(", "tokio::process"] {
            assert!(!shipped(&text).contains(way), "{} names {way}", path.display());
        }
    }
}
