//! Nor can one be put together from its parts: every field is spelled here, and none may be.

use aegis_gate::{ReadPermit, Repository};

fn forged(repository: Repository) -> ReadPermit<Repository> {
    ReadPermit { reader: anything(), target: repository, sight: anything(), house: anything() }
}

fn anything<T>() -> T {
    unimplemented!()
}

fn main() {
    let _ = forged;
}
