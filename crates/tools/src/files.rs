//! Tools over files and trees.

mod find_files;
mod get_file_contents;
mod get_file_tree;
mod get_files;
mod list_directory;
mod part;
mod pattern;
pub(crate) mod tree;
mod view;

pub(crate) use find_files::FindFiles;
pub(crate) use get_file_contents::GetFileContents;
pub(crate) use get_file_tree::GetFileTree;
pub(crate) use get_files::GetFiles;
pub(crate) use list_directory::ListDirectory;
