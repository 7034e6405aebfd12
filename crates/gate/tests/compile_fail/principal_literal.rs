//! Nor can one be put together from its parts.

fn forged() -> aegis_gate::Principal {
    aegis_gate::Principal(anything())
}

fn anything<T>() -> T {
    unimplemented!()
}

fn main() {
    forged();
}
