//! What people read about settings, made from the table: the terminal's reference, the docs page, `.env.example` and an
//! example TOML.

use std::fmt::Write as _;

use crate::config::{Kind, SECTIONS, Section, Unset, Variable};

/// Columns of the narrowest usual terminal.
const TERMINAL_WIDTH: usize = 80;
/// Columns of comments in example files.
const COMMENT_WIDTH: usize = 100;

/// `aegis-mcp config reference`: every setting with its TOML path, what it takes and what holds when it is not set.
#[must_use]
pub fn terminal() -> String {
    let mut text = String::new();
    for Section { title, about, variables } in SECTIONS {
        let _ = writeln!(text, "{}", wrapped("", &format!("{title}. {about}"), TERMINAL_WIDTH));
        for variable in *variables {
            let _ = writeln!(text, "  {:<32} {}", variable.name, variable.toml);
            text.push_str(&wrapped("      ", variable.about, TERMINAL_WIDTH));
            for (word, value) in facts(variable) {
                text.push_str(&wrapped("      ", &format!("{word}: {value}"), TERMINAL_WIDTH));
            }
            text.push('\n');
        }
    }
    text
}

/// The settings of `docs/configuration.md`: a heading and anchor for each, by section.
#[must_use]
pub fn markdown() -> String {
    let mut text = String::new();
    for Section { title, about, variables } in SECTIONS {
        let _ = writeln!(text, "## {title}\n\n{about}\n");
        for variable in *variables {
            let _ = writeln!(text, "### `{}`\n\n{}\n\n- TOML: `{}`", variable.name, variable.about, variable.toml);
            for (word, value) in facts(variable) {
                let _ = writeln!(text, "- {word}: {value}");
            }
            text.push('\n');
        }
    }
    text
}

/// `.env.example`: what must be set is open, all else is commented out.
#[must_use]
pub fn dotenv() -> String {
    let mut text = String::from("# Copy to .env, fill in, and let nobody else read it: chmod 600 .env\n");
    for Section { title, about, variables } in shown() {
        let _ = write!(text, "\n{}", wrapped("# ", &format!("{title}. {about}"), COMMENT_WIDTH));
        for variable in *variables {
            let _ = write!(text, "\n{}", wrapped("# ", variable.about, COMMENT_WIDTH));
            for (word, value) in facts(variable) {
                text.push_str(&wrapped("#   ", &format!("{word}: {value}"), COMMENT_WIDTH));
            }
            let _ = writeln!(text, "{}{}={}", mark(variable), variable.name, variable.example);
        }
    }
    text
}

/// An example of `aegis-mcp.toml`, by the same habits. Paths with a dot are keys of their table.
#[must_use]
pub fn toml() -> String {
    let mut text = String::from("# aegis-mcp.toml: every setting, as in the environment.\n");
    let mut tables: Vec<&str> = Vec::new();
    for variable in shown().flat_map(|section| section.variables) {
        let table = table(variable);
        if !tables.contains(&table) {
            tables.push(table);
        }
    }
    for name in tables {
        let _ = writeln!(text, "\n[{name}]");
        for variable in shown().flat_map(|section| section.variables).filter(|variable| table(variable) == name) {
            text.push_str(&wrapped("# ", &format!("{}: {}", variable.name, variable.about), COMMENT_WIDTH));
            let key = variable.toml.split_once('.').map_or(variable.toml, |(_, key)| key);
            let _ = writeln!(text, "{}{key} = {}", mark(variable), toml_value(variable));
        }
    }
    text
}

/// What this version has.
fn shown() -> impl Iterator<Item = &'static Section> {
    let is_here = |variable: &Variable| !matches!(variable.unset, Unset::Later(_));
    SECTIONS.iter().filter(move |section| section.variables.iter().any(is_here))
}

fn facts(variable: &Variable) -> Vec<(&'static str, String)> {
    let unset = match variable.unset {
        Unset::Value(value) => format!("`{value}`"),
        Unset::Nothing(what_follows) => what_follows.to_owned(),
        Unset::Required => "the start stops".to_owned(),
        Unset::Later(feature) => return vec![("waits for", feature.to_owned())],
    };
    let mut facts = vec![("takes", variable.kind.takes().into_owned()), ("not set", unset)];
    if let (Some(name), Some(toml)) = (variable.file_name(), variable.file_toml()) {
        facts.push(("from a file", format!("`{name}`, in TOML `{toml}`")));
    }
    facts
}

fn mark(variable: &Variable) -> &'static str {
    match variable.unset {
        Unset::Required => "",
        Unset::Value(_) | Unset::Nothing(_) | Unset::Later(_) => "#",
    }
}

