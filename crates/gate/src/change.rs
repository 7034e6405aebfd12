//! What changed for whoever listens: lists and resources, by name only. Who may hear of it is decided where it is
//! passed on.

use tokio::sync::broadcast::{Receiver, Sender, channel};

/// Changes a slow listener may be behind. Beyond that it is told that everything changed.
const BEHIND: usize = 64;

/// Something that clients may have kept is no longer so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// The list of tools.
    Tools,
    /// The list of prompts.
    Prompts,
    /// The list of resources.
    Resources,
    /// What is read at this URI.
    Resource(String),
}

impl Change {
    /// Every list.
    pub const LISTS: [Self; 3] = [Self::Tools, Self::Prompts, Self::Resources];
}

/// Tells every listener of every change.
pub(crate) struct Changes(Sender<Change>);

impl Default for Changes {
    fn default() -> Self {
        Self(channel(BEHIND).0)
    }
}

impl Changes {
    pub(crate) fn tell(&self, change: Change) {
        // An error means that nobody listens.
        let _ = self.0.send(change);
    }

    pub(crate) fn listen(&self) -> Receiver<Change> {
        self.0.subscribe()
    }
}
