//! HTTP/2, spoken by hand: what a client library would never send.

use super::*;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// Frame types and flags of RFC 9113 §6.
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RESET: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const CONTINUATION: u8 = 9;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
const ACK: u8 = 1;
/// Error codes of §7.
const REFUSED_STREAM: u32 = 7;
const CANCEL: u32 = 8;
const ENHANCE_YOUR_CALM: u32 = 11;

struct Frame {
    kind: u8,
    flags: u8,
    stream: u32,
    payload: Vec<u8>,
}

impl Frame {
    /// The error of a reset stream or connection.
    fn error(&self) -> u32 {
        let at = if self.kind == GOAWAY { 4 } else { 0 };
        u32::from_be_bytes(self.payload[at..at + 4].try_into().unwrap())
    }
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// A literal of RFC 7541 §6.2.2 with a short name or an index, never indexed itself.
fn literal(name: &str, value: &str) -> Vec<u8> {
    let text = |text: &str| [&[u8::try_from(text.len()).unwrap()], text.as_bytes()].concat();
    [vec![0], text(name), text(value)].concat()
}

/// `GET` of a path at the host `test`.
fn block(path: &str) -> Vec<u8> {
    [vec![0x82, 0x86], literal(":path", path), literal(":authority", "test")].concat()
}

fn get(stream: u32, path: &str) -> Vec<u8> {
    frame(HEADERS, END_STREAM | END_HEADERS, stream, &block(path))
}

fn hello(settings: &[u8]) -> Vec<u8> {
    [PREFACE, &frame(SETTINGS, 0, 0, settings), &frame(SETTINGS, ACK, 0, &[])].concat()
}

async fn next(stream: &mut (impl AsyncReadExt + Unpin)) -> Option<Frame> {
    let mut head = [0; 9];
    stream.read_exact(&mut head).await.ok()?;
    let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
    let mut payload = vec![0; usize::try_from(length).unwrap()];
    stream.read_exact(&mut payload).await.ok()?;
    let id = u32::from_be_bytes(head[5..9].try_into().unwrap());
    Some(Frame { kind: head[3], flags: head[4], stream: id, payload })
}

/// The first frame of this kind; none if the connection ended before.
async fn first(stream: &mut TcpStream, kind: u8) -> Option<Frame> {
    loop {
        match next(stream).await {
            Some(frame) if frame.kind == kind => return Some(frame),
            Some(_) => (),
            None => return None,
        }
    }
}

async fn clear() -> Server {
    Server::start(Settings { clear_http2: true, ..Settings::default() }).await
}

async fn said(server: &Server, bytes: &[u8]) -> TcpStream {
    let mut stream = server.connect().await;
    // The other side may hang up in the middle of a flood.
    let _ = stream.write_all(&hello(&[])).await;
    let _ = stream.write_all(bytes).await;
    stream
}

/// The listener still serves whoever behaves.
async fn others_are_served(server: &Server) {
    let mut stream = said(server, &get(1, "/")).await;
    let answer = first(&mut stream, DATA).await.unwrap();
    assert_eq!((answer.stream, answer.payload.as_slice()), (1, &b"ours"[..]));
}

#[tokio::test]
async fn h16_http2_without_tls_is_off_unless_configured() {
    let server = Server::start(Settings::default()).await;
    let text = server.exchange([hello(&[]), get(1, "/")].concat()).await;
    assert!(text.is_empty() || text.starts_with("HTTP/1.1 400"), "{text}");
    let upgrade = "GET / HTTP/1.1\r\nHost: test\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\
                   HTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n";
    assert!(answer(&mut server.connect().await, upgrade).await.starts_with("HTTP/1.1 200"), "an upgrade is ignored");
    server.stop().await;

    let server = clear().await;
    others_are_served(&server).await;
    assert!(answer(&mut server.connect().await, GET).await.ends_with("ours"), "HTTP/1.1 goes on beside it");
    assert!(answer(&mut server.connect().await, upgrade).await.starts_with("HTTP/1.1 200"), "an upgrade is ignored");
    server.stop().await;
}

#[tokio::test(start_paused = true)]
async fn h16_rapid_resets_end_the_connection() {
    let server = clear().await;
    let reset = |stream| [get(stream, "/quiet"), frame(RESET, 0, stream, &CANCEL.to_be_bytes())].concat();
    let flood: Vec<u8> = (0..20_000).flat_map(|number| reset(number * 2 + 1)).collect();
    let mut stream = server.connect().await;
    stream.write_all(&hello(&[])).await.unwrap();
    let (mut reader, mut writer) = stream.split();
    let told = async {
        let mut text = Vec::new();
        let _ = reader.read_to_end(&mut text).await;
        text
    };
    let ((text, _), passed) = timed(async { tokio::join!(told, writer.write_all(&flood)) }).await;
    assert!(passed < seconds(1), "it went on: {passed:?}");
    let goaway = [&[GOAWAY, 0][..], &[0; 4]].concat();
    let found = text.windows(goaway.len()).position(|window| window == goaway).map(|at| &text[at + 10..at + 14]);
    // A reset may overtake the frame that says why.
    assert!(found.is_none_or(|error| error == ENHANCE_YOUR_CALM.to_be_bytes()), "{found:?}");
    others_are_served(&server).await;
    server.stop().await;
}

#[tokio::test(start_paused = true)]
async fn h16_more_streams_than_allowed_are_refused() {
    let server = Server::start(Settings { clear_http2: true, drain: seconds(1), ..Settings::default() }).await;
    let streams: Vec<u8> = (0..150).flat_map(|number| get(number * 2 + 1, "/quiet")).collect();
    let mut stream = said(&server, &streams).await;
    let mut refused = 0;
    while refused < 50 {
        let reset = first(&mut stream, RESET).await.expect("fewer streams were refused");
        assert!(reset.error() == REFUSED_STREAM && reset.stream > 200, "{} {}", reset.error(), reset.stream);
        refused += 1;
    }
    others_are_served(&server).await;
    server.stop().await;
}

#[tokio::test(start_paused = true)]
async fn h16_an_endless_header_ends_the_connection() {
    let server = clear().await;
    let mut flood = frame(HEADERS, END_STREAM, 1, &block("/"));
    let more = literal("x-more", &"x".repeat(100)).repeat(100);
    for _ in 0..2_000 {
        flood.extend(frame(CONTINUATION, 0, 1, &more));
    }
    let mut stream = said(&server, &flood).await;
    let (answer, passed) = timed(first(&mut stream, HEADERS)).await;
    assert!(answer.is_none() && passed < seconds(1), "it went on: {passed:?}");
    others_are_served(&server).await;
    server.stop().await;
}

#[tokio::test(start_paused = true)]
async fn h16_a_header_that_unpacks_to_more_than_its_limit_is_refused() {
    let server = clear().await;
    // One header of 4,000 bytes goes into the table (RFC 7541 §6.2.1); each byte 0xbe after it stands for all of it.
    let value = [&[0x40, 1, b'x', 127, 0xa1, 0x1e][..], &[b'x'; 4_000]].concat();
    let bomb = [block("/"), value.clone(), vec![0xbe; 8_000]].concat();
    let mut stream = said(&server, &frame(HEADERS, END_STREAM | END_HEADERS, 1, &bomb)).await;
    let answer = loop {
        match next(&mut stream).await {
            Some(frame) if matches!(frame.kind, HEADERS | RESET | GOAWAY) => break Some(frame),
            Some(_) => (),
            None => break None,
        }
    };
    let answer = answer.unwrap();
    assert_eq!((answer.kind, answer.error()), (GOAWAY, ENHANCE_YOUR_CALM));
    assert!(first(&mut stream, DATA).await.is_none(), "its route was reached");

    let small = [block("/"), value, vec![0xbe; 4]].concat();
    let mut stream = said(&server, &frame(HEADERS, END_STREAM | END_HEADERS, 1, &small)).await;
    assert_eq!(
        first(&mut stream, DATA).await.unwrap().payload,
        b"ours",
        "within the limit it is a header like any other"
    );
    server.stop().await;
}

/// The connection is lively, its pings are answered, and one stream gets no window: only that stream is reset.
#[tokio::test(start_paused = true)]
async fn h09_h16_a_stream_that_is_not_read_is_reset() {
    let server = clear().await;
    let mut stream = server.connect().await;
    let no_window = [0, 4, 0, 0, 0, 0];
    stream.write_all(&[hello(&no_window), get(1, "/endless")].concat()).await.unwrap();
    let until_reset = async {
        loop {
            let frame = next(&mut stream).await.expect("the whole connection ended");
            match frame.kind {
                RESET => return frame,
                PING if frame.flags & ACK == 0 => {
                    stream.write_all(&self::frame(PING, ACK, 0, &frame.payload)).await.unwrap();
                }
                _ => (),
            }
        }
    };
    let (reset, passed) = timed(tokio::time::timeout(seconds(300), until_reset)).await;
    let reset = reset.expect("it is never reset");
    assert_eq!((reset.stream, reset.error()), (1, CANCEL));
    assert!(passed >= seconds(30) && passed < seconds(31), "{passed:?}");
    stream.write_all(&get(3, "/quiet")).await.unwrap();
    assert!(first(&mut stream, HEADERS).await.is_some(), "the connection goes on");
    server.stop().await;
}

/// Frames that are no request keep nobody's place: our pings are answered, and the client sends some of its own.
#[tokio::test(start_paused = true)]
async fn h09_a_lively_connection_without_requests_is_idle() {
    for own_pings in [false, true] {
        let server = clear().await;
        let mut stream = said(&server, &get(1, "/")).await;
        assert!(first(&mut stream, DATA).await.is_some());
        let (mut reader, mut writer) = stream.split();
        let (ping, mut since) = (frame(PING, 0, 0, &[7; 8]), 0);
        let until_closed = async {
            loop {
                let read = tokio::time::timeout(seconds(5), next(&mut reader)).await;
                let say = match read {
                    Ok(None) => return,
                    Ok(Some(heard)) if heard.kind == PING && heard.flags & ACK == 0 => {
                        frame(PING, ACK, 0, &heard.payload)
                    }
                    Err(_) if own_pings => ping.clone(),
                    Ok(Some(_)) | Err(_) => continue,
                };
                since += 1;
                let _ = writer.write_all(&say).await;
            }
        };
        let ((), passed) = timed(until_closed).await;
        assert!(since >= 3 && passed >= seconds(75) && passed < seconds(80), "{passed:?} after {since} frames");
        assert_eq!(server.counts.ended_so(Ended::Idle), 1);
        server.stop().await;
    }
}

#[tokio::test]
async fn h14_the_rules_of_requests_hold_in_http2() {
    let server = clear().await;
    for (name, value) in [("x_forwarded_for", "192.0.2.1"), ("host", "other"), ("transfer-encoding", "chunked")] {
        let request = [block("/"), literal(name, value)].concat();
        let mut stream = said(&server, &frame(HEADERS, END_STREAM | END_HEADERS, 1, &request)).await;
        let answer = loop {
            let frame = next(&mut stream).await.unwrap();
            if matches!(frame.kind, HEADERS | RESET) {
                break frame;
            }
        };
        // 0x8c is `:status: 400` of the static table (RFC 7541, appendix A).
        assert!(answer.kind == RESET || answer.payload.first() == Some(&0x8c), "{name}: {:?}", answer.payload);
    }
    server.stop().await;
}
