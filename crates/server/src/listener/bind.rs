//! Takes an address to listen on, with words for the usual reasons why that fails.

use std::io;
use std::net::SocketAddr;

use tokio::net::TcpListener;

/// Why an address cannot be listened on, and what to do about it.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct BindError {
    what: String,
    /// What to do, where that is known.
    pub hint: Option<String>,
}

impl BindError {
    pub(super) fn new(what: impl Into<String>, hint: Option<String>) -> Self {
        Self { what: what.into(), hint }
    }
}

/// Binds. `setting` is what chooses the address.
///
/// # Errors
/// [`BindError`] naming the address.
pub(crate) async fn bind(address: SocketAddr, setting: &str) -> Result<TcpListener, BindError> {
    TcpListener::bind(address).await.map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => BindError::new(
            format!("{address} is in use by another process"),
            Some(format!("stop it, or choose another with {setting}")),
        ),
        io::ErrorKind::PermissionDenied => BindError::new(
            format!("this process may not listen on {address}"),
            Some(format!("ports below 1024 need rights; choose another with {setting}")),
        ),
        io::ErrorKind::AddrNotAvailable => BindError::new(
            format!("this machine has no address {}", address.ip()),
            Some(format!("set {setting} to 127.0.0.1, or 0.0.0.0 for all")),
        ),
        _ => BindError::new(format!("{address} cannot be listened on: {error}"), None),
    })
}
