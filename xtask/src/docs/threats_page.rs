//! `docs/threats.md`: the list of attacks as a person reads it, with the tests that answer each.

use std::fmt::Write as _;
use std::path::Path;

use crate::threats::{self, Tests, Threat};

/// The families in the order of the page, by the letter their ids begin with.
const FAMILIES: [(char, &str); 11] = [
    ('T', "Tokens"),
    ('O', "Sign-in"),
    ('K', "Keys and lock-out"),
    ('R', "Rights and tenants"),
    ('H', "HTTP and protocol"),
    ('G', "Requests to Gitea"),
    ('C', "Content"),
    ('U', "Faults of the upstream"),
    ('S', "Stores, process, machine"),
    ('A', "Audit"),
    ('D', "Deployment"),
];

const HEAD: &str = "\
# Attacks and faults

What may be done to the gateway, what it must do then, and the tests that show it. This page is written by
`cargo xtask docs --write` from `docs/threats.toml` and the tests; change those. The letter under *issue* is the piece of
work that must answer the attack; `cargo xtask attacks` names those without a test.
";

pub(super) fn generate(root: &Path) -> anyhow::Result<String> {
    page(&threats::read(root)?, &Tests::find(root)?)
}

fn page(threats: &[Threat], tests: &Tests) -> anyhow::Result<String> {
    let mut page = HEAD.to_owned();
    for (letter, title) in FAMILIES {
        let family: Vec<_> = threats.iter().filter(|threat| threat.id.starts_with(letter)).collect();
        if family.is_empty() {
            continue;
        }
        write!(page, "\n## {letter} · {title}\n\n| id | attack or fault | safe answer | issue | tests |\n")?;
        page.push_str("|---|---|---|---|---|\n");
        for threat in family {
            let names: Vec<_> = tests.of(threat).map(|name| format!("`{name}`")).collect();
            let (attack, safe) = (cell(&threat.attack), cell(&threat.safe));
            writeln!(page, "| {} | {attack} | {safe} | {} | {} |", threat.id, threat.issue, names.join("<br>"))?;
        }
    }
    Ok(page)
}

/// A text inside a table: a bar would end its cell, and angle brackets outside code would be taken for HTML.
fn cell(text: &str) -> String {
    let parts = text.split('`').enumerate();
    let safe = parts.map(|(index, part)| if index % 2 == 0 { part.replace('<', "&lt;") } else { part.to_owned() });
    safe.collect::<Vec<_>>().join("`").replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::planted;

    #[test]
    fn a_row_carries_the_attack_the_answer_and_its_tests() {
        let list = "[[threat]]\nid = \"G01\"\nthreat = \"a|b <x> `<y>`\"\nsafe = \"refused\"\nissue = \"A\"\n";
        let tests = "#[test] fn g01_b() {}\n#[test] fn g01_a() {}";
        let tree = planted(&[(threats::PATH, list), ("crates/gate/src/a.rs", tests)]);
        let page = generate(tree.path()).unwrap();
        assert!(page.contains("\n## G · Requests to Gitea\n"));
        assert!(page.ends_with("| G01 | a\\|b &lt;x> `<y>` | refused | A | `g01_a`<br>`g01_b` |\n"), "{page}");
    }

    #[test]
    fn every_threat_of_the_list_has_a_row() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let page = generate(root).unwrap();
        let rows = threats::read(root).unwrap().iter().filter(|t| page.contains(&format!("\n| {} |", t.id))).count();
        assert_eq!(rows, 156);
    }
}
