//! The client against a server that says exactly what a test writes, down to the byte and the pause.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
#![expect(clippy::panic, reason = "a test stops at the first surprise")]
#![expect(clippy::indexing_slicing, reason = "a test stops at the first surprise")]

mod bodies;
mod connections;
mod instance;
mod oddities;
mod recorded;
mod redirects;
mod refusals;
mod requests;
mod server;
mod tls;
