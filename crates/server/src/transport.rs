//! The ways in for bytes. Each knows authenticate, admit, list and call, and nothing else of the gate; one shared suite
//! shows that the same call gets the same verdict, the same record and the same words through all of them.

pub(crate) mod envelope;
pub(crate) mod messages;
pub(crate) mod rest;
pub(crate) mod streamable;
