//! Sessions of the revisions that have them (2025-03-26 to 2025-11-25). A session is a record: what its handshake
//! settled, and the requests whose answers were not read to their end. Each request is served by itself, so an idle
//! session holds no task and no queue.

use std::any::Any;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll};
use std::time::Duration;

use aegis_ambient::Ambient;
use aegis_gate::Origin;
use futures_util::{Stream, StreamExt, stream};
use http::request::Parts;
use rmcp::model::{
    ClientCapabilities, ClientJsonRpcMessage, ClientNotification, Implementation, InitializeRequestParams,
    ProtocolVersion, RequestId,
};
use serde_json::Value;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::exchange::{self, Exchange, REPLIES};
use super::outbox::{Left, Outbox, Reading};
use super::table::{Bounds, Entered, InUse, Table};
use super::wire;

/// Sessions of one owner, in all, and how long one may lie unused. A client that opens one for every call turns
/// its oldest out and never notices.
pub(crate) const BOUNDS: Bounds = Bounds { per_owner: 64, in_all: 2_048, idle: Duration::from_mins(5) };
/// Streams of one session that broke and are kept for their client to come back, and how long a finished one is.
const MAX_BROKEN: usize = 8;
const BROKEN_KEPT: Duration = Duration::from_mins(1);
/// Longest part of a client's name and version that is remembered, in characters.
const MAX_NAME_CHARS: usize = 64;
/// What the one event of a session's own stream is named.
pub(crate) const STANDING: &str = "0";
/// The first revision that tells a client at once where it can come back to; an event without a message is no surprise
/// to its clients (2025-11-25 basic/transports, Sending Messages to the Server).
const PRIMES_SINCE: &str = "2025-11-25";

/// The sessions there are.
pub(crate) type Sessions = Table<Session>;

/// Serves one request until its answer is told; dropping what comes back ends it.
pub(crate) type Serve =
    Arc<dyn Fn(Exchange, InitializeRequestParams, CancellationToken) -> Box<dyn Any + Send> + Send + Sync>;

/// One session. It ends when nobody holds it any more, the table included.
#[derive(Clone)]
pub(crate) struct Session(Arc<Ending>);

struct Ending(Arc<Record>);

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.end();
    }
}

/// What a session is made of.
pub(crate) struct Record {
    client: InitializeRequestParams,
    serve: Serve,
    ambient: Ambient,
    /// Ends the streams that no request waits for.
    stop: CancellationToken,
    ended: CancellationToken,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Requests there have been.
    requests: u64,
    /// Those whose answer was not read to its end.
    open: Vec<Open>,
}

struct Open {
    number: u64,
    id: RequestId,
    outbox: Arc<Outbox>,
    serving: Serving,
    /// Since when nobody reads it.
    broken: Option<Duration>,
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

/// What a message came to.
pub(crate) enum Accepted<S> {
    /// A request: what its client is told.
    Request(S),
    /// Nothing is to be answered.
    Taken,
}

/// Why a message was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SessionFault {
    /// Not a message the protocol knows.
    Malformed,
    /// A request of this id is being served (JSON-RPC 2.0 §4: the id tells whose an answer is).
    Twice,
}

/// An event: what its client names it by to come back, and its JSON. One without a message only tells the name.
pub(crate) struct Told {
    pub(crate) id: String,
    pub(crate) message: Option<Arc<str>>,
}

impl Session {
    /// After a handshake: what its client said, and the revision that was settled. `stop` ends the streams that no
    /// request waits for, `cut` everything.
    pub(crate) fn new(
        said: InitializeRequestParams,
        revision: ProtocolVersion,
        serve: Serve,
        ambient: Ambient,
        (stop, cut): (&CancellationToken, &CancellationToken),
    ) -> Self {
        let (stop, ended) = (stop.clone(), cut.child_token());
        let client = remembered(said, revision);
        Self(Arc::new(Ending(Arc::new(Record { client, serve, ambient, stop, ended, state: Mutex::default() }))))
    }

    /// Lets go of answers nobody came back for.
    pub(crate) fn sweep(&self) {
        let record = &self.0.0;
        let now = record.ambient.elapsed();
        let is_over = |open: &Open| {
            matches!(open.serving, Serving::Over)
                && open.broken.is_some_and(|since| now.saturating_sub(since) >= BROKEN_KEPT)
        };
        record.lock().open.retain(|open| !is_over(open));
    }
}

