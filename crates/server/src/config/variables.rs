//! The one table of settings: reading, `config reference`, `.env.example`, the example TOML and the docs page all come
//! from it, so none of them can tell a different story.
//!
//! The rows stand in the file of their section, above the code that reads them; [`SECTIONS`] lists the sections in the
//! order people see. A row is also the only key by which a value can be asked for: what is not in the table cannot be
//! read.

use std::borrow::Cow;

use crate::config::{audit, auth, connections, gitea, later, limits, redaction, server, store, tools, writes};

/// All sections, in the order of the docs page.
pub const SECTIONS: &[Section] = &[
    gitea::SECTION,
    auth::SECTION,
    server::SECTION,
    connections::SECTION,
    tools::SECTION,
    limits::SECTION,
    redaction::SECTION,
    audit::SECTION,
    store::SECTION,
    writes::SECTION,
    later::SECTION,
];

/// Every row of every section.
pub fn variables() -> impl Iterator<Item = &'static Variable> {
    SECTIONS.iter().flat_map(|section| section.variables)
}

/// Settings that belong together.
#[derive(Debug)]
pub struct Section {
    /// Heading.
    pub title: &'static str,
    /// What this section is about, in a sentence.
    pub about: &'static str,
    /// Its rows.
    pub variables: &'static [Variable],
}

/// One setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Variable {
    /// Name in the environment and in `.env`.
    pub name: &'static str,
    /// Dotted path in TOML.
    pub toml: &'static str,
    /// What it takes.
    pub kind: Kind,
    /// One or two plain sentences.
    pub about: &'static str,
    /// What holds when nobody sets it.
    pub unset: Unset,
    /// A value that is right, or for a secret the shape of one.
    pub example: &'static str,
    /// Where a right value comes from, for errors.
    pub remedy: Option<&'static str>,
}

/// What holds when a setting is absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unset {
    /// This value, read by the same rules as one that was set.
    Value(&'static str),
    /// No value; the words say what follows.
    Nothing(&'static str),
    /// The start stops, unless the command needs no Gitea.
    Required,
    /// This version does not have what it is for, and stops if it is asked for.
    Later(&'static str),
}

/// What a setting takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `true` or `false`.
    Bool,
    /// A whole number within bounds.
    Count {
        /// Least.
        min: u64,
        /// Most.
        max: u64,
        /// What is counted.
        unit: &'static str,
    },
    /// One of these words.
    Choice(&'static [&'static str]),
    /// An http or https URL without user, query and fragment.
    Url,
    /// Such a URL without a path.
    Origin,
    /// A path that need not exist yet.
    Path,
    /// A file that must be there.
    File,
    /// An IP address to listen on.
    Address,
    /// An IP address with a port, or `off`.
    Listener,
    /// IP addresses or networks.
    Networks,
    /// Host names, each with or without a port.
    Hosts,
    /// Web origins.
    Origins,
    /// Words of lower-case letters, digits and underscores.
    Names,
    /// Numbers by tool name.
    ByTool {
        /// Most for one tool.
        max: u64,
    },
    /// `mask`, `block` or `off` by rule of redaction.
    ByRule,
    /// Where the store is.
    Store,
    /// A secret that somebody else issued.
    IssuedSecret,
    /// A secret that the operator chose: long and hard to guess.
    ChosenSecret,
    /// Several of those.
    ChosenSecrets,
    /// Anything: this version only looks whether it is there.
    Anything,
    /// A secret of which this version only looks whether it is there.
    AnySecret,
}

impl Variable {
    /// A row; the macro `section!` puts the name in.
    pub(crate) const fn new(kind: Kind, toml: &'static str, about: &'static str) -> Self {
        Self { name: "", toml, kind, about, unset: Unset::Required, example: "", remedy: None }
    }

    pub(crate) const fn named(self, name: &'static str) -> Self {
        Self { name, ..self }
    }

    pub(crate) const fn default(self, value: &'static str) -> Self {
        Self { unset: Unset::Value(value), ..self }
    }

    pub(crate) const fn optional(self, what_follows: &'static str) -> Self {
        Self { unset: Unset::Nothing(what_follows), ..self }
    }

    pub(crate) const fn later(self, feature: &'static str) -> Self {
        Self { unset: Unset::Later(feature), ..self }
    }

    pub(crate) const fn example(self, example: &'static str) -> Self {
        Self { example, ..self }
    }

    pub(crate) const fn remedy(self, remedy: &'static str) -> Self {
        Self { remedy: Some(remedy), ..self }
    }

