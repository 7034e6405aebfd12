use aegis_gate::{CallError, Output, ReadPermit, ReadTool, Repository, ToolError, ToolSpec, Toolset};
use aegis_gitea::read::TreeEntry;
use aegis_gitea::{GitRef, GiteaError, RepoPath};
use futures_util::{StreamExt as _, stream};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::part::Part;
use super::view::{ENDPOINTS, Kind, View, Wish, view};
use crate::Scope;
use crate::nearby::{self, Sought};
use crate::shape::{ReferenceArgument, RepositoryArguments};

/// Most paths at once.
const MOST_PATHS: usize = 30;
/// How many of them are asked for at a time.
const AT_ONCE: usize = 6;
/// How many absent ones are told what is near them.
const MOST_HINTS: usize = 3;

/// Several files at once.
pub(crate) struct GetFiles;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Arguments {
    #[serde(flatten)]
    repository: RepositoryArguments,
    #[schemars(length(max = 30))]
    paths: Vec<String>,
    #[serde(flatten)]
    at: ReferenceArgument,
}

/// Files in the order they were asked for.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Answer {
    files: Vec<FileRow>,
    #[serde(skip)]
    scanned: Vec<u8>,
}

/// One file, or why it is not here.
#[derive(Serialize, JsonSchema)]
struct FileRow {
    path: String,
    #[serde(flatten)]
    view: Option<View>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<RowError>,
}

#[derive(Serialize, JsonSchema)]
struct RowError {
    code: &'static str,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
}

impl Output for Answer {
    const FILE_TEXT: &'static [&'static str] = &["content"];

    fn exact_bytes(&self) -> Option<&[u8]> {
        (!self.scanned.is_empty()).then_some(&self.scanned)
    }
}

impl ReadTool for GetFiles {
    const SPEC: ToolSpec = ToolSpec {
        name: "get_files",
        title: "Files",
        description: "To read up to 30 text files at once. For a part, an image or a large file use get_file_contents.",
        toolset: Toolset::Files,
        scope: Scope::ReadRepository,
        endpoints: ENDPOINTS,
        aliases: &[],
    };
    type Arguments = Arguments;
    type Output = Answer;
    type Target = Repository;

    fn target(arguments: &Arguments) -> Result<Repository, ToolError> {
        arguments.repository.target()
    }

    async fn run(permit: &ReadPermit<Repository>, arguments: &Arguments) -> Result<Answer, ToolError> {
        let at = arguments.at.parse()?;
        let asked: Vec<_> =
            arguments.paths.iter().take(MOST_PATHS).map(|path| one(permit, path, at.as_ref())).collect();
        let outcomes: Vec<_> = stream::iter(asked).buffered(AT_ONCE).collect().await;
        let entries = match outcomes.iter().any(is_absent).then(|| nearby::seen(permit, at.as_ref())) {
            None => Vec::new(),
            Some(seen) => match seen.await {
                Ok(entries) => entries,
                // Then only the hints are missing.
                Err(_) if outcomes.iter().any(proves_the_state) => Vec::new(),
                Err(error) => return Err(nearby::missing_ref(permit, at.as_ref(), error).await),
            },
        };
        let mut left_bytes = permit.house().max_answer_bytes;
        let mut answer = Answer { files: Vec::new(), scanned: Vec::new() };
        let mut hints = 0..MOST_HINTS;
        for (path, outcome) in arguments.paths.iter().zip(outcomes) {
            let near = if is_absent(&outcome) && hints.next().is_some() { entries.as_slice() } else { &[] };
            let row = match outcome {
                Ok(view) => shown(path, view, &mut left_bytes, &mut answer.scanned),
                Err(error) => FileRow { path: path.clone(), view: None, error: Some(row_error(path, error, near)?) },
            };
            answer.files.push(row);
        }
        Ok(answer)
    }
}

/// One file. The policy decides about each path before Gitea is asked about it.
async fn one(permit: &ReadPermit<Repository>, path: &str, at: Option<&GitRef>) -> Result<View, ToolError> {
    let path = RepoPath::parse(path)?;
    permit.may_read(&path)?;
    let wish = Wish { part: Part::Whole, exact: false, most_bytes: permit.house().max_answer_bytes };
    view(permit.reader(), &path, at, wish, permit.house()).await
}

fn is_absent(outcome: &Result<View, ToolError>) -> bool {
    matches!(outcome, Err(ToolError::Gitea(GiteaError::NotFound)))
}

/// Whether the repository is there, and the state of it that was asked for.
fn proves_the_state(outcome: &Result<View, ToolError>) -> bool {
    matches!(outcome, Ok(_) | Err(ToolError::Call(CallError::TooLarge { .. })))
}

/// The row of a file, within what the answer has left. A file that no longer fits is left to another call.
fn shown(path: &str, mut view: View, left_bytes: &mut usize, scanned: &mut Vec<u8>) -> FileRow {
    if view.kind == Kind::Image {
        view.hint = Some("get_file_contents shows it, or its bytes with encoding base64");
    }
    let length = view.content.as_ref().map_or(0, String::len);
    if length > *left_bytes {
        let message = "no room is left in this answer; ask for it by itself".to_owned();
        let error = Some(RowError { code: "too_large", message, hint: None });
        return FileRow { path: path.to_owned(), view: None, error };
    }
    *left_bytes -= length;
    if view.content.is_some() {
        scanned.append(&mut view.scanned);
    }
    FileRow { path: path.to_owned(), view: Some(view), error: None }
}

/// What belongs to one path stays there; a fault or a refusal of the whole repository fails the call.
fn row_error(path: &str, error: ToolError, entries: &[TreeEntry]) -> Result<RowError, ToolError> {
    let error = match error {
        ToolError::Gitea(GiteaError::NotFound) => nearby::absent(Sought::File, &RepoPath::parse(path)?, entries),
        other => other,
    };
    let error = nearby::as_call_error(error)?;
    match &error {
        CallError::PolicyDenied { .. } => {
            let message = "this gateway's policy does not allow it".to_owned();
            Ok(RowError { code: error.code(), message, hint: None })
        }
        CallError::NotFound { .. } | CallError::InvalidArgument { .. } | CallError::TooLarge { .. } => {
            Ok(RowError { code: error.code(), message: error.to_string(), hint: error.hint() })
        }
        _ => Err(ToolError::Call(error)),
    }
}
