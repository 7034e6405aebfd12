//! Reads the TOML file: flattens it to the same plain values the environment gives, and refuses every key that is no
//! setting of ours.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::config::{Fault, Kind, Origin, Problem, Variable, variables};

/// A key of the file that is a setting, or the `_file` form of one.
pub(crate) struct Entry {
    /// `NAME` or `NAME_FILE`.
    pub(crate) name: String,
    pub(crate) value: String,
    /// From 1.
    pub(crate) line: usize,
    pub(crate) is_secret: bool,
}

/// All entries and all that is wrong, at once. The parser's messages name what it expected and never quote the text.
pub(crate) fn parse(text: &str) -> (Vec<Entry>, Vec<Problem>) {
    let (table, errors) = DeTable::parse_recoverable(text);
    let mut walk = Walk { text, entries: Vec::new(), problems: Vec::new() };
    for error in &errors {
        let line = line_of(text, error.span().map_or(0, |span| span.start));
        let fault = Fault::Syntax(format!("is not TOML: {}", error.message()));
        walk.problems.push(Problem::elsewhere("the file", Origin::Toml { line }, fault));
    }
    if errors.is_empty() {
        walk.table("", table.get_ref());
    }
    (walk.entries, walk.problems)
}

struct Walk<'a> {
    text: &'a str,
    entries: Vec<Entry>,
    problems: Vec<Problem>,
}

impl Walk<'_> {
    fn table(&mut self, prefix: &str, table: &DeTable<'_>) {
        for (key, value) in table {
            let path = format!("{prefix}{}", key.get_ref());
            let line = line_of(self.text, key.span().start);
            if let Some((variable, name)) = setting(&path) {
                let is_secret = variable.is_secret() && name == variable.name;
                let kind = if variable.name == name { variable.kind } else { Kind::Path };
                match flattened(kind, value) {
                    Some(value) => self.entries.push(Entry { name, value, line, is_secret }),
                    None => self.refuse_type(variable, kind, line),
                }
            } else if let (true, DeValue::Table(inner)) = (is_prefix(&path), value.get_ref()) {
                self.table(&format!("{path}."), inner);
            } else {
                let fault = Fault::UnknownKey(nearest(&path));
                self.problems.push(Problem::elsewhere(&path, Origin::Toml { line }, fault));
            }
        }
    }

    fn refuse_type(&mut self, variable: &'static Variable, kind: Kind, line: usize) {
        let form = if kind.is_list() { "an array of strings" } else { "one value" };
        let fault = Fault::Takes(format!("{form}: {}", kind.takes()));
        self.problems.push(Problem::of(variable, Origin::Toml { line }, fault));
    }
}

fn setting(path: &str) -> Option<(&'static Variable, String)> {
    variables().find_map(|variable| {
        if variable.toml == path {
            return Some((variable, variable.name.to_owned()));
        }
        variable.file_name().filter(|_| variable.file_toml().as_deref() == Some(path)).map(|name| (variable, name))
    })
}

fn is_prefix(path: &str) -> bool {
    variables().any(|variable| variable.toml.strip_prefix(path).is_some_and(|rest| rest.starts_with('.')))
}

fn nearest(path: &str) -> Option<String> {
    const NEAR_LETTERS: usize = 4;
    variables()
        .flat_map(|variable| [Some(variable.toml.to_owned()), variable.file_toml()])
        .flatten()
        .map(|known| (strsim::damerau_levenshtein(&known, path), known))
        .filter(|(distance, _)| *distance <= NEAR_LETTERS)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known)
}

/// The value as the environment would give it. `None`: this setting takes no such type.
fn flattened(kind: Kind, value: &Spanned<DeValue<'_>>) -> Option<String> {
    match (kind, value.get_ref()) {
        (Kind::Anything, DeValue::Array(_) | DeValue::Table(_)) => Some("set".to_owned()),
        (kind, DeValue::Array(items)) if kind.is_list() => {
            let items: Option<Vec<_>> = items.iter().map(|item| item.get_ref().as_str()).collect();
            items.filter(|items| !items.iter().any(|item| item.contains(','))).map(|items| items.join(","))
        }
        (Kind::ByTool { .. } | Kind::ByRule, DeValue::Table(members)) => {
            let pairs: Option<Vec<_>> =
                members.iter().map(|(name, value)| Some(format!("{}={}", name.get_ref(), scalar(value)?))).collect();
            pairs.map(|pairs| pairs.join(","))
        }
        _ => scalar(value),
    }
}

