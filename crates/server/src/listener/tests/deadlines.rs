//! Those who are slow, and those who are many.

use super::*;

/// Waits until the other side closes, sending `byte` every three seconds if it is given.
async fn until_closed(stream: &mut TcpStream, byte: Option<u8>) -> (String, Duration) {
    let (mut reader, mut writer) = stream.split();
    let trickle = async {
        while let Some(byte) = byte {
            tokio::time::sleep(seconds(3)).await;
            if writer.write_all(&[byte]).await.is_err() {
                break;
            }
        }
        std::future::pending::<()>().await;
    };
    tokio::select! {
        closed = timed(rest(&mut reader)) => closed,
        () = trickle => (String::new(), Duration::MAX),
    }
}

fn about(passed: Duration, expected: u64) -> bool {
    passed >= seconds(expected) && passed < seconds(expected) + Duration::from_millis(500)
}

#[tokio::test(start_paused = true)]
async fn h09_a_slow_header_ends_its_connection_and_delays_nobody() {
    slow_headers(300).await;
}

#[tokio::test(start_paused = true)]
#[ignore = "make test-long: 5,000 slow headers at once, 300 here"]
async fn h09_a_crowd_of_slow_headers_delays_nobody() {
    // Both ends of each connection are this process's.
    assert_eq!(room_for(10_200), 10_200, "the limit of open files is too low for this test");
    slow_headers(5_000).await;
}

async fn slow_headers(count: usize) {
    let (max_connections, max_connections_per_address) = (count + 1, count + 1);
    let server = Server::start(Settings { max_connections, max_connections_per_address, ..Settings::default() }).await;
    let mut slow = Vec::new();
    for _ in 0..count {
        let mut stream = server.connect().await;
        stream.write_all(b"GET / HTTP/1.1\r\nHo").await.unwrap();
        slow.push(stream);
    }
    let (others, passed) = timed(server.exchange("GET / HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n")).await;
    assert!(others.ends_with("ours") && passed < seconds(1), "{passed:?} {others}");
    let closed = slow.iter_mut().map(|stream| until_closed(stream, Some(b's')));
    for (text, passed) in futures_util::future::join_all(closed).await {
        assert!(text.is_empty() && about(passed, 10), "{passed:?} {text}");
    }
    assert_eq!(server.counts.ended_so(Ended::SlowHeader), u64::try_from(count).unwrap());
    server.stop().await;
}

#[tokio::test(start_paused = true)]
async fn h09_a_connection_that_says_nothing_ends() {
    let server = Server::start(Settings::default()).await;
    let (_, passed) = until_closed(&mut server.connect().await, None).await;
    assert!(about(passed, 10), "{passed:?}");
    server.stop().await;
}

#[tokio::test(start_paused = true)]
async fn h09_a_kept_connection_waits_longer_but_its_next_header_does_not() {
    let server = Server::start(Settings::default()).await;
    let mut idle = server.connect().await;
    assert!(answer(&mut idle, GET).await.ends_with("ours"));
    tokio::time::sleep(seconds(70)).await;
    assert!(answer(&mut idle, GET).await.ends_with("ours"), "a pool's connection is still good");
    let (_, passed) = until_closed(&mut idle, None).await;
    assert!(about(passed, 75), "{passed:?}");
    assert_eq!(server.counts.ended_so(Ended::Idle), 1);

    let mut slow = server.connect().await;
    assert!(answer(&mut slow, GET).await.ends_with("ours"));
    tokio::time::sleep(seconds(30)).await;
    slow.write_all(b"GET").await.unwrap();
    let (_, passed) = until_closed(&mut slow, Some(b' ')).await;
    assert!(about(passed, 10), "{passed:?}");
    assert_eq!(server.counts.ended_so(Ended::SlowHeader), 1);
    server.stop().await;
}

#[tokio::test(start_paused = true)]
async fn h09_a_body_has_thirty_seconds() {
    let server = Server::start(Settings::default()).await;
    let head = "POST /length HTTP/1.1\r\nHost: test\r\nContent-Length: 100\r\n\r\n";
    let mut slow = server.connect().await;
    slow.write_all(head.as_bytes()).await.unwrap();
    let (text, passed) = until_closed(&mut slow, Some(b'x')).await;
    assert!(text.starts_with("HTTP/1.1 408") && about(passed, 30), "{passed:?} {text}");

    let mut in_time = server.connect().await;
    in_time.write_all(head.as_bytes()).await.unwrap();
    tokio::time::sleep(seconds(29)).await;
    assert!(answer(&mut in_time, &"x".repeat(100)).await.ends_with("100"));
    server.stop().await;
}

