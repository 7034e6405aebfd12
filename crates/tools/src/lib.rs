//! The catalogue, one file a tool.
//!
//! A tool is data, arguments, an answer and one function over a permit. No tool holds a token, speaks HTTP or knows of
//! the record: what it may read and show comes from its permit alone.

mod catalog;
mod commits;
mod context;
mod diff;
mod extras;
mod files;
mod gather;
mod issues;
mod nearby;
mod pull_requests;
mod repositories;
mod shape;

pub use catalog::catalog;

use aegis_gate::Scope;
