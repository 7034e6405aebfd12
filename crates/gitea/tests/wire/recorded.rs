//! Every recorded answer of Gitea 1.26.3 to a call we make is read, and every recorded refusal has its error.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use aegis_gitea::connect::Client;
use aegis_gitea::endpoints::ALL;
use aegis_gitea::read::{
    AccountReader, ByteRange, CommitQuery, FileKind, IssueQuery, PageRequest, PullQuery, RepositoryReader,
    RepositorySearch, StateFilter, TreeEntryKind,
};
use aegis_gitea::{GitRef, GiteaError, Index, Owner, RepoPath, RepositoryId, Sha};
use serde::Deserialize;
use serde_json::Value;

use crate::server::{Server, Step, answer, client, credential, json, settings};

#[derive(Deserialize)]
struct Recorded {
    name: String,
    method: String,
    path: String,
    status: u16,
    headers: BTreeMap<String, String>,
    #[serde(default)]
    body: Value,
}

impl Recorded {
    fn steps(&self) -> Vec<Step> {
        let is_json = self.headers.get("content-type").is_some_and(|kind| kind.starts_with("application/json"));
        let body = match (&self.body, is_json) {
            (body, true) => body.to_string(),
            (Value::String(text), false) => text.clone(),
            (_, false) => String::new(),
        };
        let headers: String = self.headers.iter().flat_map(|(name, value)| [name, ": ", value, "\r\n"]).collect();
        answer(&format!("{} X", self.status), &headers, body.as_bytes())
    }

    fn expected(&self) -> Option<GiteaError> {
        Some(match self.status {
            200 | 206 => return None,
            301 => GiteaError::Moved { to: RepositoryId::parse("alice-u/tmp9").unwrap() },
            304 => GiteaError::Redirected,
            400 | 422 => GiteaError::Unprocessable,
            401 => GiteaError::Unauthorized,
            403 => GiteaError::Forbidden,
            404 => GiteaError::NotFound,
            405 => GiteaError::NotAllowed,
            409 => GiteaError::Conflict,
            423 => GiteaError::Locked,
            500 => GiteaError::Unavailable { status: 500 },
            other => panic!("no error for {other}"),
        })
    }
}

