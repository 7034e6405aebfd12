//! What a proxy does to a request: the name stays, the client's address is the proxy's word and nobody else's, every path
//! arrives, nothing of a stream is held back, and a client that goes away is gone. Seen from the gateway, and from a
//! server that says what it was sent.

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
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

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
        let mut recorder = Recorder::start().await?;
        let before_recorder = proxy.before(&recorder.url)?;
        headers_are_ours(&before_recorder).await?;
        stream_is_not_held_back(&before_recorder).await?;
        gone_is_gone(&before_recorder, &mut recorder).await?;
        name_is_checked(proxy).await?;
        address_is_the_clients(proxy, gateway).await?;
        paths_arrive(proxy, gateway).await
    };
    let line = format!(
        "{proxy}: Host kept, X-Forwarded-For set anew, streams at once, cancelling and sign-in paths passed on"
    );
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

/// A server that answers with the headers it was sent, with a stream of two events that does not end, and with nothing.
struct Recorder {
    url: String,
    /// What became of the request that is not answered.
    slow: UnboundedReceiver<Slow>,
}

/// A request that is not answered.
#[derive(Debug, PartialEq, Eq)]
enum Slow {
    Begun,
    Ended,
}

/// Tells when it is dropped that the request ended.
struct Ending(UnboundedSender<Slow>);

impl Drop for Ending {
    fn drop(&mut self) {
        let _ = self.0.send(Slow::Ended);
    }
}

impl Recorder {
    async fn start() -> Result<Self, Failure> {
        let (told, slow) = unbounded_channel();
        let unanswered = move || {
            let ending = Ending(told.clone());
            async move {
                let _ = ending.0.send(Slow::Begun);
                std::future::pending::<()>().await;
                drop(ending);
            }
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        let router = Router::new().route("/headers", get(headers)).route("/stream", get(events));
        tokio::spawn(axum::serve(listener, router.route("/slow", get(unanswered))).into_future());
        Ok(Self { url, slow })
    }
}

async fn headers(headers: HeaderMap) -> String {
    let line = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
        format!("{name}: {}\n", value.to_str().unwrap_or_default())
    };
    headers.iter().map(line).collect()
}

/// Of no kind that a proxy would know for a stream of events.
async fn events() -> Body {
    let event = |after, bytes: &'static [u8]| async move {
        tokio::time::sleep(after).await;
        Ok::<_, std::io::Error>(Bytes::from_static(bytes))
    };
    let first = stream::once(event(Duration::ZERO, b"data: begun\n\n"));
    let second = stream::once(event(PAUSE, b"data: goes on\n\n"));
    Body::from_stream(first.chain(second).chain(stream::pending()))
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

/// A client that drops its request is gone for the gateway too, which then stops asking the forge.
async fn gone_is_gone(proxy: &Proxy, recorder: &mut Recorder) -> Result<(), Failure> {
    let request = client()?.get(format!("{}/slow", proxy.url()));
    let waiting = tokio::spawn(request.send());
    for expected in [Slow::Begun, Slow::Ended] {
        let heard = tokio::time::timeout(PATIENCE, recorder.slow.recv()).await;
        if heard.as_ref().ok().and_then(Option::as_ref) != Some(&expected) {
            return Err(format!("of a request whose client went away: {heard:?}, not {expected:?}").into());
        }
        waiting.abort();
    }
    Ok(())
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
