//! The way from calls to the writer. A message that can wait for the next commit does not wake the writer, which would
//! cost a switch of thread at every call; the bell does, and is rung when somebody waits or no place is left.

use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender, SyncSender};
use std::time::Duration;

/// The senders' end.
pub(super) struct Letterbox<M> {
    messages: Sender<M>,
    bell: SyncSender<()>,
}

/// The writer's end.
pub(super) struct Inbox<M> {
    messages: Receiver<M>,
    bell: Receiver<()>,
}

/// Both ends.
pub(super) fn inbox<M>() -> (Letterbox<M>, Inbox<M>) {
    let (send, messages) = mpsc::channel();
    let (ring, bell) = mpsc::sync_channel(1);
    (Letterbox { messages: send, bell: ring }, Inbox { messages, bell })
}

impl<M> Letterbox<M> {
    /// Leaves a message, and rings where it cannot wait. False: nobody is there to read it.
    pub(super) fn leave(&self, message: M, ring: bool) -> bool {
        let left = self.messages.send(message).is_ok();
        if ring {
            // A bell that rings already says the same.
            let _rings = self.bell.try_send(());
        }
        left
    }
}

impl<M> Inbox<M> {
    /// The next message, waited for.
    pub(super) fn next(&self, wait: Duration) -> Result<M, RecvTimeoutError> {
        self.messages.recv_timeout(wait)
    }

    /// A message that is there.
    pub(super) fn ready(&self) -> Option<M> {
        self.messages.try_recv().ok()
    }

    /// Waits for the bell. One rung for what was read meanwhile ends the wait too early, never too late.
    pub(super) fn bell(&self, wait: Duration) -> Result<(), RecvTimeoutError> {
        self.bell.recv_timeout(wait)
    }
}
