//! `docs/threats.toml` and the tests that answer it.
//!
//! A test answers an attack by carrying its id as a word of its name: `g01_owner_with_slash_is_refused`, or
//! `g01_g03_…` for two. Only tests that `cargo test` runs by itself count.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;

use anyhow::{Context as _, ensure};
use clap::ValueEnum;
use serde::Deserialize;

use crate::source;
use crate::tokens::{self, Function};

/// Where the list lies, from the workspace root.
pub(crate) const PATH: &str = "docs/threats.toml";

/// The piece of work that must answer an attack. Later letters build on earlier ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, ValueEnum)]
pub(crate) enum Issue {
    A,
    B,
    C,
    D,
    E,
    F,
    G,
}

impl fmt::Display for Issue {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, formatter)
    }
}

/// An attack or a fault, and what must happen then.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Threat {
    /// A letter for the family and two digits: `G01`.
    pub(crate) id: String,
    #[serde(rename = "threat")]
    pub(crate) attack: String,
    pub(crate) safe: String,
    pub(crate) issue: Issue,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    threat: Vec<Threat>,
}

/// Reads the list in its own order.
///
/// # Errors
/// When a field is missing, unknown or empty, or an id is malformed or there twice.
pub(crate) fn read(root: &Path) -> anyhow::Result<Vec<Threat>> {
    let list: List =
        toml::from_str(&source::read(&root.join(PATH))?).with_context(|| format!("{PATH} is malformed"))?;
    let mut seen = BTreeSet::new();
    for Threat { id, attack, safe, .. } in &list.threat {
        let well_formed = matches!(id.as_bytes(), [b'A'..=b'Z', tens, ones] if [tens, ones].iter().all(|digit| digit.is_ascii_digit()));
        ensure!(well_formed, "{PATH}: `{id}` is not a capital letter and two digits");
        ensure!(!attack.trim().is_empty() && !safe.trim().is_empty(), "{PATH}: {id} lacks its threat or its answer");
        ensure!(seen.insert(id), "{PATH}: {id} is there twice");
    }
    Ok(list.threat)
}

/// The words of all test names, each with the tests that carry it.
pub(crate) struct Tests {
    by_word: BTreeMap<String, BTreeSet<String>>,
    /// How many tests there are.
    pub(crate) count: usize,
}

impl Tests {
    /// Finds every test of the workspace.
    pub(crate) fn find(root: &Path) -> anyhow::Result<Self> {
        let mut tests = Self { by_word: BTreeMap::new(), count: 0 };
        for file in source::rust_files(root)? {
            for test in tokens::functions(&tokens::tokens(&file)?).into_iter().filter(Function::is_test) {
                tests.count += 1;
                for word in test.name.split('_') {
                    tests.by_word.entry(word.to_owned()).or_default().insert(test.name.clone());
                }
            }
        }
        Ok(tests)
    }

    /// The names of the tests that answer `threat`, sorted.
    pub(crate) fn of(&self, threat: &Threat) -> impl Iterator<Item = &str> {
        self.by_word.get(&threat.id.to_lowercase()).into_iter().flatten().map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::planted;

    fn listed(text: &str) -> anyhow::Result<Vec<Threat>> {
        read(planted(&[(PATH, text)]).path())
    }

    fn entry(id: &str) -> String {
        format!("[[threat]]\nid = \"{id}\"\nthreat = \"a\"\nsafe = \"b\"\nissue = \"A\"\n")
    }

    #[test]
    fn the_list_of_this_project_is_whole() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let threats = read(root).unwrap();
        assert_eq!(threats.len(), 156);
        let mut families: BTreeMap<char, usize> = BTreeMap::new();
        for threat in &threats {
            *families.entry(threat.id.chars().next().unwrap()).or_default() += 1;
        }
        let expected = [
            ('A', 9),
            ('C', 15),
            ('D', 7),
            ('G', 13),
            ('H', 22),
            ('K', 11),
            ('O', 23),
            ('R', 12),
            ('S', 11),
            ('T', 21),
            ('U', 12),
        ];
        assert_eq!(families, BTreeMap::from(expected));
    }

    #[test]
    fn a_malformed_list_is_refused() {
        assert_eq!(listed(&entry("G01")).unwrap().len(), 1);
        for text in [
            entry("G01").repeat(2),
            entry("g01"),
            entry("G1"),
            entry("G001"),
            entry("G01").replace("\"b\"", "\" \""),
            entry("G01").replace("\"A\"", "\"Z\""),
            entry("G01").replace("safe =", "answer ="),
        ] {
            assert!(listed(&text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_test_answers_the_ids_that_are_words_of_its_name() {
        let tree = planted(&[(
            "crates/gate/src/a.rs",
            "#[test] fn g01_g03_names() {}\n#[test] fn long_g010_g1() {}\nfn g02_plain() {}\n#[test] #[ignore] fn g04() {}",
        )]);
        let tests = Tests::find(tree.path()).unwrap();
        let answered = |id: &str| {
            let threat = Threat { id: id.to_owned(), attack: String::new(), safe: String::new(), issue: Issue::A };
            tests.of(&threat).map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(answered("G01"), ["g01_g03_names"]);
        assert_eq!(answered("G03"), ["g01_g03_names"]);
        assert!(answered("G02").is_empty());
        assert!(answered("G04").is_empty());
        assert_eq!(tests.count, 2);
    }
}
