//! Takes an address to listen on, with words for the usual reasons why that fails.

use std::io;
use std::net::SocketAddr;

use tokio::net::{TcpListener, TcpSocket};

/// Most connections that wait in the kernel to be accepted. A system may hold fewer (`net.core.somaxconn`). Whoever comes
/// beyond them is not told, and tries again a second later. The 128 of the standard library are a quarter of a second of
/// a crowd that comes at five hundred a second.
const WAITING: u32 = 4_096;

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
///
/// # Panics
/// Outside a runtime, as all of tokio's sockets.
pub(crate) fn bind(address: SocketAddr, setting: &str) -> Result<TcpListener, BindError> {
    listen(address).map_err(|error| match error.kind() {
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

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(WAITING)
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;
    use std::time::Duration;

    use futures_util::future::try_join_all;
    use tokio::net::TcpStream;
    use tokio::time::timeout;

    use super::*;

    /// More than the standard library's queue holds.
    const AT_ONCE: usize = 200;
    /// Who found the queue full tries again after a second.
    const AT_FIRST_TRY: Duration = Duration::from_millis(900);

    /// Whether all are connected though none is accepted.
    async fn all_wait() -> bool {
        let socket = bind((Ipv4Addr::LOCALHOST, 0).into(), "MCP_PORT").unwrap();
        let address = socket.local_addr().unwrap();
        let coming = try_join_all((0..AT_ONCE).map(|_| TcpStream::connect(address)));
        timeout(AT_FIRST_TRY, coming).await.is_ok_and(|open| open.unwrap().len() == AT_ONCE)
    }

    #[tokio::test]
    async fn h09_connections_that_come_while_none_is_accepted_wait() {
        let most = std::fs::read_to_string("/proc/sys/net/core/somaxconn").unwrap_or_default();
        if most.trim().parse().is_ok_and(|most: usize| most < AT_ONCE) {
            eprintln!("skipped: net.core.somaxconn is {most}");
            return;
        }
        // A machine that stands still is late as well, but not each time.
        let waited = all_wait().await || all_wait().await || all_wait().await;
        assert!(waited, "{AT_ONCE} find room in the queue");
    }

    #[tokio::test]
    async fn both_families_are_listened_on() {
        for address in ["127.0.0.1:0", "[::1]:0"] {
            if std::net::TcpListener::bind(address).is_err() {
                eprintln!("skipped: this machine has no {address}");
                continue;
            }
            let socket = bind(address.parse().unwrap(), "MCP_PORT").unwrap();
            TcpStream::connect(socket.local_addr().unwrap()).await.unwrap();
        }
    }
}
