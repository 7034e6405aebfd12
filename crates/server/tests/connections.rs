//! The listener of the real binary: signals, files that change, sockets that a supervisor opened, and too little of
//! everything.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use aegis_ambient::Ambient;
use aegis_sandbox::{DataSet, Fault, FaultKind, Options, Sandbox};
use aegis_testkit::{Gateway, Rule, run};
use rcgen::{CertificateParams, KeyPair};
use serde_json::json;
use tempfile::TempDir;

const BINARY: &str = env!("CARGO_BIN_EXE_aegis-mcp");
const KEY: &str = "shared-key-of-the-listener-tests-4Kd8Vw1";
const PATIENCE: Duration = Duration::from_secs(20);

async fn forge() -> Sandbox {
    Sandbox::start(DataSet::Demo, Options::new(Ambient::real())).await.unwrap()
}

fn started(binary: &str, forge: &Sandbox, settings: &[(&str, &str)]) -> Gateway {
    let keys = [("MCP_API_KEYS", KEY), ("GITEA_TOKEN", forge.token("alice")), ("RATE_LIMIT_PER_MINUTE", "0")];
    Gateway::start(binary, forge.url(), &[&keys, settings].concat()).unwrap()
}

fn write(path: &Path, text: &str) {
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
}

/// A program that sets the stage for the binary and becomes it.
fn launcher(directory: &TempDir, stage: &str) -> String {
    let path = directory.path().join("launch");
    std::fs::write(&path, format!("#!/bin/sh\n{stage}\nexec {BINARY} \"$@\"\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o700)).unwrap();
    path.display().to_string()
}

fn address(gateway: &Gateway) -> SocketAddr {
    gateway.url().trim_start_matches("http://").parse().unwrap()
}

fn connect(gateway: &Gateway) -> TcpStream {
    let stream = TcpStream::connect(address(gateway)).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// All that comes until the other side closes.
fn rest(mut stream: TcpStream) -> String {
    let mut text = Vec::new();
    let _ = stream.read_to_end(&mut text);
    String::from_utf8_lossy(&text).into_owned()
}

/// A call of `get_me` in two halves.
fn halves() -> (String, String) {
    let body = json!({"tool": "get_me", "arguments": {}}).to_string();
    let head = format!(
        "POST /mcp/tool/call HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {KEY}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let (one, other) = body.split_at(10);
    (format!("{head}{one}"), other.to_owned())
}

async fn status(gateway: &Gateway, tool: &str) -> u16 {
    gateway.call(KEY, tool, json!({})).await.unwrap().status.as_u16()
}

/// Asks until it is answered; how long that took.
#[expect(clippy::disallowed_methods, reason = "how long somebody waits is what is measured")]
async fn served_again(gateway: &Gateway) -> Duration {
    let began = Instant::now();
    while gateway.get("/health/live", None).await.is_err() {
        assert!(began.elapsed() < PATIENCE, "{}", gateway.log());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    began.elapsed()
}

#[tokio::test(flavor = "multi_thread")]
async fn s07_with_few_descriptors_a_crowd_is_turned_away_and_calls_still_run() {
    let (forge, directory) = (forge().await, TempDir::new().unwrap());
    let mut gateway = started(&launcher(&directory, "ulimit -n 64"), &forge, &[]);
    let limited = gateway.wait_for_log("connections_limited").unwrap();
    assert_eq!(limited["max_connections"], 32);
    assert_eq!(status(&gateway, "get_me").await, 200);
    let crowd: Vec<_> = (0..200).map(|_| connect(&gateway)).collect();
    let turned_away = crowd.iter().skip(100).all(|stream| {
        let mut byte = [0];
        match (&*stream).read(&mut byte) {
            Ok(length) => length == 0,
            Err(error) => error.kind() == std::io::ErrorKind::ConnectionReset,
        }
    });
    assert!(turned_away);
    drop(crowd);
    assert!(served_again(&gateway).await < Duration::from_secs(2));
    assert_eq!(status(&gateway, "get_me").await, 200, "store, record and forge had descriptors left");
    let metrics = gateway.metrics().await.unwrap();
    assert!(metrics.contains(r#"aegis_connections_ended_total{reason="full"}"#), "{metrics}");
}

#[tokio::test(flavor = "multi_thread")]
async fn s07_out_of_descriptors_the_process_waits_and_serves_again() {
    let forge = forge().await;
    let mut gateway = started(BINARY, &forge, &[]);
    assert_eq!(status(&gateway, "get_me").await, 200);
    let limit = |descriptors: u32| {
        let process = gateway.process_id().to_string();
        let limit = format!("--nofile={descriptors}");
        assert!(Command::new("prlimit").args(["--pid", &process, &limit]).status().unwrap().success());
    };
    let used = std::fs::read_dir(format!("/proc/{}/fd", gateway.process_id())).unwrap().count();
    limit(u32::try_from(used).unwrap() + 4);
    let crowd: Vec<_> = (0..40).map(|_| connect(&gateway)).collect();
    gateway.wait_for_log("accept_failed").unwrap();
    drop(crowd);
    assert!(served_again(&gateway).await < Duration::from_secs(2));
    assert_eq!(gateway.log().matches("accept_failed").count(), 1, "told once, not twenty times a second");
}

#[tokio::test(flavor = "multi_thread")]
async fn s08_sigterm_under_load_lets_calls_end_and_says_so() {
    let forge = forge().await;
    let mut gateway = started(BINARY, &forge, &[]);
    let (first, second) = halves();
    let mut calls: Vec<_> = (0..20).map(|_| connect(&gateway)).collect();
    let mut health = connect(&gateway);
    for call in &mut calls {
        call.write_all(first.as_bytes()).unwrap();
    }
    health.write_all(b"GET /health/ready HTTP/1.1\r\nHost: local").unwrap();
    // These are asked and answered: all connections before them were accepted.
    assert_eq!(status(&gateway, "get_me").await, 200);
    gateway.signal("TERM").unwrap();
    gateway.wait_for_log("stopping").unwrap();
    health.write_all(b"host\r\n\r\n").unwrap();
    let health = rest(health);
    assert!(health.starts_with("HTTP/1.1 503") && health.contains("draining"), "{health}");
    for mut call in calls {
        call.write_all(second.as_bytes()).unwrap();
        let answer = rest(call);
        assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("alice"), "{answer}");
    }
    assert!(TcpStream::connect(address(&gateway)).is_err(), "nobody new is let in");
    assert_eq!(gateway.wait_for_end().unwrap(), Some(0));
    assert!(!gateway.log().contains("drain_over"));
}

#[tokio::test(flavor = "multi_thread")]
async fn s08_what_does_not_end_is_cut_when_the_drain_is_over() {
    let forge = forge().await;
    let mut gateway = started(BINARY, &forge, &[("DRAIN_SECONDS", "1")]);
    let mut call = connect(&gateway);
    call.write_all(halves().0.as_bytes()).unwrap();
    assert_eq!(status(&gateway, "get_me").await, 200);
    gateway.signal("INT").unwrap();
    assert_eq!(gateway.wait_for_end().unwrap(), Some(0));
    assert!(gateway.log().contains("drain_over"), "{}", gateway.log());
    assert_eq!(rest(call), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn u02_requests_whose_body_does_not_come_take_their_own_callers_places() {
    let forge = forge().await;
    let gateway = started(BINARY, &forge, &[]);
    let bob = gateway.key("bob", forge.token("bob")).unwrap();
    let (first, second) = halves();
    let mut halfway: Vec<_> = (0..64).map(|_| connect(&gateway)).collect();
    for call in &mut halfway {
        call.write_all(first.as_bytes()).unwrap();
    }
    let ask = async |key: &str| gateway.call(key, "get_me", json!({})).await.unwrap();
    let mut over = ask(KEY).await;
    for _ in 0..50 {
        if over.status == 429 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
        over = ask(KEY).await;
    }
    assert_eq!((over.status.as_u16(), over.header("retry-after")), (429, "1"), "{over:?}");
    assert_eq!(over.json()["error"]["code"], "too_many_at_once");
    assert_eq!(ask(&bob).await.status, 200);
    for mut call in halfway.drain(..2) {
        call.write_all(second.as_bytes()).unwrap();
        let mut answer = [0; 12];
        call.read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"HTTP/1.1 200");
    }
    assert_eq!(status(&gateway, "get_me").await, 200, "places that are free again are taken again");
}

#[tokio::test(flavor = "multi_thread")]
async fn s08_a_second_signal_ends_at_once() {
    let forge = forge().await;
    let mut gateway = started(BINARY, &forge, &[("DRAIN_SECONDS", "600")]);
    let mut call = connect(&gateway);
    call.write_all(halves().0.as_bytes()).unwrap();
    assert_eq!(status(&gateway, "get_me").await, 200);
    gateway.signal("TERM").unwrap();
    gateway.wait_for_log("stopping").unwrap();
    gateway.signal("TERM").unwrap();
    assert_eq!(gateway.wait_for_end().unwrap(), Some(130));
}

#[tokio::test(flavor = "multi_thread")]
async fn d01_no_path_and_no_agent_goes_round_authentication() {
    let forge = forge().await;
    let gateway = started(BINARY, &forge, &[]);
    let ask = |target: &str, lines: &str| {
        let mut stream = connect(&gateway);
        let request = format!("GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{lines}\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        rest(stream)
    };
    let let_in = ask("/mcp/tools", &format!("Authorization: Bearer {KEY}\r\n"));
    assert!(let_in.starts_with("HTTP/1.1 200") && let_in.contains("get_me"), "{let_in}");
    for target in [
        "/mcp/tools",
        "/mcp/tools?/health",
        "/mcp/tools#/health",
        "/mcp/tools/",
        "//mcp/tools",
        "/mcp//tools",
        "/MCP/tools",
        "/mcp/tools%00/health",
        "/health/../mcp/tools",
        "/health/%2e%2e/mcp/tools",
        "/health/..;/mcp/tools",
        "/health/live/..%2f..%2fmcp/tools",
        "http://localhost/mcp/tools",
    ] {
        for lines in ["", "User-Agent: kube-probe/1.34\r\n", "X-Original-URL: /health\r\nX-Rewrite-URL: /health\r\n"] {
            let answer = ask(target, lines);
            let refused = ["400", "401", "404"].iter().any(|status| answer.starts_with(&format!("HTTP/1.1 {status}")));
            assert!(refused && !answer.contains("get_me"), "{target} {lines}: {answer}");
        }
    }
}

/// Who is refused before any route is no less numbered, secured and counted than everyone else.
#[tokio::test(flavor = "multi_thread")]
async fn h14_a_request_that_can_be_read_twice_is_answered_like_any_other_and_is_the_last() {
    let forge = forge().await;
    let gateway = started(BINARY, &forge, &[]);
    for (request, code) in [
        ("GET /mcp/tools HTTP/1.1\r\nHost: localhost\r\nX_Forwarded_For: 192.0.2.1", "header_twin"),
        ("DELETE /mcp HTTP/1.1\r\nHost: localhost\r\nMcp-Session-Id: a\r\nMcp-Session-Id: b", "header_twice"),
        ("GET /mcp HTTP/1.1\r\nHost: localhost\r\nLast-Event-Id: 1\r\nLast-Event-Id: 2", "header_twice"),
        ("POST /mcp/tool/call HTTP/1.1\r\nHost: localhost\r\nContent-Type: a\r\nContent-Type: b", "header_twice"),
        ("GET /health HTTP/1.1\r\nHost: localhost\r\nHost: other", "host_malformed"),
        ("POST /nothing HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip, chunked", "transfer_encoding_refused"),
    ] {
        let mut stream = connect(&gateway);
        stream.write_all(format!("{request}\r\nAuthorization: Bearer {KEY}\r\n\r\n").as_bytes()).unwrap();
        let answer = rest(stream).to_lowercase();
        assert!(answer.starts_with("http/1.1 400") && answer.contains(code), "{request}: {answer}");
        for header in ["x-request-id: ", "content-security-policy: ", "cache-control: no-store", "connection: close"] {
            assert!(answer.contains(header), "{header} {answer}");
        }
    }
    let metrics = gateway.metrics().await.unwrap();
    assert!(metrics.contains(r#"aegis_turned_away_total{reason="header_twice"} 3"#), "{metrics}");
}

#[tokio::test(flavor = "multi_thread")]
async fn h01_a_stranger_fills_the_metrics_and_not_the_log() {
    let forge = forge().await;
    let gateway = started(BINARY, &forge, &[]);
    let foreign = |path: &str| {
        let mut stream = connect(&gateway);
        let request = format!("GET {path} HTTP/1.1\r\nHost: evil.acme.test\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        rest(stream)
    };
    for number in 0..50 {
        let answer = foreign(&format!("/nothing/{number}"));
        assert!(answer.starts_with("HTTP/1.1 403") && answer.contains("host_not_allowed"), "{answer}");
    }
    assert!(foreign("/health/live").starts_with("HTTP/1.1 200"), "who asks for health names us as it likes");
    assert_eq!(gateway.log().matches("host_not_allowed").count(), 1);
    let metrics = gateway.metrics().await.unwrap();
    assert!(metrics.contains(r#"aegis_turned_away_total{reason="host_not_allowed"} 50"#), "{metrics}");
}

fn policy(tools: &str) -> String {
    Rule { tools: &[tools], ..Rule::ALLOW_ALL }.to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn s08_sighup_takes_good_files_and_keeps_the_old_ones_beside_a_bad_one() {
    let (forge, files) = (forge().await, TempDir::new().unwrap());
    let (path, toml) = (files.path().join("policy.toml"), files.path().join("aegis-mcp.toml"));
    write(&path, &policy("*"));
    write(&toml, "[limits]\nmax_file_size_bytes = 2048\n");
    let stage = launcher(&files, &format!("set -- \"$@\" --config {}", toml.display()));
    let mut gateway = started(&stage, &forge, &[("POLICY_PATH", path.to_str().unwrap())]);
    assert_eq!(status(&gateway, "list_repositories").await, 200);

    write(&path, "nonsense");
    gateway.signal("HUP").unwrap();
    let refused = gateway.wait_for_log("reload_refused").unwrap();
    assert!(refused["level"] == "ERROR" && refused["reason"].as_str().unwrap().contains("POLICY_PATH"), "{refused}");
    assert_eq!(status(&gateway, "list_repositories").await, 200, "the old policy stays");

    // A call that runs while the policy changes ends under the one it began with.
    let delay = FaultKind::Delay(Duration::from_secs(2));
    forge.faults().add(Fault { route: "/api/v1/user/repos".to_owned(), kind: delay, count: Some(1) });
    write(&path, &policy("get_me"));
    write(&toml, "[limits]\nmax_file_size_bytes = 4096\n");
    let (running, ()) = tokio::join!(gateway.call(KEY, "list_repositories", json!({})), async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        gateway.signal("HUP").unwrap();
    });
    let running = running.unwrap();
    assert!(running.status == 200 && running.text.contains("acme/"), "{}", running.text);
    gateway.wait_for_log("reloaded").unwrap();
    assert_eq!(status(&gateway, "list_repositories").await, 404, "the new policy hides the tool");
    let told = gateway.call(KEY, "get_me", json!({})).await.unwrap();
    assert!(told.status == 200 && told.text.contains("1 rules"), "{}", told.text);
    let restart = gateway.wait_for_log("restart_needed").unwrap();
    assert_eq!(restart["settings"], "MAX_FILE_SIZE_BYTES");
    let reloaded_again = async |text: &str, times: usize| {
        write(&toml, text);
        let before = gateway.log().matches(r#""event":"reloaded""#).count();
        gateway.signal("HUP").unwrap();
        while gateway.log().matches(r#""event":"reloaded""#).count() == before {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert_eq!(gateway.log().matches("restart_needed").count(), times, "{text}");
    };
    reloaded_again("[limits]\nmax_file_size_bytes = 4096\n", 2).await;
    reloaded_again("[limits]\nmax_file_size_bytes = 2048\n", 2).await;

    write(&path, &policy("*"));
    write(&toml, "[limits]\nmax_file_size_bytes = \"many\"\n");
    gateway.signal("HUP").unwrap();
    while gateway.log().matches("reload_refused").count() < 2 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(status(&gateway, "list_repositories").await, 404, "one bad file keeps them all");
    let metrics = gateway.metrics().await.unwrap();
    for outcome in ["taken", "refused"] {
        let line = format!(r#"aegis_reloads_total{{what="configuration",outcome="{outcome}"}}"#);
        assert!(metrics.contains(&line), "{metrics}");
    }
}

/// Hands a socket over as systemd does: as descriptor 3, with the process it is for.
fn activated(forge: &Sandbox, state: &TempDir, socket: &TcpListener, settings: &[(&str, &str)]) -> std::process::Child {
    let socket: OwnedFd = socket.try_clone().unwrap().into();
    let script = format!("exec 3<&0 </dev/null; LISTEN_FDS=1 LISTEN_PID=$$ exec {BINARY} serve");
    let mut command = Command::new("sh");
    command.args(["-c", &script]).env_clear().env("PATH", "/usr/bin:/bin");
    command.env("GITEA_URL", forge.url()).env("STATE_DIR", state.path()).env("METRICS_ADDRESS", "off");
    command.env("GITEA_TOKEN", forge.token("alice")).envs(settings.iter().copied()).current_dir(state.path());
    command.stdin(Stdio::from(socket)).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_opened_by_a_supervisor_wins_over_the_settings() {
    let (forge, state) = (forge().await, TempDir::new().unwrap());
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    // Whoever connects before the process is there waits in the kernel.
    let early = TcpStream::connect(address).unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let mut child = activated(&forge, &state, &socket, &[("MCP_API_KEYS", KEY), ("MCP_PORT", &port)]);
    (&early).write_all(b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    let answer = rest(early);
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    child.kill().unwrap();
    let told = String::from_utf8(child.wait_with_output().unwrap().stderr).unwrap();
    assert!(told.contains("socket_inherited") && told.contains(&address.to_string()), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn d03_an_inherited_socket_opens_no_door_that_the_settings_keep_shut() {
    let (forge, state) = (forge().await, TempDir::new().unwrap());
    let socket = TcpListener::bind("0.0.0.0:0").unwrap();
    let child = activated(&forge, &state, &socket, &[("AUTH_ENABLED", "false")]);
    let ended = child.wait_with_output().unwrap();
    let told = String::from_utf8(ended.stderr).unwrap();
    assert!(ended.status.code() == Some(64) && told.contains("AUTH_ENABLED"), "{told}");
}

/// A certificate for `localhost` in this directory; its PEM.
fn certificate(directory: &TempDir) -> (PathBuf, PathBuf, String) {
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec!["localhost".to_owned()]).unwrap().self_signed(&key).unwrap();
    let (chain, secret) = (directory.path().join("chain.pem"), directory.path().join("key.pem"));
    write(&chain, &certificate.pem());
    write(&secret, &key.serialize_pem());
    (chain, secret, certificate.pem())
}

async fn over_tls(gateway: &Gateway, trusted: &str) -> Result<reqwest::Response, reqwest::Error> {
    let trusted = reqwest::Certificate::from_pem(trusted.as_bytes()).unwrap();
    let client = reqwest::Client::builder().no_proxy().tls_certs_only([trusted]).timeout(PATIENCE).build().unwrap();
    let url = format!("https://localhost:{}/mcp/tools", address(gateway).port());
    client.get(url).bearer_auth(KEY).send().await
}

#[tokio::test(flavor = "multi_thread")]
async fn s08_a_new_certificate_is_shown_without_a_restart() {
    let (forge, files) = (forge().await, TempDir::new().unwrap());
    let (chain, key, first) = certificate(&files);
    let settings = [("TLS_CERTIFICATE_FILE", chain.to_str().unwrap()), ("TLS_KEY_FILE", key.to_str().unwrap())];
    let mut gateway = started(BINARY, &forge, &settings);
    let answer = over_tls(&gateway, &first).await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.version()), (200, http::Version::HTTP_2));

    let (_, _, second) = certificate(&files);
    gateway.wait_for_log("certificate_changed").unwrap();
    assert!(over_tls(&gateway, &second).await.is_ok() && over_tls(&gateway, &first).await.is_err());

    write(&key, "nonsense");
    gateway.wait_for_log("certificate_refused").unwrap();
    gateway.signal("HUP").unwrap();
    gateway.wait_for_log("reload_refused").unwrap();
    assert!(over_tls(&gateway, &second).await.is_ok(), "the last good certificate stays");

    let (_, _, third) = certificate(&files);
    gateway.signal("HUP").unwrap();
    gateway.wait_for_log("reloaded").unwrap();
    assert!(over_tls(&gateway, &third).await.is_ok() && over_tls(&gateway, &second).await.is_err());
}

#[test]
fn a_certificate_that_cannot_be_shown_stops_the_start() {
    let files = TempDir::new().unwrap();
    let (chain, key, _) = certificate(&files);
    let alone = |settings: &[(&str, &Path)], command: &[&str]| {
        let fixed = [("GITEA_URL", "https://git.test"), ("MCP_PORT", "0"), ("METRICS_ADDRESS", "off")];
        let mut all: Vec<_> = fixed.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        all.push(("STATE_DIR".to_owned(), files.path().join("state").display().to_string()));
        all.extend(settings.iter().map(|(name, path)| ((*name).to_owned(), path.display().to_string())));
        run(Path::new(BINARY), &all, files.path(), command, "").unwrap()
    };
    let both = [("TLS_CERTIFICATE_FILE", chain.as_path()), ("TLS_KEY_FILE", key.as_path())];
    assert_eq!(alone(&both, &["config", "check"]).status, Some(0));
    for (settings, word) in [
        (&both[..1], "TLS_KEY_FILE"),
        (&both[1..], "TLS_CERTIFICATE_FILE"),
        (&[both[0], ("TLS_KEY_FILE", Path::new("/nowhere"))], "TLS_KEY_FILE"),
        (&[both[0], ("TLS_KEY_FILE", chain.as_path())], "holds no private key in PEM"),
        (&[("TLS_CERTIFICATE_FILE", key.as_path()), both[1]], "holds no certificate in PEM"),
    ] {
        for command in [&["config", "check"][..], &["serve"]] {
            let ended = alone(settings, command);
            assert!(ended.status == Some(64) && ended.stderr.contains(word), "{ended:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn h16_http2_on_the_clear_port_is_spoken_only_where_it_is_configured() {
    let forge = forge().await;
    let ask = async |gateway: &Gateway| {
        let client = reqwest::Client::builder().no_proxy().http2_prior_knowledge().timeout(PATIENCE).build().unwrap();
        client.get(format!("{}/mcp/tools", gateway.url())).bearer_auth(KEY).send().await
    };
    let off = started(BINARY, &forge, &[]);
    assert!(ask(&off).await.is_err());
    let on = started(BINARY, &forge, &[("HTTP2_CLEARTEXT", "true")]);
    let answer = ask(&on).await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.version()), (200, http::Version::HTTP_2));
    assert_eq!(status(&on, "get_me").await, 200, "HTTP/1.1 goes on beside it");
}
