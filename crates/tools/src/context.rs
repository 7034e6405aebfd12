//! Tools about the caller and the instance.

mod get_me;
mod get_server_info;

pub(crate) use get_me::GetMe;
pub(crate) use get_server_info::GetServerInfo;
