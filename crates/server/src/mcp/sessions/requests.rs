//! The requests of a session: those that are served, and those whose answer may still be asked for.

use std::any::Any;
use std::pin::Pin;
use std::sync::{Arc, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::{Stream, StreamExt};
use rmcp::model::{ClientJsonRpcMessage, RequestId};
use tokio::sync::{OwnedSemaphorePermit, mpsc};

use super::{PRIMES_SINCE, Record, Session, SessionFault, Told};
use crate::mcp::exchange::{Exchange, REPLIES};
use crate::mcp::outbox::{Left, Outbox, Reading};
use crate::mcp::table::InUse;

/// Answers of one session that are kept for its client to come back.
pub(super) const MAX_KEPT: usize = 8;
/// How long: one that was not handed to a connection, and one that was. A connection may break before it passed it on.
pub(super) const UNREAD_KEPT: Duration = Duration::from_mins(1);
pub(super) const READ_KEPT: Duration = Duration::from_secs(10);

#[derive(Default)]
pub(super) struct Requests {
    /// Requests there have been.
    requests: u64,
    /// Those whose answer is to come, is being read, or may be asked for again.
    open: Vec<Open>,
}

struct Open {
    number: u64,
    id: RequestId,
    outbox: Arc<Outbox>,
    serving: Serving,
    unread: Option<Unread>,
}

/// Nobody reads it, for as long as nobody comes back.
struct Unread {
    /// Whether it was handed to its connection.
    handed: bool,
    /// When it is given up, once it is over.
    until: Duration,
    /// What it takes of the room, once it is over.
    #[expect(dead_code, reason = "held for its drop")]
    room: Option<OwnedSemaphorePermit>,
}

/// How far a request is.
enum Serving {
    /// What serves it is being started.
    Begins,
    /// The way to it for what its client replies. Dropping the service ends it.
    Runs(
        mpsc::Sender<Box<ClientJsonRpcMessage>>,
        #[expect(dead_code, reason = "held for its drop")] Box<dyn Any + Send>,
    ),
    /// Its answer is told.
    Over,
}

impl Record {
    pub(super) fn lock(&self) -> MutexGuard<'_, Requests> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn primes(&self) -> bool {
        self.client.protocol_version.as_str() >= PRIMES_SINCE
    }

    /// Begins to serve a request.
    pub(super) fn serve(
        self: &Arc<Self>,
        message: ClientJsonRpcMessage,
        in_use: &Arc<InUse<Session>>,
    ) -> Result<Reader, SessionFault> {
        let ClientJsonRpcMessage::Request(request) = &message else { return Err(SessionFault::Malformed) };
        let (number, outbox) = self.open(&request.id)?;
        let reading = outbox.read(0);
        if self.primes() {
            outbox.tell(None, true);
        }
        let (sender, replies) = mpsc::channel(REPLIES);
        let (session, message) = (Arc::downgrade(self), Some(message));
        let exchange = Exchange { number, message, replies, outbox, session, in_use: Arc::clone(in_use) };
        let service = (self.house.serve)(exchange, self.client.clone(), self.ended.child_token());
        self.runs(number, Serving::Runs(sender, service));
        Ok(Reader::new(self, number, reading, Arc::clone(in_use)))
    }

    fn open(&self, id: &RequestId) -> Result<(u64, Arc<Outbox>), SessionFault> {
        let mut state = self.lock();
        if state.open.iter().any(|open| open.id == *id && !matches!(open.serving, Serving::Over)) {
            return Err(SessionFault::Twice);
        }
        let (number, outbox) = (state.requests, Arc::new(Outbox::default()));
        let (id, serving) = (id.clone(), Serving::Begins);
        state.requests = state.requests.saturating_add(1);
        state.open.push(Open { number, id, outbox: Arc::clone(&outbox), serving, unread: None });
        drop(state);
        Ok((number, outbox))
    }

    /// It is served, unless it was answered or given up already.
    fn runs(&self, number: u64, runs: Serving) {
        if let Some(open) = self.lock().find(number).filter(|open| matches!(open.serving, Serving::Begins)) {
            open.serving = runs;
        }
    }

    /// Its answer is told. From now on it waits for its reader alone.
    pub(crate) fn answered(&self, number: u64) {
        let mut state = self.lock();
        if let Some(open) = state.find(number).filter(|open| !matches!(open.serving, Serving::Over)) {
            open.serving = Serving::Over;
            if open.unread.is_some() {
                self.keep(&mut state, number, false);
            }
        }
    }

    /// Its client wants no answer any more.
    pub(super) fn cancel(&self, id: &RequestId) {
        let mut state = self.lock();
        let running = |open: &Open| open.id == *id && !matches!(open.serving, Serving::Over);
        if let Some(position) = state.open.iter().position(running) {
            state.open.swap_remove(position).outbox.cut();
        }
    }

    /// The client's reply to a question of this request.
    pub(super) fn replied(&self, number: u64, reply: ClientJsonRpcMessage) {
        if let Some(Open { serving: Serving::Runs(replies, _), .. }) = self.lock().find(number) {
            // One that nobody waits for is dropped.
            let _ = replies.try_send(Box::new(reply));
        }
    }

    /// The rest of a request's stream, after this event.
    pub(super) fn resume(self: &Arc<Self>, number: u64, index: u64, in_use: &Arc<InUse<Session>>) -> Option<Reader> {
        let mut state = self.lock();
        let open = state.find(number)?;
        open.unread = None;
        let reading = open.outbox.read(index.saturating_add(1));
        drop(state);
        Some(Reader::new(self, number, reading, Arc::clone(in_use)))
    }

    /// Lets go of answers nobody came back for.
    pub(super) fn sweep(&self) {
        let now = self.house.ambient.elapsed();
        let is_over = |open: &Open| {
            matches!(open.serving, Serving::Over) && open.unread.as_ref().is_some_and(|unread| unread.until <= now)
        };
        self.lock().open.retain(|open| !is_over(open));
    }

    /// A reader went.
    fn left(&self, number: u64, reading: &Reading) {
        let mut state = self.lock();
        match reading.left() {
            Left::Nothing => self.keep(&mut state, number, true),
            Left::Rest => self.keep(&mut state, number, false),
            Left::ToAnother => (),
        }
    }

    /// Keeps what nobody reads for its client to come back, as long as there is room.
    fn keep(&self, state: &mut Requests, number: u64, handed: bool) {
        let now = self.house.ambient.elapsed();
        let Some(open) = state.find(number) else { return };
        let until = now.saturating_add(if handed { READ_KEPT } else { UNREAD_KEPT });
        let over = matches!(open.serving, Serving::Over);
        let bytes = u32::try_from(open.outbox.bytes()).unwrap_or(u32::MAX);
        let room = if over { Arc::clone(&self.house.room).try_acquire_many_owned(bytes).ok() } else { None };
        let fits = !over || room.is_some();
        open.unread = Some(Unread { handed, until, room });
        let kept = || state.open.iter().filter(|open| matches!(open.serving, Serving::Over) && open.unread.is_some());
        if !fits {
            state.open.retain(|open| open.number != number);
        } else if kept().count() > MAX_KEPT {
            // What was handed to its connection goes first, then the oldest.
            let worth = |open: &&Open| open.unread.as_ref().map(|unread| (!unread.handed, unread.until));
            let least = kept().min_by_key(worth).map(|open| open.number);
            state.open.retain(|open| Some(open.number) != least);
        }
    }

    pub(super) fn end(&self) {
        self.ended.cancel();
        let open = std::mem::take(&mut self.lock().open);
        for Open { outbox, .. } in open {
            outbox.cut();
        }
    }
}

impl Requests {
    fn find(&mut self, number: u64) -> Option<&mut Open> {
        self.open.iter_mut().find(|open| open.number == number)
    }
}

/// Reads one request's stream.
pub(super) struct Reader {
    reading: Reading,
    number: u64,
    session: Weak<Record>,
    #[expect(dead_code, reason = "a session somebody reads from is in use")]
    in_use: Arc<InUse<Session>>,
}

impl Reader {
    fn new(session: &Arc<Record>, number: u64, reading: Reading, in_use: Arc<InUse<Session>>) -> Self {
        Self { reading, number, session: Arc::downgrade(session), in_use }
    }
}

impl Stream for Reader {
    type Item = Told;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Told>> {
        let number = self.number;
        let told = |(index, message)| Told { id: format!("{index}/{number}"), message };
        self.reading.poll_next_unpin(context).map(|event| event.map(told))
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        if let Some(session) = self.session.upgrade() {
            session.left(self.number, &self.reading);
        }
    }
}
