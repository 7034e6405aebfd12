use aegis_gate::{Output, ReadPermit, ReadTool, Repository, ToolError, ToolSpec, Toolset};
use aegis_gitea::read::{TreeEntry, TreeEntryKind};
use aegis_gitea::{RepoPath, endpoints};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::pattern::Pattern;
use super::tree::{self, TreeRow};
use crate::Scope;
use crate::nearby::{Sought, absent, missing_ref};
use crate::shape::{OffsetArgument, ReferenceArgument, RepositoryArguments, at_least, directory, some_if};

/// Most entries of one answer.
const MOST_ENTRIES: usize = 500;

/// The tree of a repository.
pub(crate) struct GetFileTree;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Arguments {
    #[serde(flatten)]
    repository: RepositoryArguments,
    /// Default: the root.
    path: Option<String>,
    #[serde(flatten)]
    at: ReferenceArgument,
    depth: Option<i64>,
    /// Glob such as *.rs or src/**.
    pattern: Option<String>,
    #[serde(flatten)]
    offset: OffsetArgument,
}

/// Entries of all levels, in git's order.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Answer {
    #[serde(rename = "ref")]
    reference: String,
    sha: String,
    /// The page of the directory; that of an entry is this and its path from there.
    #[serde(skip_serializing_if = "Option::is_none")]
    html_url: Option<String>,
    entries: Vec<TreeRow>,
    /// Whether there are more.
    truncated: bool,
    /// The offset to go on from.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_offset: Option<usize>,
    /// Set where the tree has more entries than the gateway reads; start in a directory.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    cut_at_limit: bool,
    /// Entries of the whole tree that the gateway's policy withholds.
    #[serde(skip_serializing_if = "Option::is_none")]
    withheld: Option<u64>,
}

impl Output for Answer {}

impl ReadTool for GetFileTree {
    const SPEC: ToolSpec = ToolSpec {
        name: "get_file_tree",
        title: "File tree",
        description: "To see a repository's layout: files of all levels, with sizes. To find some by name use find_files.",
        toolset: Toolset::Files,
        scope: Scope::ReadRepository,
        endpoints: &[&endpoints::TREE, &endpoints::REPOSITORY, &endpoints::BRANCHES, &endpoints::TAGS],
        aliases: &[],
    };
    type Arguments = Arguments;
    type Output = Answer;
    type Target = Repository;

    fn target(arguments: &Arguments) -> Result<Repository, ToolError> {
        arguments.repository.target_under(&directory(arguments.path.as_deref())?)
    }

    async fn run(permit: &ReadPermit<Repository>, arguments: &Arguments) -> Result<Answer, ToolError> {
        let (directory, at) = (directory(arguments.path.as_deref())?, arguments.at.parse()?);
        let (depth, offset) = (at_least(1, "depth", arguments.depth)?, arguments.offset.parse()?);
        let pattern = arguments.pattern.as_deref().map(Pattern::glob).transpose()?;
        let tree = match tree::walk(permit.reader(), at.as_ref(), tree::MOST_PAGES).await {
            Ok(tree) => tree,
            Err(error) => return Err(missing_ref(permit, at.as_ref(), error).await),
        };
        // Withheld before anything is picked out, or the count would tell which hidden names fit (attack R11).
        let visible =
            permit.visible_entries(tree.entries, |entry| (entry.path.as_str(), entry.kind == TreeEntryKind::Directory));
        let below = below(visible.rows, &directory)?;
        let levels = depth.map_or(usize::MAX, |depth| usize::try_from(depth).unwrap_or(usize::MAX));
        let is_wanted = |entry: &TreeEntry| pattern.as_ref().is_none_or(|pattern| pattern.fit(&entry.path).is_some());
        let mut wanted =
            below.into_iter().filter(|(depth, _)| *depth <= levels).map(|(_, entry)| entry).filter(is_wanted);
        let entries: Vec<TreeRow> = wanted.by_ref().skip(offset).take(MOST_ENTRIES).map(TreeRow::from).collect();
        let truncated = wanted.next().is_some();
        Ok(Answer {
            reference: tree.place.at.to_string(),
            sha: tree.place.sha.to_string(),
            html_url: tree.place.page(directory.as_str()),
            next_offset: truncated.then(|| offset.saturating_add(entries.len())),
            entries,
            truncated,
            cut_at_limit: tree.place.is_cut,
            withheld: some_if(visible.withheld),
        })
    }
}

/// The entries of a directory with their depth below it, from 1. One without entries is none of git's.
fn below(entries: Vec<TreeEntry>, directory: &RepoPath) -> Result<Vec<(usize, TreeEntry)>, ToolError> {
    if directory.is_root() {
        return Ok(entries.into_iter().map(|entry| (entry.path.split('/').count(), entry)).collect());
    }
    let depth =
        |path: &str| path.strip_prefix(directory.as_str())?.strip_prefix('/').map(|rest| rest.split('/').count());
    if !entries.iter().any(|entry| depth(&entry.path).is_some()) {
        return Err(absent(Sought::Directory, directory, &entries));
    }
    Ok(entries.into_iter().filter_map(|entry| Some((depth(&entry.path)?, entry))).collect())
}
