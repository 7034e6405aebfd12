//! The kinds of target are sealed: a crate outside cannot add one that reads more.

use aegis_gate::Target;
use aegis_gitea::{RepoPath, RepositoryId};

#[derive(Clone)]
struct Everything;

impl Target for Everything {
    type Reader = ();

    fn repository(&self) -> Option<&RepositoryId> {
        None
    }

    fn path(&self) -> Option<&RepoPath> {
        None
    }

    fn renamed(&self, _to: RepositoryId) -> Option<Self> {
        None
    }
}

fn main() {}
