//! A Gitea-compatible forge in memory on a real socket.
//!
//! It serves the read routes of Gitea 1.26 (or, told to, of another of its [`VERSIONS`]) under `/api/v1` from a named [`DataSet`]: a Git object model whose ids a Git
//! client would compute, tokens whose scopes are enforced, rights per person, paging headers and Gitea's error bodies.
//! [`Faults`] make it misbehave on purpose. Nothing is written to disk and nothing outlives the [`Sandbox`].

mod answer;
mod ask;
mod credential;
mod data_set;
mod error;
mod fault;
mod forge;
mod git;
mod listener;
mod query;
mod rights;
mod route;
mod sandbox;
mod scope;
mod seen;
mod version;

pub use data_set::DataSet;
pub use error::SandboxError;
pub use fault::{Fault, FaultKind, Faults};
pub use sandbox::{Options, Sandbox};
pub use seen::SeenRequest;
pub use version::VERSIONS;
