//! Asking the person: while the call runs, and in rounds. What came is checked before a tool sees it, and what a client
//! carries from one round to the next is good for one person, one call and five minutes.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test stops at the first surprise")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use aegis_ambient::Ambient;
use aegis_gate::{
    Account, Answer, Ask, Asking, Back, Call, CallError, Catalog, Field, FieldKind, Output, Principal, Progress,
    Question, ReadPermit, ReadTool, Reply, Required, Scope, ToolError, ToolSpec, Toolset,
};
use aegis_testkit::{Setup, TestGate};
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, join_all};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

#[derive(Deserialize, JsonSchema)]
struct What {
    what: String,
}

#[derive(Serialize, JsonSchema)]
struct Said {
    said: String,
}

impl Output for Said {
    const UNTRUSTED: bool = false;
}

/// Asks two things, one after the other.
struct Asks;

impl ReadTool for Asks {
    const SPEC: ToolSpec = ToolSpec {
        name: "asks",
        title: "Test",
        description: "Test.",
        toolset: Toolset::Context,
        scope: Scope::ReadRepository,
        endpoints: &[],
        aliases: &["asked"],
    };
    type Arguments = What;
    type Output = Said;
    type Target = Account;

    fn target(_: &What) -> Result<Account, ToolError> {
        Ok(Account)
    }

    async fn run(permit: &ReadPermit<Account>, arguments: &What) -> Result<Said, ToolError> {
        permit.progress(1, Some(2), "before").await;
        permit.progress(1, Some(2), "again").await;
        let field = |name, kind| Field { name, title: "T", description: "D", required: true, kind };
        let choice = FieldKind::Choice(vec!["red".to_owned(), "blue".to_owned()]);
        let fields = vec![field("sure", FieldKind::Boolean), field("colour", choice)];
        let first = Question { key: "first", message: format!("Take {}?", arguments.what), fields };
        let Reply::Accepted(values) = permit.ask(first).await? else { return Ok(Said { said: "no".to_owned() }) };
        let fields = vec![field("count", FieldKind::Number)];
        let second = Question { key: "second", message: "How many?".to_owned(), fields };
        let said = match permit.ask(second).await? {
            Reply::Accepted(count) => format!("{} {}", count["count"], values["colour"]),
            other => format!("{other:?}"),
        };
        permit.progress(2, Some(2), "after").await;
        Ok(Said { said })
    }
}

/// A person who answers as told, and hears.
#[derive(Default)]
struct Person {
    answers: Mutex<Vec<Option<Value>>>,
    heard: Mutex<Vec<Progress>>,
    asked: Mutex<Vec<String>>,
}

impl Back for Person {
    fn progress(&self, progress: Progress) -> BoxFuture<'_, ()> {
        self.heard.lock().unwrap().push(progress);
        std::future::ready(()).boxed()
    }

    fn ask<'a>(&'a self, question: &'a Question) -> BoxFuture<'a, Option<Value>> {
        self.asked.lock().unwrap().push(question.message.clone());
        let answer = self.answers.lock().unwrap().remove(0);
        std::future::ready(answer).boxed()
    }
}

fn accept(content: &Value) -> Value {
    json!({"action": "accept", "content": content})
}

fn first() -> Value {
    accept(&json!({"sure": true, "colour": "blue"}))
}

fn call(what: &str) -> Call {
    Call::tool("asks", Map::from_iter([("what".to_owned(), what.into())]))
}

async fn open() -> TestGate {
    TestGate::start(Catalog::default().read::<Asks>()).await.unwrap()
}

async fn ask(test: &TestGate, back: Option<Arc<dyn Back>>, asking: Asking) -> Result<Answer, CallError> {
    let alice = test.principal("alice").await.unwrap();
    test.gate.call(&alice, call("it"), Ask { origin: &test.origin(), back, asking }).await
}

async fn now(test: &TestGate, answers: &[Value]) -> (Result<Value, CallError>, Arc<Person>) {
    let answers = answers.iter().cloned().map(|answer| Some(answer).filter(|answer| !answer.is_null())).collect();
    let person = Arc::new(Person { answers: Mutex::new(answers), ..Person::default() });
    let back: Arc<dyn Back> = Arc::<Person>::clone(&person);
    let answer = ask(test, Some(back), Asking::Now).await;
    (answer.map(|answer| answer.structured["said"].clone()), person)
}

/// What is on record of questions, oldest first.
async fn asked(test: &TestGate) -> Vec<(String, Option<String>)> {
    let records = test.records().await.unwrap();
    let calls = records.iter().filter(|record| record.text("tool") == Some("asks"));
    let owned = |value: Option<&str>| value.map(str::to_owned);
    calls.map(|record| (owned(record.text("outcome")).unwrap(), owned(record.text("asked")))).collect()
}

