//! The main job, played through the real socket: alice asks the set-up guide's questions, bob asks for what is hers, a
//! stranger tries a key, and the record of it is verified. A step that goes otherwise than it should fails the demo.

use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};

use aegis_gate::audit::verify;
use anyhow::{Context, bail, ensure};
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::Stage;
use super::screen::{self, Line};
use crate::keys::NewlyMade;

/// Longest wait for one answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// A key that is none of ours, of the right length.
const WRONG_KEY: &str = "aegis_ak_this-key-was-never-handed-out-by-anyone-here";

/// Plays it.
///
/// # Errors
/// A step that did not go as it should, named.
pub(crate) async fn play(stage: &Stage) -> anyhow::Result<()> {
    screen::title(stage);
    let alice = Person::new(stage, "alice", &stage.alice)?;
    repositories(&alice).await?;
    one_repository(&alice).await?;
    code(&alice).await?;
    todos(&alice).await?;
    let bob = Person::new(stage, "bob", &stage.bob)?;
    hidden(&bob).await?;
    stranger(stage).await?;
    record(stage).await
}

async fn repositories(alice: &Person<'_>) -> anyhow::Result<()> {
    let all = alice.ask("Which repositories do I have?", "list_repositories", json!({})).await?;
    screen::rows(&rows(&all, &["full_name", "private", "default_branch", "updated_at", "description"]));
    let private = json!({"visibility": "private"});
    let private = alice.ask("Which of them are private?", "list_repositories", private).await?;
    screen::rows(&rows(&private, &["full_name", "description"]));
    Ok(())
}

async fn one_repository(alice: &Person<'_>) -> anyhow::Result<()> {
    let question = "Default branch of acme/tools, and when last updated?";
    let repository = alice.ask(question, "get_repository", json!({"repo": "acme/tools"})).await?;
    screen::rows(&[cells(&repository, &["full_name", "default_branch", "updated_at"])]);
    Ok(())
}

async fn code(alice: &Person<'_>) -> anyhow::Result<()> {
    let tools = |more: Value| {
        let mut arguments = json!({"repo": "acme/tools"});
        if let (Some(all), Value::Object(more)) = (arguments.as_object_mut(), more) {
            all.extend(more);
        }
        arguments
    };
    let tree = alice.ask("Show me the file tree of acme/tools", "get_file_tree", tools(json!({}))).await?;
    screen::rows(&listed(&tree, "entries", &["path", "kind", "size"]));
    let in_src = alice.ask("Which files are in src/?", "list_directory", tools(json!({"path": "src"}))).await?;
    screen::rows(&rows(&in_src, &["name", "kind", "size"]));
    let readme =
        alice.ask("What does the README say?", "get_file_contents", tools(json!({"path": "README.md"}))).await?;
    screen::excerpt(&readme);
    let main = alice.ask("Explain src/main.py", "get_file_contents", tools(json!({"path": "src/main.py"}))).await?;
    screen::excerpt(&main);
    let python = tools(json!({"pattern": "src/**/*.py"}));
    let python = alice.ask("Find all Python files in src/", "find_files", python).await?;
    screen::rows(&rows(&python, &["path", "size"]));
    Ok(())
}

/// Until there is code search, what a small repository leaves to do is found as an assistant would: the paths first,
/// then the files.
async fn todos(alice: &Person<'_>) -> anyhow::Result<()> {
    let found = json!({"repo": "acme/tools", "pattern": "**/*.py"});
    let found = alice.call("find_files", found).await?;
    let paths: Vec<&Value> = items(&found).filter_map(|file| file.get("path")).collect();
    let files = json!({"repo": "acme/tools", "paths": paths});
    let files = alice.ask("Find all TODO comments in acme/tools", "get_files", files).await?;
    let mut todos = Vec::new();
    for file in files.get("files").and_then(Value::as_array).into_iter().flatten() {
        let path = file.get("path").and_then(Value::as_str).unwrap_or_default();
        let content = file.get("content").and_then(Value::as_str).unwrap_or_default();
        for (number, line) in content.lines().enumerate().filter(|(_, line)| line.contains("TODO")) {
            todos.push(vec![format!("{path}:{}", number + 1), line.trim().to_owned()]);
        }
    }
    ensure!(!todos.is_empty(), "no TODO comment was found in acme/tools");
    screen::rows(&todos);
    Ok(())
}

async fn hidden(bob: &Person<'_>) -> anyhow::Result<()> {
    let started = Clock::start();
    let private = bob.call("get_repository", json!({"repo": "alice/notes"})).await;
    let line = Line { who: "bob", question: "Show me alice/notes", tool: "get_repository", took: started.took() };
    screen::asked(&line);
    let Err(refusal) = private else { bail!("bob was shown alice/notes") };
    screen::refused(&format!("{refusal}"));
    let absent = bob.call("get_repository", json!({"repo": "alice/nothing-here"})).await;
    let Err(absent) = absent else { bail!("bob was shown a repository that does not exist") };
    let same = refusal.to_string().replace("alice/notes", "") == absent.to_string().replace("alice/nothing-here", "");
    ensure!(same, "a hidden and an absent repository read differently: {refusal} / {absent}");
    Ok(())
}

