use aegis_gate::{Image, Output, ReadPermit, ReadTool, Repository, ToolError, ToolSpec, Toolset};
use aegis_gitea::{GiteaError, RepoPath};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::part::{Encoding, Part};
use super::view::{ENDPOINTS, View, Wish, view};
use crate::Scope;
use crate::nearby::{self, Sought};
use crate::shape::{ReferenceArgument, RepositoryArguments};

/// One file, whole or in part.
pub(crate) struct GetFileContents;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Arguments {
    #[serde(flatten)]
    repository: RepositoryArguments,
    path: String,
    #[serde(flatten)]
    at: ReferenceArgument,
    start_line: Option<i64>,
    /// Included.
    end_line: Option<i64>,
    #[schemars(description = "Byte to start at, as next_offset.")]
    offset: Option<i64>,
    /// Exact bytes.
    encoding: Option<Encoding>,
}

/// A file.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Answer {
    path: String,
    /// The state that was read: the default branch where none was asked for.
    #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
    #[serde(flatten)]
    view: View,
    /// Invisible characters made visible.
    #[serde(skip_serializing_if = "Option::is_none")]
    sanitised: Option<u64>,
    /// Secrets masked.
    #[serde(skip_serializing_if = "Option::is_none")]
    masked: Option<u64>,
}

impl Output for Answer {
    const FILE_TEXT: &'static [&'static str] = &["content"];
    const BARE_TEXT: Option<&'static str> = Some("content");

    fn exact_bytes(&self) -> Option<&[u8]> {
        (!self.view.scanned.is_empty()).then_some(&self.view.scanned)
    }

    fn image(&self) -> Option<Image> {
        self.view.image.clone()
    }
}

impl ReadTool for GetFileContents {
    const SPEC: ToolSpec = ToolSpec {
        name: "get_file_contents",
        title: "File",
        description: "To read one file, whole or by lines; images are shown. For several files use get_files.",
        toolset: Toolset::Files,
        scope: Scope::ReadRepository,
        endpoints: ENDPOINTS,
        aliases: &[],
    };
    type Arguments = Arguments;
    type Output = Answer;
    type Target = Repository;

    fn target(arguments: &Arguments) -> Result<Repository, ToolError> {
        arguments.repository.target_at(Some(RepoPath::parse(&arguments.path)?))
    }

    async fn run(permit: &ReadPermit<Repository>, arguments: &Arguments) -> Result<Answer, ToolError> {
        let path = RepoPath::parse(&arguments.path)?;
        let at = arguments.at.parse()?;
        let wish = Wish {
            part: Part::of(arguments.start_line, arguments.end_line, arguments.offset)?,
            exact: arguments.encoding.is_some(),
            most_bytes: permit.house().max_answer_bytes,
        };
        match view(permit.reader(), &path, at.as_ref(), wish, permit.house()).await {
            Ok(view) => Ok(Answer {
                path: path.to_string(),
                reference: view.at.as_ref().or(at.as_ref()).map(ToString::to_string),
                view,
                sanitised: None,
                masked: None,
            }),
            Err(ToolError::Gitea(GiteaError::NotFound)) => {
                Err(nearby::missing_path(permit, Sought::File, &path, at.as_ref()).await)
            }
            Err(error) => Err(error),
        }
    }
}
