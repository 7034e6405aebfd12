//! Long files and long functions are where mistakes hide: a wall for files, notes for what comes near.

use std::path::Path;

use crate::report::{Finding, Report};
use crate::source::{self, RustFile};
use crate::tokens;

/// Above this a file fails, counted to its test module.
const FILE_WALL_LINES: usize = 400;
/// Above this a file is noted.
const FILE_NOTED_LINES: usize = 250;
/// Above this a function is noted, from `fn` to its closing brace.
const FUNCTION_NOTED_LINES: usize = 60;

/// Measures every file that ships.
pub(crate) fn check(root: &Path) -> anyhow::Result<Report> {
    let files: Vec<_> = source::rust_files(root)?.into_iter().filter(|file| !file.is_beside_the_product()).collect();
    let mut report = Report::new("budget").looked_at(format!("{} files that ship", files.len()));
    for file in &files {
        measure(file, &mut report)?;
    }
    Ok(report)
}

fn measure(file: &RustFile, report: &mut Report) -> anyhow::Result<()> {
    if file.path.ends_with("/mod.rs") {
        report.findings.push(Finding::new(&file.path, 1, "a module stands in foo.rs beside foo/, never in mod.rs"));
    }
    let stream = tokens::tokens(file)?;
    let tests_begin = tokens::test_module_line(&stream);
    let lines = tests_begin.map_or_else(|| file.text.lines().count(), |line| line.saturating_sub(1));
    if lines > FILE_WALL_LINES {
        let sentence = format!("{lines} lines before the tests, the wall is {FILE_WALL_LINES}: split it by ideas");
        report.findings.push(Finding::new(&file.path, 1, sentence));
    } else if lines > FILE_NOTED_LINES {
        report.notes.push(Finding::new(&file.path, 1, format!("{lines} lines before the tests")).to_string());
    }
    for function in tokens::functions(&stream) {
        let ships = tests_begin.is_none_or(|line| function.line < line);
        if ships && function.lines > FUNCTION_NOTED_LINES {
            let sentence = format!("`{}` is {} lines long", function.name, function.lines);
            report.notes.push(Finding::new(&file.path, function.line, sentence).to_string());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::planted;

    fn found(path: &str, text: &str) -> (Vec<String>, Vec<String>) {
        let report = check(planted(&[(path, text)]).path()).unwrap();
        (report.findings.iter().map(Finding::to_string).collect(), report.notes)
    }

    #[test]
    fn the_wall_stands_at_400_lines() {
        let (findings, notes) = found("crates/gate/src/a.rs", &"const A: u8 = 1;\n".repeat(400));
        assert!(findings.is_empty());
        assert_eq!(notes.len(), 1);
        let (findings, _) = found("crates/gate/src/a.rs", &"const A: u8 = 1;\n".repeat(401));
        assert_eq!(findings.len(), 1);
        assert!(findings[0].starts_with("crates/gate/src/a.rs:1: 401 lines"), "{findings:?}");
    }

    #[test]
    fn tests_do_not_count() {
        let tests = format!("fn a() {{}}\n#[cfg(test)]\nmod tests {{\n{}}}\n", "const A: u8 = 1;\n".repeat(500));
        assert_eq!(found("crates/gate/src/a.rs", &tests), (vec![], vec![]));
        assert_eq!(found("crates/gate/tests/a.rs", &"const A: u8 = 1;\n".repeat(500)), (vec![], vec![]));
    }

    #[test]
    fn a_test_attribute_on_one_function_hides_nothing() {
        let text = format!("#[cfg(test)]\nfn a() {{}}\n{}", "const A: u8 = 1;\n".repeat(500));
        assert_eq!(found("crates/gate/src/a.rs", &text).0.len(), 1);
    }

    #[test]
    fn a_long_function_is_noted_and_mod_rs_refused() {
        let long = format!("fn a() {{\n{}}}\n", "work();\n".repeat(60));
        let (findings, notes) = found("crates/gate/src/b/mod.rs", &long);
        assert_eq!(notes, ["crates/gate/src/b/mod.rs:1: `a` is 62 lines long"]);
        assert_eq!(findings.len(), 1);
    }
}
