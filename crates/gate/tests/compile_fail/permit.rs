//! A permit is made by the policy alone.

use aegis_gate::{ReadPermit, Repository};

fn made(repository: Repository) -> ReadPermit<Repository> {
    ReadPermit::new(anything(), repository, anything(), anything())
}

fn anything<T>() -> T {
    unimplemented!()
}

fn main() {
    let _ = made;
}
