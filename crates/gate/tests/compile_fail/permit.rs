//! A permit is made by the policy alone.

use aegis_gate::{ReadPermit, Repository};

fn forged(repository: Repository) -> ReadPermit<Repository> {
    ReadPermit { target: repository, ..todo!() }
}

fn made(repository: Repository) -> ReadPermit<Repository> {
    ReadPermit::new(todo!(), repository, todo!(), todo!())
}

fn main() {
    let _ = (forged, made);
}
