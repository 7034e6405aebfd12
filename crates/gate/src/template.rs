//! URIs of resources: RFC 6570 templates of two kinds of variables, `{name}` for one segment and `{+name}`, which may
//! hold slashes. A match takes each value decoded once, or there is no such resource: never half a value.

use serde_json::{Map, Value};

/// Longest URI that is looked at, in bytes.
const MAX_URI_BYTES: usize = 8 * 1024;

/// A template, cut into its parts.
#[derive(Debug, Clone)]
pub(crate) struct Template(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Literal(&'static str),
    Variable { name: &'static str, slashes: bool },
}

impl Template {
    /// Cuts it. What is no variable stands for itself.
    pub(crate) fn new(template: &'static str) -> Self {
        let mut parts = Vec::new();
        let mut rest = template;
        while let Some((literal, (variable, after))) =
            rest.split_once('{').and_then(|(literal, rest)| Some((literal, rest.split_once('}')?)))
        {
            parts.push(Part::Literal(literal));
            let plus = variable.strip_prefix('+');
            parts.push(Part::Variable { name: plus.unwrap_or(variable), slashes: plus.is_some() });
            rest = after;
        }
        parts.push(Part::Literal(rest));
        parts.retain(|part| *part != Part::Literal(""));
        Self(parts)
    }

    /// The names of its variables, in order. A template without any is one resource.
    pub(crate) fn variables(&self) -> impl Iterator<Item = &'static str> {
        self.0.iter().filter_map(|part| match part {
            Part::Variable { name, .. } => Some(*name),
            Part::Literal(_) => None,
        })
    }

    /// The variables of a URI that fits. A value ends where the next literal begins, one with slashes where it begins
    /// for the last time: nothing is tried twice.
    pub(crate) fn matched(&self, uri: &str) -> Option<Map<String, Value>> {
        let mut rest = Some(uri).filter(|uri| uri.len() <= MAX_URI_BYTES)?;
        let mut values = Map::new();
        let mut parts = self.0.iter().peekable();
        while let Some(part) = parts.next() {
            match part {
                Part::Literal(literal) => rest = rest.strip_prefix(literal)?,
                Part::Variable { name, slashes } => {
                    let end = match parts.peek() {
                        Some(Part::Literal(literal)) if *slashes => rest.rfind(literal)?,
                        Some(Part::Literal(literal)) => rest.find(literal)?,
                        Some(Part::Variable { .. }) | None => rest.len(),
                    };
                    let (raw, after) = rest.split_at_checked(end)?;
                    let fits = |letter: char| match letter {
                        '/' => *slashes,
                        '?' | '#' => false,
                        _ => !letter.is_control(),
                    };
                    let value = decoded(raw).filter(|value| !value.is_empty() && raw.chars().all(fits))?;
                    values.insert((*name).to_owned(), value.into());
                    rest = after;
                }
            }
        }
        rest.is_empty().then_some(values)
    }
}

/// The text with its escapes taken back, once (RFC 3986 §2.1, §2.4).
fn decoded(raw: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(raw.len());
    let mut letters = raw.bytes();
    while let Some(letter) = letters.next() {
        bytes.push(if letter == b'%' { digit(letters.next()?)? * 16 + digit(letters.next()?)? } else { letter });
    }
    String::from_utf8(bytes).ok()
}

fn digit(letter: u8) -> Option<u8> {
    char::from(letter).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    const BLOB: &str = "gitea://{owner}/{repo}/blob/{ref}/{+path}";

    fn matched(template: &'static str, uri: &str) -> Option<Value> {
        Template::new(template).matched(uri).map(Value::Object)
    }

    /// A URI of the template: what RFC 3986 reserves is escaped, a slash only where it would end the value.
    fn expanded(template: &'static str, values: &[String]) -> String {
        let mut values = values.iter();
        let mut uri = String::new();
        for part in &Template::new(template).0 {
            match part {
                Part::Literal(literal) => uri.push_str(literal),
                Part::Variable { slashes, .. } => {
                    for byte in values.next().unwrap().bytes() {
                        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || (*slashes && byte == b'/') {
                            uri.push(byte.into());
                        } else {
                            write!(uri, "%{byte:02X}").unwrap();
                        }
                    }
                }
            }
        }
        uri
    }

    #[test]
    fn each_variable_is_taken_and_decoded_once() {
        let blob = json!({"owner": "acme", "repo": "tools", "ref": "feature/round", "path": "src/a b.rs"});
        assert_eq!(matched(BLOB, "gitea://acme/tools/blob/feature%2Fround/src/a%20b.rs"), Some(blob));
        let once = matched("t://{id}", "t://%2525").unwrap();
        assert_eq!(once, json!({"id": "%25"}));
        assert_eq!(matched("t://x/{id}/data", "t://x/123/data"), Some(json!({"id": "123"})));
        assert_eq!(matched("t://{+path}/raw", "t://a/raw/b/raw"), Some(json!({"path": "a/raw/b"})));
        assert_eq!(matched("t://fixed", "t://fixed"), Some(json!({})));
        assert_eq!(Template::new(BLOB).variables().collect::<Vec<_>>(), ["owner", "repo", "ref", "path"]);
    }

    #[test]
    fn what_does_not_fit_whole_is_no_resource() {
        for uri in [
            "gitea://acme/tools",
            "gitea://acme/tools/blob/main/",
            "gitea:///tools/blob/main/a",
            "gitea://acme//blob/main/a",
            "gitea://acme/tools/blob/main/a?b=c",
            "gitea://acme/tools/blob/main/a#b",
            "gitea://acme/tools/blob/%zz/a",
            "gitea://acme/tools/blob/%+1/a",
            "gitea://acme/tools/blob/main/a%2",
            "gitea://acme/tools/blob/main/%ff",
            "gitea://acme/tools/blob/main/a\nb",
            "GITEA://acme/tools/blob/main/a",
            "other://acme/tools/blob/main/a",
        ] {
            assert_eq!(matched(BLOB, uri), None, "{uri}");
        }
        assert_eq!(matched("t://{id}", &format!("t://{}", "a".repeat(MAX_URI_BYTES))), None);
        assert_eq!(matched("t://{id}/data", "t://a/data/data"), None);
        assert_eq!(matched("t://fixed", "t://fixed/more"), None);
    }

    proptest! {
        #[test]
        fn what_is_expanded_matches_and_gives_the_values_back(values in proptest::collection::vec(".{1,20}", 4)) {
            let given = matched(BLOB, &expanded(BLOB, &values));
            let names = ["owner", "repo", "ref", "path"];
            let wanted: Map<_, _> = names.iter().zip(&values).map(|(name, value)| ((*name).to_owned(), value.clone().into())).collect();
            prop_assert_eq!(given, Some(Value::Object(wanted)));
        }

        #[test]
        fn no_uri_gives_an_empty_value(uri in "gitea://[a-z/%2F?#]{0,40}") {
            let values = Template::new(BLOB).matched(&uri).unwrap_or_default();
            prop_assert!(values.values().all(|value| value.as_str().is_some_and(|text| !text.is_empty())), "{}", uri);
        }
    }
}
