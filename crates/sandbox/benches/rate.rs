//! How many small requests a second the sandbox answers, against a bare hyper server in the same process and run.
//! Benchmarks of the gateway stand on the sandbox: it must not be what they measure.
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::convert::Infallible;
use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use aegis_ambient::Ambient;
use aegis_sandbox::{DataSet, Options, Sandbox};
use bytes::Bytes;
use http::Response;
use http_body_util::Full;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

const CONNECTIONS: usize = 16;
const ROUNDS: usize = 7;
const ROUND_MS: u64 = 1500;
const WARM_UP_MS: u64 = 500;
/// The least share of the bare server's rate.
const LEAST_RATIO: f64 = 0.28;
const READ_BYTES: usize = 64 * 1024;

type Failure = Box<dyn Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let ambient = Ambient::real();
    let mut options = Options::new(ambient.clone());
    options.record_requests = false;
    let sandbox = Sandbox::start(DataSet::Bench, options).await?;
    let here: SocketAddr = sandbox.url().trim_start_matches("http://").parse()?;
    let bare = bare_server().await?;
    let token = sandbox.token("bench").to_owned();
    let repository = "/api/v1/repos/load/small";
    let issue = "/api/v1/repos/load/large/issues/1";
    let file = "/api/v1/repos/load/small/contents-ext/README.md?includes=file_content";
    let targets = [
        ("bare hyper", bare, vec!["/"]),
        ("small mix", here, vec!["/api/v1/version", "/api/v1/user", repository, issue, file]),
        ("version", here, vec!["/api/v1/version"]),
        ("user", here, vec!["/api/v1/user"]),
        ("repository", here, vec![repository]),
        ("issue", here, vec![issue]),
        ("file", here, vec![file]),
    ];
    let mut rates: Vec<Vec<f64>> = vec![Vec::new(); targets.len()];
    for (_, address, paths) in &targets {
        rate(&ambient, *address, paths, &token, WARM_UP_MS).await?;
    }
    for _ in 0..ROUNDS {
        for ((_, address, paths), rates) in targets.iter().zip(&mut rates) {
            rates.push(rate(&ambient, *address, paths, &token, ROUND_MS).await?);
        }
    }
    let medians: Vec<f64> = rates.into_iter().map(median).collect();
    let bare_rate = medians.first().copied().unwrap_or_default();
    let mut figures = serde_json::Map::new();
    for ((name, _, _), median) in targets.iter().zip(&medians) {
        println!("{name:<12} {median:>9.0} requests/s  {:>5.2} of bare hyper", median / bare_rate);
        figures.insert(
            (*name).to_owned(),
            serde_json::json!({ "per_second": median.round(), "ratio": median / bare_rate }),
        );
    }
    println!("{}", serde_json::json!({ "connections": CONNECTIONS, "rounds": ROUNDS, "rates": figures }));
    let mix = medians.get(1).copied().unwrap_or_default() / bare_rate;
    sandbox.stop().await;
    if mix < LEAST_RATIO {
        return Err(format!("{mix:.2} of the bare server's rate; {LEAST_RATIO} are needed").into());
    }
    Ok(())
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates.get(rates.len() / 2).copied().unwrap_or_default()
}

/// The least a hyper server does: a fixed small body.
async fn bare_server() -> Result<SocketAddr, Failure> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let answer = |_| async {
                    Ok::<_, Infallible>(Response::new(Full::new(Bytes::from_static(b"{\"version\":\"1\"}"))))
                };
                let _ = stream.set_nodelay(true);
                hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service_fn(answer))
                    .await
            });
        }
    });
    Ok(address)
}

/// Requests a second over a time, each connection asking again as soon as it is answered.
async fn rate(
    ambient: &Ambient,
    address: SocketAddr,
    paths: &[&str],
    token: &str,
    for_ms: u64,
) -> Result<f64, Failure> {
    let (stop, answered) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let requests: Arc<Vec<Vec<u8>>> = Arc::new(paths.iter().map(|path| request(path, token)).collect());
    let mut clients = Vec::new();
    for _ in 0..CONNECTIONS {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        clients.push(tokio::spawn(client(stream, Arc::clone(&requests), Arc::clone(&stop), Arc::clone(&answered))));
    }
    let started = ambient.elapsed();
    tokio::time::sleep(Duration::from_millis(for_ms)).await;
    let (count, took) = (answered.load(Ordering::Relaxed), ambient.elapsed().saturating_sub(started));
    stop.store(true, Ordering::Relaxed);
    for client in clients {
        client.await??;
    }
    Ok(f64::from(u32::try_from(count)?) / took.as_secs_f64())
}

fn request(path: &str, token: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: token {token}\r\n\r\n").into_bytes()
}

async fn client(
    mut stream: TcpStream,
    requests: Arc<Vec<Vec<u8>>>,
    stop: Arc<AtomicBool>,
    answered: Arc<AtomicUsize>,
) -> Result<(), Failure> {
    let mut buffer = vec![0; READ_BYTES];
    for request in requests.iter().cycle() {
        if stop.load(Ordering::Relaxed) {
            return Ok(());
        }
        stream.write_all(request).await?;
        let mut filled = 0;
        let mut wanted = None;
        while wanted.is_none_or(|wanted| filled < wanted) {
            let read = stream.read(buffer.get_mut(filled..).unwrap_or_default()).await?;
            if read == 0 {
                return Err("the server closed the connection".into());
            }
            filled += read;
            if wanted.is_none() {
                wanted = answer_length(buffer.get(..filled).unwrap_or_default())?;
            }
        }
        answered.fetch_add(1, Ordering::Relaxed);
    }
    Ok(())
}

/// The length of head and body together, once the head is there; anything but 200 is a failed benchmark.
fn answer_length(answer: &[u8]) -> Result<Option<usize>, Failure> {
    let Some(head) = answer.windows(4).position(|window| window == b"\r\n\r\n") else { return Ok(None) };
    let text = std::str::from_utf8(answer.get(..head).unwrap_or_default())?;
    if !text.starts_with("HTTP/1.1 200") {
        return Err(text.lines().next().unwrap_or_default().to_owned().into());
    }
    let length = text
        .lines()
        .find_map(|line| line.split_once(": ").filter(|(name, _)| name.eq_ignore_ascii_case("content-length")));
    let length: usize = length.ok_or("no content-length")?.1.parse()?;
    Ok(Some(head + 4 + length))
}
