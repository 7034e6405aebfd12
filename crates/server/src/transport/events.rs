//! Server-sent events (WHATWG HTML §9.2). Axum's cannot write what 2025-11-25 begins a stream with, an event with an id
//! and empty data.

use std::time::Duration;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::Stream;
use http::header::CONTENT_TYPE;
use http::{HeaderName, HeaderValue};
use tokio_stream::StreamExt as _;

/// A comment this often keeps proxies from taking the stream for dead.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
pub(crate) const COMMENT: Bytes = Bytes::from_static(b":\n\n");
/// Tells nginx to pass events on as they come.
const UNBUFFERED: (HeaderName, HeaderValue) =
    (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
const EVENTS: (HeaderName, HeaderValue) = (CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));

/// A stream that stays open for these events.
pub(super) fn respond(events: impl Stream<Item = Bytes> + Send + 'static) -> Response {
    let mut pauses = tokio::time::interval(KEEP_ALIVE);
    pauses.reset();
    let events =
        events.timeout_repeating(pauses).map(|event| Ok::<_, std::convert::Infallible>(event.unwrap_or(COMMENT)));
    ([EVENTS, UNBUFFERED], Body::from_stream(events)).into_response()
}

/// One event. `fields` come before its data; neither they nor it hold a line break, which JSON text never does.
pub(crate) fn event(fields: &[(&str, &str)], data: &str) -> Bytes {
    let mut text = String::with_capacity(data.len().saturating_add(64));
    for (name, value) in fields.iter().chain(&[("data", data)]) {
        text.extend([name, ": ", value, "\n"]);
    }
    text.push('\n');
    text.into()
}

#[cfg(test)]
mod tests {
    use futures_util::stream;
    use http_body_util::BodyExt as _;

    use super::*;

    #[test]
    fn an_event_has_its_fields_and_its_data_even_if_that_is_empty() {
        assert_eq!(event(&[("id", "0/1"), ("retry", "3000")], ""), "id: 0/1\nretry: 3000\ndata: \n\n");
        assert_eq!(event(&[], "{}"), "data: {}\n\n");
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_stream_says_that_it_lives() {
        let mut body = respond(stream::iter([event(&[], "{}")]).chain(stream::pending())).into_body();
        let mut seen = Vec::new();
        for _ in 0..3 {
            seen.push(body.frame().await.unwrap().unwrap().into_data().unwrap());
            assert!(tokio::time::timeout(KEEP_ALIVE / 2, body.frame()).await.is_err(), "not more often than it must");
        }
        assert_eq!(seen, ["data: {}\n\n", ":\n\n", ":\n\n"]);
    }
}
