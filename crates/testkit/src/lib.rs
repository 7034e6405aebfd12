//! Clients, canaries and fault control for tests.
//!
//! Nothing here is published. A test that needs a `Principal` gets it as a caller would: from a whole gate, before a
//! sandbox, with a token the sandbox knows.

pub mod canary;
mod events;
mod gateway;
mod policy;
mod seeds;
mod test_gate;

pub use events::{Event, Events};
pub use gateway::{Finished, Gateway, Reply, run};
pub use policy::{Rule, all_but};
pub use seeds::hold;
pub use test_gate::{Setup, TestGate};
