//! Sessions whose requests are answered when the test says so.

use std::collections::BTreeMap;
use std::pin::Pin;

use aegis_ambient::FrozenClock;
use aegis_gate::Catalog;
use aegis_testkit::TestGate;
use futures_util::FutureExt as _;
use http::Request;
use rmcp::model::{RequestId, ServerJsonRpcMessage, ServerResult};
use rmcp::transport::Transport as _;
use serde_json::json;

use super::requests::{READ_KEPT, UNREAD_KEPT};
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
        let house = House::new(serve, ambient.clone(), stop, cut);
        let session = Session::new(said, ProtocolVersion::V_2025_11_25, house);
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
async fn h17_an_answer_nobody_read_is_kept_for_a_minute_and_one_that_was_for_seconds() {
    let scene = Scene::new().await;
    let mut events = scene.ask(7);
    assert_eq!(ids(&mut events), ["0/0"], "where to come back to");
    drop(events);
    assert_eq!(scene.send(json!({"jsonrpc": "2.0", "id": 7, "method": "ping"})).err(), Some(SessionFault::Twice));
    scene.clock.advance(Duration::from_hours(1));
    scene.entered.session.sweep();
    scene.answer(0, 7).await;
    scene.clock.advance(UNREAD_KEPT / 2);
    scene.entered.session.sweep();
    assert_eq!(scene.resumed("0/0").unwrap(), ["1/0"], "the minute begins with the answer");
    assert_eq!(scene.resumed("0/0").unwrap(), ["1/0"], "its connection may have broken too");
    assert_eq!(scene.resumed("99999/0").unwrap(), Vec::<String>::new());
    assert_eq!(scene.resumed("0/0").unwrap(), ["1/0"], "who says to have more than there was takes nothing away");
    scene.clock.advance(READ_KEPT);
    scene.entered.session.sweep();
    assert_eq!(scene.resumed("0/0"), None, "it was read");

    drop(scene.ask(8));
    scene.answer(1, 8).await;
    scene.clock.advance(UNREAD_KEPT);
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
async fn h08_what_is_kept_has_room_in_all() {
    let scene = Scene::new().await;
    let room = Arc::clone(&scene.entered.session.0.0.house.room);
    let mut kept = Vec::new();
    for (number, taken) in [(0, MAX_KEPT_BYTES), (1, MAX_KEPT_BYTES - 1_000)] {
        let taken = Arc::clone(&room).try_acquire_many_owned(u32::try_from(taken).unwrap()).unwrap();
        drop(scene.ask(number));
        scene.answer(number, u32::try_from(number).unwrap()).await;
        kept.push(scene.resumed(&format!("0/{number}")).is_some());
        drop(taken);
    }
    assert_eq!(kept, [false, true]);
    assert!(room.available_permits() < MAX_KEPT_BYTES);
    scene.clock.advance(READ_KEPT);
    scene.entered.session.sweep();
    assert_eq!(room.available_permits(), MAX_KEPT_BYTES, "what is let go gives its room back");
}

#[tokio::test]
async fn h17_a_request_whose_service_is_gone_ends_its_stream_and_frees_its_id() {
    let scene = Scene::new().await;
    let mut events = scene.ask(7);
    drop(scene.served.lock().unwrap().remove(&0));
    assert_eq!(ids(&mut events), ["0/0"]);
    assert!(events.next().await.is_none());
    drop(scene.ask(7));
}

#[tokio::test]
async fn h17_standing_streams_of_a_session_are_counted() {
    let scene = Scene::new().await;
    let mut standing: Vec<_> = std::iter::from_fn(|| scene.entered.standing()).take(20).collect();
    assert_eq!(standing.len(), MAX_STANDING);
    standing.pop();
    assert!(scene.entered.standing().is_some());
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
    let mut standing = Box::pin(scene.entered.standing().unwrap());
    assert_eq!(ids(&mut standing), [STANDING]);
    scene.entered.session.end();
    assert!(first.next().await.is_none() && standing.next().await.is_none());
    assert_eq!(scene.send(json!({"jsonrpc": "2.0", "method": 7})).err(), Some(SessionFault::Malformed));
}
