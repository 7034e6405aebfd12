//! What a call is about: a repository, the caller's own view of the instance, or the instance itself.
//!
//! A target chooses the reader its permit hands out, so a tool that asked for one repository holds a reader that
//! cannot be pointed at another.

use aegis_gitea::connect::{Client, Credential};
use aegis_gitea::read::{AccountReader, InstanceReader, RepositoryReader};
use aegis_gitea::{RepoPath, RepositoryId};

mod sealed {
    pub trait Sealed {}
}

/// Something a permit can be issued for. Sealed: the three kinds below are all there are.
pub trait Target: sealed::Sealed + Clone + Send + Sync + 'static {
    /// What reads it, bound to it: no method of a reader takes an owner or a repository.
    type Reader: Send + Sync;

    /// The repository it names, if it names one.
    fn repository(&self) -> Option<&RepositoryId>;

    /// The place inside the repository it names, if it names one.
    fn place(&self) -> Option<&Place>;

    /// The same target under the repository's new name (Gitea answered 301); none where no repository is named.
    fn renamed(&self, to: RepositoryId) -> Option<Self>;

    #[doc(hidden)]
    fn reader(&self, door: &Door<'_>) -> Self::Reader;
}

/// What it takes to make a reader. Only the gate holds one.
#[doc(hidden)]
pub struct Door<'a> {
    pub(crate) client: &'a Client,
    pub(crate) credential: &'a Credential,
    pub(crate) correlation_id: &'a str,
}

/// A place inside a repository. A directory may be listed where it leads to something that may be read; a path may be
/// read only where it is allowed itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// What stands at this path, or below it, is read.
    Path(RepoPath),
    /// The names in this directory are listed.
    Directory(RepoPath),
}

/// One repository, and the place in it where the call names one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repository {
    id: RepositoryId,
    place: Option<Place>,
}

impl Repository {
    /// The repository as a whole.
    #[must_use]
    pub fn new(id: RepositoryId) -> Self {
        Self { id, place: None }
    }

    /// One path of it, to be read; the policy then decides about that path.
    #[must_use]
    pub fn at(self, path: RepoPath) -> Self {
        Self { place: Some(Place::Path(path)), ..self }
    }

    /// One directory of it, whose names are to be listed.
    #[must_use]
    pub fn under(self, directory: RepoPath) -> Self {
        Self { place: Some(Place::Directory(directory)), ..self }
    }

    /// Which repository.
    #[must_use]
    pub fn id(&self) -> &RepositoryId {
        &self.id
    }
}

impl sealed::Sealed for Repository {}

impl Target for Repository {
    type Reader = RepositoryReader;

    fn repository(&self) -> Option<&RepositoryId> {
        Some(&self.id)
    }

    fn place(&self) -> Option<&Place> {
        self.place.as_ref()
    }

    fn renamed(&self, to: RepositoryId) -> Option<Self> {
        Some(Self { id: to, place: self.place.clone() })
    }

    fn reader(&self, door: &Door<'_>) -> RepositoryReader {
        door.client.repository(door.credential, &self.id, door.correlation_id)
    }
}

/// What the caller may see across the instance: who they are, their lists and searches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Account;

impl sealed::Sealed for Account {}

impl Target for Account {
    type Reader = AccountReader;

    fn repository(&self) -> Option<&RepositoryId> {
        None
    }

    fn place(&self) -> Option<&Place> {
        None
    }

    fn renamed(&self, _to: RepositoryId) -> Option<Self> {
        None
    }

    fn reader(&self, door: &Door<'_>) -> AccountReader {
        door.client.account(door.credential, door.correlation_id)
    }
}

/// The instance: flavour, version, limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Instance;

impl sealed::Sealed for Instance {}

impl Target for Instance {
    type Reader = InstanceReader;

    fn repository(&self) -> Option<&RepositoryId> {
        None
    }

    fn place(&self) -> Option<&Place> {
        None
    }

    fn renamed(&self, _to: RepositoryId) -> Option<Self> {
        None
    }

    fn reader(&self, door: &Door<'_>) -> InstanceReader {
        door.client.instance(Some(door.credential), door.correlation_id)
    }
}
