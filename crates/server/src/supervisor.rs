//! Tells a supervisor how we are (`sd_notify(3)`): systemd with `Type=notify` then knows when we are ready.

use std::ffi::{OsStr, OsString};
use std::io;
#[cfg(target_os = "linux")]
use std::os::linux::net::SocketAddrExt as _;
#[cfg(target_os = "linux")]
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};

/// What a supervisor may want to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// We listen.
    Ready,
    /// We were asked to stop and let open requests end.
    Stopping,
}

impl State {
    fn line(self) -> &'static [u8] {
        match self {
            Self::Ready => b"READY=1\n",
            Self::Stopping => b"STOPPING=1\n",
        }
    }
}

/// Says it, if the environment names somebody to say it to. Nobody listening is no reason not to serve.
pub(crate) fn tell(environment: &[(OsString, OsString)], state: State) {
    let named = environment.iter().find(|(name, _)| name == "NOTIFY_SOCKET");
    let Some((_, socket)) = named else { return };
    if let Err(error) = send(socket, state.line()) {
        tracing::warn!(event = "supervisor_deaf", kind = ?error.kind(), "NOTIFY_SOCKET does not take what we say");
    }
}

fn send(socket: &OsStr, line: &[u8]) -> io::Result<()> {
    UnixDatagram::unbound()?.send_to_addr(line, &address(socket)?).map(drop)
}

/// A path, or after `@` a name of Linux's abstract namespace.
fn address(socket: &OsStr) -> io::Result<SocketAddr> {
    #[cfg(target_os = "linux")]
    if let Some(name) = socket.as_bytes().strip_prefix(b"@") {
        return SocketAddr::from_abstract_name(name);
    }
    SocketAddr::from_pathname(socket)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_supervisor_hears_us_and_a_missing_one_is_no_trouble() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("notify");
        let supervisor = UnixDatagram::bind(&path).unwrap();
        supervisor.set_nonblocking(true).unwrap();
        let heard = || {
            let mut line = [0; 32];
            supervisor.recv(&mut line).map(|length| line[..length].to_vec()).unwrap_or_default()
        };
        let environment = [("NOTIFY_SOCKET".into(), path.clone().into())];
        tell(&environment, State::Ready);
        assert_eq!(heard(), b"READY=1\n");
        tell(&environment, State::Stopping);
        assert_eq!(heard(), b"STOPPING=1\n");
        tell(&[], State::Ready);
        assert_eq!(heard(), b"");
        std::fs::remove_file(path).unwrap();
        tell(&environment, State::Ready);
    }
}
