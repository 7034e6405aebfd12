//! H09: five thousand connections of a kind that hang; what the others, whose connections are kept, feel of it. They come
//! from several addresses, say as little as they may, and when the gateway ends one, another takes its place at once. One
//! that ends before its time did not hang, and voids the run.

use std::future::pending;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use aegis_ambient::Ambient;
use serde_json::json;
use socket2::SockRef;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;

use super::hanging::{CONNECTIONS, calm};
use super::hop::get_me;
use crate::Failure;
use crate::gateway::{Gateway, Wish};
use crate::load;
use crate::report::{Bound, Report, number};
use crate::yard::{Runs, SPREAD, Yard};

const HANGING: usize = 5_000;
/// Of the 256 connections that the gateway takes from one address.
const OF_ONE_ADDRESS: usize = 200;
/// Over how long they come: the shortest deadline. Those that have it end one after the other later on, as they came.
const COME_WITHIN: Duration = Duration::from_secs(10);
/// How often the slow say one byte more.
const A_BYTE_EVERY: Duration = Duration::from_secs(1);
/// What a client that takes nothing has room for, in bytes.
const ROOM: u32 = 4_096;
/// The longest segment, in bytes, as over a network. Over loopback's own, a system keeps megabytes for each connection.
const SEGMENT: u32 = 1_400;
/// How many answers of 42 kB it asks for: more than the gateway's system keeps for such a connection.
const ANSWERS: usize = 8;
/// How much earlier than at its deadline a connection may end: it is counted from when the gateway took it.
const GRACE: Duration = Duration::from_secs(1);
/// How often each kind is measured: in full a round takes half a minute.
const MOST_ROUNDS: usize = 3;
/// Of those that hang, how many must be there when the others were measured; the rest is being opened again.
const LEAST_SHARE: f64 = 0.95;
/// Until the gateway has let go of those that went.
const SETTLE: Duration = Duration::from_secs(1);

/// What a connection hangs in.
#[derive(Debug, Clone, Copy)]
enum Kind {
    /// A header, a byte a second.
    Header,
    /// The body of somebody with a key, a byte a second.
    Body,
    /// Answers that somebody with a key asked for and does not take.
    Answer,
    /// The handshake of TLS, which never begins.
    Handshake,
    /// Nothing more after one answer.
    Idle,
}

impl Kind {
    const ALL: [Self; 5] = [Self::Header, Self::Body, Self::Answer, Self::Handshake, Self::Idle];

    fn name(self) -> &'static str {
        match self {
            Self::Header => "headers, a byte a second",
            Self::Body => "bodies, a byte a second",
            Self::Answer => "answers nobody takes",
            Self::Handshake => "TLS handshakes that never begin",
            Self::Idle => "idle connections",
        }
    }

    /// What one says when it comes.
    fn opening(self, address: SocketAddr, key: &str) -> String {
        let post = |more: &str| {
            format!(
                "POST /mcp HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {key}\r\n\
                 content-type: application/json\r\naccept: application/json\r\n{more}"
            )
        };
        match self {
            Self::Header => format!("POST /mcp HTTP/1.1\r\nhost: {address}\r\nx-slow: "),
            Self::Body => post("content-length: 1000\r\n\r\n{"),
            Self::Answer => {
                let list = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}).to_string();
                post(&format!("content-length: {}\r\n\r\n{list}", list.len())).repeat(ANSWERS)
            }
            Self::Handshake => String::new(),
            Self::Idle => format!("GET /health/live HTTP/1.1\r\nhost: {address}\r\n\r\n"),
        }
    }

    /// When the gateway ends it.
    fn deadline(self) -> Duration {
        Duration::from_secs(match self {
            Self::Header | Self::Handshake => 10,
            Self::Body | Self::Answer => 30,
            Self::Idle => 75,
        })
    }

    /// Whether it goes on saying a byte a second. One that takes no answers learns by this that it was ended.
    fn is_slow(self) -> bool {
        matches!(self, Self::Header | Self::Body | Self::Answer)
    }

    fn takes(self) -> bool {
        !matches!(self, Self::Answer)
    }
}