async fn stranger(stage: &Stage) -> anyhow::Result<()> {
    let from = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));
    let started = Clock::start();
    let http = reqwest::Client::builder().no_proxy().local_address(from).timeout(PATIENCE).build()?;
    let request = http.post(format!("http://{}/mcp", stage.gateway)).bearer_auth(WRONG_KEY);
    let answer = request.json(&message("get_me", &json!({}))).send().await?;
    let status = answer.status();
    let body: Value = answer.json().await?;
    let tool = "POST /mcp";
    screen::asked(&Line { who: "—", question: "a wrong key, from 127.0.0.2", tool, took: started.took() });
    ensure!(status == StatusCode::UNAUTHORIZED, "a wrong key was answered with {status}");
    screen::refused(&format!("{} {}", status.as_u16(), words(&body)));
    Ok(())
}

async fn record(stage: &Stage) -> anyhow::Result<()> {
    // Records reach the disk within 50 ms of their call.
    tokio::time::sleep(Duration::from_millis(200)).await;
    let checkpoints = stage.audit.checkpoint_path.as_deref();
    let keys = std::slice::from_ref(&stage.audit_key);
    let report = verify::verify(&stage.audit.directory, &stage.audit.prefix, keys, checkpoints)?;
    ensure!(report.intact(), "the audit trail is not intact");
    screen::audit(stage, &report)
}

struct Person<'a> {
    name: &'static str,
    http: reqwest::Client,
    url: String,
    key: &'a NewlyMade,
}

impl<'a> Person<'a> {
    fn new(stage: &Stage, name: &'static str, key: &'a NewlyMade) -> anyhow::Result<Self> {
        let http = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build()?;
        Ok(Self { name, http, url: format!("http://{}/mcp", stage.gateway), key })
    }

    async fn ask(&self, question: &str, tool: &str, arguments: Value) -> anyhow::Result<Value> {
        let started = Clock::start();
        let answer = self.call(tool, arguments).await;
        screen::asked(&Line { who: self.name, question, tool, took: started.took() });
        answer.with_context(|| format!("{} asked: {question}", self.name))
    }

    async fn call(&self, tool: &str, arguments: Value) -> anyhow::Result<Value> {
        let request = self.http.post(&self.url).bearer_auth(self.key.expose()).json(&message(tool, &arguments));
        let answer: Value = request.send().await?.json().await?;
        let result = answer.get("result").with_context(|| format!("no result: {answer}"))?;
        if result.get("isError").and_then(Value::as_bool) == Some(true) {
            let text = result.pointer("/content/0/text").and_then(Value::as_str).unwrap_or_default();
            bail!("{}", words(&serde_json::from_str(text).unwrap_or_default()));
        }
        result.get("structuredContent").cloned().context("the answer has no structured content")
    }
}

fn message(tool: &str, arguments: &Value) -> Value {
    json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": tool, "arguments": arguments}})
}

/// A refusal's sentence and hint.
fn words(body: &Value) -> String {
    let word = |name: &str| body.pointer(&format!("/error/{name}")).and_then(Value::as_str);
    match (word("message"), word("hint")) {
        (Some(message), Some(hint)) => format!("{message}; {hint}"),
        (Some(message), None) => message.to_owned(),
        (None, _) => body.to_string(),
    }
}

fn items(answer: &Value) -> impl Iterator<Item = &Value> {
    answer.get("items").and_then(Value::as_array).into_iter().flatten()
}

fn rows(answer: &Value, columns: &[&str]) -> Vec<Vec<String>> {
    listed(answer, "items", columns)
}

fn listed(answer: &Value, list: &str, columns: &[&str]) -> Vec<Vec<String>> {
    answer.get(list).and_then(Value::as_array).into_iter().flatten().map(|item| cells(item, columns)).collect()
}

fn cells(item: &Value, columns: &[&str]) -> Vec<String> {
    columns.iter().map(|column| item.get(*column).map(|value| cell(column, value)).unwrap_or_default()).collect()
}

fn cell(column: &str, value: &Value) -> String {
    match (column, value) {
        ("private", Value::Bool(true)) => "private".to_owned(),
        ("private", Value::Bool(false)) => "public".to_owned(),
        ("size", Value::Number(bytes)) => format!("{bytes} bytes"),
        ("updated_at", Value::String(time)) => time.replace('T', " ").replace('Z', ""),
        (_, Value::String(text)) => text.clone(),
        (_, other) => other.to_string(),
    }
}

/// How long a step took, for the screen.
struct Clock(Instant);

impl Clock {
    #[expect(clippy::disallowed_methods, reason = "the demo shows how long answers took as a person would measure it")]
    fn start() -> Self {
        Self(Instant::now())
    }

    fn took(&self) -> Duration {
        self.0.elapsed()
    }
}
