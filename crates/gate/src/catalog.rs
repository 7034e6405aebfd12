//! What is in force, in order: tools, and the doors into the same kind of entry: resources, prompts and completions. An
//! entry's types are gone here: it holds its data, its two schemas and one function pointer.

use std::collections::HashMap;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use serde_json::{Map, Value, json};

use crate::answer::{Answer, UNTRUSTED_NOTICE};
use crate::call::Call;
use crate::error::CallError;
use crate::gate::{Gate, Passage, run_read};
use crate::messages::{Messages, Values};
use crate::schema;
use crate::template::Template;
use crate::tool::{Annotations, Output, ReadTool, ToolSpec, Toolset};

pub(crate) type Run = for<'a> fn(&'a Gate, Passage<'a>) -> BoxFuture<'a, Result<Answer, CallError>>;

/// What can be called.
pub struct Entry {
    spec: ToolSpec,
    annotations: Annotations,
    input: Arc<Map<String, Value>>,
    output: Arc<Map<String, Value>>,
    pub(crate) run: Run,
}

impl Entry {
    fn of<T: ReadTool>() -> Self {
        Self {
            spec: T::SPEC,
            annotations: Annotations::READ,
            input: Arc::new(schema::of::<T::Arguments>()),
            output: Arc::new(labelled(schema::of::<T::Output>(), T::Output::UNTRUSTED)),
            run: run_read::<T>,
        }
    }

    /// What is known about it.
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

    fn takes(&self, argument: &str) -> bool {
        self.input.get("properties").is_some_and(|properties| properties.get(argument).is_some())
    }
}

/// What a call came to.
pub(crate) struct Found<'a> {
    /// What it is about.
    pub(crate) entry: &'a Entry,
    /// What runs: the entry itself, or what completes the argument, if anything does.
    pub(crate) runs: Option<&'a Entry>,
    /// Those of the URI, where one was matched.
    variables: Map<String, Value>,
}

/// What is told about a resource, or about those of a template.
#[derive(Debug, Clone, Copy)]
pub struct ResourceSpec {
    /// A URI, with the arguments of its tool as variables: `{name}` is one segment, `{+name}` may hold slashes.
    pub template: &'static str,
    /// A name for programs.
    pub name: &'static str,
    /// A few words for people.
    pub title: &'static str,
    /// One or two plain sentences.
    pub description: &'static str,
    /// What its text is, where all have one kind.
    pub mime_type: Option<&'static str>,
}

/// A resource, or those of a template: reading one calls a tool with the variables of its URI.
pub struct Resource {
    spec: ResourceSpec,
    template: Template,
    entry: Entry,
}

impl Resource {
    /// What is told about it.
    #[must_use]
    pub fn spec(&self) -> &ResourceSpec {
        &self.spec
    }

    /// What is called.
    #[must_use]
    pub fn entry(&self) -> &Entry {
        &self.entry
    }

    /// The variables of its URI. Without any it is one resource.
    pub fn variables(&self) -> impl Iterator<Item = &'static str> {
        self.template.variables()
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

/// What is offered, in the order it is listed.
#[derive(Default)]
pub struct Catalog {
    entries: Vec<Entry>,
    index: HashMap<&'static str, usize>,
    resources: Vec<Resource>,
    prompts: Vec<Entry>,
    completions: Vec<(&'static str, Entry)>,
}

impl Catalog {
    /// Adds a tool that only reads.
    #[must_use]
    pub fn read<T: ReadTool>(self) -> Self {
        self.with(Entry::of::<T>())
    }

    /// Adds a resource, or those of a template, read by this tool. Its rules, limits and scope are the tool's.
    #[must_use]
    pub fn resource<T: ReadTool>(mut self, spec: ResourceSpec) -> Self {
        self.resources.push(Resource { spec, template: Template::new(spec.template), entry: Entry::of::<T>() });
        self
    }

    /// Adds a prompt. It has a name, a scope and rules like a tool.
    #[must_use]
    pub fn prompt<P: ReadTool<Output = Messages>>(mut self) -> Self {
        self.prompts.push(Entry::of::<P>());
        self
    }

    /// Adds what completes this argument, wherever a prompt or a template has it. It takes `value`, and of the other
    /// values those that its schema has. Its spec is that of the tool whose rules it stands under.
    #[must_use]
    pub fn completion<C: ReadTool<Output = Values>>(mut self, argument: &'static str) -> Self {
        self.completions.push((argument, Entry::of::<C>()));
        self
    }

