//! The catalogue as clients see it and as callers meet it: through a whole gate, before a sandbox.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]
#![expect(clippy::indexing_slicing, reason = "a key that is missing fails the test, which is what it is for")]

mod answers;
mod bounds;
mod canary;
mod catalogue;
mod content;
mod forges;
mod hidden;
mod oddities;
mod refused;
mod renamed;
mod samples;
mod schema;