#[tokio::test]
async fn a_person_is_asked_while_the_call_runs_and_their_answer_is_on_record() {
    let test = open().await;
    let (said, person) = now(&test, &[first(), accept(&json!({"count": 3}))]).await;
    assert_eq!(said, Ok(json!("3 \"blue\"")));
    assert_eq!(*person.asked.lock().unwrap(), ["Take it?", "How many?"]);
    let heard: Vec<_> = person.heard.lock().unwrap().iter().map(|progress| progress.message.clone()).collect();
    assert_eq!(heard, ["before", "after"], "what does not grow was told");
    assert_eq!(now(&test, &[json!({"action": "decline"})]).await.0, Ok(json!("no")));
    let dismissed = now(&test, &[first(), json!({"action": "cancel"})]).await.0;
    assert_eq!(dismissed, Ok(json!("Dismissed")));
    let nobody_answers = now(&test, &[first(), Value::Null]).await.0;
    assert_eq!(nobody_answers, Ok(json!("Dismissed")));
    let words = asked(&test).await;
    let words: Vec<_> = words.iter().map(|(outcome, asked)| (outcome.as_str(), asked.as_deref())).collect();
    let allowed = |asked| ("allowed", Some(asked));
    assert_eq!(words, [allowed("accepted"), allowed("declined"), allowed("dismissed"), allowed("dismissed")]);
}

#[tokio::test]
async fn an_answer_that_does_not_fit_reaches_no_tool() {
    let test = open().await;
    let misfits = [
        json!({"sure": true, "colour": "green"}),
        json!({"sure": true}),
        json!({"sure": 1, "colour": "red"}),
        json!({"sure": true, "colour": "red", "more": "x"}),
    ];
    for content in misfits {
        let (said, _) = now(&test, &[accept(&content)]).await;
        assert!(matches!(said, Err(CallError::InvalidArgument { .. })), "{content}: {said:?}");
    }
}

#[tokio::test]
async fn where_nobody_can_be_asked_the_call_says_so() {
    let test = open().await;
    let refused = ask(&test, None, Asking::Never).await;
    assert_eq!(refused, Err(CallError::CannotAsk));
    assert_eq!(test.call("alice", "asks", json!({"what": "it"})).await, Err(CallError::CannotAsk));
    let words = asked(&test).await;
    assert_eq!(words, vec![("failed".to_owned(), None); 2]);
}

/// A round: what the client carries, and what it answers.
fn round(state: Option<&str>, replies: Value) -> Asking {
    let Value::Object(replies) = replies else { return Asking::Never };
    Asking::InRounds { state: state.map(str::to_owned), replies }
}

async fn in_round(test: &TestGate, person: &Principal, call: Call, round: Asking) -> Result<Answer, CallError> {
    test.gate.call(person, call, Ask { origin: &test.origin(), back: None, asking: round }).await
}

