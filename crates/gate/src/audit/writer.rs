//! The one thread that writes: it gathers what comes within the flush time, or at once when somebody waits, and puts it
//! on disk with one write, one sync and one signature.

mod commit;

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::RecvTimeoutError;
use std::time::Duration;

use aegis_ambient::{Ambient, Timestamp};
use tokio::sync::oneshot;

use super::Settings;
use super::chain::Chain;
use super::disk::Disk;
use super::error::AuditError;
use super::event::Event;
use super::inbox::Inbox;
use super::key::SigningKey;
use super::queue::{Health, Place, Queue};

/// How often an idle writer looks round for refusals counted and files grown old.
const IDLE_MS: u64 = 1000;
/// The wait after a first failure; doubled up to [`IDLE_MS`].
const BACKOFF_MS: u64 = 20;
/// Closing waits this often, this long, for calls that still hold a slot and for a disk that fails.
const CLOSE_TURNS: u32 = 200;
const CLOSE_TURN_MS: u64 = 10;

/// What comes to the writer.
pub(super) enum Message {
    Record(Box<Waiting>),
    Close(oneshot::Sender<()>),
}

/// An event on its way to disk.
pub(super) struct Waiting {
    pub(super) time: Timestamp,
    pub(super) event: Event,
    pub(super) place: Place,
    /// Told the event's number once it is on disk, or the code of the failure.
    pub(super) told: Option<oneshot::Sender<Result<u64, &'static str>>>,
}

/// Why a commit did not happen.
struct Fault {
    code: &'static str,
    source: io::Error,
}

struct Failing {
    since: Timestamp,
    code: &'static str,
    backoff: Duration,
}

pub(super) struct Writer {
    settings: Settings,
    ambient: Ambient,
    disk: Box<dyn Disk>,
    key: SigningKey,
    queue: Arc<Queue>,
    inbox: Inbox<Message>,
    chain: Chain,
    pending: VecDeque<Waiting>,
    /// Signed lines the second place has not got yet.
    owed: Vec<u8>,
    failing: Option<Failing>,
    /// Somebody waits for the disk.
    urgent: bool,
    closing: Option<oneshot::Sender<()>>,
    /// No one is left who could send.
    deserted: bool,
    /// When files grown old are looked for next.
    retire_at: Duration,
}

/// What has to be said even if the thread ends by a panic: that nothing is written any more.
struct Farewell {
    queue: Arc<Queue>,
    ambient: Ambient,
}

impl Drop for Farewell {
    fn drop(&mut self) {
        self.queue.set_health(Health::Failing { since: self.ambient.now(), code: Writer::CLOSED });
    }
}

impl Writer {
    /// The code of a record that was closed.
    pub(super) const CLOSED: &'static str = "audit_closed";

    /// Makes the chain and puts its first lines on disk.
    pub(super) fn begin(
        settings: Settings,
        ambient: Ambient,
        mut disk: Box<dyn Disk>,
        key: SigningKey,
        queue: Arc<Queue>,
        inbox: Inbox<Message>,
    ) -> Result<Self, AuditError> {
        let unwritable = |source| AuditError::Directory { path: settings.directory.clone(), source };
        let chain = Chain::begin(&settings.directory, &settings.prefix, &ambient, disk.as_mut()).map_err(unwritable)?;
        let mut writer = Self {
            retire_at: ambient.elapsed(),
            settings,
            ambient,
            disk,
            key,
            queue,
            inbox,
            chain,
            pending: VecDeque::new(),
            owed: Vec::new(),
            failing: None,
            urgent: false,
            closing: None,
            deserted: false,
        };
        writer.start()?;
        Ok(writer)
    }

    /// Until the record is closed, or dropped.
    pub(super) fn run(mut self) {
        let _farewell = Farewell { queue: Arc::clone(&self.queue), ambient: self.ambient.clone() };
        while self.closing.is_none() && !self.deserted {
            self.gather();
            self.flush();
            self.retire_when_due();
        }
        self.finish();
    }

    /// Takes what comes until it is time to write: the flush time after the first event, or at once when somebody waits.
    fn gather(&mut self) {
        let idle = Duration::from_millis(IDLE_MS);
        let mut wait = self.failing.as_ref().map_or(idle, |failing| failing.backoff);
        if self.pending.is_empty() && self.failing.is_none() {
            match self.inbox.next(idle) {
                Ok(message) => self.accept(message),
                Err(RecvTimeoutError::Timeout) => return,
                Err(RecvTimeoutError::Disconnected) => self.deserted = true,
            }
            wait = Duration::from_millis(self.settings.flush_ms);
        }
        let until = self.ambient.elapsed().saturating_add(wait);
        loop {
            while let Some(message) = self.inbox.ready() {
                self.accept(message);
            }
            let left = until.saturating_sub(self.ambient.elapsed());
            if self.must_write() || left.is_zero() {
                return;
            }
            self.deserted |= self.inbox.bell(left) == Err(RecvTimeoutError::Disconnected);
        }
    }

    fn must_write(&self) -> bool {
        let full = self.queue.is_full() && !self.pending.is_empty();
        self.closing.is_some() || self.deserted || (self.failing.is_none() && (self.urgent || full))
    }

    fn accept(&mut self, message: Message) {
        match message {
            Message::Record(waiting) => {
                self.urgent |= waiting.told.is_some();
                self.pending.push_back(*waiting);
            }
            Message::Close(told) => {
                self.queue.set_health(Health::Failing { since: self.ambient.now(), code: Self::CLOSED });
                self.closing = Some(told);
            }
        }
    }

    /// Writes what waits, and keeps account of whether that works.
    fn flush(&mut self) {
        match self.write_pending() {
            Ok(()) if self.closing.is_none() => self.queue.set_health(Health::Fine),
            Ok(()) => {}
            Err(fault) => self.fail(&fault),
        }
        self.urgent = false;
    }

    /// Those who wait are told no, and what they announced will stand on record as failed.
    fn fail(&mut self, fault: &Fault) {
        let failing = if let Some(known) = self.failing.take() {
            Failing { backoff: (known.backoff * 2).min(Duration::from_millis(IDLE_MS)), ..known }
        } else {
            tracing::error!(code = fault.code, error = %fault.source, "the audit record cannot be written");
            Failing { since: self.ambient.now(), code: fault.code, backoff: Duration::from_millis(BACKOFF_MS) }
        };
        if self.closing.is_none() {
            self.queue.set_health(Health::Failing { since: failing.since, code: failing.code });
        }
        self.failing = Some(failing);
        for waiting in &mut self.pending {
            if let Some(told) = waiting.told.take() {
                waiting.event = waiting.event.clone().failed("audit_unavailable");
                let _cancelled = told.send(Err(fault.code));
            }
        }
    }

    /// Waits for slots still held, writes everything, says `stopped`.
    fn finish(mut self) {
        for _ in 0..CLOSE_TURNS {
            if self.queue.taken() <= self.pending.len() && self.write_pending().and_then(|()| self.stop()).is_ok() {
                break;
            }
            if let Ok(message) = self.inbox.next(Duration::from_millis(CLOSE_TURN_MS)) {
                self.accept(message);
            }
        }
        if let Some(told) = self.closing.take() {
            let _gone = told.send(());
        }
    }
}
