//! Which attacks no test names yet, and whether that is late.

use std::path::Path;

use crate::report::{Finding, Report};
use crate::source;
use crate::threats::{self, Issue, Tests, Threat};

/// Prints the ids without a test by issue; with `due`, those of that issue and of earlier ones are findings.
pub(crate) fn check(root: &Path, due: Option<Issue>) -> anyhow::Result<Report> {
    let threats = threats::read(root)?;
    let tests = Tests::find(root)?;
    let list = source::read(&root.join(threats::PATH))?;
    let missing: Vec<_> = threats.iter().filter(|threat| tests.of(threat).next().is_none()).collect();

    let answered = threats.len() - missing.len();
    let demand = due.map_or_else(String::new, |issue| format!(", due up to issue {issue}"));
    let summary = format!("{answered} of {} attacks have one of {} tests{demand}", threats.len(), tests.count);
    let mut report = Report::new("attacks").looked_at(summary);
    let (late, early): (Vec<&Threat>, Vec<&Threat>) =
        missing.into_iter().partition(|threat| due.is_some_and(|due| threat.issue <= due));
    report.findings = late.into_iter().map(|threat| without_test(threat, &list)).collect();
    report.notes = by_issue(&early);
    Ok(report)
}

fn without_test(threat: &Threat, list: &str) -> Finding {
    let entry = format!("id = \"{}\"", threat.id);
    let line = list.lines().position(|line| line == entry).map_or(1, |index| index + 1);
    let sentence = format!("no test carries {} of issue {}: {}", threat.id, threat.issue, threat.attack);
    Finding::new(threats::PATH, line, sentence)
}

fn by_issue(missing: &[&Threat]) -> Vec<String> {
    let mut issues: Vec<Issue> = missing.iter().map(|threat| threat.issue).collect();
    issues.sort();
    issues.dedup();
    let line = |issue: Issue| {
        let ids: Vec<_> =
            missing.iter().filter(|threat| threat.issue == issue).map(|threat| threat.id.as_str()).collect();
        format!("issue {issue}, without a test: {}", ids.join(" "))
    };
    issues.into_iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::planted;

    fn report(due: Option<Issue>) -> Report {
        let entry = |id: &str, issue: &str| {
            format!("[[threat]]\nid = \"{id}\"\nthreat = \"a slash\"\nsafe = \"refused\"\nissue = \"{issue}\"\n\n")
        };
        let list = [entry("G01", "A"), entry("G02", "A"), entry("H01", "B"), entry("O01", "D")].concat();
        let tree = planted(&[(threats::PATH, &list), ("crates/gate/src/a.rs", "#[test] fn g01_slash() {}")]);
        check(tree.path(), due).unwrap()
    }

    #[test]
    fn without_a_due_issue_the_gaps_are_only_told() {
        let report = report(None);
        assert!(report.findings.is_empty());
        assert_eq!(
            report.notes,
            ["issue A, without a test: G02", "issue B, without a test: H01", "issue D, without a test: O01"]
        );
    }

    #[test]
    fn a_due_issue_demands_its_own_and_all_earlier_ones() {
        let report = report(Some(Issue::B));
        let findings: Vec<_> = report.findings.iter().map(Finding::to_string).collect();
        assert_eq!(
            findings,
            [
                "docs/threats.toml:8: no test carries G02 of issue A: a slash",
                "docs/threats.toml:14: no test carries H01 of issue B: a slash",
            ]
        );
        assert_eq!(report.notes, ["issue D, without a test: O01"]);
    }
}