pub(super) async fn measure(yard: &Yard, report: &mut Report) -> Result<(), Failure> {
    for kind in Kind::ALL {
        let gateway =
            yard.house.start(Wish { tls: matches!(kind, Kind::Handshake), of_one_address: 256, ..Wish::PLAIN })?;
        let others = yard.asks_of(&gateway, SPREAD, "tools/call", &get_me()).await?;
        load::closed(&yard.ambient, &others, CONNECTIONS, yard.plan.warm_up).await?.all_good()?;
        let (mut without, mut with) = (Runs::default(), Runs::default());
        for _ in 0..yard.plan.rounds.min(MOST_ROUNDS) {
            without.push(&calm(yard, &others).await?);
            let mut crowd = Crowd::gathered(yard, &gateway, kind).await?;
            with.push(&calm(yard, &others).await?);
            crowd.hangs(&gateway)?;
            drop(crowd);
            tokio::time::sleep(SETTLE).await;
        }
        let row = |what: &str| format!("5,000 {}: {what}", kind.name());
        report.row("H09", &row("p99 without, µs"), &without.p99_us, Bound::None);
        report.row("H09", &row("p99 with, µs"), &with.p99_us, Bound::None);
        report.row("H09", &row("with over without"), &with.p99_us.over(&without.p99_us), Bound::AtMost(1.2));
    }
    Ok(())
}

/// Connections that hang until dropped.
struct Crowd {
    hanging: Arc<AtomicUsize>,
    tasks: JoinSet<Result<(), Failure>>,
}

impl Crowd {
    async fn gathered(yard: &Yard, gateway: &Gateway, kind: Kind) -> Result<Self, Failure> {
        let keys = yard.house.keys.iter().skip(SPREAD).cycle();
        let mut crowd = Self { hanging: Arc::default(), tasks: JoinSet::new() };
        let started = yard.ambient.elapsed();
        let apart = COME_WITHIN / u32::try_from(HANGING)?;
        for (count, key) in (0..HANGING).zip(keys) {
            let due = started + apart * u32::try_from(count)?;
            tokio::time::sleep(due.saturating_sub(yard.ambient.elapsed())).await;
            let (from, to) = (address(count / OF_ONE_ADDRESS)?, gateway.address);
            let hanging = Arc::clone(&crowd.hanging);
            crowd.tasks.spawn(hang(yard.ambient.clone(), kind, from, to, kind.opening(to, key), hanging));
        }
        crowd.hangs(gateway)?;
        Ok(crowd)
    }

    /// Whether it is as large as it was to be, and none ended before its time.
    fn hangs(&mut self, gateway: &Gateway) -> Result<(), Failure> {
        if let Some(ended) = self.tasks.try_join_next() {
            ended??;
        }
        // Who waits to be accepted does not hang in the gateway yet.
        let hanging = self.hanging.load(Ordering::Relaxed).min(gateway.process.open_files()?);
        if number(hanging) < number(HANGING) * LEAST_SHARE {
            return Err(format!("{hanging} of {HANGING} connections hang: the run is void").into());
        }
        Ok(())
    }
}

/// One of the addresses they come from.
fn address(index: usize) -> Result<SocketAddr, Failure> {
    Ok((IpAddr::V4(Ipv4Addr::new(127, 0, 1, u8::try_from(index + 1)?)), 0).into())
}

/// Hangs, again and again.
async fn hang(
    ambient: Ambient,
    kind: Kind,
    from: SocketAddr,
    to: SocketAddr,
    opening: String,
    hanging: Arc<AtomicUsize>,
) -> Result<(), Failure> {
    loop {
        let socket = TcpSocket::new_v4()?;
        socket.set_recv_buffer_size(ROOM)?;
        SockRef::from(&socket).set_tcp_mss(SEGMENT)?;
        socket.bind(from)?;
        let mut stream = socket.connect(to).await?;
        let came = ambient.elapsed();
        stream.write_all(opening.as_bytes()).await?;
        hanging.fetch_add(1, Ordering::Relaxed);
        until_ended(kind, stream).await;
        hanging.fetch_sub(1, Ordering::Relaxed);
        let hung = ambient.elapsed().saturating_sub(came);
        if hung + GRACE < kind.deadline() {
            return Err(format!("one of the {} was ended after {hung:?}", kind.name()).into());
        }
    }
}

async fn until_ended(kind: Kind, mut stream: TcpStream) {
    let (mut reader, mut writer) = stream.split();
    let taken = async {
        if !kind.takes() {
            pending::<()>().await;
        }
        while reader.read(&mut [0; 512]).await.is_ok_and(|read| read > 0) {}
    };
    let said = async {
        if !kind.is_slow() {
            pending::<()>().await;
        }
        while writer.write_all(b"x").await.is_ok() {
            tokio::time::sleep(A_BYTE_EVERY).await;
        }
    };
    tokio::select! {
        () = taken => (),
        () = said => (),
    }
}