fn table(variable: &Variable) -> &'static str {
    variable.toml.split_once('.').map_or("", |(table, _)| table)
}

fn toml_value(variable: &Variable) -> String {
    let quoted = |text: &str| format!("\"{text}\"");
    let entries = || variable.example.split(',');
    match variable.kind {
        Kind::Bool | Kind::Count { .. } => variable.example.to_owned(),
        kind if kind.is_list() => format!("[{}]", entries().map(quoted).collect::<Vec<_>>().join(", ")),
        Kind::ByTool { .. } => {
            format!("{{ {} }}", entries().map(|pair| pair.replace('=', " = ")).collect::<Vec<_>>().join(", "))
        }
        Kind::ByRule => {
            let pair = |pair: &str| pair.split_once('=').map(|(rule, action)| format!("{rule} = \"{action}\""));
            format!("{{ {} }}", entries().filter_map(pair).collect::<Vec<_>>().join(", "))
        }
        _ => quoted(variable.example),
    }
}

/// Lines of at most `width` columns where words allow it, each after `indent`, without the marks of Markdown.
fn wrapped(indent: &str, text: &str, width: usize) -> String {
    let mut lines = String::new();
    let mut column = 0;
    for word in text.split_whitespace() {
        let word = word.replace('`', "");
        let length = word.chars().count();
        if column > 0 && column + 1 + length <= width {
            let _ = write!(lines, " {word}");
            column += 1 + length;
        } else {
            let _ = write!(lines, "{}{indent}{word}", if column > 0 { "\n" } else { "" });
            column = indent.len() + length;
        }
    }
    lines.push('\n');
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Fault, Problem, Purpose, Sources, load, variables};

    #[test]
    fn every_setting_stands_in_every_document() {
        let (terminal, markdown, dotenv, toml) = (terminal(), markdown(), dotenv(), toml());
        for variable in variables() {
            let name = variable.name;
            assert!(terminal.contains(&format!("  {name} ")), "{name}");
            assert!(markdown.contains(&format!("### `{name}`\n")), "{name}");
            let is_here = !matches!(variable.unset, Unset::Later(_));
            assert_eq!(dotenv.contains(&format!("{name}=")), is_here, "{name}");
            assert_eq!(toml.contains(&format!("# {name}: ")), is_here, "{name}");
        }
    }

    #[test]
    fn text_keeps_within_its_width() {
        assert_eq!(wrapped("# ", "one `two` three unbreakable-word", 12), "# one two\n# three\n# unbreakable-word\n");
        assert!(terminal().lines().all(|line| line.chars().count() <= TERMINAL_WIDTH));
    }

    /// Errors other than those of values nobody is meant to keep.
    fn unexpected(sources: Sources) -> Vec<Problem> {
        let is_expected = |problem: &Problem| match problem.fault {
            Fault::Placeholder(_) => true,
            Fault::File(_) => variables().any(|row| row.kind == Kind::File && row.name == problem.setting),
            _ => problem.severity == crate::config::Severity::Warning,
        };
        load(sources, Purpose::Gateway).problems.into_iter().filter(|problem| !is_expected(problem)).collect()
    }

    fn opened(text: &str) -> String {
        let open = |line: &str| line.strip_prefix('#').filter(|rest| !rest.starts_with(' ')).unwrap_or(line).to_owned();
        text.lines().map(open).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn the_examples_can_be_opened_line_by_line() {
        use std::os::unix::fs::PermissionsExt as _;
        let directory = tempfile::tempdir().unwrap();
        for (name, text) in [(".env", dotenv()), ("aegis-mcp.toml", toml())] {
            let path = directory.path().join(name);
            let opened = opened(&text);
            assert!(
                opened.matches('=').count() >= variables().filter(|row| !matches!(row.unset, Unset::Later(_))).count()
            );
            std::fs::write(&path, opened).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
            let sources = Sources { directory: Some(directory.path().to_owned()), ..Sources::default() };
            assert_eq!(unexpected(sources), [], "{name}");
            std::fs::remove_file(path).unwrap();
        }
    }

    #[test]
    fn k03_an_example_left_as_it_is_stops_the_start_and_names_what_to_fill_in() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join(".env"), dotenv()).unwrap();
        let home = vec![("HOME".into(), "/home/alice".into())];
        let sources = Sources { directory: Some(directory.path().to_owned()), environment: home, ..Sources::default() };
        let loaded = load(sources, Purpose::Gateway);
        assert!(loaded.configuration.is_none());
        let told: Vec<_> =
            loaded.problems.iter().map(|problem| (problem.setting.as_str(), problem.fault.code())).collect();
        assert_eq!(told, [("GITEA_URL", "placeholder")]);
    }
}
