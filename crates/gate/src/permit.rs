//! Permission to read one target, made by the gate alone. A tool gets a reference to one and nothing else: what it can
//! read, what it may show, and whom it answers all come from here.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use aegis_gitea::{RepoPath, RepositoryId};

use crate::ask::{Progress, Question, Reply};
use crate::catalog::Catalog;
use crate::error::CallError;
use crate::gate::{Conversation, House};
use crate::policy::{Act, Decision, Policy, Subject, View};
use crate::principal::Principal;
use crate::redact::Redactor;
use crate::target::{Place, Repository, Target};
use crate::tool::ToolSpec;

/// Permission to read `T`, on record and bound to one call.
pub struct ReadPermit<T: Target> {
    reader: T::Reader,
    target: T,
    sight: Sight,
    house: Arc<House>,
}

/// What this caller may see with this tool.
#[derive(Clone)]
pub(crate) struct Sight {
    pub(crate) principal: Principal,
    pub(crate) view: Arc<View>,
    pub(crate) policy: Arc<Policy>,
    pub(crate) catalog: Arc<Catalog>,
    pub(crate) withheld: Arc<AtomicU64>,
    pub(crate) redactor: Arc<Redactor>,
    pub(crate) conversation: Arc<Conversation>,
}

/// Rows that may be shown, and how many may not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visible<R> {
    /// The rows that may be shown, in their order.
    pub rows: Vec<R>,
    /// How many the policy withheld.
    pub withheld: u64,
}

impl<T: Target> ReadPermit<T> {
    pub(crate) fn new(reader: T::Reader, target: T, sight: Sight, house: Arc<House>) -> Self {
        Self { reader, target, sight, house }
    }

    /// Reads the target and nothing else.
    #[must_use]
    pub fn reader(&self) -> &T::Reader {
        &self.reader
    }

    /// What the permit is for. After a rename this is the new name, whatever the arguments said.
    #[must_use]
    pub fn target(&self) -> &T {
        &self.target
    }

    /// For whom the call runs.
    #[must_use]
    pub fn principal(&self) -> &Principal {
        &self.sight.principal
    }

    /// The gateway's own facts: limits and mode.
    #[must_use]
    pub fn house(&self) -> &House {
        &self.house
    }

    /// In one sentence whether a policy is in force, never what it says.
    #[must_use]
    pub fn policy_sentence(&self) -> String {
        self.sight.policy.sentence()
    }

    /// Whether a tool exists for this caller, as the list and the admission of calls have it.
    #[must_use]
    pub fn may_use(&self, tool: &ToolSpec) -> bool {
        let is_in_force = self.sight.catalog.find(tool.name).is_some();
        is_in_force && self.sight.policy.may_ever(subject(&self.sight.principal), Act::of(tool))
    }

    /// Whether the policy lets this caller see that a repository exists.
    #[must_use]
    pub fn sees(&self, repository: &RepositoryId) -> bool {
        self.sight.sees(repository)
    }

    /// The same for a row that would otherwise be shown: where it may not be seen, it is counted as withheld.
    #[must_use]
    pub fn keeps(&self, repository: &RepositoryId) -> bool {
        self.sight.counted(self.sees(repository))
    }

    /// Whether rows of a list may have to be kept back. A list must then be cut into pages after that: Gitea's own pages
    /// and totals would tell of what is missing (attack R11).
    #[must_use]
    pub fn may_withhold(&self) -> bool {
        self.sight.policy.has_rules()
    }

    /// Tells the caller how far the call has come, if they want to hear it. What does not grow is not told.
    pub async fn progress(&self, done: u64, total: Option<u64>, message: impl Into<String>) {
        self.sight.conversation.progress(Progress { done, total, message: message.into() }).await;
    }

    /// Asks the person the call runs for. Where their revision asks in rounds the tool ends here, by `?`, and runs anew
    /// when the answer comes: what stands before a question must be safe to do twice. A form never asks for a secret.
    ///
    /// # Errors
    /// [`CallError::CannotAsk`], which a tool may go on without; others end the call.
    pub async fn ask(&self, question: Question) -> Result<Reply, CallError> {
        self.sight.conversation.ask(question).await
    }

