//! A permit's reader reads the permit's target: no method takes an owner or a repository, and the target cannot be
//! exchanged behind it.

use aegis_gate::{ReadPermit, Repository};
use aegis_gitea::RepositoryId;

async fn read_another(permit: &ReadPermit<Repository>, other: &RepositoryId) {
    let _ = permit.reader().repository(other).await;
}

fn exchange(permit: &mut ReadPermit<Repository>, other: Repository) {
    permit.target = other;
}

fn main() {
    let _ = (read_another, exchange);
}
