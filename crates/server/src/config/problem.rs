//! What is wrong with a configuration, in words that say what to do. Nothing here ever holds a value that was set:
//! a secret may stand under any name.

use std::fmt;

use crate::config::{Fault, Origin, Variable};

/// Whether the start stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// The start stops.
    Error,
    /// The start goes on and the operator is told.
    Warning,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Does it stop the start?
    pub severity: Severity,
    /// The setting's name, or for what is no setting of ours the name or file it stands under.
    pub setting: String,
    /// Where that stands.
    pub origin: Origin,
    /// Which of several values in the setting, from 1.
    pub entry: Option<usize>,
    /// What is wrong.
    pub fault: Fault,
    variable: Option<&'static Variable>,
}

impl Problem {
    pub(crate) fn of(variable: &'static Variable, origin: Origin, fault: Fault) -> Self {
        Self { setting: variable.name.to_owned(), variable: Some(variable), ..Self::elsewhere("", origin, fault) }
    }

    /// About something that is not a row of the table: an unknown name, a whole file.
    pub(crate) fn elsewhere(setting: &str, origin: Origin, fault: Fault) -> Self {
        let setting = shown(setting);
        Self { severity: fault.severity(), setting, origin, entry: None, fault, variable: None }
    }

    pub(crate) fn at_entry(self, entry: usize) -> Self {
        Self { entry: Some(entry), ..self }
    }

    /// What is wrong, as a sentence without its full stop: `MCP_PORT (.env, line 3) takes …`.
    #[must_use]
    pub fn what(&self) -> String {
        let place = self.origin.to_string();
        let place = if place.is_empty() { place } else { format!(" ({place})") };
        let entry = self.entry.map(|entry| format!(" entry {entry}")).unwrap_or_default();
        format!("{}{entry}{place} {}", self.setting, self.fault)
    }

    /// What to do, if the user can mend it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        self.fault.hint(self.variable)
    }

    /// Where to read more: a page of the docs folder with its anchor.
    #[must_use]
    pub fn docs(&self) -> String {
        let anchor = self.variable.map(|variable| format!("#{}", variable.name.to_lowercase())).unwrap_or_default();
        format!("docs/configuration.md{anchor}")
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        write!(formatter, "{word}: {}", self.what())?;
        if let Some(hint) = self.hint() {
            write!(formatter, "\n  hint: {hint}")?;
        }
        write!(formatter, "\n  docs: {}", self.docs())
    }
}

/// A name that came from outside, fit for a terminal: no escapes, not too long.
fn shown(raw_name: &str) -> String {
    const SHOWN_CHARACTERS: usize = 64;
    let mut name: String = raw_name.chars().take(SHOWN_CHARACTERS).flat_map(char::escape_debug).collect();
    if raw_name.chars().nth(SHOWN_CHARACTERS).is_some() {
        name.push('…');
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::variables;

    fn variable(name: &str) -> &'static Variable {
        variables().find(|variable| variable.name == name).unwrap()
    }

    #[test]
    fn it_reads_as_the_pages_promise() {
        let problem = Problem::of(variable("MCP_API_KEYS"), Origin::Environment, Fault::Placeholder("<…>")).at_entry(2);
        assert_eq!(
            problem.to_string(),
            "error: MCP_API_KEYS entry 2 holds a placeholder (\"<…>\")\n  \
             hint: `openssl rand -hex 32` makes a good one; or name a file in MCP_API_KEYS_FILE\n  \
             docs: docs/configuration.md#mcp_api_keys"
        );
    }

    #[test]
    fn a_name_from_outside_cannot_write_on_the_terminal() {
        let problem = Problem::elsewhere("a\u{1b}[2J\n", Origin::Environment, Fault::UnknownKey(None));
        assert!(problem.what().starts_with(r"a\u{1b}[2J\n "), "{}", problem.what());
        assert!(Problem::elsewhere(&"x".repeat(1000), Origin::Environment, Fault::UnknownKey(None)).what().len() < 200);
    }
}
