//! Tools over repositories.

mod get_repository;
mod list_repositories;
mod row;
mod search_repositories;
mod sort;

pub(crate) use get_repository::GetRepository;
pub(crate) use list_repositories::ListRepositories;
pub(crate) use search_repositories::SearchRepositories;