#[tokio::test(start_paused = true)]
async fn h09_who_takes_no_byte_of_an_answer_is_cut_and_who_takes_some_is_not() {
    let server = Server::start(Settings::default()).await;
    let request = b"GET /endless HTTP/1.1\r\nHost: test\r\n\r\n";
    let (mut deaf, mut slow) = (server.connect().await, server.connect().await);
    deaf.write_all(request).await.unwrap();
    slow.write_all(request).await.unwrap();
    let mut piece = vec![0; 8 << 20];
    for _ in 0..5 {
        tokio::time::sleep(seconds(20)).await;
        slow.read_exact(&mut piece).await.unwrap();
    }
    assert_eq!(server.counts.ended_so(Ended::SlowReader), 1);
    let (text, passed) = timed(rest(&mut deaf)).await;
    assert!(text.starts_with("HTTP/1.1 200") && passed < seconds(1), "what was sent is there, and then the end");
    tokio::time::sleep(seconds(31)).await;
    assert_eq!(server.counts.ended_so(Ended::SlowReader), 2);
    server.stop().await;
}

#[tokio::test(start_paused = true)]
async fn h09_a_stream_with_nothing_to_say_is_left_alone() {
    let server = Server::start(Settings { drain: seconds(5), ..Settings::default() }).await;
    let mut quiet = server.connect().await;
    quiet.write_all(b"GET /quiet HTTP/1.1\r\nHost: test\r\n\r\n").await.unwrap();
    let mut first = vec![0; 16 * 1024];
    quiet.read_exact(&mut first).await.unwrap();
    let hour = tokio::time::timeout(seconds(3_600), rest(&mut quiet)).await;
    assert!(hour.is_err(), "{hour:?}");
    let ((), passed) = timed(server.stop()).await;
    assert!(about(passed, 5), "s08: what does not end by itself is cut when the drain is over");
}

#[tokio::test(start_paused = true)]
async fn h09_over_a_cap_connections_are_closed_at_once() {
    let settings = Settings { max_connections: 3, max_connections_per_address: 2, ..Settings::default() };
    let server = Server::start(settings).await;
    let mut held = [server.connect().await, server.connect().await];
    for stream in &mut held {
        assert!(answer(stream, GET).await.ends_with("ours"));
    }
    let (text, passed) = timed(async { rest(&mut server.connect().await).await }).await;
    assert!(text.is_empty() && passed < seconds(1), "{passed:?}");
    assert_eq!(server.counts.ended_so(Ended::AddressFull), 1);
    assert!(answer(&mut held[0], GET).await.ends_with("ours"), "those who are in stay in");
    drop(held);
    tokio::time::sleep(seconds(1)).await;
    assert!(answer(&mut server.connect().await, GET).await.ends_with("ours"));
    server.stop().await;
}

#[tokio::test(start_paused = true)]
async fn s08_a_stop_lets_open_requests_end_and_closes_what_is_idle() {
    let server = Server::start(Settings::default()).await;
    let (mut idle, mut fresh, mut open) = (server.connect().await, server.connect().await, server.connect().await);
    assert!(answer(&mut idle, GET).await.ends_with("ours"));
    open.write_all(b"POST /length HTTP/1.1\r\nHost: test\r\nContent-Length: 4\r\n\r\nab").await.unwrap();
    tokio::time::sleep(seconds(1)).await;
    server.stop.cancel();
    for stream in [&mut idle, &mut fresh] {
        let (text, passed) = timed(rest(stream)).await;
        assert!(text.is_empty() && passed < seconds(1), "{passed:?}");
    }
    assert!(TcpStream::connect(server.address).await.is_err(), "nobody new is let in");
    open.write_all(b"cd").await.unwrap();
    assert!(rest(&mut open).await.ends_with('4'));
    server.stop().await;
}

/// With Nagle's algorithm the second of two small pieces waits for the first one's delayed acknowledgement, 40 ms.
#[tokio::test]
async fn h22_small_pieces_do_not_wait_for_each_other() {
    let deadlines = Deadlines { header: seconds(60), ..Deadlines::default() };
    let server = Server::start(Settings { deadlines, ..Settings::default() }).await;
    let mut kept = Vec::new();
    for _ in 0..50 {
        kept.push(server.connect().await);
    }
    let mut took = Vec::new();
    // A new connection acknowledges its first segments at once whatever happens; the plateau begins after them.
    for stream in &mut kept {
        for _ in 0..20 {
            let ask = async {
                stream.write_all(b"GET /pieces HTTP/1.1\r\nHost: test\r\n\r\n").await.unwrap();
                let mut text = Vec::new();
                while !text.ends_with(b"0\r\n\r\n") {
                    assert_ne!(stream.read_buf(&mut text).await.unwrap(), 0);
                }
            };
            took.push(timed(ask).await.1);
        }
    }
    took.sort();
    assert!(took[took.len() / 2] < Duration::from_millis(5), "half took {:?}", took[took.len() / 2]);
    server.stop().await;
}
