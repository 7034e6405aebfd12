//! Git's object model, as much of it as a forge needs to answer reads: the ids here are those a Git client would compute.

mod binary;
mod change;
mod diff;
mod history;
mod object;
mod patch;
mod rename;
mod script;
mod stat;
mod store;
mod tree;

#[cfg(test)]
mod tests;

pub(crate) use change::{Change, Status, changes};
pub(crate) use diff::{is_binary, unified};
pub(crate) use history::{Log, ancestors, last_change, merge_base};
pub(crate) use object::{Commit, Mode, Object, ObjectId, Signature, Tag};
pub(crate) use patch::{format_patch, show};
pub(crate) use stat::lines_changed;
pub(crate) use store::{Git, Resolved};
pub(crate) use tree::{Entry, Files, Found, files as tree_files, find, walk, write};
