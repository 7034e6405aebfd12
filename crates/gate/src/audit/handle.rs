//! What the gate holds: places in the queue before a call, events after it, announcements before a write.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};

use aegis_ambient::Ambient;
use tokio::sync::oneshot;

use super::Settings;
use super::disk::{Disk, Machine};
use super::error::AuditError;
use super::event::Event;
use super::inbox::{Letterbox, inbox};
use super::key::{DigestKey, PublicKey, SigningKey};
use super::name::check_prefix;
use super::queue::{Health, Place, Queue};
use super::writer::{Message, Waiting, Writer};

/// The code of a call that ended without saying how: it was cancelled, or it panicked.
const ABANDONED: &str = "abandoned";

/// The record of this process. Clones are one.
#[derive(Clone)]
pub struct Audit {
    office: Arc<Office>,
}

struct Office {
    ambient: Ambient,
    queue: Arc<Queue>,
    inbox: Letterbox<Message>,
    public: PublicKey,
    digest: DigestKey,
    writer: Mutex<Option<JoinHandle<()>>>,
}

/// Proof that an event is on disk. Nothing else makes one.
#[derive(Debug)]
pub struct Announced {
    seq: u64,
}

impl Announced {
    /// The event's number in this process's chain.
    #[must_use]
    pub fn seq(&self) -> u64 {
        self.seq
    }
}

impl Audit {
    /// Starts a chain and the thread that writes it. The chain's first lines are on disk when this returns.
    ///
    /// # Errors
    /// A prefix, directory, key file or checkpoint file that cannot be used, named.
    pub fn open(settings: Settings, ambient: Ambient) -> Result<Self, AuditError> {
        Self::open_on(settings, ambient, Box::new(Machine))
    }

    pub(super) fn open_on(settings: Settings, ambient: Ambient, disk: Box<dyn Disk>) -> Result<Self, AuditError> {
        check_prefix(&settings.prefix)?;
        let unwritable = |source| AuditError::Directory { path: settings.directory.clone(), source };
        DirBuilder::new().recursive(true).mode(0o700).create(&settings.directory).map_err(unwritable)?;
        let key = SigningKey::open(&settings.key_file, &ambient)?;
        let (public, digest) = (key.public().clone(), key.digest_key().clone());
        let queue = Queue::new(settings.queue);
        let (letterbox, inbox) = inbox();
        let directory = settings.directory.clone();
        let writer = Writer::begin(settings, ambient.clone(), disk, key, Arc::clone(&queue), inbox)?;
        let thread = Builder::new()
            .name("audit".to_owned())
            .spawn(move || writer.run())
            .map_err(|source| AuditError::Directory { path: directory, source })?;
        let office = Office { ambient, queue, inbox: letterbox, public, digest, writer: Mutex::new(Some(thread)) };
        Ok(Self { office: Arc::new(office) })
    }

    /// Takes a place for the event of a call that is about to run, as far as it is known.
    ///
    /// # Errors
    /// [`AuditError::Busy`] when none is free, [`AuditError::Unavailable`] when the disk fails: the call must not run.
    pub fn reserve(&self, event: Event) -> Result<Slot, AuditError> {
        Ok(Slot { office: Arc::clone(&self.office), held: Some((self.place()?, event)) })
    }

    /// Writes an event and returns when it is on disk.
    ///
    /// # Errors
    /// As [`reserve`](Self::reserve), and [`AuditError::Unavailable`] when the write fails; the event is then recorded
    /// as failed as soon as that is possible.
    pub async fn announce(&self, event: Event) -> Result<Announced, AuditError> {
        let place = self.place()?;
        let (told, wait) = oneshot::channel();
        self.office.send(event, place, Some(told));
        match wait.await {
            Ok(Ok(seq)) => Ok(Announced { seq }),
            Ok(Err(code)) => Err(AuditError::Unavailable { code }),
            Err(_writer_gone) => Err(AuditError::Unavailable { code: Writer::CLOSED }),
        }
    }

    /// Records a refusal outside a call. Never waits and never fails: when there is no place, it is counted, and the
    /// count is recorded.
    pub fn note(&self, event: Event) {
        match self.office.queue.take_for_note() {
            Some(place) => self.office.send(event, place, None),
            None => self.office.queue.suppress(),
        }
    }

    /// Counts a refusal that is not worth a line of its own. The count is recorded with the next commit.
    pub fn count(&self) {
        self.office.queue.suppress();
    }

    /// Whether the record can be written.
    #[must_use]
    pub fn health(&self) -> Health {
        self.office.queue.health()
    }

    /// For the [`ArgumentsShape`](super::ArgumentsShape) of events.
    #[must_use]
    pub fn digest_key(&self) -> &DigestKey {
        &self.office.digest
    }

    /// The key that checkpoints are signed with.
    #[must_use]
    pub fn public_key(&self) -> &PublicKey {
        &self.office.public
    }

    /// Refuses new calls, waits two seconds at most for those that hold a slot, writes what waits, says `stopped`, signs.
    /// A second call finds nothing to do.
    pub async fn close(&self) {
        let Some(thread) = self.office.writer.lock().unwrap_or_else(PoisonError::into_inner).take() else { return };
        let (told, wait) = oneshot::channel();
        if self.office.inbox.leave(Message::Close(told), true) {
            let _gone = wait.await;
        }
        // It has said that it is done; there is nothing left to wait for.
        let _panicked = thread.join();
    }

    fn place(&self) -> Result<Place, AuditError> {
        match self.office.queue.health() {
            Health::Failing { code, .. } => Err(AuditError::Unavailable { code }),
            Health::Fine => self.office.queue.take().ok_or(AuditError::Busy),
        }
    }
}

impl Office {
    fn send(&self, event: Event, place: Place, told: Option<oneshot::Sender<Result<u64, &'static str>>>) {
        let ring = told.is_some() || self.queue.is_full();
        let waiting = Waiting { time: self.ambient.now(), event: event.capped(&self.digest), place, told };
        if !self.inbox.leave(Message::Record(Box::new(waiting)), ring) {
            tracing::error!("an audit event came after the record was closed");
        }
    }
}

/// A place in the queue, held while a call runs. Dropped without [`record`](Self::record) it records the call as failed
/// with code `abandoned`: so one that is cancelled or panics leaves one event too.
pub struct Slot {
    office: Arc<Office>,
    held: Option<(Place, Event)>,
}

impl Slot {
    /// Records the event of the call, with what is known only at its end. On disk within the flush time.
    pub fn record(mut self, outcome: impl FnOnce(&mut Event)) {
        if let Some((_, event)) = &mut self.held {
            outcome(event);
        }
        if let Some((place, event)) = self.held.take() {
            self.office.send(event, place, None);
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        if let Some((place, event)) = self.held.take() {
            self.office.send(event.failed(ABANDONED), place, None);
        }
    }
}
