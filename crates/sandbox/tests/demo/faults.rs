//! Each way to misbehave, seen from outside, and the right answer once the order is used up.

use std::error::Error as _;
use std::io::ErrorKind;
use std::time::Duration;

use aegis_ambient::Ambient;
use aegis_sandbox::{DataSet, Fault, FaultKind, Sandbox};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::client::{Client, Reply, start};

const FILE: &str = "/repos/acme/widget/raw/README.md";

fn order(sandbox: &Sandbox, kind: FaultKind) {
    sandbox.faults().add(Fault { route: "/api/v1/repos/*/raw/*".to_owned(), kind, count: Some(1) });
}

/// Under the fault, and once more without it.
async fn spoiled(client: &Client) -> (Result<Reply, reqwest::Error>, Reply) {
    let spoiled = client.try_get(&[], FILE).await;
    let right = client.get(None, FILE).await;
    assert_eq!(right.status, 200);
    (spoiled, right)
}

#[tokio::test]
async fn a_delay_is_waited_for() {
    let (sandbox, client) = start(DataSet::Demo).await;
    let ambient = Ambient::real();
    order(&sandbox, FaultKind::Delay(Duration::from_millis(150)));
    let started = ambient.elapsed();
    let (late, right) = spoiled(&client).await;
    assert!(ambient.elapsed().checked_sub(started).unwrap() >= Duration::from_millis(150));
    assert_eq!(late.unwrap().body, right.body);
}

#[tokio::test]
async fn another_status_comes_with_its_headers_and_body() {
    let (sandbox, client) = start(DataSet::Demo).await;
    let headers = vec![("Retry-After".to_owned(), "7".to_owned())];
    order(&sandbox, FaultKind::Status { code: 503, headers, body: Some("<h1>Busy</h1>".to_owned()) });
    let busy = spoiled(&client).await.0.unwrap();
    assert_eq!((busy.status, busy.text().as_str()), (503, "<h1>Busy</h1>"));
    assert_eq!(
        (busy.header("retry-after"), busy.header("content-type")),
        (Some("7"), Some("text/html; charset=utf-8"))
    );
}

#[tokio::test]
async fn wrong_bodies_are_wrong_each_in_its_way() {
    let (sandbox, client) = start(DataSet::Demo).await;
    order(&sandbox, FaultKind::Garbage);
    let garbage = spoiled(&client).await.0.unwrap();
    assert!(serde_json::from_slice::<serde_json::Value>(&garbage.body).unwrap_err().is_eof());
    order(&sandbox, FaultKind::WrongType);
    assert_eq!(spoiled(&client).await.0.unwrap().json(), 42);
    order(&sandbox, FaultKind::BadGzip);
    let gzip = spoiled(&client).await.0.unwrap();
    assert_eq!((gzip.header("content-encoding"), gzip.body.starts_with(b"\x1f\x8b")), (Some("gzip"), false));
    order(&sandbox, FaultKind::Redirect { location: "http://169.254.169.254/".to_owned() });
    let redirect = spoiled(&client).await.0.unwrap();
    assert_eq!((redirect.status, redirect.header("location")), (302, Some("http://169.254.169.254/")));
}

/// Sends one request and reads to the end of the connection.
async fn bytes_until_the_end(sandbox: &Sandbox) -> (Vec<u8>, Option<ErrorKind>) {
    let mut stream = TcpStream::connect(sandbox.url().trim_start_matches("http://")).await.unwrap();
    stream.write_all(format!("GET /api/v1{FILE} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes()).await.unwrap();
    let mut read = Vec::new();
    let end = stream.read_to_end(&mut read).await.err().map(|error| error.kind());
    let body = read.windows(4).position(|window| window == b"\r\n\r\n").unwrap() + 4;
    (read.split_off(body), end)
}

#[tokio::test]
async fn a_cut_body_is_shorter_than_declared() {
    let (sandbox, client) = start(DataSet::Demo).await;
    order(&sandbox, FaultKind::Truncate { sent_bytes: 10 });
    assert!(spoiled(&client).await.0.is_err());
    order(&sandbox, FaultKind::Truncate { sent_bytes: 10 });
    let (body, end) = bytes_until_the_end(&sandbox).await;
    assert_eq!((body.len(), end), (10, None));
}

#[tokio::test]
async fn a_reset_is_a_reset() {
    let (sandbox, client) = start(DataSet::Demo).await;
    order(&sandbox, FaultKind::Reset { sent_bytes: 10 });
    let failed = spoiled(&client).await.0.unwrap_err();
    assert!(failed.source().is_some());
    order(&sandbox, FaultKind::Reset { sent_bytes: 10 });
    let (body, end) = bytes_until_the_end(&sandbox).await;
    assert_eq!((body.len(), end), (10, Some(ErrorKind::ConnectionReset)));
}

#[tokio::test]
async fn a_dripping_body_comes_byte_by_byte() {
    let (sandbox, client) = start(DataSet::Demo).await;
    let ambient = Ambient::real();
    let whole = client.get(None, FILE).await.body;
    order(&sandbox, FaultKind::Drip { interval: Duration::from_millis(2) });
    let started = ambient.elapsed();
    let slow = client.get(None, FILE).await;
    assert_eq!(slow.body, whole);
    let least = Duration::from_millis(2 * u64::try_from(whole.len() - 1).unwrap());
    assert!(ambient.elapsed().checked_sub(started).unwrap() >= least);
}

#[tokio::test]
async fn an_endless_body_does_not_end() {
    let (sandbox, _client) = start(DataSet::Demo).await;
    order(&sandbox, FaultKind::Endless);
    let mut answer = reqwest::get(format!("{}/api/v1{FILE}", sandbox.url())).await.unwrap();
    let mut read = 0;
    while read < 8 * 1024 * 1024 {
        read += answer.chunk().await.unwrap().unwrap().len();
    }
    drop(answer);
    sandbox.stop().await;
}

#[tokio::test]
async fn faults_hit_their_route_only_and_can_be_cleared() {
    let (sandbox, client) = start(DataSet::Demo).await;
    let kind = FaultKind::Status { code: 500, headers: Vec::new(), body: None };
    sandbox.faults().add(Fault { route: "/api/v1/user".to_owned(), kind, count: None });
    assert_eq!(client.get(Some("bob"), "/user/repos").await.status, 500);
    assert_eq!(client.get(Some("bob"), "/repos/search").await.status, 200);
    sandbox.faults().clear();
    assert_eq!(client.get(Some("bob"), "/user/repos").await.status, 200);
}

#[tokio::test]
async fn a_stopped_sandbox_is_gone() {
    let (sandbox, client) = start(DataSet::Demo).await;
    let url = sandbox.url().to_owned();
    client.get(None, "/version").await;
    sandbox.stop().await;
    assert!(TcpStream::connect(url.trim_start_matches("http://")).await.is_err());
    assert!(client.try_get(&[], "/version").await.is_err());
}