fn scalar(value: &Spanned<DeValue<'_>>) -> Option<String> {
    match value.get_ref() {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) if number.radix() == 10 => Some(number.as_str().to_owned()),
        DeValue::Boolean(truth) => Some(truth.to_string()),
        DeValue::Integer(_) | DeValue::Float(_) | DeValue::Datetime(_) | DeValue::Array(_) | DeValue::Table(_) => None,
    }
}

fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|&byte| byte == b'\n').count().saturating_add(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(text: &str) -> Vec<(String, String, usize)> {
        let (entries, problems) = parse(text);
        assert_eq!(problems, []);
        entries.into_iter().map(|entry| (entry.name, entry.value, entry.line)).collect()
    }

    fn refusals(text: &str) -> Vec<String> {
        parse(text).1.iter().map(Problem::what).collect()
    }

    #[test]
    fn every_type_becomes_what_the_environment_would_say() {
        let text = "[auth]\nenabled = false\napi_keys_file = \"/run/secrets/keys\"\napi_keys = [\"one\", \"two\"]\n\
                    [server]\nport = 8_080\n[limits.tool]\nsearch_code = 10\nget_me = 20\n";
        assert_eq!(
            entries(text),
            [
                ("MCP_API_KEYS".to_owned(), "one,two".to_owned(), 4),
                ("MCP_API_KEYS_FILE".to_owned(), "/run/secrets/keys".to_owned(), 3),
                ("AUTH_ENABLED".to_owned(), "false".to_owned(), 2),
                ("RATE_LIMIT_PER_TOOL".to_owned(), "get_me=20,search_code=10".to_owned(), 7),
                ("MCP_PORT".to_owned(), "8080".to_owned(), 6),
            ]
        );
    }

    #[test]
    fn an_unknown_key_names_its_neighbour_and_its_line() {
        let problems = parse("[gitea]\nurll = \"https://git.acme.test\"\n[colour]\nred = 1\n").1;
        let told: Vec<_> = problems.iter().map(|problem| (problem.what(), problem.hint())).collect();
        assert_eq!(
            told,
            [
                ("colour (TOML, line 3) is no setting of ours".to_owned(), None),
                (
                    "gitea.urll (TOML, line 2) is no setting of ours".to_owned(),
                    Some("did you mean `gitea.url`?".to_owned())
                ),
            ]
        );
        assert_eq!(refusals("gitea = 5"), ["gitea (TOML, line 1) is no setting of ours"]);
    }

    #[test]
    fn a_wrong_type_is_refused() {
        for text in
            ["[server]\nport = 1.5", "[server]\nport = [8080]", "[auth]\napi_keys = [1]", "[server]\nport = 0x50"]
        {
            assert_eq!(refusals(text).len(), 1, "{text}");
        }
        assert_eq!(refusals("[auth]\napi_keys = [\"a,b\"]").len(), 1, "a comma inside one key would make two");
    }

    #[test]
    fn bad_toml_is_told_by_line_without_quoting_it() {
        for line in ["token = canary-canary", "token = \"canary-canary", "canary-canary", "token = ['canary-canary'"] {
            let told = refusals(&format!("[gitea]\n{line}\n")).join("\n");
            assert!(told.contains("line 2") || told.contains("line 3"), "{told}");
            assert!(!told.contains("canary"), "{told}");
        }
    }

    #[test]
    fn no_single_slip_makes_the_parser_tell_the_value() {
        let text = "[gitea]\ntoken = \"1979-05-27T0canary\"\nurl = \"x\"\n";
        let mut refused = 0;
        for (position, _) in text.char_indices() {
            for slip in ["\"", "'", "\n", "=", "[", "]", "{", "}", "#", ".", ",", "\\", "\u{0}", "\"\"\""] {
                let told = refusals(&format!("{}{slip}{}", &text[..position], &text[position..]));
                let cut =
                    refusals(&format!("{}{slip}{}", &text[..position], text.get(position + 1..).unwrap_or_default()));
                assert!(!told.join("\n").contains("canary") && !cut.join("\n").contains("canary"), "{told:?} {cut:?}");
                refused += told.len();
            }
        }
        assert!(refused > 500, "{refused} slips were refused");
    }
}