    /// Keeps the rows whose repository may be seen, and counts the rest.
    pub fn visible<R>(&self, rows: Vec<R>, repository: impl Fn(&R) -> Option<RepositoryId>) -> Visible<R> {
        self.sight.keep(rows, |row| repository(row).is_some_and(|id| self.sees(&id)))
    }
}

impl ReadPermit<Repository> {
    /// Whether the policy lets this caller read a path of the target, and else the rule that forbids it; that is
    /// counted as withheld.
    ///
    /// # Errors
    /// [`CallError::PolicyDenied`].
    pub fn may_read(&self, path: &RepoPath) -> Result<(), CallError> {
        match self.decide(&Place::Path(path.clone())) {
            Decision::Allowed { .. } => Ok(()),
            Decision::Denied { rule } => {
                self.sight.counted(false);
                Err(CallError::PolicyDenied { rule })
            }
        }
    }

    /// Whether the policy lets this caller see that something stands at a path.
    #[must_use]
    pub fn sees_path(&self, path: &RepoPath) -> bool {
        self.decide(&Place::Path(path.clone())).is_allowed()
    }

    /// Whether the policy lets this caller see that a directory is there: because it may be read, or because it leads
    /// to what may.
    #[must_use]
    pub fn sees_directory(&self, directory: &RepoPath) -> bool {
        self.decide(&Place::Directory(directory.clone())).is_allowed()
    }

    /// Keeps the rows whose path may be seen, and counts the rest. A path that is none of Gitea's is not shown.
    pub fn visible_paths<R>(&self, rows: Vec<R>, path: impl Fn(&R) -> &str) -> Visible<R> {
        self.sight.keep(rows, |row| RepoPath::parse(path(row)).is_ok_and(|path| self.sees_path(&path)))
    }

    /// The same for rows of a tree, directories among them: the path, and whether it is a directory.
    pub fn visible_entries<R>(&self, rows: Vec<R>, entry: impl Fn(&R) -> (&str, bool)) -> Visible<R> {
        self.sight.keep(rows, |row| {
            let (path, is_directory) = entry(row);
            self.sees_entry(path, is_directory)
        })
    }

    /// Whether the policy lets this caller see that an entry of a tree is there. A path that is none of Gitea's is not.
    #[must_use]
    pub fn sees_entry(&self, path: &str, is_directory: bool) -> bool {
        let sees = |path: RepoPath| if is_directory { self.sees_directory(&path) } else { self.sees_path(&path) };
        RepoPath::parse(path).is_ok_and(sees)
    }

    fn decide(&self, place: &Place) -> Decision {
        self.sight.view.decide_place(self.target.id(), place)
    }
}

impl Sight {
    pub(crate) fn sees(&self, repository: &RepositoryId) -> bool {
        self.view.decide_repository(repository).is_allowed()
    }

    /// The answer to whether something may be seen; what may not is counted.
    fn counted(&self, is_seen: bool) -> bool {
        self.withheld.fetch_add(u64::from(!is_seen), Ordering::Relaxed);
        is_seen
    }

    fn keep<R>(&self, rows: Vec<R>, seen: impl Fn(&R) -> bool) -> Visible<R> {
        let all = rows.len();
        let rows: Vec<R> = rows.into_iter().filter(seen).collect();
        let withheld = u64::try_from(all.saturating_sub(rows.len())).unwrap_or(u64::MAX);
        self.withheld.fetch_add(withheld, Ordering::Relaxed);
        Visible { rows, withheld }
    }
}

/// How the policy names a principal.
pub(crate) fn subject(principal: &Principal) -> Subject<'_> {
    Subject {
        account_id: principal.account_id().value(),
        login: principal.login(),
        login_of_key: principal.login_of_key(),
        key_id: principal.key_id().map(aegis_store::KeyId::as_str),
    }
}
