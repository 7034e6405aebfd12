//! Standard input and output: nothing but the protocol on it, whatever comes in, and an end when the client ends.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test stops at the first surprise")]

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use aegis_ambient::Ambient;
use aegis_sandbox::{DataSet, Fault, FaultKind, Options, Sandbox};
use serde_json::{Value, json};

const BINARY: &str = env!("CARGO_BIN_EXE_aegis-mcp");

/// Calls at once, and what each may hold: the cap on a body (16 MiB) as it grows, and a copy.
const AT_ONCE: u64 = 8;
const MOST_KB_EACH: u64 = 48 * 1024;

/// A running `aegis-mcp stdio`.
struct Session {
    child: Child,
    output: BufReader<ChildStdout>,
    #[expect(dead_code, reason = "its files are in use")]
    state: tempfile::TempDir,
}

impl Session {
    fn start(forge: &Sandbox) -> Self {
        let state = tempfile::tempdir().unwrap();
        let mut child = Command::new(BINARY)
            .arg("stdio")
            .env_clear()
            .envs([("GITEA_URL", forge.url()), ("GITEA_TOKEN", forge.token("alice")), ("LOG_LEVEL", "trace")])
            .env("STATE_DIR", state.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        Self { child, output, state }
    }

    fn write(&mut self, bytes: &[u8]) {
        self.child.stdin.as_mut().unwrap().write_all(bytes).unwrap();
    }

    fn say(&mut self, message: &Value) {
        self.write(format!("{message}\n").as_bytes());
    }

    /// The next line; it must be a message.
    fn hear(&mut self) -> Value {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        let message: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("not the protocol: {line}"));
        assert_eq!(message["jsonrpc"], "2.0");
        message
    }