impl Entered<Session> {
    /// Takes a message of the client. `parts` say who sent this very message.
    ///
    /// # Errors
    /// [`SessionFault`].
    pub(crate) fn accept(
        &self,
        message: Value,
        mut parts: Parts,
    ) -> Result<Accepted<impl Stream<Item = Told> + Send + use<>>, SessionFault> {
        let record = &self.session.0.0;
        if let Some(origin) = parts.extensions.get_mut::<Origin>() {
            let client = &record.client.client_info;
            origin.client = Some(format!("{}/{}", client.name, client.version));
        }
        match wire::from_client(message, parts).ok_or(SessionFault::Malformed)? {
            message @ ClientJsonRpcMessage::Request(_) => {
                return record.serve(message, &self.in_use).map(Accepted::Request);
            }
            ClientJsonRpcMessage::Notification(notification) => {
                if let ClientNotification::CancelledNotification(cancelled) = notification.notification
                    && let Some(id) = cancelled.params.request_id
                {
                    record.cancel(&id);
                }
            }
            ClientJsonRpcMessage::Response(mut response) => {
                if let Some((number, id)) = exchange::asked(&response.id) {
                    response.id = id;
                    record.replied(number, ClientJsonRpcMessage::Response(response));
                }
            }
            ClientJsonRpcMessage::Error(mut error) => {
                if let Some((number, id)) = error.id.as_ref().and_then(exchange::asked) {
                    error.id = Some(id);
                    record.replied(number, ClientJsonRpcMessage::Error(error));
                }
            }
        }
        Ok(Accepted::Taken)
    }

    /// The session's own stream, on which nothing is told: what there is to say belongs to some request.
    pub(crate) fn standing(&self) -> impl Stream<Item = Told> + Send + use<> {
        let (record, in_use) = (&self.session.0.0, Arc::clone(&self.in_use));
        let first = record.primes().then(|| Told { id: STANDING.to_owned(), message: None });
        let (stop, ended) = (record.stop.clone(), record.ended.clone());
        let end = async move {
            let _in_use = in_use;
            tokio::select! {
                () = stop.cancelled() => (),
                () = ended.cancelled() => (),
            }
        };
        stream::iter(first).chain(stream::pending()).take_until(Box::pin(end))
    }

    /// The rest of a stream that broke, from this event on. None if there is no such stream, or nothing left of it.
    pub(crate) fn resume(&self, last_event_id: &str) -> Option<impl Stream<Item = Told> + Send + use<>> {
        let (index, number) = last_event_id.split_once('/')?;
        let (index, number): (u64, u64) = (index.parse().ok()?, number.parse().ok()?);
        let record = &self.session.0.0;
        let mut state = record.lock();
        let open = state.open.iter_mut().find(|open| open.number == number)?;
        open.broken = None;
        let reading = open.outbox.read(index.saturating_add(1));
        drop(state);
        Some(Reader::new(record, number, reading, Arc::clone(&self.in_use)))
    }
}

/// Of what a client said of itself no more is kept than is asked for later.
fn remembered(said: InitializeRequestParams, revision: ProtocolVersion) -> InitializeRequestParams {
    let cut = |text: String| text.chars().take(MAX_NAME_CHARS).collect::<String>();
    let mut can = ClientCapabilities::default();
    (can.roots, can.sampling, can.elicitation) =
        (said.capabilities.roots, said.capabilities.sampling, said.capabilities.elicitation);
    let client = Implementation::new(cut(said.client_info.name), cut(said.client_info.version));
    InitializeRequestParams::new(can, client).with_protocol_version(revision)
}

impl Record {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn primes(&self) -> bool {
        self.client.protocol_version.as_str() >= PRIMES_SINCE
    }

    /// Begins to serve a request.
    fn serve(
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
        let service = (self.serve)(exchange, self.client.clone(), self.ended.child_token());
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
        state.open.push(Open { number, id, outbox: Arc::clone(&outbox), serving, broken: None });
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
        let now = self.ambient.elapsed();
        let mut state = self.lock();
        if let Some(open) = state.find(number) {
            open.serving = Serving::Over;
            open.broken = open.broken.map(|_| now);
        }
        state.bound();
    }

    /// Its client wants no answer any more.
    fn cancel(&self, id: &RequestId) {
        let mut state = self.lock();
        let running = |open: &Open| open.id == *id && !matches!(open.serving, Serving::Over);
        if let Some(position) = state.open.iter().position(running) {
            state.open.swap_remove(position).outbox.cut();
        }
    }

