//! The tools, group by group, from the catalogue.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::Value;

/// One heading a group, one a tool: description, arguments, what it asks of Gitea.
pub(crate) fn generate(_root: &Path) -> anyhow::Result<String> {
    let catalog = aegis_tools::catalog();
    let mut page = String::new();
    let mut group = None;
    for entry in catalog.entries() {
        let spec = entry.spec();
        if group != Some(spec.toolset) {
            writeln!(page, "## {}\n", spec.toolset.name())?;
            group = Some(spec.toolset);
        }
        writeln!(page, "### {}\n\n{}. {}\n", spec.name, spec.title, spec.description)?;
        let required = entry.input_schema().get("required").and_then(Value::as_array).cloned().unwrap_or_default();
        for (name, argument) in entry.input_schema().get("properties").and_then(Value::as_object).into_iter().flatten()
        {
            let text = |key: &str| argument.get(key).and_then(Value::as_str).unwrap_or_default();
            let needed = if required.iter().any(|known| known == name) { ", required" } else { "" };
            let said = Some(text("description")).filter(|said| !said.is_empty());
            let said = said.map(|said| format!(": {said}")).unwrap_or_default();
            writeln!(page, "- `{name}` ({}{needed}){said}", text("type"))?;
        }
        let endpoints: Vec<String> = spec.endpoints.iter().map(|endpoint| format!("`{}`", endpoint.path)).collect();
        writeln!(page, "\nScope `{}`. Asks Gitea for {}.", spec.scope.as_str(), endpoints.join(", "))?;
        if !spec.aliases.is_empty() {
            writeln!(page, "Former names: {}.", spec.aliases.join(", "))?;
        }
        writeln!(page)?;
    }
    Ok(page)
}
