//! The demo set on its socket: rights, scopes, credentials, paging, contents, versions and faults.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
#![expect(clippy::indexing_slicing, reason = "JSON values index to null")]

#[path = "demo/client.rs"]
mod client;
#[path = "demo/contents.rs"]
mod contents;
#[path = "demo/credentials.rs"]
mod credentials;
#[path = "demo/faults.rs"]
mod faults;
#[path = "demo/oddities.rs"]
mod oddities;
#[path = "demo/paging.rs"]
mod paging;
#[path = "demo/rights.rs"]
mod rights;
#[path = "demo/scopes.rs"]
mod scopes;
