//! A server made of bytes: each connection gets the steps a test wrote for it.

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aegis_ambient::{Ambient, FrozenClock, Timestamp};
use aegis_gitea::RepositoryId;
use aegis_gitea::connect::{BaseUrl, Client, Credential, Settings};
use aegis_gitea::read::{AccountReader, RepositoryReader};
use flate2::Compression;
use flate2::write::GzEncoder;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// The token of every test; it may show nowhere but in one header.
pub(crate) const TOKEN: &str = "canary-7f3a";

/// What the server does next on a connection whose request it has read.
#[derive(Clone)]
pub(crate) enum Step {
    Send(Vec<u8>),
    Wait(Duration),
    /// Sends the bytes again and again until the other side hangs up.
    Forever(Vec<u8>, Duration),
    /// Ends the connection with RST instead of FIN.
    Reset,
}

/// An answer with a body and its true length.
pub(crate) fn answer(status: &str, headers: &str, body: &[u8]) -> Vec<Step> {
    let head = format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    vec![Step::Send([head.as_bytes(), body].concat())]
}

pub(crate) fn json(body: &str) -> Vec<Step> {
    answer("200 OK", "Content-Type: application/json;charset=utf-8\r\n", body.as_bytes())
}

pub(crate) fn raw(text: &str) -> Vec<Step> {
    vec![Step::Send(text.as_bytes().to_vec())]
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A listening server and what it saw.
pub(crate) struct Server {
    pub(crate) port: u16,
    seen: Arc<Mutex<Vec<String>>>,
    hangups: Arc<Mutex<usize>>,
}

impl Server {
    /// Answers every request head with the steps `script` makes of it.
    pub(crate) async fn start(script: impl Fn(&str) -> Vec<Step> + Send + Sync + 'static) -> Self {
        Self::listen("127.0.0.1:0", script).await
    }

    pub(crate) async fn listen(address: &str, script: impl Fn(&str) -> Vec<Step> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (seen, hangups) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(0)));
        let server = Self { port, seen: Arc::clone(&seen), hangups: Arc::clone(&hangups) };
        let script = Arc::new(script);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (script, seen, hangups) = (Arc::clone(&script), Arc::clone(&seen), Arc::clone(&hangups));
                tokio::spawn(async move {
                    let mut stream = stream;
                    let head = head(&mut stream).await;
                    seen.lock().unwrap().push(head.clone());
                    if !play(&mut stream, script(&head)).await {
                        *hangups.lock().unwrap() += 1;
                    }
                });
            }
        });
        server
    }

    /// Answers the requests in order; the last script answers all that follow.
    pub(crate) async fn in_order(scripts: Vec<Vec<Step>>) -> Self {
        let next = Mutex::new(0);
        Self::start(move |_| {
            let mut next = next.lock().unwrap();
            *next += 1;
            scripts[(*next - 1).min(scripts.len() - 1)].clone()
        })
        .await
    }

    /// Request heads so far.
    pub(crate) fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }

    /// Request lines so far, without method and version.
    pub(crate) fn targets(&self) -> Vec<String> {
        self.seen().iter().map(|head| head.split(' ').nth(1).unwrap_or_default().to_owned()).collect()
    }

    /// Waits until the client has hung up in the middle of an answer.
    pub(crate) async fn hung_up(&self) {
        while *self.hangups.lock().unwrap() == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    pub(crate) fn client(&self) -> Client {
        self.client_and_clock().0
    }

    pub(crate) fn client_and_clock(&self) -> (Client, FrozenClock) {
        client_and_clock(settings(&format!("http://127.0.0.1:{}", self.port)))
    }

    /// A reader whose deadline a test can wait for: half a second.
    pub(crate) fn impatient_account(&self) -> AccountReader {
        let settings = settings(&format!("http://127.0.0.1:{}", self.port));
        let settings = Settings { request_timeout: Duration::from_millis(500), ..settings };
        client(settings).account(&credential(), "call-1")
    }

    pub(crate) fn repository(&self) -> RepositoryReader {
        widget(&self.client())
    }

    pub(crate) fn account(&self) -> AccountReader {
        self.client().account(&credential(), "call-1")
    }
}

pub(crate) async fn head(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => break,
        }
    }
    String::from_utf8(head).unwrap()
}

/// Whether the client listened to the end.
async fn play(stream: &mut TcpStream, steps: Vec<Step>) -> bool {
    for step in steps {
        match step {
            Step::Send(bytes) => {
                if stream.write_all(&bytes).await.is_err() {
                    return false;
                }
            }
            Step::Wait(time) => tokio::time::sleep(time).await,
            Step::Forever(bytes, pause) => {
                while stream.write_all(&bytes).await.is_ok() {
                    tokio::time::sleep(pause).await;
                }
                return false;
            }
            Step::Reset => {
                stream.set_zero_linger().unwrap();
                return true;
            }
        }
    }
    close(stream).await;
    true
}

/// Says goodbye and waits for the other side's: closing with unread bytes would reset the connection.
pub(crate) async fn close(stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) {
    let _ = stream.shutdown().await;
    let _ = stream.read_to_end(&mut Vec::new()).await;
}

/// The default settings with a cap that a test can fill: 64 KiB.
pub(crate) fn settings(base: &str) -> Settings {
    Settings { max_body_bytes: 64 * 1024, ..Settings::new(BaseUrl::parse(base).unwrap()) }
}

pub(crate) fn client(settings: Settings) -> Client {
    client_and_clock(settings).0
}

fn client_and_clock(settings: Settings) -> (Client, FrozenClock) {
    let (ambient, clock) = Ambient::frozen("2026-11-21T10:00:00Z".parse::<Timestamp>().unwrap());
    (Client::new(settings, ambient).unwrap(), clock)
}

pub(crate) fn credential() -> Credential {
    Credential::new(TOKEN.to_owned().into()).unwrap()
}

pub(crate) fn widget(client: &Client) -> RepositoryReader {
    client.repository(&credential(), &RepositoryId::parse("acme/widget").unwrap(), "call-1")
}
