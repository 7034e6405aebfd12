use aegis_gate::{Output, ReadPermit, ReadTool, Repository, ToolError, ToolSpec, Toolset};
use aegis_gitea::read::{Commit, FileChange};
use aegis_gitea::{GitRef, Sha, endpoints};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Scope;
use crate::nearby::missing_ref;
use crate::shape::{Body, OffsetArgument, RepositoryArguments, some_if};

/// Most files named.
const MOST_FILES: usize = 300;

/// One commit.
pub(crate) struct GetCommit;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Arguments {
    #[serde(flatten)]
    repository: RepositoryArguments,
    /// Or a branch or tag.
    sha: String,
    #[serde(flatten)]
    offset: OffsetArgument,
}

/// A commit.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Answer {
    sha: String,
    /// The message.
    #[serde(flatten)]
    message: Body,
    /// Login, or the name written in the commit.
    #[serde(skip_serializing_if = "Option::is_none")]
    author: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    authored_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    committed_at: Option<String>,
    parents: Vec<String>,
    files: Vec<FileRow>,
    /// Set where not all files are named: `get_commit_diff` has them all.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    files_truncated: bool,
    /// Files that the gateway's policy withholds.
    #[serde(skip_serializing_if = "Option::is_none")]
    withheld: Option<u64>,
    /// Added lines of all files.
    #[serde(skip_serializing_if = "Option::is_none")]
    additions: Option<u64>,
    /// Removed lines of all files.
    #[serde(skip_serializing_if = "Option::is_none")]
    deletions: Option<u64>,
    /// Whether a key that the instance knows signed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    verified: Option<bool>,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    verification: Option<String>,
    html_url: String,
}

#[derive(Serialize, JsonSchema)]
struct FileRow {
    path: String,
    change: &'static str,
}

impl Output for Answer {
    fn exact_bytes(&self) -> Option<&[u8]> {
        self.message.seams()
    }
}

impl ReadTool for GetCommit {
    const SPEC: ToolSpec = ToolSpec {
        name: "get_commit",
        title: "Commit",
        description: "To see one commit: message, files, counts, signature. Its changed lines are in get_commit_diff.",
        toolset: Toolset::Commits,
        scope: Scope::ReadRepository,
        endpoints: &[&endpoints::COMMIT, &endpoints::REPOSITORY, &endpoints::BRANCHES, &endpoints::TAGS],
        aliases: &[],
    };
    type Arguments = Arguments;
    type Output = Answer;
    type Target = Repository;

    fn target(arguments: &Arguments) -> Result<Repository, ToolError> {
        arguments.repository.target()
    }

    async fn run(permit: &ReadPermit<Repository>, arguments: &Arguments) -> Result<Answer, ToolError> {
        let (at, offset) = (GitRef::parse(&arguments.sha)?, arguments.offset.parse()?);
        match permit.reader().commit(&at).await {
            Ok(commit) => Ok(answer(permit, commit, offset)),
            Err(error) => Err(missing_ref(permit, Some(&at), error).await),
        }
    }
}

fn answer(permit: &ReadPermit<Repository>, mut commit: Commit, offset: usize) -> Answer {
    // Gitea gives them in a random order.
    commit.files.sort_by(|one, other| one.filename.cmp(&other.filename));
    let visible = permit.visible_paths(std::mem::take(&mut commit.files), |file| file.filename.as_str());
    // Counts of all files would tell of those that are withheld.
    let counts = commit.counts.filter(|_| visible.withheld == 0);
    let files_truncated = visible.rows.len() > MOST_FILES;
    let rows = visible.rows.into_iter().take(MOST_FILES);
    let date = |signature: Option<&aegis_gitea::read::Signature>| signature?.date.map(|time| time.to_string());
    Answer {
        author: author(&commit),
        authored_at: date(commit.author.as_ref()),
        committed_at: date(commit.committer.as_ref()),
        message: Body::part(&commit.message, offset, permit.house().max_answer_bytes / 4),
        parents: commit.parents.iter().map(Sha::to_string).collect(),
        files: rows.map(|file| FileRow { path: file.filename, change: word(file.status) }).collect(),
        files_truncated,
        withheld: some_if(visible.withheld),
        additions: counts.map(|counts| counts.additions),
        deletions: counts.map(|counts| counts.deletions),
        verified: commit.verification.as_ref().map(|verification| verification.verified),
        verification: commit.verification.filter(|verification| !verification.verified).map(|why| why.reason),
        sha: commit.sha.to_string(),
        html_url: commit.html_url,
    }
}

/// The account, or the name anybody may write into a commit.
pub(super) fn author(commit: &Commit) -> Option<String> {
    let account = commit.author_account.as_ref().map(|account| account.login.clone());
    account.or_else(|| commit.author.as_ref().map(|signature| signature.name.clone()))
}

fn word(change: FileChange) -> &'static str {
    match change {
        FileChange::Added => "added",
        FileChange::Modified => "modified",
        FileChange::Removed => "removed",
        FileChange::Renamed => "renamed",
        FileChange::Copied => "copied",
        FileChange::Other => "unknown",
    }
}
