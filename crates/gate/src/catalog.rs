//! The tools in force, in order. A tool's types are gone here: an entry holds its data, its two schemas and one
//! function pointer.

use std::collections::HashMap;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use serde_json::{Map, Value, json};

use crate::answer::{Answer, UNTRUSTED_NOTICE};
use crate::error::CallError;
use crate::gate::{Gate, Passage, run_read};
use crate::schema;
use crate::tool::{Annotations, Output, ReadTool, ToolSpec, Toolset};

pub(crate) type Run = for<'a> fn(&'a Gate, Passage<'a>) -> BoxFuture<'a, Result<Answer, CallError>>;

/// One tool.
pub struct Entry {
    spec: ToolSpec,
    annotations: Annotations,
    input: Arc<Map<String, Value>>,
    output: Arc<Map<String, Value>>,
    pub(crate) run: Run,
}

impl Entry {
    /// What is known about the tool.
    #[must_use]
    pub fn spec(&self) -> &ToolSpec {
        &self.spec
    }

    /// What clients are told about its effects.
    #[must_use]
    pub fn annotations(&self) -> Annotations {
        self.annotations
    }

    /// The JSON Schema of its arguments.
    #[must_use]
    pub fn input_schema(&self) -> &Arc<Map<String, Value>> {
        &self.input
    }

    /// The JSON Schema of its answer.
    #[must_use]
    pub fn output_schema(&self) -> &Arc<Map<String, Value>> {
        &self.output
    }
}

/// What is offered of a catalogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    /// These toolsets.
    pub toolsets: Vec<Toolset>,
    /// And these tools.
    pub tools: Vec<String>,
    /// But none of these.
    pub exclude: Vec<String>,
}

/// The tools, in the order they are listed.
#[derive(Default)]
pub struct Catalog {
    entries: Vec<Entry>,
    index: HashMap<&'static str, usize>,
}

impl Catalog {
    /// Adds a tool that only reads.
    #[must_use]
    pub fn read<T: ReadTool>(self) -> Self {
        self.with(Entry {
            spec: T::SPEC,
            annotations: Annotations::READ,
            input: Arc::new(schema::of::<T::Arguments>()),
            output: Arc::new(labelled(schema::of::<T::Output>(), T::Output::UNTRUSTED)),
            run: run_read::<T>,
        })
    }

    /// Every tool, in order.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Every name, in order.
    #[must_use]
    pub fn names(&self) -> Vec<&'static str> {
        self.entries.iter().map(|entry| entry.spec.name).collect()
    }

    /// The tool of that name or former name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&Entry> {
        self.index.get(name).and_then(|place| self.entries.get(*place))
    }

    /// What is left of it under a selection.
    #[must_use]
    pub fn narrowed(self, selection: &Selection) -> Self {
        let kept = |spec: &ToolSpec| {
            let named = |names: &[String]| names.iter().any(|name| name == spec.name);
            (selection.toolsets.contains(&spec.toolset) || named(&selection.tools)) && !named(&selection.exclude)
        };
        self.entries.into_iter().filter(|entry| kept(&entry.spec)).fold(Self::default(), Self::with)
    }

    fn with(mut self, entry: Entry) -> Self {
        for name in std::iter::once(entry.spec.name).chain(entry.spec.aliases.iter().copied()) {
            self.index.insert(name, self.entries.len());
        }
        self.entries.push(entry);
        self
    }
}

/// Answers with text people wrote carry a label that says so.
fn labelled(mut output: Map<String, Value>, untrusted: bool) -> Map<String, Value> {
    if untrusted && let Some(properties) = output.get_mut("properties").and_then(Value::as_object_mut) {
        properties.insert("untrusted".to_owned(), json!({"type": "string", "enum": [UNTRUSTED_NOTICE]}));
    }
    output
}
