//! The ways in for bytes. Each knows authenticate, admit, list and call, and nothing else of the gate; one shared suite
//! shows that the same call gets the same verdict, the same record and the same words through all of them.

mod batch;
mod envelope;
mod events;
pub(crate) mod messages;
pub(crate) mod rest;
mod revision;
mod rpc;
pub(crate) mod sse;
pub(crate) mod streamable;
pub(crate) mod strict;

#[cfg(any(test, fuzzing))]
pub(crate) use envelope::Body;
#[cfg(any(test, fuzzing))]
pub(crate) use events::{COMMENT, event};
#[cfg(any(test, fuzzing))]
pub(crate) use revision::Revision;
