//! Socket activation: systemd opens the socket and hands it over (`sd_listen_fds(3)`). Ports below 1024 then need no
//! rights of ours, and connections wait in the kernel while we restart.

use listenfd::ListenFd;
use tokio::net::TcpListener;

use super::BindError;

/// The socket we were started with, if any.
///
/// # Errors
/// Several sockets came, or one that is no TCP listener.
pub(crate) fn inherited(sockets: &mut ListenFd) -> Result<Option<TcpListener>, BindError> {
    let hint = || Some("the .socket unit needs one line: ListenStream=ADDRESS:PORT".to_owned());
    match sockets.len() {
        0 => Ok(None),
        1 => {
            let unusable = |_| BindError::new("the socket this process was started with is no TCP listener", hint());
            let socket = sockets.take_tcp_listener(0).map_err(unusable)?;
            let Some(socket) = socket else { return Ok(None) };
            socket.set_nonblocking(true).map_err(unusable)?;
            TcpListener::from_std(socket).map(Some).map_err(unusable)
        }
        several => {
            Err(BindError::new(format!("this process was started with {several} sockets and takes one"), hint()))
        }
    }
}