    /// The client's reply to a question of this request.
    fn replied(&self, number: u64, reply: ClientJsonRpcMessage) {
        if let Some(Open { serving: Serving::Runs(replies, _), .. }) = self.lock().find(number) {
            // One that nobody waits for is dropped.
            let _ = replies.try_send(Box::new(reply));
        }
    }

    /// A reader went.
    fn left(&self, number: u64, left: Left) {
        let mut state = self.lock();
        match left {
            Left::Nothing => state.open.retain(|open| open.number != number),
            Left::Rest => {
                let now = self.ambient.elapsed();
                if let Some(open) = state.find(number) {
                    open.broken = Some(now);
                }
                state.bound();
            }
            Left::ToAnother => (),
        }
    }

    fn end(&self) {
        self.ended.cancel();
        let open = std::mem::take(&mut self.lock().open);
        for Open { outbox, .. } in open {
            outbox.cut();
        }
    }
}

impl State {
    fn find(&mut self, number: u64) -> Option<&mut Open> {
        self.open.iter_mut().find(|open| open.number == number)
    }

    /// Lets the oldest answer go that nobody came back for, where there are too many.
    fn bound(&mut self) {
        let left = self.open.iter().filter(|open| open.broken.is_some() && matches!(open.serving, Serving::Over));
        if left.clone().count() > MAX_BROKEN
            && let Some(oldest) = left.min_by_key(|open| open.broken).map(|open| open.number)
        {
            self.open.retain(|open| open.number != oldest);
        }
    }
}

/// Reads one request's stream.
struct Reader {
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
            session.left(self.number, self.reading.left());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use aegis_ambient::FrozenClock;
    use aegis_gate::Catalog;
    use aegis_testkit::TestGate;
    use futures_util::FutureExt as _;
    use http::Request;
    use rmcp::model::{ServerJsonRpcMessage, ServerResult};
    use rmcp::transport::Transport as _;
    use serde_json::json;

    use super::*;

    type Served = Arc<Mutex<BTreeMap<u64, Exchange>>>;
    type Events<'a> = Pin<Box<dyn Stream<Item = Told> + Send + 'a>>;

    /// A session whose requests are answered when the test says so.
    struct Scene {
        entered: Entered<Session>,
        served: Served,
        clock: FrozenClock,
    }

    impl Scene {
        async fn new() -> Self {
            let (ambient, clock) = Ambient::frozen("2026-11-21T12:00:00Z".parse().unwrap());
            let served = Served::default();
            let serve: Serve = Arc::new({
                let served = Arc::clone(&served);
                move |exchange, client, _| {
                    assert_eq!(client.client_info.name.len(), MAX_NAME_CHARS);
                    served.lock().unwrap().insert(exchange.number, exchange);
                    Box::new(())
                }
            });
            let gate = TestGate::start(Catalog::default()).await.unwrap();
            let owner = Arc::clone(gate.principal("alice").await.unwrap().owner());
            let client = Implementation::new("n".repeat(99), "1");
            let said = InitializeRequestParams::new(ClientCapabilities::default(), client);
            let (stop, cut) = (CancellationToken::new(), CancellationToken::new());
            let session = Session::new(said, ProtocolVersion::V_2025_11_25, serve, ambient.clone(), (&stop, &cut));
            let table = Table::new(BOUNDS, ambient);
            let place = table.reserve(&owner).unwrap();
            let id = Arc::clone(place.id());
            drop(place.fill(session, None));
            Self { entered: table.enter(&owner, &id).unwrap(), served, clock }
        }

        fn send(&self, message: Value) -> Result<Option<Events<'_>>, SessionFault> {
            let parts = Request::new(()).into_parts().0;
            Ok(match self.entered.accept(message, parts)? {
                Accepted::Request(events) => Some(Box::pin(events)),
                Accepted::Taken => None,
            })
        }

