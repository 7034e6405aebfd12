//! Reads the policy file. Every rule writes out every field; an empty or absent list is an error, never "all"
//! (attack D04).

use aegis_store::AccountId;
use globset::Error as GlobError;
use serde::Deserialize;
use thiserror::Error;

use super::pattern::{PathPatterns, RepositoryPatterns};
use super::rule::{Effect, Rule, Tools, Who};
use crate::nearest::nearest;
use crate::tool::Toolset;

/// Longest policy file, in bytes.
const MAX_POLICY_BYTES: usize = 1_048_576;
/// Most rules.
const MAX_RULES: usize = 1_000;
/// Most entries in one list of a rule.
const MAX_ENTRIES: usize = 1_000;

/// What is wrong with a policy file.
#[derive(Debug, Error)]
pub enum PolicyError {
    /// Not TOML, or a field that does not exist. The inner text has line and caret.
    #[error("the policy file cannot be read: {0}")]
    Syntax(#[from] Box<toml::de::Error>),
    /// Too long, or too many rules.
    #[error("the policy file is over its limit of {MAX_POLICY_BYTES} bytes and {MAX_RULES} rules")]
    TooLarge,
    /// Two rules with one id.
    #[error("policy rule {0:?} stands twice; an id names one rule")]
    Twice(String),
    /// A rule's id is no word.
    #[error("policy rule id {0:?} must be 1 to 60 of a-z, 0-9, `-` and `_`")]
    Id(String),
    /// A list is empty.
    #[error("policy rule {rule:?}: `{field}` is empty; write [{all:?}] for all")]
    Empty {
        /// The rule.
        rule: String,
        /// The field.
        field: &'static str,
        /// What would mean all.
        all: &'static str,
    },
    /// A glob that does not compile.
    #[error("policy rule {rule:?}: {field}: {source}")]
    Pattern {
        /// The rule.
        rule: String,
        /// The field.
        field: &'static str,
        /// What globset says.
        source: GlobError,
    },
    /// Somebody who can be nobody: no login has a colon.
    #[error("policy rule {rule:?}: {who:?} is nobody; write a login, id:NUMBER, key:ID or *")]
    Who {
        /// The rule.
        rule: String,
        /// What stands there.
        who: String,
    },
    /// A repository pattern without exactly one slash.
    #[error("policy rule {rule:?}: {pattern:?} is no repository; write owner/name, owner/* or *")]
    Repository {
        /// The rule.
        rule: String,
        /// What stands there.
        pattern: String,
    },
    /// A path that begins or ends with a slash could never match, and alternatives stay within one segment.
    #[error(
        "policy rule {rule:?}: path {pattern:?} can never match; write it without a leading or trailing slash, \
         and no slash between braces"
    )]
    Path {
        /// The rule.
        rule: String,
        /// What stands there.
        pattern: String,
    },
    /// A tool that does not exist.
    #[error("policy rule {rule:?}: there is no tool {tool:?}; {}", advice(near.as_deref()))]
    Tool {
        /// The rule.
        rule: String,
        /// What stands there.
        tool: String,
        /// The nearest that exists, if one is near.
        near: Option<String>,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPolicy {
    #[serde(default)]
    rule: Vec<RawRule>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRule {
    id: String,
    effect: RawEffect,
    who: Vec<String>,
    repositories: Vec<String>,
    paths: Vec<String>,
    tools: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum RawEffect {
    Allow,
    Deny,
}

pub(super) fn parse(text: &str, tools: &[&str]) -> Result<Vec<Rule>, PolicyError> {
    if text.len() > MAX_POLICY_BYTES {
        return Err(PolicyError::TooLarge);
    }
    let raw: RawPolicy = toml::from_str(text).map_err(Box::new)?;
    if raw.rule.len() > MAX_RULES {
        return Err(PolicyError::TooLarge);
    }
    let mut rules: Vec<Rule> = Vec::with_capacity(raw.rule.len());
    for rule in raw.rule {
        let rule = compile(rule, tools)?;
        if rules.iter().any(|earlier| earlier.id == rule.id) {
            return Err(PolicyError::Twice(rule.id));
        }
        rules.push(rule);
    }
    Ok(rules)
}

fn compile(raw: RawRule, tools: &[&str]) -> Result<Rule, PolicyError> {
    let word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    if raw.id.is_empty() || raw.id.len() > 60 || !raw.id.chars().all(word) {
        return Err(PolicyError::Id(crate::arguments::shown(&raw.id)));
    }
    for (field, list, all) in [
        ("who", &raw.who, "*"),
        ("repositories", &raw.repositories, "*"),
        ("paths", &raw.paths, "**"),
        ("tools", &raw.tools, "*"),
    ] {
        if list.is_empty() || list.len() > MAX_ENTRIES || list.iter().any(|entry| entry.trim().is_empty()) {
            return Err(PolicyError::Empty { rule: raw.id, field, all });
        }
    }
    let pattern = |field| move |source| (field, source);
    let patterns = RepositoryPatterns::new(&raw.repositories)
        .map_err(pattern("repositories"))
        .and_then(|repositories| Ok((repositories, PathPatterns::new(&raw.paths).map_err(pattern("paths"))?)));
    let (repositories, paths) = match patterns {
        Ok(patterns) => patterns,
        Err((field, source)) => return Err(PolicyError::Pattern { rule: raw.id, field, source }),
    };
    check_shapes(&raw)?;
    Ok(Rule {
        effect: match raw.effect {
            RawEffect::Allow => Effect::Allow,
            RawEffect::Deny => Effect::Deny,
        },
        who: raw.who.iter().map(|who| parse_who(&raw.id, who)).collect::<Result<_, _>>()?,
        tools: raw.tools.iter().map(|name| parse_tools(&raw.id, name, tools)).collect::<Result<_, _>>()?,
        repositories,
        paths,
        id: raw.id,
    })
}

fn check_shapes(raw: &RawRule) -> Result<(), PolicyError> {
    for pattern in &raw.repositories {
        if pattern != "*" && pattern.matches('/').count() != 1 {
            return Err(PolicyError::Repository { rule: raw.id.clone(), pattern: crate::arguments::shown(pattern) });
        }
    }
    for pattern in &raw.paths {
        let braces = pattern.split('/').any(|segment| segment.matches('{').count() != segment.matches('}').count());
        if pattern.starts_with('/') || pattern.ends_with('/') || pattern.starts_with("./") || braces {
            return Err(PolicyError::Path { rule: raw.id.clone(), pattern: crate::arguments::shown(pattern) });
        }
    }
    Ok(())
}

fn parse_who(rule: &str, who: &str) -> Result<Who, PolicyError> {
    let parsed = match who.split_once(':') {
        None if who == "*" => Some(Who::Everyone),
        None => Some(Who::Login(who.to_lowercase())),
        Some(("key", id)) => Some(Who::Key(id.to_owned())),
        Some(("id", number)) => number.parse().ok().and_then(AccountId::new).map(|id| Who::Account(id.value())),
        Some(_) => None,
    };
    parsed.ok_or_else(|| PolicyError::Who { rule: rule.to_owned(), who: crate::arguments::shown(who) })
}

fn parse_tools(rule: &str, name: &str, known: &[&str]) -> Result<Tools, PolicyError> {
    if name == "*" {
        return Ok(Tools::All);
    }
    if let Some(toolset) = name.strip_prefix("toolset:").and_then(Toolset::parse) {
        return Ok(Tools::Toolset(toolset));
    }
    if known.contains(&name) {
        return Ok(Tools::Tool(name.to_owned()));
    }
    let toolsets = Toolset::ALL.map(|toolset| format!("toolset:{}", toolset.name()));
    let names = known.iter().copied().chain(toolsets.iter().map(String::as_str));
    let near = nearest(name, names).into_iter().next();
    Err(PolicyError::Tool { rule: rule.to_owned(), tool: crate::arguments::shown(name), near })
}

fn advice(near: Option<&str>) -> String {
    match near {
        Some(near) => format!("did you mean {near:?}?"),
        None => "write a tool's name, toolset:NAME or *".to_owned(),
    }
}