    fn open(&mut self) {
        let client = json!({"name": "t", "version": "1"});
        let hello = json!({"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": client});
        self.say(&json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello}));
        assert_eq!(self.hear()["result"]["protocolVersion"], "2025-11-25");
        self.say(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"}));
    }

    fn login(&mut self) -> Value {
        self.say(&json!({"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {"name": "get_me"}}));
        loop {
            let answer = self.hear();
            if answer["id"] == 2 {
                return answer["result"]["structuredContent"]["login"].clone();
            }
        }
    }

    /// Memory in RAM: now (`VmRSS`) or at most so far (`VmHWM`).
    fn memory_kb(&self, which: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(which)).unwrap();
        line.trim_start_matches(':').trim().trim_end_matches(" kB").parse().unwrap()
    }

    /// How long the process still lives.
    fn ends_after(&mut self) -> Duration {
        let clock = Ambient::real();
        while self.child.try_wait().unwrap().is_none() {
            assert!(clock.elapsed() < Duration::from_secs(20), "it does not end");
            std::thread::sleep(Duration::from_millis(10));
        }
        clock.elapsed()
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn forge() -> Sandbox {
    Sandbox::start(DataSet::Demo, Options::new(Ambient::real())).await.unwrap()
}

/// Gitea sends without end; what is asked of it at once is held up to its cap and no further.
#[tokio::test(flavor = "multi_thread")]
async fn c08_answers_without_end_are_cut_or_refused_and_hold_a_bounded_memory() {
    // What is larger than the blob limit comes as a file of its own.
    let options = Options { max_blob_bytes: 64, ..Options::new(Ambient::real()) };
    let forge = Sandbox::start(DataSet::Demo, options).await.unwrap();
    for route in ["/api/v1/repos/*/raw/*", "/api/v1/repos/*.diff", "/api/v1/repos/*/git/trees/*"] {
        forge.faults().add(Fault { route: route.to_owned(), kind: FaultKind::Endless, count: None });
    }
    let mut session = Session::start(&forge);
    session.open();
    assert_eq!(session.login(), "alice");
    let before = session.memory_kb("VmRSS");
    for (tool, more, expected) in [
        ("get_file_contents", json!({"path": "src/lib.rs"}), "cut"),
        ("get_commit_diff", json!({"sha": "main"}), "cut"),
        ("get_file_tree", json!({}), "too_large"),
    ] {
        for id in 10..10 + AT_ONCE {
            let mut arguments = json!({"repo": "acme/widget"});
            arguments.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            let call = json!({"name": tool, "arguments": arguments});
            session.say(&json!({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": call}));
        }
        for _ in 0..AT_ONCE {
            let answer = session.hear();
            let result = &answer["result"];
            let text = result["content"][0]["text"].as_str().unwrap_or_default();
            let is_cut = ["truncated", "cut_at_limit"].iter().any(|sign| result["structuredContent"][*sign] == true);
            let outcome = if is_cut {
                "cut".to_owned()
            } else {
                let error: Value = serde_json::from_str(text).unwrap_or_default();
                error["error"]["code"].as_str().unwrap_or_default().to_owned()
            };
            assert_eq!(outcome, expected, "{tool}: {answer}");
        }
        let grown = session.memory_kb("VmHWM").saturating_sub(before);
        assert!(grown < AT_ONCE * MOST_KB_EACH, "{tool}: {AT_ONCE} answers without end took {grown} kB");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn h21_whatever_comes_in_only_the_protocol_goes_out_and_the_next_message_is_served() {
    let forge = forge().await;
    let mut session = Session::start(&forge);
    session.open();
    assert_eq!(session.login(), "alice");
    for line in ["nonsense", "{", "[]", "\u{0}\u{1}", "{\"jsonrpc\":\"2.0\"}"] {
        session.write(format!("{line}\n").as_bytes());
    }
    session.write(b"\xff\xfe\xfd\n");
    assert_eq!(session.login(), "alice", "garbage before it changes nothing");
    session.write(br#"{"jsonrpc":"2.0","id":2,"method":"tools/call","#);
    std::thread::sleep(Duration::from_millis(50));
    session.write(b"\"params\":{\"name\":\"get_me\"}}\n");
    assert_eq!(session.hear()["result"]["structuredContent"]["login"], "alice", "a message may come in pieces");
}

#[tokio::test(flavor = "multi_thread")]
async fn h21_an_endless_line_holds_no_more_memory_than_a_message() {
    let forge = forge().await;
    let mut session = Session::start(&forge);
    session.open();
    assert_eq!(session.login(), "alice");
    let before = session.memory_kb("VmRSS");
    let piece = vec![b'x'; 1024 * 1024];
    for _ in 0..200 {
        session.write(&piece);
    }
    let grown = session.memory_kb("VmRSS").saturating_sub(before);
    assert!(grown < 32 * 1024, "200 MB without a line end grew it by {grown} kB");
    session.write(b"\n");
    assert_eq!(session.login(), "alice", "the line is dropped, the session is not");
}

#[tokio::test(flavor = "multi_thread")]
async fn h21_the_end_of_input_ends_the_process_even_inside_a_message() {
    let forge = forge().await;
    for rest in [&b""[..], br#"{"jsonrpc":"2.0","id":3,"meth"#] {
        let mut session = Session::start(&forge);
        session.open();
        session.write(rest);
        drop(session.child.stdin.take());
        let after = session.ends_after();
        assert!(after < Duration::from_secs(1), "{after:?}");
    }
}

/// Whoever pipes a question in and closes the pipe still gets the answer; who has gone is waited for a little.
#[tokio::test(flavor = "multi_thread")]
async fn h21_the_end_of_input_waits_for_a_running_call_and_not_for_long() {
    let forge = forge().await;
    for (seconds, answered) in [(1, true), (60, false)] {
        let mut session = Session::start(&forge);
        session.open();
        assert_eq!(session.login(), "alice");
        let kind = FaultKind::Delay(Duration::from_secs(seconds));
        forge.faults().add(Fault { route: "/api/v1/repos/acme/tools".to_owned(), kind, count: None });
        let params = json!({"name": "get_repository", "arguments": {"repo": "acme/tools"}});
        session.say(&json!({"jsonrpc": "2.0", "id": 3, "method": "tools/call", "params": params}));
        std::thread::sleep(Duration::from_millis(300));
        drop(session.child.stdin.take());
        let after = session.ends_after();
        assert!(after < Duration::from_secs(if answered { 4 } else { 8 }), "{after:?}");
        let mut rest = String::new();
        session.output.read_to_string(&mut rest).unwrap();
        assert_eq!(rest.contains("acme/tools"), answered, "{rest}");
        forge.faults().clear();
    }
}
