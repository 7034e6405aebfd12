//! Answers made wrong, and the bodies that stop, crawl or never end.

use std::future::Future as _;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, LOCATION};
use http::{HeaderName, HeaderValue, Response, StatusCode};
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::{Sleep, sleep};

use super::FaultKind;
use crate::answer::Answer;

/// Between the last bytes sent and the end of the connection, so that they arrive.
const FLUSH_MS: u64 = 20;
/// A piece of an endless body.
const CHUNK_BYTES: usize = 16_384;

/// A body, whole or faulty.
pub(crate) enum Payload {
    Whole(Option<Bytes>),
    Faulty(Box<Faulty>),
}

/// A body that will not end well.
pub(crate) struct Faulty {
    rest: Bytes,
    ending: Ending,
    pause: Option<Pin<Box<Sleep>>>,
}

enum Ending {
    /// Sends what there is and breaks off; `reset` makes the socket close with RST.
    Break { reset: Option<Arc<AtomicBool>> },
    /// A byte an interval, then a proper end.
    Drip(Duration),
    /// The same piece again and again.
    Never,
}

impl Payload {
    fn faulty(rest: Bytes, ending: Ending) -> Self {
        Self::Faulty(Box::new(Faulty { rest, ending, pause: None }))
    }
}

impl Body for Payload {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        match self.get_mut() {
            Self::Whole(body) => Poll::Ready(body.take().map(|body| Ok(Frame::data(body)))),
            Self::Faulty(faulty) => faulty.poll(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Whole(None))
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(content) => SizeHint::with_exact(content.as_ref().map_or(0, |content| content.len() as u64)),
            Self::Faulty(_) => SizeHint::default(),
        }
    }
}

impl Faulty {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if let Some(pause) = &mut self.pause {
            ready!(pause.as_mut().poll(context));
            self.pause = None;
        }
        match &self.ending {
            Ending::Never => Poll::Ready(Some(Ok(Frame::data(self.rest.clone())))),
            Ending::Drip(_) if self.rest.is_empty() => Poll::Ready(None),
            Ending::Drip(interval) => {
                self.pause = Some(Box::pin(sleep(*interval)));
                Poll::Ready(Some(Ok(Frame::data(self.rest.split_to(1)))))
            }
            Ending::Break { reset } if self.rest.is_empty() => {
                if let Some(reset) = reset {
                    reset.store(true, Ordering::Release);
                }
                Poll::Ready(Some(Err(io::ErrorKind::ConnectionAborted.into())))
            }
            Ending::Break { .. } => {
                self.pause = Some(Box::pin(sleep(Duration::from_millis(FLUSH_MS))));
                Poll::Ready(Some(Ok(Frame::data(std::mem::take(&mut self.rest)))))
            }
        }
    }
}

/// The answer as it is, or as the fault wants it. `reset` tells the socket to close with RST.
pub(crate) async fn spoil(answer: Answer, fault: Option<FaultKind>, reset: &Arc<AtomicBool>) -> Response<Payload> {
    let Some(fault) = fault else { return whole(answer) };
    match fault {
        FaultKind::Delay(time) => {
            sleep(time).await;
            whole(answer)
        }
        FaultKind::Status { code, headers, body } => whole(status(code, &headers, body)),
        FaultKind::Truncate { sent_bytes } => cut(&answer, sent_bytes, Ending::Break { reset: None }),
        FaultKind::Reset { sent_bytes } => cut(&answer, sent_bytes, Ending::Break { reset: Some(Arc::clone(reset)) }),
        FaultKind::Drip { interval } => cut(&answer, usize::MAX, Ending::Drip(interval)),
        FaultKind::Garbage => whole(replaced(answer, "{\"id\": 1, \"name\": \"wid")),
        FaultKind::WrongType => whole(replaced(answer, "42")),
        FaultKind::Endless => {
            let piece = Bytes::from(vec![b' '; CHUNK_BYTES]);
            let mut response = head(&answer);
            *response.status_mut() = StatusCode::OK;
            response.map(|()| Payload::faulty(piece, Ending::Never))
        }
        FaultKind::BadGzip => whole(replaced(answer, "this is not gzip").with(CONTENT_ENCODING, "gzip")),
        FaultKind::Redirect { location } => whole(
            Answer { status: StatusCode::FOUND, headers: Vec::new(), body: Bytes::new() }.with(LOCATION, location),
        ),
    }
}

fn head(answer: &Answer) -> Response<()> {
    let mut response = Response::new(());
    *response.status_mut() = answer.status;
    for (name, value) in &answer.headers {
        response.headers_mut().append(name.clone(), value.clone());
    }
    response
}

fn whole(answer: Answer) -> Response<Payload> {
    let response = head(&answer);
    response.map(|()| Payload::Whole(Some(answer.body).filter(|body| !body.is_empty())))
}

fn replaced(answer: Answer, body: &'static str) -> Answer {
    Answer { status: StatusCode::OK, body: Bytes::from_static(body.as_bytes()), ..answer }
}

/// Declares the whole length and sends at most so many bytes.
fn cut(answer: &Answer, sent_bytes: usize, ending: Ending) -> Response<Payload> {
    let mut response = head(answer);
    response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(answer.body.len()));
    let sent = answer.body.slice(..sent_bytes.min(answer.body.len()));
    response.map(|()| Payload::faulty(sent, ending))
}

fn status(code: u16, headers: &[(String, String)], body: Option<String>) -> Answer {
    let status = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut answer = Answer { status, headers: Vec::new(), body: body.unwrap_or_default().into() };
    for (name, value) in headers {
        if let Ok(name) = name.parse::<HeaderName>() {
            answer = answer.with(name, value);
        }
    }
    if answer.headers.iter().any(|(name, _)| *name == CONTENT_TYPE) || answer.body.is_empty() {
        return answer;
    }
    answer.with(CONTENT_TYPE, "text/html; charset=utf-8")
}
