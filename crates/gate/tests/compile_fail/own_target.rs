//! The kinds of target are sealed: a crate outside cannot add one that reads more.

use aegis_gate::{Place, Target};
use aegis_gitea::RepositoryId;

#[derive(Clone)]
struct Everything;

impl Target for Everything {
    type Reader = ();

    fn repository(&self) -> Option<&RepositoryId> {
        None
    }

    fn place(&self) -> Option<&Place> {
        None
    }

    fn renamed(&self, _to: RepositoryId) -> Option<Self> {
        None
    }
}

fn main() {}