fn recordings() -> Vec<Recorded> {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../testkit/recorded/gitea-1.26.3.jsonl");
    fs::read_to_string(file).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn recording(name: &str) -> Recorded {
    recordings().into_iter().find(|recorded| recorded.name == name).unwrap()
}

async fn replayed(steps: Vec<Step>) -> Client {
    let server =
        Server::start(
            move |head| {
                if head.contains("/version ") { json(r#"{"version":"1.26.3"}"#) } else { steps.clone() }
            },
        )
        .await;
    let address = format!("http://127.0.0.1:{}", server.port);
    let mut settings = settings(&address);
    settings.max_body_bytes = 16 * 1024 * 1024;
    client(settings)
}

async fn repository(name: &str) -> RepositoryReader {
    let client = replayed(recording(name).steps()).await;
    client.repository(&credential(), &RepositoryId::parse("acme/widget").unwrap(), "call-1")
}

async fn account(name: &str) -> AccountReader {
    replayed(recording(name).steps()).await.account(&credential(), "call-1")
}

/// The endpoint of ours a recorded path belongs to: literal segments first, then placeholders.
fn endpoint(path: &str) -> Option<&'static str> {
    let path = path.trim_start_matches('/').split('?').next().unwrap();
    // A search of its own that looks like a repository, and a path no name of ours can make.
    if path == "repos/issues/search" || path.contains("//") {
        return None;
    }
    let is_match = |template: &str| {
        let (wanted, came): (Vec<_>, Vec<_>) = (template.split('/').collect(), path.split('/').collect());
        let fits = match *wanted.last().unwrap() {
            "{filepath}" => came.len() >= wanted.len() - 1,
            "{branch}" => came.len() >= wanted.len(),
            _ => came.len() == wanted.len(),
        };
        fits && wanted.iter().zip(&came).all(|(wanted, came)| match *wanted {
            "{index}" => came.parse::<u64>().is_ok(),
            "{sha}" => !came.contains('.'),
            "{index}.{diffType}" | "{sha}.{diffType}" => came.strip_suffix(".diff").is_some(),
            placeholder if placeholder.starts_with('{') => true,
            literal => literal == *came,
        })
    };
    let found = ALL.iter().filter(|endpoint| is_match(endpoint.path));
    found.max_by_key(|endpoint| endpoint.path.replace('{', "").len()).map(|endpoint| endpoint.name)
}

/// Asks for what a recorded path of this endpoint asked for; which values travel does not matter here.
async fn ask(endpoint: &str, path: &str, client: &Client) -> Result<(), GiteaError> {
    let page = PageRequest::new(1, 30);
    let (index, sha) = (Index::new(1).unwrap(), Sha::parse(&"a".repeat(40)).unwrap());
    let (main, file) = (GitRef::parse("main").unwrap(), RepoPath::parse("README.md").unwrap());
    // The one recorded rename must differ from its target.
    let name = if path.contains("alice-u/tmp1") { "alice-u/tmp1" } else { "acme/widget" };
    let repository = client.repository(&credential(), &RepositoryId::parse(name).unwrap(), "call-1");
    let account = client.account(&credential(), "call-1");
    let history = CommitQuery { sha: None, path: None, since: None, until: None, page };
    let state = StateFilter::All;
    match endpoint {
        "version" => client.instance(None, "call-1").instance().await.map(drop),
        "api_settings" => client.instance(None, "call-1").limits().await.map(drop),
        "user" => account.user().await.map(drop),
        "user_repositories" => account.repositories(page).await.map(drop),
        "user_organizations" => account.organizations(page).await.map(drop),
        "owner_repositories" => account.owner_repositories(&Owner::parse("bob-u").unwrap(), page).await.map(drop),
        "repository_search" => {
            let search = RepositorySearch {
                q: String::new(),
                topic: false,
                owner_id: None,
                archived: None,
                private: None,
                sort: None,
                order: None,
                page,
            };
            account.search_repositories(&search).await.map(drop)
        }
        "repository" => repository.repository().await.map(drop),
        "languages" => repository.languages().await.map(drop),
        "branches" => repository.branches(page).await.map(drop),
        "tags" => repository.tags(page).await.map(drop),
        "labels" => repository.labels(page).await.map(drop),
        "organization_labels" => repository.shared_labels(page).await.map(drop),
        "branch" => repository.branch(&main).await.map(drop),
        "commits" => repository.commits(&history).await.map(drop),
        "commit" => repository.commit(&main).await.map(drop),
        "commit_diff" => repository.commit_diff(&sha).await.map(drop),
        "commit_status" => repository.status(&sha).await.map(drop),
        "tree" => repository.tree(&main, true, page).await.map(drop),
        "blob" => repository.blob(&sha).await.map(drop),
        "contents_ext" => repository.file(&file, None).await.map(drop),
        "raw" => {
            let range = Some(ByteRange { start: 0, length: 10 }).filter(|_| path.contains("#range"));
            repository.raw(&file, &sha, range).await.map(drop)
        }
        "milestones" => repository.milestones(page).await.map(drop),
        "issues" => {
            let query = IssueQuery {
                state,
                labels: Vec::new(),
                q: None,
                milestone: None,
                assignee: None,
                author: None,
                since: None,
                page,
            };
            repository.issues(&query).await.map(drop)
        }
        "issue" => repository.issue(index).await.map(drop),
        "issue_comments" => repository.issue_comments(index, None).await.map(drop),
        "pulls" => repository.pulls(&PullQuery { state, sort: None, page }).await.map(drop),
        "pull" => repository.pull(index).await.map(drop),
        "pull_diff" => repository.pull_diff(index).await.map(drop),
        "pull_files" => repository.pull_files(index, page).await.map(drop),
        "reviews" => repository.reviews(index, page).await.map(drop),
        other => panic!("no reader for {other}"),
    }
}

/// `contents` answers of this release, as an older release would give them.
async fn ask_older(recorded: &Recorded) -> Result<(), GiteaError> {
    let steps = recorded.steps();
    let server =
        Server::start(
            move |head| {
                if head.contains("/version ") { json(r#"{"version":"1.24.7"}"#) } else { steps.clone() }
            },
        )
        .await;
    let file = RepoPath::parse("README.md").unwrap();
    server.repository().file(&file, None).await.map(drop)
}

#[tokio::test]
async fn c14_every_recorded_answer_to_a_call_we_make_is_read_or_has_its_error() {
    let mut read: BTreeMap<&str, usize> = BTreeMap::new();
    for mut recorded in recordings().into_iter().filter(|recorded| recorded.method == "GET") {
        let Some(endpoint) = endpoint(&recorded.path) else { continue };
        if recorded.status == 206 {
            recorded.path.push_str("#range");
        }
        let outcome = match endpoint {
            "contents" => ask_older(&recorded).await,
            _ => ask(endpoint, &recorded.path, &replayed(recorded.steps()).await).await,
        };
        let expected = match (endpoint, recorded.status) {
            ("tree", 400) => Some(GiteaError::NotFound),
            _ => recorded.expected(),
        };
        assert_eq!(outcome.err(), expected, "{} {}", recorded.name, recorded.path);
        *read.entry(endpoint).or_default() += usize::from(recorded.status == 200);
    }
    for endpoint in ALL {
        assert!(read.get(endpoint.name).is_some_and(|count| *count > 0), "no recorded answer of {}", endpoint.name);
    }
}

#[tokio::test]
async fn u04_recorded_refusals_of_other_methods_have_the_same_errors() {
    let mut kinds = BTreeSet::new();
    for recorded in recordings().into_iter().filter(|recorded| recorded.method != "GET" && recorded.status >= 400) {
        let outcome = ask("issue", "", &replayed(recorded.steps()).await).await;
        assert_eq!(outcome.err(), recorded.expected(), "{}", recorded.name);
        kinds.insert(recorded.status);
    }
    assert_eq!(kinds.into_iter().collect::<Vec<_>>(), [400, 403, 404, 405, 409, 422, 423, 500]);
}

#[tokio::test]
async fn recorded_values_arrive_in_the_fields() {
    let widget = repository("repo_get").await.repository().await.unwrap();
    assert_eq!((widget.id, widget.full_name.to_string().as_str(), widget.private), (1, "acme/widget", true));
    assert_eq!((widget.open_issues_count, widget.open_pulls_count, widget.size_kb), (5, 1, 30));
    assert_eq!(widget.default_branch.as_ref().unwrap().as_str(), "main");
    assert!(widget.permissions.admin && widget.created_at.is_some() && widget.parent.is_none());
    let branch = widget.page_below(["src", "branch", "a b", "c#?"].into_iter());
    assert_eq!(branch.unwrap(), format!("{}/src/branch/a%20b/c%23%3F", widget.html_url));
    assert_eq!(repository("repo_languages").await.languages().await.unwrap(), [("Python".to_owned(), 448)]);

    let page = PageRequest::new(1, 1);
    let mine = account("user_repos_p2").await.repositories(page).await.unwrap();
    assert_eq!((mine.total, mine.has_more), (Some(3), true));
    let alice = account("user_me").await.user().await.unwrap();
    assert_eq!((alice.id, alice.login.as_str(), alice.is_admin), (2, "alice-u", false));

    let history = CommitQuery { sha: None, path: None, since: None, until: None, page };
    let commits = repository("repo_commits").await.commits(&history).await.unwrap();
    assert_eq!((commits.items.len(), commits.total, commits.has_more), (2, Some(2), false));
    assert_eq!((commits.items[0].message.as_str(), commits.items[0].counts), ("Describe more\n", None));
    let commit = repository("repo_commit_full").await.commit(&GitRef::parse("main").unwrap()).await.unwrap();
    assert_eq!((commit.counts.unwrap().additions, commit.files[0].filename.as_str()), (1, "README.md"));
    assert_eq!((commit.parents.len(), commit.verification.unwrap().verified), (1, false));
    assert_eq!(commit.author.unwrap().date.unwrap().to_string(), "2026-11-21T09:19:30Z");
}

#[tokio::test]
async fn recorded_files_trees_and_pulls_arrive_in_the_fields() {
    let path = RepoPath::parse("requirements.txt").unwrap();
    let file = repository("repo_contents_ext_file").await.file(&path, None).await.unwrap();
    assert_eq!((file.size_bytes, file.content.unwrap().as_ref()), (12, b"widget==1.0\n".as_slice()));
    assert_eq!(file.at.unwrap().as_str(), "main", "no ref was asked for");
    let entries = repository("repo_contents_ext_dir").await.directory(&path, None).await.unwrap();
    assert_eq!(
        (entries[0].path.as_str(), &entries[0].kind, &entries[0].content),
        ("src/main.py", &FileKind::File, &None)
    );
    let main = GitRef::parse("main").unwrap();
    let tree = repository("tree_page2").await.tree(&main, true, PageRequest::new(2, 2)).await.unwrap();
    assert_eq!((tree.total_count, tree.truncated), (17, true));
    let kinds: Vec<_> = tree.entries.iter().map(|entry| entry.kind).collect();
    assert_eq!(kinds, [TreeEntryKind::File, TreeEntryKind::Symlink]);
    let sha = Sha::parse("8048e767b785216bc8ee0973b6d1c9f0477d955b").unwrap();
    let blob = repository("blob").await.blob(&sha).await.unwrap();
    assert_eq!((blob.sha, blob.content.unwrap().as_ref()), (sha, b"widget==1.0\n".as_slice()));
    let pull = repository("pull_after").await.pull(Index::new(6).unwrap()).await.unwrap();
    assert!(pull.merged && pull.merge_commit_sha.is_some() && pull.head.repository == pull.base.repository);
    assert_eq!((pull.requested_reviewers[0].login.as_str(), pull.additions), ("bob-u", Some(2)));
    let status = repository("repo_commit_status").await.status(&pull.head.sha.unwrap()).await.unwrap();
    assert_eq!((status.total_count, status.statuses[0].context.as_str()), (1, "/ test (push)"));
}

#[tokio::test]
async fn recorded_reviews_and_forks_arrive_in_the_fields() {
    let review = recording("review_get").body;
    let client = replayed(json(&Value::Array(vec![review]).to_string())).await;
    let reader = client.repository(&credential(), &RepositoryId::parse("acme/widget").unwrap(), "call-1");
    let reviews = reader.reviews(Index::new(6).unwrap(), PageRequest::new(1, 10)).await.unwrap();
    assert_eq!(reviews.items[0].author.as_ref().unwrap().login, "bob-u");
    assert!(reviews.items[0].commit_id.is_some() && reviews.items[0].submitted_at.is_some());
    let fork = replayed(json(&recording("fork").body.to_string())).await;
    let fork = fork.repository(&credential(), &RepositoryId::parse("alice-u/widget-fork").unwrap(), "call-1");
    assert_eq!(fork.repository().await.unwrap().parent, Some(RepositoryId::parse("acme/widget").unwrap()));
}
