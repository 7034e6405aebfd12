//! A principal is made by authentication alone.

fn forged() -> aegis_gate::Principal {
    aegis_gate::Principal::new(todo!())
}

fn main() {
    forged();
}
