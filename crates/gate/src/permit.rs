//! Permission to read one target, made by the gate alone. A tool gets a reference to one and nothing else: what it can
//! read, what it may show, and whom it answers all come from here.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use aegis_gitea::{RepoPath, RepositoryId};

use crate::gate::House;
use crate::policy::{Act, Policy, Subject};
use crate::principal::Principal;
use crate::redact::Redactor;
use crate::target::{Repository, Target};

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
    pub(crate) act: Act,
    pub(crate) policy: Arc<Policy>,
    pub(crate) withheld: Arc<AtomicU64>,
    pub(crate) redactor: Arc<Redactor>,
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

    /// The gateway's own facts: limits, toolsets, mode.
    #[must_use]
    pub fn house(&self) -> &House {
        &self.house
    }

    /// Whether the policy lets this caller see that a repository exists.
    #[must_use]
    pub fn sees(&self, repository: &RepositoryId) -> bool {
        self.sight.sees(repository)
    }

    /// Keeps the rows whose repository may be seen, and counts the rest.
    pub fn visible<R>(&self, rows: Vec<R>, repository: impl Fn(&R) -> Option<RepositoryId>) -> Visible<R> {
        self.sight.keep(rows, |row| repository(row).is_some_and(|id| self.sees(&id)))
    }
}

impl ReadPermit<Repository> {
    /// Whether the policy lets this caller see a path of the target.
    #[must_use]
    pub fn sees_path(&self, path: &RepoPath) -> bool {
        self.sight.sees_path(self.target.id(), path)
    }

    /// Keeps the rows whose path may be seen, and counts the rest. A path that is none of Gitea's is not shown.
    pub fn visible_paths<R>(&self, rows: Vec<R>, path: impl Fn(&R) -> &str) -> Visible<R> {
        self.sight.keep(rows, |row| RepoPath::parse(path(row)).is_ok_and(|path| self.sees_path(&path)))
    }
}

impl Sight {
    pub(crate) fn subject(&self) -> Subject<'_> {
        subject(&self.principal)
    }

    pub(crate) fn sees(&self, repository: &RepositoryId) -> bool {
        self.policy.decide_repository(self.subject(), self.act, repository).is_allowed()
    }

    fn sees_path(&self, repository: &RepositoryId, path: &RepoPath) -> bool {
        self.policy.decide_path(self.subject(), self.act, repository, path).is_allowed()
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
    Subject { login: principal.login(), key_id: principal.key_id().map(aegis_store::KeyId::as_str) }
}
