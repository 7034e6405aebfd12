use aegis_gate::{ReadPermit, ReadTool, Repository, ToolError, ToolSpec, Toolset};
use aegis_gitea::read::{File, FileKind};
use aegis_gitea::{GiteaError, Sha, endpoints};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::tree::EntryKind;
use crate::Scope;
use crate::nearby::{self, Sought};
use crate::shape::{LONG_PAGE, Listing, Paging, ReferenceArgument, RepositoryArguments, directory};

/// The entries of one directory.
pub(crate) struct ListDirectory;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Arguments {
    #[serde(flatten)]
    repository: RepositoryArguments,
    /// Default: the root.
    path: Option<String>,
    #[serde(flatten)]
    at: ReferenceArgument,
    #[serde(flatten)]
    paging: Paging,
}

/// An entry.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Row {
    name: String,
    path: String,
    kind: EntryKind,
    #[serde(skip_serializing_if = "Option::is_none")]
    sha: Option<String>,
    /// Bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    html_url: String,
}

impl ReadTool for ListDirectory {
    const SPEC: ToolSpec = ToolSpec {
        name: "list_directory",
        title: "Directory",
        description: "To see what is in one directory. For all levels use get_file_tree.",
        toolset: Toolset::Files,
        scope: Scope::ReadRepository,
        endpoints: &[
            &endpoints::CONTENTS,
            &endpoints::COMMIT,
            &endpoints::REPOSITORY,
            &endpoints::TREE,
            &endpoints::BRANCHES,
            &endpoints::TAGS,
        ],
        aliases: &[],
    };
    type Arguments = Arguments;
    type Output = Listing<Row>;
    type Target = Repository;

    fn target(arguments: &Arguments) -> Result<Repository, ToolError> {
        arguments.repository.target_under(&directory(arguments.path.as_deref())?)
    }

    async fn run(permit: &ReadPermit<Repository>, arguments: &Arguments) -> Result<Listing<Row>, ToolError> {
        let asked = arguments.paging.asked(LONG_PAGE)?.cut_here();
        let (path, at) = (directory(arguments.path.as_deref())?, arguments.at.parse()?);
        let entries = match permit.reader().directory(&path, at.as_ref()).await {
            Ok(entries) => entries,
            Err(GiteaError::NotFound) => {
                return Err(nearby::missing_path(permit, Sought::Directory, &path, at.as_ref()).await);
            }
            Err(error) => return Err(ToolError::Gitea(error)),
        };
        let visible = permit.visible_entries(entries, |entry| (entry.path.as_str(), entry.kind == FileKind::Directory));
        Ok(Listing::slice(asked, visible, row))
    }
}

fn row(entry: File) -> Row {
    let kind = match entry.kind {
        FileKind::File => EntryKind::File,
        FileKind::Symlink { .. } => EntryKind::Symlink,
        FileKind::Submodule { .. } => EntryKind::Submodule,
        FileKind::Directory => EntryKind::Directory,
        FileKind::Other => EntryKind::Other,
    };
    Row {
        name: entry.name,
        path: entry.path,
        kind,
        sha: entry.sha.as_ref().map(Sha::to_string),
        size: kind.is_file().then_some(entry.size_bytes),
        html_url: entry.html_url,
    }
}
