//! The deadline of a call whose person thinks: their time is not the call's, however their questions begin and end.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::sync::Arc;
use std::time::Duration;

use aegis_ambient::{Ambient, FrozenClock};
use aegis_gate::{
    ASK_FOR, Account, Ask, Asking, Back, Call, CallError, Catalog, Output, Progress, Question, ReadPermit, ReadTool,
    Reply, Scope, ToolError, ToolSpec, Toolset,
};
use aegis_testkit::{Setup, TestGate};
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, join};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use tokio::time::{sleep, timeout};

const MINUTE: Duration = Duration::from_mins(1);
/// A second more than the gate's deadline for a call is here.
const TOO_LONG: Duration = Duration::from_secs(31);

#[derive(Deserialize, JsonSchema)]
struct How {
    how: String,
}

#[derive(Serialize, JsonSchema)]
struct Said {
    said: String,
}

impl Output for Said {
    const UNTRUSTED: bool = false;
}

fn question(key: &'static str) -> Question {
    Question { key, message: format!("Shall I {key}?"), fields: Vec::new() }
}

/// Asks, in each of several ways.
struct Waits;

impl ReadTool for Waits {
    const SPEC: ToolSpec = ToolSpec {
        name: "waits",
        title: "Test",
        description: "Test.",
        toolset: Toolset::Context,
        scope: Scope::ReadRepository,
        endpoints: &[],
        aliases: &[],
    };
    type Arguments = How;
    type Output = Said;
    type Target = Account;

    fn target(_: &How) -> Result<Account, ToolError> {
        Ok(Account)
    }

    async fn run(permit: &ReadPermit<Account>, arguments: &How) -> Result<Said, ToolError> {
        let both = || async {
            let (soon, late) = join(permit.ask(question("soon")), permit.ask(question("late"))).await;
            soon.and(late)
        };
        let reply = match arguments.how.as_str() {
            "one after the other" => {
                permit.ask(question("late")).await?;
                permit.ask(question("late")).await?
            }
            "both at once" => both().await?,
            "both at once and then too long" => {
                both().await?;
                sleep(TOO_LONG).await;
                Reply::Declined
            }
            "too long" => {
                let reply = permit.ask(question("late")).await?;
                sleep(TOO_LONG).await;
                reply
            }
            "given up" => {
                assert!(timeout(MINUTE, permit.ask(question("late"))).await.is_err());
                permit.ask(question("soon")).await?
            }
            "given up and then too long" => {
                assert!(timeout(MINUTE, permit.ask(question("late"))).await.is_err());
                sleep(TOO_LONG).await;
                Reply::Declined
            }
            _ => permit.ask(question("never")).await?,
        };
        Ok(Said { said: format!("{reply:?}") })
    }
}

/// A person who says yes, sooner or later.
struct Thinker;

impl Back for Thinker {
    fn progress(&self, _: Progress) -> BoxFuture<'_, ()> {
        std::future::ready(()).boxed()
    }

    fn ask<'a>(&'a self, question: &'a Question) -> BoxFuture<'a, Option<Value>> {
        async move {
            match question.key {
                "soon" => sleep(MINUTE).await,
                "late" => sleep(4 * MINUTE).await,
                _ => std::future::pending().await,
            }
            Some(json!({"action": "accept", "content": {}}))
        }
        .boxed()
    }
}

/// Moves the gate's clock with the runtime's, and says how far.
async fn ticking<F: Future>(clock: &FrozenClock, run: F) -> (F::Output, Duration) {
    const TICK: Duration = Duration::from_millis(500);
    let (mut run, mut took) = (std::pin::pin!(run), Duration::ZERO);
    loop {
        if let Ok(output) = timeout(TICK, run.as_mut()).await {
            return (output, took);
        }
        clock.advance(TICK);
        took += TICK;
    }
}

async fn gate() -> (TestGate, FrozenClock) {
    let (ambient, clock) = Ambient::frozen("2026-11-21T12:00:00Z".parse().unwrap());
    (Setup { ambient, ..Setup::new(Catalog::default().read::<Waits>()) }.start().await.unwrap(), clock)
}

/// What a call in this way came to, and how long it took.
async fn waits(how: &str) -> (Result<Value, CallError>, Duration) {
    let (test, clock) = gate().await;
    let (alice, origin) = (test.principal("alice").await.unwrap(), test.origin());
    let call = Call::tool("waits", Map::from_iter([("how".to_owned(), how.into())]));
    let ask = Ask { origin: &origin, back: Some(Arc::new(Thinker)), asking: Asking::Now };
    tokio::time::pause();
    let (answer, took) = ticking(&clock, test.gate.call(&alice, call, ask)).await;
    tokio::time::resume();
    (answer.map(|answer| answer.structured.get("said").cloned().unwrap()), took)
}

#[tokio::test]
async fn the_time_a_person_takes_is_not_the_calls_and_the_tools_own_is() {
    for how in ["one after the other", "both at once", "given up"] {
        assert_eq!(waits(how).await.0, Ok(json!("Accepted({})")), "{how}");
    }
    for (how, asking) in [("too long", 4), ("both at once and then too long", 4), ("given up and then too long", 1)] {
        let (answer, took) = waits(how).await;
        assert_eq!(answer, Err(CallError::UpstreamTimeout), "{how}");
        assert!(took < asking * MINUTE + TOO_LONG, "{how} took {took:?}");
    }
}

#[tokio::test]
async fn a_question_that_nobody_ever_answers_ends() {
    let (answer, took) = waits("never").await;
    assert_eq!(answer, Ok(json!("Dismissed")));
    assert!(took >= ASK_FOR && took < ASK_FOR + MINUTE, "{took:?}");
}
