//! Signals. SIGTERM or Ctrl-C asks the process to stop, the same again ends it at once; SIGHUP asks it to read its
//! files again.

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// Exit status after a second signal, as a shell would say of SIGINT.
const ENDED_AT_ONCE: i32 = 130;

/// A token that is cancelled at the first signal.
///
/// # Errors
/// The signals cannot be listened for.
pub(crate) fn on_signal() -> std::io::Result<CancellationToken> {
    let stop = CancellationToken::new();
    let stopped = stop.clone();
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::spawn(async move {
        for last in [false, true] {
            tokio::select! {
                _ = terminate.recv() => (),
                _ = interrupt.recv() => (),
            }
            if last {
                std::process::exit(ENDED_AT_ONCE);
            }
            stopped.cancel();
        }
    });
    Ok(stop)
}

/// SIGHUP, each time it comes.
///
/// # Errors
/// The signal cannot be listened for.
pub(crate) fn on_hangup() -> std::io::Result<Signal> {
    signal(SignalKind::hangup())
}
