//! What a proxy does to a request: the name stays, the client's address is the proxy's word and nobody else's, every path
//! arrives, and nothing of a stream is held back. Seen from the gateway, and from a server that says what it was sent.

use std::net::IpAddr;
use std::time::Duration;

use aegis_testkit::{Events, Gateway};
use axum::Router;
use axum::body::Body;
use axum::routing::get;
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use http::{HeaderMap, StatusCode};
use serde_json::Value;

use crate::proxy::Proxy;
use crate::{Failure, PUBLIC_NAME, WRONG_KEY};

/// Where the requests here come from, and where they say they come from.
const CLIENT: [u8; 4] = [127, 0, 0, 2];
const FORGED: &str = "203.0.113.7";
/// Paths that clients begin to sign in at. Who answers is the gateway, whatever it answers.
const PATHS: [&str; 5] = [
    "/.well-known/oauth-protected-resource/mcp",
    "/.well-known/oauth-authorization-server",
    "/.well-known/openid-configuration",
    "/oauth2/register",
    "/messages",
];
/// Between two events of a stream, and the longest wait for both.
const PAUSE: Duration = Duration::from_millis(200);
const PATIENCE: Duration = Duration::from_secs(5);
/// How often the log is looked at for what must be there, and how many times.
const LOOK_EVERY: Duration = Duration::from_millis(20);
const LOOKS: u32 = 100;

/// One line about a proxy.
pub(crate) async fn check(proxy: &Proxy, gateway: &Gateway) -> Result<String, String> {
    let checked = async {
        let recorder = recorder().await?;
        let before_recorder = proxy.before(&recorder)?;
        headers_are_ours(&before_recorder).await?;
        stream_is_not_held_back(&before_recorder).await?;
        name_is_checked(proxy).await?;
        address_is_the_clients(proxy, gateway).await?;
        paths_arrive(proxy, gateway).await
    };
    let line = format!("{proxy}: Host kept, X-Forwarded-For set anew, streams at once, sign-in paths passed on");
    checked.await.map(|()| line).map_err(|failure: Failure| format!("{proxy}: {failure}"))
}

/// The addresses of those who came with a wrong key, as the gateway's log has them.
pub(crate) fn turned_away(gateway: &Gateway) -> Vec<String> {
    let log = gateway.log();
    let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let wrong = lines.filter(|line| line.get("event").and_then(Value::as_str) == Some("invalid_api_key"));
    wrong.filter_map(|line| Some(line.get("address")?.as_str()?.to_owned())).collect()
}

/// Those after the first so many. The log is read by a thread of its own: one that comes is waited for.
pub(crate) async fn turned_away_since(gateway: &Gateway, before: usize) -> Vec<String> {
    for _ in 0..LOOKS {
        let since = turned_away(gateway).split_off(before);
        if !since.is_empty() {
            return since;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    Vec::new()
}

/// A server that answers with the headers it was sent, and with a stream of two events that does not end, of no kind that
/// a proxy would know for one. Its URL.
async fn recorder() -> Result<String, Failure> {
    let headers = |headers: HeaderMap| async move {
        let line = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
            format!("{name}: {}\n", value.to_str().unwrap_or_default())
        };
        headers.iter().map(line).collect::<String>()
    };
    let begun = || async {
        let event = |after, bytes: &'static [u8]| async move {
            tokio::time::sleep(after).await;
            Ok::<_, std::io::Error>(Bytes::from_static(bytes))
        };
        let first = stream::once(event(Duration::ZERO, b"data: begun\n\n"));
        let second = stream::once(event(PAUSE, b"data: goes on\n\n"));
        Body::from_stream(first.chain(second).chain(stream::pending()))
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    let router = Router::new().route("/headers", get(headers)).route("/stream", get(begun));
    tokio::spawn(axum::serve(listener, router).into_future());
    Ok(url)
}

async fn headers_are_ours(proxy: &Proxy) -> Result<(), Failure> {
    let request = client()?.get(format!("{}/headers", proxy.url())).header("host", PUBLIC_NAME);
    let request = request.header("x-forwarded-for", FORGED).header("forwarded", format!("for={FORGED}"));
    let sent = request.send().await?.text().await?;
    let client = IpAddr::from(CLIENT);
    let demanded =
        [format!("host: {PUBLIC_NAME}"), format!("x-forwarded-for: {client}"), "x-forwarded-proto: http".to_owned()];
    let all = demanded.iter().all(|line| sent.lines().any(|sent| sent == line));
    if all && !sent.contains(FORGED) { Ok(()) } else { Err(format!("it sends\n{sent}").into()) }
}

async fn stream_is_not_held_back(proxy: &Proxy) -> Result<(), Failure> {
    let request = client()?.get(format!("{}/stream", proxy.url()));
    let events = async {
        let mut events = Events::of(request.send().await?);
        Ok::<_, Failure>([events.next().await?.data, events.next().await?.data])
    };
    let events = tokio::time::timeout(PATIENCE, events).await.map_err(|_| "it holds a stream back")??;
    if events == ["begun", "goes on"] { Ok(()) } else { Err(format!("of a stream it passes on {events:?}").into()) }
}

/// The gateway answers to the name it was told, and refuses another.
async fn name_is_checked(proxy: &Proxy) -> Result<(), Failure> {
    for (name, expected) in [(PUBLIC_NAME, StatusCode::UNAUTHORIZED), ("elsewhere.example.org", StatusCode::FORBIDDEN)]
    {
        let request = client()?.get(format!("{}/mcp", proxy.url())).header("host", name);
        let status = request.send().await?.status();
        if status != expected {
            return Err(format!("called {name} it says {status}").into());
        }
    }
    Ok(())
}

async fn address_is_the_clients(proxy: &Proxy, gateway: &Gateway) -> Result<(), Failure> {
    let before = turned_away(gateway).len();
    let request = client()?.get(format!("{}/mcp", proxy.url())).bearer_auth(WRONG_KEY);
    request.header("x-forwarded-for", FORGED).send().await?;
    let seen = turned_away_since(gateway, before).await;
    if seen == [IpAddr::from(CLIENT).to_string()] {
        Ok(())
    } else {
        Err(format!("the client's address is {seen:?}").into())
    }
}

async fn paths_arrive(proxy: &Proxy, gateway: &Gateway) -> Result<(), Failure> {
    for path in PATHS {
        let through = client()?.get(format!("{}{path}", proxy.url())).send().await?;
        let (status, ours) = (through.status(), through.headers().contains_key("x-request-id"));
        let straight = gateway.get(path, None).await?;
        if status != straight.status || !ours {
            return Err(format!("{path}: {status}, without a proxy {}", straight.status).into());
        }
    }
    Ok(())
}

fn client() -> Result<reqwest::Client, Failure> {
    Ok(reqwest::Client::builder().no_proxy().local_address(Some(IpAddr::from(CLIENT))).build()?)
}
