//! Requests that two programs could read in two ways.

use super::*;

const HEAD: &str = "POST /length HTTP/1.1\r\nHost: test\r\n";

/// Status and number of answers on a connection that ends by itself.
async fn statuses(server: &Server, request: &str) -> Vec<u16> {
    let text = tokio::time::timeout(seconds(5), server.exchange(request)).await.expect("the connection stays open");
    let mut answers = text.split("HTTP/1.1 ").skip(1);
    answers.by_ref().map(|answer| answer[..3].parse().unwrap()).collect()
}

#[tokio::test]
async fn h14_what_could_be_read_twice_is_400_and_the_end() {
    let server = Server::start(Settings::default()).await;
    for lines in [
        "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding: identity\r\n\r\n",
        "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
        "X: y\r\n Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
        "Content-Length: 1, 1\r\n\r\nx",
        "Content-Length: +1\r\n\r\nx",
        "Content-Length: 0x1\r\n\r\nx",
        "Content-Length: -1\r\n\r\n",
        "Content-Length: 18446744073709551617\r\n\r\nx",
        "Content-Length: 1\r\nX\0: y\r\n\r\nx",
        "Content-Length: 1\r\nX: y\rz\r\n\r\nx",
        "Content-Length: 1\r\nHost: test\r\n\r\nx",
        "Content-Length: 1\r\nX_Forwarded_For: 192.0.2.1\r\n\r\nx",
        "Content-Length: 1\r\nMcp_Session_Id: 1\r\n\r\nx",
        "Content_Length: 1\r\n\r\n",
    ] {
        // What follows would be the smuggled request: it is never answered.
        let request = format!("{HEAD}{lines}{GET}");
        assert_eq!(statuses(&server, &request).await, [400], "{lines:?}");
    }
    server.stop().await;
}

#[tokio::test]
async fn h14_beside_chunked_a_length_counts_nothing_and_ends_the_connection() {
    let server = Server::start(Settings::default()).await;
    let chunked = "5\r\nhello\r\n0\r\n\r\n";
    for lines in ["Content-Length: 4\r\nTransfer-Encoding: chunked", "Transfer-Encoding: chunked\r\nContent-Length: 4"]
    {
        let text = server.exchange(format!("{HEAD}{lines}\r\n\r\n{chunked}{GET}")).await;
        assert!(text.starts_with("HTTP/1.1 200") && text.ends_with("\r\n\r\n5"), "{text}");
    }
    let mut kept = server.connect().await;
    let plain = format!("{HEAD}Transfer-Encoding: chunked\r\n\r\n{chunked}");
    assert!(answer(&mut kept, &plain).await.ends_with("\r\n\r\n5"));
    assert!(answer(&mut kept, GET).await.ends_with("ours"), "chunked alone is fine");
    server.stop().await;
}

#[tokio::test]
async fn h14_chunks_are_framed_by_the_letter() {
    let server = Server::start(Settings::default()).await;
    for body in [
        "5\nhello\r\n0\r\n\r\n",
        "5\r\nhello!\r\n0\r\n\r\n",
        "0x5\r\nhello\r\n0\r\n\r\n",
        "5;a\nb\r\nhello\r\n0\r\n\r\n",
    ] {
        let text = server.exchange(format!("{HEAD}Transfer-Encoding: chunked\r\n\r\n{body}{GET}")).await;
        assert!(text.starts_with("HTTP/1.1 400") && text.matches("HTTP/1.1").count() == 1, "{body:?}: {text}");
    }
    server.stop().await;
}

/// RFC 9112 §2.2 lets a server read a bare line feed as the end of a line. What follows is then a header like any other
/// and is judged like one.
#[tokio::test]
async fn h14_a_bare_line_feed_hides_no_header() {
    let server = Server::start(Settings::default()).await;
    for hidden in ["Transfer-Encoding: identity", "X_Forwarded_For: 192.0.2.1", "Host: other"] {
        assert_eq!(statuses(&server, &format!("{HEAD}X: y\n{hidden}\r\n\r\n{GET}")).await, [400], "{hidden}");
    }
    server.stop().await;
}

#[tokio::test]
async fn h03_one_host_or_none_at_all() {
    let server = Server::start(Settings::default()).await;
    for request in [
        "GET / HTTP/1.1\r\n\r\n",
        "GET http://test/ HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: test\r\nHost: test\r\n\r\n",
        "GET http://other/ HTTP/1.1\r\nHost: test\r\n\r\n",
        "GET http://user@test/ HTTP/1.1\r\nHost: test\r\n\r\n",
        "CONNECT other:443 HTTP/1.1\r\nHost: test\r\n\r\n",
    ] {
        assert_eq!(statuses(&server, &format!("{request}{GET}")).await, [400], "{request:?}");
    }
    for request in ["GET http://test/ HTTP/1.1\r\nHost: test\r\n\r\n", "GET / HTTP/1.1\r\nHost: TEST:80\r\n\r\n"] {
        assert!(answer(&mut server.connect().await, request).await.starts_with("HTTP/1.1 200"), "{request:?}");
    }
    server.stop().await;
}

#[tokio::test]
async fn h14_a_header_over_its_limit_is_431_and_the_end() {
    let server = Server::start(Settings::default()).await;
    let within = format!("GET / HTTP/1.1\r\nHost: test\r\nX: {}\r\n\r\n", "x".repeat(32 * 1024));
    assert!(answer(&mut server.connect().await, &within).await.starts_with("HTTP/1.1 200"));
    let over = format!("GET / HTTP/1.1\r\nHost: test\r\nX: {}", "x".repeat(80 * 1024));
    let mut stream = server.connect().await;
    let _ = stream.write_all(over.as_bytes()).await;
    let text = rest(&mut stream).await;
    assert!(text.is_empty() || text.starts_with("HTTP/1.1 431"), "{text}");
    server.stop().await;
}