        fn ask(&self, id: u64) -> Events<'_> {
            self.send(json!({"jsonrpc": "2.0", "id": id, "method": "ping"})).unwrap().unwrap()
        }

        async fn answer(&self, number: u64, id: u32) {
            let mut exchange = self.served.lock().unwrap().remove(&number).unwrap();
            assert!(matches!(exchange.receive().await, Some(ClientJsonRpcMessage::Request(_))));
            let answer = ServerJsonRpcMessage::response(ServerResult::empty(()), RequestId::Number(id.into()));
            exchange.send(answer).await.unwrap();
        }

        /// The ids of what comes after this event; none where there is nothing to come back for.
        fn resumed(&self, last: &str) -> Option<Vec<String>> {
            self.entered.resume(last).map(|events| ids(&mut Box::pin(events)))
        }
    }

    fn ids(events: &mut (impl Stream<Item = Told> + Unpin)) -> Vec<String> {
        std::iter::from_fn(|| events.next().now_or_never().flatten()).map(|told| told.id).collect()
    }

    #[tokio::test]
    async fn h17_an_answer_nobody_read_is_kept_for_a_minute_and_read_once() {
        let scene = Scene::new().await;
        let mut events = scene.ask(7);
        assert_eq!(ids(&mut events), ["0/0"], "where to come back to");
        drop(events);
        assert_eq!(scene.send(json!({"jsonrpc": "2.0", "id": 7, "method": "ping"})).err(), Some(SessionFault::Twice));
        scene.clock.advance(Duration::from_hours(1));
        scene.entered.session.sweep();
        scene.answer(0, 7).await;
        scene.clock.advance(BROKEN_KEPT / 2);
        scene.entered.session.sweep();
        assert_eq!(scene.resumed("0/0").unwrap(), ["1/0"], "the minute begins with the answer");
        assert_eq!(scene.resumed("0/0"), None, "it was read");

        drop(scene.ask(8));
        scene.answer(1, 8).await;
        scene.clock.advance(BROKEN_KEPT);
        scene.entered.session.sweep();
        assert_eq!(scene.resumed("0/1"), None, "nobody came");
        for forged in ["", "0", "0/9", "x/0", "0/x", "/", "-1/0"] {
            assert_eq!(scene.resumed(forged), None, "{forged}");
        }
    }

    #[tokio::test]
    async fn h17_of_many_broken_streams_the_oldest_answer_is_given_up() {
        let scene = Scene::new().await;
        for number in 0..10 {
            drop(scene.ask(number));
            scene.clock.advance(Duration::from_secs(1));
        }
        for number in 0..10 {
            scene.answer(number, u32::try_from(number).unwrap()).await;
            scene.clock.advance(Duration::from_secs(1));
        }
        let kept = (0..10).filter(|number| scene.resumed(&format!("0/{number}")).is_some());
        assert_eq!(kept.collect::<Vec<_>>(), (2..10).collect::<Vec<_>>());
    }

    #[tokio::test]
    async fn h18_what_is_cancelled_is_served_no_longer_and_says_nothing() {
        let scene = Scene::new().await;
        let mut events = scene.ask(7);
        let cancel = json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 7}});
        assert!(scene.send(cancel).unwrap().is_none());
        assert!(events.next().await.is_none());
        assert_eq!(scene.resumed("0/0"), None);
        scene.answer(0, 7).await;
        assert_eq!(scene.resumed("0/0"), None, "an answer that comes all the same is nobody's");
    }

    #[tokio::test]
    async fn a_reply_goes_to_the_request_that_asked_and_the_end_of_a_session_ends_its_streams() {
        let scene = Scene::new().await;
        let (mut first, _second) = (scene.ask(7), scene.ask(8));
        for (name, reaches) in [("1.0", true), ("9.0", false), ("0", false)] {
            scene.send(json!({"jsonrpc": "2.0", "id": name, "result": {}})).unwrap();
            let mut served = scene.served.lock().unwrap();
            let replies = &mut served.get_mut(&1).unwrap().replies;
            let reached = replies.try_recv().is_ok_and(
                |reply| matches!(*reply, ClientJsonRpcMessage::Response(reply) if reply.id == RequestId::Number(0)),
            );
            assert_eq!(reached, reaches, "{name}");
            assert!(served.get_mut(&0).unwrap().replies.try_recv().is_err(), "the other did not ask");
        }
        let mut standing = Box::pin(scene.entered.standing());
        assert_eq!(ids(&mut standing), [STANDING]);
        scene.entered.session.0.0.end();
        assert!(first.next().await.is_none() && standing.next().await.is_none());
        assert_eq!(scene.send(json!({"jsonrpc": "2.0", "method": 7})).err(), Some(SessionFault::Malformed));
    }
}