fn required(verdict: Result<Answer, CallError>) -> Required {
    match verdict {
        Err(CallError::InputRequired(required)) => *required,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn in_rounds_the_tool_runs_anew_with_every_answer_so_far() {
    let test = open().await;
    let alice = test.principal("alice").await.unwrap();
    let one = required(in_round(&test, &alice, call("it"), round(None, json!({}))).await);
    assert_eq!((one.question.key, one.question.message.as_str()), ("first", "Take it?"));
    let two = required(in_round(&test, &alice, call("it"), round(Some(&one.state), json!({"first": first()}))).await);
    assert_eq!(two.question.key, "second");
    assert_ne!(one.state, two.state);
    let count = accept(&json!({"count": 7}));
    let end = in_round(&test, &alice, call("it"), round(Some(&two.state), json!({"second": count, "other": 1}))).await;
    assert_eq!(end.unwrap().structured["said"], "7 \"blue\"");
    // What is no answer is asked for again.
    for reply in [json!({}), json!({"first": 12_345}), json!({"first": accept(&json!({"sure": true}))})] {
        let again = required(in_round(&test, &alice, call("it"), round(Some(&one.state), reply)).await);
        assert_eq!(again.question.key, "first");
    }
    let declined = json!({"first": {"action": "decline"}});
    let end = in_round(&test, &alice, call("it"), round(Some(&one.state), declined)).await;
    assert_eq!(end.unwrap().structured["said"], "no");
    let words = asked(&test).await;
    let count = |word: &str| words.iter().filter(|(_, asked)| asked.as_deref() == Some(word)).count();
    assert_eq!((count("pending"), count("accepted"), count("declined"), words.len()), (5, 1, 1, 7));
}

#[tokio::test]
async fn h05_a_state_is_good_for_the_person_the_call_and_the_arguments_it_was_given_out_for() {
    let other = Catalog::default().read::<Asks>().prompt::<AsksAsPrompt>();
    let test = TestGate::start(other).await.unwrap();
    let (alice, bob) = (test.principal("alice").await.unwrap(), test.principal("bob").await.unwrap());
    let state = required(in_round(&test, &alice, call("it"), round(None, json!({}))).await).state;
    let good = || round(Some(&state), json!({"first": first()}));
    assert_eq!(required(in_round(&test, &alice, call("it"), good()).await).question.key, "second");
    let refused = Err(CallError::StateRefused);
    assert_eq!(in_round(&test, &bob, call("it"), good()).await, refused, "another person's");
    assert_eq!(in_round(&test, &alice, call("that"), good()).await, refused, "for other arguments");
    let arguments = Map::from_iter([("what".to_owned(), "it".into())]);
    let prompt = Call::Prompt { name: "asks".to_owned(), arguments };
    assert_eq!(in_round(&test, &alice, prompt, good()).await, refused, "through another door");
    let (body, tag) = state.split_once('.').unwrap();
    for tampered in
        [format!("{state}x"), format!("{body}A.{tag}"), format!("A{body}.{tag}"), format!("{body}."), tag.to_owned()]
    {
        let verdict = in_round(&test, &alice, call("it"), round(Some(&tampered), json!({"first": first()}))).await;
        assert_eq!(verdict, refused, "{tampered}");
    }
    let records = test.records().await.unwrap();
    let codes = records.iter().filter(|record| record.text("code") == Some("request_state_refused"));
    assert!(codes.clone().all(|record| record.text("outcome") == Some("denied")));
    assert_eq!(codes.count(), 8);
}

#[tokio::test]
async fn h05_h06_a_state_is_good_for_the_key_or_token_it_was_given_out_to_and_for_no_other_of_the_same_person() {
    const KEY: &str = "aegis_ak_a-key-of-the-tests-of-asking-5Wd9Kc3";
    let test = open().await;
    test.store_key("alice", KEY).await.unwrap();
    let tokens = [test.sandbox.token("alice"), test.sandbox.token_named("alice", "user"), KEY];
    let holders = join_all(tokens.map(|token| test.holder(token))).await;
    let holders: Vec<_> = holders.into_iter().map(Result::unwrap).collect();
    for (at, one) in holders.iter().enumerate() {
        let state = required(in_round(&test, one, call("it"), round(None, json!({}))).await).state;
        for (other_at, other) in holders.iter().enumerate() {
            let good = round(Some(&state), json!({"first": first()}));
            let verdict = in_round(&test, other, call("it"), good).await;
            if other_at == at {
                assert_eq!(required(verdict).question.key, "second");
            } else {
                assert_eq!(verdict, Err(CallError::StateRefused), "{one:?} to {other:?}");
            }
        }
    }
}

/// The same through another door, by the same name.
struct AsksAsPrompt;

impl ReadTool for AsksAsPrompt {
    const SPEC: ToolSpec = Asks::SPEC;
    type Arguments = What;
    type Output = aegis_gate::Messages;
    type Target = Account;

    fn target(arguments: &What) -> Result<Account, ToolError> {
        Asks::target(arguments)
    }

    async fn run(permit: &ReadPermit<Account>, arguments: &What) -> Result<aegis_gate::Messages, ToolError> {
        Asks::run(permit, arguments).await.map(|said| aegis_gate::Messages::default().says(said.said))
    }
}

#[tokio::test]
async fn a_state_is_good_for_five_minutes_and_for_every_gate_over_one_store() {
    let (ambient, clock) = Ambient::frozen("2026-11-21T12:00:00Z".parse().unwrap());
    let catalog = Catalog::default().read::<Asks>();
    let test = Setup { ambient, ..Setup::new(catalog) }.start().await.unwrap();
    let alice = test.principal("alice").await.unwrap();
    let state = required(in_round(&test, &alice, call("it"), round(None, json!({}))).await).state;
    clock.advance(Duration::from_secs(299));
    let second = in_round(&test, &alice, call("it"), round(Some(&state), json!({"first": first()}))).await;
    assert_eq!(required(second).question.key, "second");
    clock.advance(Duration::from_secs(1));
    let late = in_round(&test, &alice, call("it"), round(Some(&state), json!({"first": first()}))).await;
    assert_eq!(late, Err(CallError::StateRefused));
    let stranger = open().await;
    let alice = stranger.principal("alice").await.unwrap();
    let foreign = in_round(&stranger, &alice, call("it"), round(Some(&state), json!({}))).await;
    assert_eq!(foreign, Err(CallError::StateRefused), "sealed under another store's key");
}
