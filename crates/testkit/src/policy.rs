//! Policy files, rule by rule.

use std::fmt::{self, Display, Formatter};

/// One rule. It prints as it stands in a policy file.
#[derive(Debug, Clone, Copy)]
pub struct Rule<'a> {
    /// Its name in refusals and in the record.
    pub id: &'a str,
    /// `allow` or `deny`.
    pub effect: &'a str,
    /// Logins, `key:<id>`, or `*`.
    pub who: &'a [&'a str],
    /// `owner/name`, with wildcards.
    pub repositories: &'a [&'a str],
    /// Paths inside them, with wildcards.
    pub paths: &'a [&'a str],
    /// Tools, `toolset:<name>`, or `*`.
    pub tools: &'a [&'a str],
}

impl Rule<'static> {
    /// Everybody, everywhere, with every tool.
    pub const ALLOW_ALL: Self =
        Self { id: "all", effect: "allow", who: &["*"], repositories: &["*"], paths: &["**"], tools: &["*"] };
    /// Nobody, nowhere, with no tool: narrow it.
    pub const DENY_ALL: Self = Self { id: "none", effect: "deny", ..Self::ALLOW_ALL };
}

impl Display for Rule<'_> {
    fn fmt(&self, form: &mut Formatter<'_>) -> fmt::Result {
        let Self { id, effect, who, repositories, paths, tools } = self;
        writeln!(form, "[[rule]]\nid = {id:?}\neffect = {effect:?}\nwho = {who:?}")?;
        writeln!(form, "repositories = {repositories:?}\npaths = {paths:?}\ntools = {tools:?}")
    }
}

/// A policy that allows all but these repositories and paths.
#[must_use]
pub fn all_but(id: &str, repositories: &str, paths: &str) -> String {
    let denied = Rule { id, repositories: &[repositories], paths: &[paths], ..Rule::DENY_ALL };
    format!("{}{denied}", Rule::ALLOW_ALL)
}
