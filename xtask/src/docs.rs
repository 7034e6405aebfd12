//! Pages, or blocks of pages, that are written from the code they describe.
//!
//! `cargo xtask docs` fails when one differs from what its generator says now; `--write` rewrites it. A new page is one
//! line in [`PAGES`].

mod threats_page;
mod tools_page;

use std::fs;
use std::path::Path;

use aegis_server::config::reference;
use anyhow::Context as _;

use crate::report::{Finding, Report};
use crate::source;

/// One page, or one block of it, and what writes it.
struct Page {
    /// From the workspace root.
    path: &'static str,
    /// `None`: the whole page is written. Else only what stands between `<!-- generated:begin NAME -->` and
    /// `<!-- generated:end NAME -->`, each on a line of its own.
    block: Option<&'static str>,
    /// Gets the workspace root; its text ends with a line end.
    generate: fn(&Path) -> anyhow::Result<String>,
}

const PAGES: &[Page] = &[
    Page { path: "docs/threats.md", block: None, generate: threats_page::generate },
    Page { path: "docs/tools.md", block: Some("tools"), generate: tools_page::generate },
    Page { path: "docs/configuration.md", block: Some("variables"), generate: |_| Ok(reference::markdown()) },
    Page { path: ".env.example", block: None, generate: |_| Ok(reference::dotenv()) },
];

/// Compares every generated page with its generator.
pub(crate) fn check(root: &Path) -> anyhow::Result<Report> {
    compare(root, PAGES)
}

/// Rewrites the pages that differ.
pub(crate) fn write(root: &Path) -> anyhow::Result<Report> {
    rewrite(root, PAGES)
}

fn compare(root: &Path, pages: &[Page]) -> anyhow::Result<Report> {
    let mut report = Report::new("docs").looked_at(format!("generated pages: {}", pages.len()));
    for page in pages {
        let now = text_of(root, page)?;
        let wanted = wanted(root, page, &now)?;
        if now != wanted {
            let sentence = "this page is not what the code says: run `cargo xtask docs --write`";
            report.findings.push(Finding::new(page.path, first_difference(&now, &wanted), sentence));
        }
    }
    Ok(report)
}

fn rewrite(root: &Path, pages: &[Page]) -> anyhow::Result<Report> {
    let mut report = Report::new("docs").looked_at(format!("generated pages: {}", pages.len()));
    for page in pages {
        let now = text_of(root, page)?;
        let wanted = wanted(root, page, &now)?;
        if now != wanted {
            let path = root.join(page.path);
            fs::write(&path, wanted).with_context(|| format!("cannot write {}", path.display()))?;
            report.notes.push(format!("{} is rewritten", page.path));
        }
    }
    Ok(report)
}

/// The page as it stands; a whole page may not exist yet.
fn text_of(root: &Path, page: &Page) -> anyhow::Result<String> {
    let path = root.join(page.path);
    if page.block.is_none() && !path.exists() { Ok(String::new()) } else { source::read(&path) }
}

fn wanted(root: &Path, page: &Page, now: &str) -> anyhow::Result<String> {
    let generated = (page.generate)(root).with_context(|| format!("cannot generate {}", page.path))?;
    let Some(block) = page.block else { return Ok(generated) };
    let (begin, end) = (format!("<!-- generated:begin {block} -->\n"), format!("<!-- generated:end {block} -->"));
    let missing = || format!("{} has no block `{block}`: it begins with {begin}and ends with {end}", page.path);
    let (head, rest) = now.split_once(&begin).with_context(missing)?;
    let (_, tail) = rest.split_once(&end).with_context(missing)?;
    Ok([head, &begin, &generated, &end, tail].concat())
}

/// The first line, from 1, in which two texts differ.
fn first_difference(left: &str, right: &str) -> usize {
    left.lines().zip(right.lines()).take_while(|(one, other)| one == other).count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::planted;

    const BLOCK: Page = Page { path: "docs/a.md", block: Some("list"), generate: |_| Ok("- new\n".to_owned()) };
    const WHOLE: Page = Page { path: "docs/b.md", block: None, generate: |_| Ok("# B\n\nnew\n".to_owned()) };

    fn findings(root: &Path, page: Page) -> Vec<String> {
        compare(root, &[page]).unwrap().findings.iter().map(Finding::to_string).collect()
    }

    #[test]
    fn an_old_block_is_found_and_rewritten_with_all_around_it_kept() {
        let old = "# A\n<!-- generated:begin list -->\n- old\n<!-- generated:end list -->\nwords\n";
        let tree = planted(&[("docs/a.md", old)]);
        let found = findings(tree.path(), BLOCK);
        assert_eq!(found.len(), 1);
        assert!(found[0].starts_with("docs/a.md:3: "), "{found:?}");
        rewrite(tree.path(), &[BLOCK]).unwrap();
        assert_eq!(fs::read_to_string(tree.path().join("docs/a.md")).unwrap(), old.replace("old", "new"));
        assert!(findings(tree.path(), BLOCK).is_empty());
    }

    #[test]
    fn a_page_without_its_block_cannot_be_checked() {
        for text in ["# A\n", "<!-- generated:begin list -->\n- new\n"] {
            assert!(compare(planted(&[("docs/a.md", text)]).path(), &[BLOCK]).is_err());
        }
        assert!(compare(planted(&[]).path(), &[BLOCK]).is_err());
    }

    #[test]
    fn a_whole_page_is_made_when_it_is_missing() {
        let tree = planted(&[("docs/c.md", "")]);
        assert_eq!(findings(tree.path(), WHOLE).len(), 1);
        let report = rewrite(tree.path(), &[WHOLE]).unwrap();
        assert_eq!(report.notes, ["docs/b.md is rewritten"]);
        assert!(findings(tree.path(), WHOLE).is_empty());
        assert!(rewrite(tree.path(), &[WHOLE]).unwrap().notes.is_empty());
    }
}