    /// Every tool, in order.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Every tool's name, in order.
    #[must_use]
    pub fn names(&self) -> Vec<&'static str> {
        self.entries.iter().map(|entry| entry.spec.name).collect()
    }

    /// Every name that a rule or a selection can hold: those of tools, then those of prompts.
    #[must_use]
    pub fn ruled_names(&self) -> Vec<&'static str> {
        self.entries.iter().chain(&self.prompts).map(|entry| entry.spec.name).collect()
    }

    /// Every resource and template, in order.
    #[must_use]
    pub fn resources(&self) -> &[Resource] {
        &self.resources
    }

    /// Every prompt, in order.
    #[must_use]
    pub fn prompts(&self) -> &[Entry] {
        &self.prompts
    }

    /// Whether any value is completed.
    #[must_use]
    pub fn completes(&self) -> bool {
        !self.completions.is_empty()
    }

    /// The tool of that name or former name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&Entry> {
        self.index.get(name).and_then(|place| self.entries.get(*place))
    }

    /// The resource at a URI.
    #[must_use]
    pub fn resource_at(&self, uri: &str) -> Option<&Resource> {
        self.resources.iter().find(|resource| resource.template.matched(uri).is_some())
    }

    /// The entry a call is about, whoever calls. A completion is about what has the argument.
    #[must_use]
    pub fn entry(&self, call: &Call) -> Option<&Entry> {
        self.resolve(call).map(|found| found.entry)
    }

    /// What a call is about and what runs for it, found once: a URI may be matched against every template.
    pub(crate) fn resolve(&self, call: &Call) -> Option<Found<'_>> {
        let runs_itself = |entry| Found { entry, runs: Some(entry), variables: Map::new() };
        let prompt = |name: &str| self.prompts.iter().find(|prompt| prompt.spec.name == name);
        match call {
            Call::Tool { name, .. } => self.find(name).map(runs_itself),
            Call::Prompt { name, .. } => prompt(name).map(runs_itself),
            Call::Resource { uri } => self.resources.iter().find_map(|resource| {
                let variables = resource.template.matched(uri)?;
                Some(Found { variables, ..runs_itself(&resource.entry) })
            }),
            Call::Completion { of, argument, .. } => {
                let template = self.resources.iter().find(|resource| resource.spec.template == of);
                let template = template.filter(|resource| resource.variables().any(|name| name == argument));
                let prompt = || prompt(of).filter(|prompt| prompt.takes(argument));
                let entry = template.map(Resource::entry).or_else(prompt)?;
                Some(Found { runs: self.completer(argument), ..runs_itself(entry) })
            }
        }
    }

    /// The arguments of what runs, as they came. They move out of the call, or out of what was found for it.
    pub(crate) fn arguments(&self, call: &mut Call, found: Option<&mut Found<'_>>) -> Map<String, Value> {
        match call {
            Call::Tool { arguments, .. } | Call::Prompt { arguments, .. } => std::mem::take(arguments),
            Call::Resource { .. } => found.map(|found| std::mem::take(&mut found.variables)).unwrap_or_default(),
            Call::Completion { argument, value, known, .. } => {
                let completer = self.completer(argument);
                let takes = |name: &str| completer.is_some_and(|completer| completer.takes(name));
                let known = known.iter().filter(|(name, _)| takes(name));
                let mut arguments: Map<_, _> = known.map(|(name, value)| (name.clone(), value.clone())).collect();
                arguments.insert("value".to_owned(), value.as_str().into());
                arguments
            }
        }
    }

    fn completer(&self, argument: &str) -> Option<&Entry> {
        self.completions.iter().find(|(name, _)| *name == argument).map(|(_, completer)| completer)
    }

    /// What is left of it under a selection.
    #[must_use]
    pub fn narrowed(mut self, selection: &Selection) -> Self {
        let kept = |entry: &Entry| {
            let spec = &entry.spec;
            let named = |names: &[String]| names.iter().any(|name| name == spec.name);
            (selection.toolsets.contains(&spec.toolset) || named(&selection.tools)) && !named(&selection.exclude)
        };
        self.resources.retain(|resource| kept(&resource.entry));
        self.prompts.retain(kept);
        self.completions.retain(|(_, completer)| kept(completer));
        self.index.clear();
        let entries = std::mem::take(&mut self.entries);
        entries.into_iter().filter(kept).fold(self, Self::with)
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
