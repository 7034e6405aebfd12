use aegis_gate::{ReadPermit, ReadTool, Repository, ToolError, ToolSpec, Toolset, Visible};
use aegis_gitea::endpoints;
use aegis_gitea::read::TreeEntry;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::pattern::Pattern;
use super::tree::{self, EntryKind, TreeRow};
use crate::Scope;
use crate::nearby;
use crate::shape::{LONG_PAGE, Listing, Paging, ReferenceArgument, RepositoryArguments};

/// Files by name.
pub(crate) struct FindFiles;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Arguments {
    #[serde(flatten)]
    repository: RepositoryArguments,
    /// Glob, or letters in their order.
    pattern: String,
    #[serde(flatten)]
    at: ReferenceArgument,
    #[serde(flatten)]
    paging: Paging,
}

/// A file.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Row {
    #[serde(flatten)]
    entry: TreeRow,
    #[serde(skip_serializing_if = "Option::is_none")]
    html_url: Option<String>,
}

impl ReadTool for FindFiles {
    const SPEC: ToolSpec = ToolSpec {
        name: "find_files",
        title: "Find files",
        description: "To find files by name when the path is unknown, best fit first. Contents are not searched.",
        toolset: Toolset::Files,
        scope: Scope::ReadRepository,
        endpoints: &[&endpoints::TREE, &endpoints::REPOSITORY, &endpoints::BRANCHES, &endpoints::TAGS],
        aliases: &[],
    };
    type Arguments = Arguments;
    type Output = Listing<Row>;
    type Target = Repository;

    fn target(arguments: &Arguments) -> Result<Repository, ToolError> {
        arguments.repository.target()
    }

    async fn run(permit: &ReadPermit<Repository>, arguments: &Arguments) -> Result<Listing<Row>, ToolError> {
        let at = arguments.at.parse()?;
        let pattern = Pattern::parse(&arguments.pattern)?;
        let asked = arguments.paging.asked(LONG_PAGE)?.cut_here();
        let tree = match tree::walk(permit.reader(), at.as_ref(), tree::MOST_PAGES).await {
            Ok(tree) => tree,
            Err(error) => return Err(nearby::missing_ref(permit, at.as_ref(), error).await),
        };
        let (files, place) = (tree.entries.into_iter().filter(is_found).collect(), tree.place);
        // Counted before the pattern is asked, or the count would tell which hidden names fit it (attack R11).
        let visible = permit.visible_paths(files, |entry| entry.path.as_str());
        let mut found: Vec<(usize, TreeEntry)> =
            visible.rows.into_iter().filter_map(|entry| Some((pattern.fit(&entry.path)?, entry))).collect();
        // Stable: among equals git's order stays.
        found.sort_by_key(|(fit, entry)| (*fit, matches!(pattern, Pattern::Letters(_)).then_some(entry.path.len())));
        let found = Visible { rows: found, withheld: visible.withheld };
        let row = |(_, entry): (usize, TreeEntry)| Row { html_url: place.page(&entry.path), entry: entry.into() };
        Ok(Listing::slice(asked, found, row).cut_short(place.is_cut))
    }
}

fn is_found(entry: &TreeEntry) -> bool {
    EntryKind::from(entry.kind) != EntryKind::Directory
}