    /// Whether its value must never be shown, and may come from the file that `NAME_FILE` names.
    #[must_use]
    pub const fn is_secret(&self) -> bool {
        matches!(self.kind, Kind::IssuedSecret | Kind::ChosenSecret | Kind::ChosenSecrets | Kind::AnySecret)
    }

    /// The setting that names a file to take this one from: `NAME_FILE`. Secrets only.
    #[must_use]
    pub fn file_name(&self) -> Option<String> {
        self.is_secret().then(|| format!("{}_FILE", self.name))
    }

    /// The same in TOML.
    #[must_use]
    pub fn file_toml(&self) -> Option<String> {
        self.is_secret().then(|| format!("{}_file", self.toml))
    }

    /// The lowest and highest number it takes.
    pub(crate) const fn bounds(&self) -> (u64, u64) {
        match self.kind {
            Kind::Count { min, max, .. } => (min, max),
            Kind::ByTool { max } => (1, max),
            _ => (0, u64::MAX),
        }
    }

    /// The words it takes.
    pub(crate) const fn choices(&self) -> &'static [&'static str] {
        match self.kind {
            Kind::Choice(choices) => choices,
            _ => &[],
        }
    }
}

impl Kind {
    /// What it takes, to stand after "takes".
    #[must_use]
    pub fn takes(&self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::Bool => "`true` or `false`",
            Self::Count { min, max, unit } => {
                return Cow::Owned(format!("a whole number from {min} to {max} ({unit})"));
            }
            Self::Choice(choices) => return Cow::Owned(format!("one of `{}`", choices.join("`, `"))),
            Self::Url => "an http or https URL without user name, query and fragment",
            Self::Origin => "an http or https URL of scheme, host and port alone",
            Self::Path => "a path",
            Self::File => "the path of a file that can be read",
            Self::Address => "an IP address or `localhost`",
            Self::Listener => "an IP address with a port, or `off`",
            Self::Networks => "IP addresses or networks (`10.0.0.0/8`), separated by commas",
            Self::Hosts => "host names, each with or without a port, separated by commas",
            Self::Origins => "origins (`https://app.example.com`), separated by commas",
            Self::Names => "names of lower-case letters, digits and `_`, separated by commas",
            Self::ByTool { max } => {
                return Cow::Owned(format!("`tool=number` pairs, separated by commas, each number from 1 to {max}"));
            }
            Self::ByRule => "`rule=mask`, `rule=block` or `rule=off`, separated by commas",
            Self::Store => "`sqlite:` and the path of a file, or `sqlite::memory:`",
            Self::IssuedSecret => "a token as Gitea issued it, at least 20 characters",
            Self::ChosenSecret => "a secret of at least 32 characters, hard to guess",
            Self::ChosenSecrets => "secrets of at least 32 characters, 64 recommended, separated by commas",
            Self::Anything => "anything",
            Self::AnySecret => "a secret",
        })
    }

    /// Whether several values stand in one, separated by commas (in TOML: an array).
    pub(crate) const fn is_list(&self) -> bool {
        matches!(self, Self::Networks | Self::Hosts | Self::Origins | Self::Names | Self::ChosenSecrets)
    }
}

/// Declares the rows of a section, each as a constant that carries the setting's own name, and the list of them all.
macro_rules! section {
    ($title:literal, $about:literal; $($name:ident = $row:expr;)+) => {
        $(pub(in crate::config) const $name: $crate::config::variables::Variable = $row.named(stringify!($name));)+

        pub(in crate::config) const SECTION: $crate::config::variables::Section = $crate::config::variables::Section {
            title: $title,
            about: $about,
            variables: &[$($name),+],
        };
    };
}
pub(in crate::config) use section;

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn names_and_paths_stand_once() {
        let mut seen = BTreeSet::new();
        for variable in variables() {
            assert!(seen.insert(variable.name.to_owned()), "{} stands twice", variable.name);
            assert!(seen.insert(variable.toml.to_owned()), "{} stands twice", variable.toml);
            if let (Some(name), Some(toml)) = (variable.file_name(), variable.file_toml()) {
                assert!(seen.insert(name.clone()) && seen.insert(toml), "{name} stands twice");
            }
        }
    }

    #[test]
    fn every_row_is_whole() {
        for Variable { name, toml, about, example, .. } in variables() {
            let is_fit = |letter: char| letter.is_ascii_uppercase() || letter.is_ascii_digit() || letter == '_';
            assert!(name.chars().all(is_fit), "{name}");
            assert!(toml.split('.').count() == 2, "{toml}: one table, one key");
            assert!(about.ends_with('.') && !example.is_empty(), "{name}");
        }
    }
}
