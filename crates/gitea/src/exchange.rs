//! One request and its answer: headers, deadline, byte cap, one retry, the breaker, and what every status means.

mod body;
mod breaker;
mod fault;
mod moved;
mod pool;
mod refusal;

use std::sync::Arc;
use std::time::Duration;

use aegis_ambient::Ambient;
use breaker::Breaker;
use bytes::Bytes;
use http::header::{ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_TYPE, RANGE};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri};
use pool::Pool;
use serde::de::DeserializeOwned;
use url::Url;

use crate::connect::{BaseUrl, Credential, Settings};
use crate::error::{Fault, GiteaError};
use crate::flavor::Instance;
use crate::fresh::Fresh;
use crate::read::Limits;
use crate::route::Call;

/// How long version, flavour and limits are believed: an upgrade is noticed within this time.
const INSTANCE_LIFETIME: Duration = Duration::from_mins(5);
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The pool, and what is known of the instance behind it.
pub(crate) struct Connection {
    pool: Pool,
    base: BaseUrl,
    request_timeout: Duration,
    max_body_bytes: u64,
    ambient: Ambient,
    breaker: Breaker,
    instance: Fresh<Instance, GiteaError>,
    limits: Fresh<Limits, GiteaError>,
}

impl Connection {
    pub(crate) fn new(settings: Settings, ambient: Ambient) -> Result<Self, GiteaError> {
        Ok(Self {
            pool: Pool::new(&settings)?,
            base: settings.base_url,
            request_timeout: settings.request_timeout,
            max_body_bytes: settings.max_body_bytes,
            ambient,
            breaker: Breaker::default(),
            instance: Fresh::new(INSTANCE_LIFETIME, GiteaError::is_everybodys),
            limits: Fresh::new(INSTANCE_LIFETIME, GiteaError::is_everybodys),
        })
    }
}

/// What to do when a body is larger than the cap.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Oversize {
    Refuse,
    Cut,
}

/// An answer with a status of success.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// Whether the body was cut at the cap.
    pub(crate) is_cut: bool,
}

/// A connection together with whose requests go over it.
pub(crate) struct Bound {
    connection: Arc<Connection>,
    credential: Option<Credential>,
    correlation_id: String,
}

impl Bound {
    pub(crate) fn new(connection: Arc<Connection>, credential: Option<Credential>, correlation_id: &str) -> Self {
        Self { connection, credential, correlation_id: correlation_id.to_owned() }
    }

    /// The same connection without a credential.
    pub(crate) fn anonymous(&self) -> Self {
        Self::new(Arc::clone(&self.connection), None, &self.correlation_id)
    }

    pub(crate) fn has_credential(&self) -> bool {
        self.credential.is_some()
    }

    pub(crate) fn ambient(&self) -> &Ambient {
        &self.connection.ambient
    }

    pub(crate) fn kept_instance(&self) -> &Fresh<Instance, GiteaError> {
        &self.connection.instance
    }

    pub(crate) fn kept_limits(&self) -> &Fresh<Limits, GiteaError> {
        &self.connection.limits
    }

    pub(crate) fn max_body_bytes(&self) -> u64 {
        self.connection.max_body_bytes
    }

    /// The request's deadline put around `work`, for work that waits for others' requests.
    pub(crate) async fn in_time<T>(&self, work: impl Future<Output = Result<T, GiteaError>>) -> Result<T, GiteaError> {
        tokio::time::timeout(self.connection.request_timeout, work).await.unwrap_or(Err(GiteaError::Timeout))
    }

    /// A JSON answer, read as `T`.
    pub(crate) async fn json<T: DeserializeOwned>(&self, call: &Call<'_>) -> Result<T, GiteaError> {
        Ok(self.json_and_headers(call).await?.0)
    }

    /// A JSON answer and its headers, for paging.
    pub(crate) async fn json_and_headers<T: DeserializeOwned>(
        &self,
        call: &Call<'_>,
    ) -> Result<(T, HeaderMap), GiteaError> {
        let accept = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static("application/json"))]);
        let answer = self.send(call, accept, Oversize::Refuse).await?;
        if answer.status != StatusCode::OK {
            return Err(GiteaError::Unexpected { status: answer.status.as_u16() });
        }
        if !media_type(&answer.headers).eq_ignore_ascii_case("application/json") {
            return Err(GiteaError::Malformed { what: "content type" });
        }
        if answer.body.is_empty() {
            return Err(GiteaError::Malformed { what: "empty body" });
        }
        let value = serde_json::from_slice(&answer.body).map_err(|error| self.not_as_described(call, &error))?;
        Ok((value, answer.headers))
    }

    /// Bytes that are not JSON: a diff, a raw file. Where they are more than the cap, they are cut.
    pub(crate) async fn bytes(&self, call: &Call<'_>, range: Option<HeaderValue>) -> Result<Answer, GiteaError> {
        // A range of compressed bytes would be another range.
        let identity = HeaderValue::from_static("identity");
        let headers = range.map(|range| [(RANGE, range), (ACCEPT_ENCODING, identity)]).into_iter().flatten().collect();
        let answer = self.send(call, headers, Oversize::Cut).await?;
        // Gitea gives even HTML files as plain text; a page under 200 is somebody else's, a proxy's sign-in mostly.
        if media_type(&answer.headers).eq_ignore_ascii_case("text/html") {
            return Err(GiteaError::Malformed { what: "content type" });
        }
        Ok(answer)
    }

    async fn send(&self, call: &Call<'_>, headers: HeaderMap, oversize: Oversize) -> Result<Answer, GiteaError> {
        let url = call.url(&self.connection.base)?;
        if self.connection.breaker.is_open(self.ambient()) {
            return Err(GiteaError::Unreachable { fault: Fault::Silent });
        }
        let began = self.ambient().elapsed();
        let attempt = || self.attempt(call, &url, headers.clone(), oversize);
        let attempts = async {
            match attempt().await {
                // Refused, or closed by an idle peer as we wrote: once more, since a read may be repeated.
                Err(GiteaError::Unreachable { fault: Fault::Connect | Fault::Broken }) => attempt().await,
                other => other,
            }
        };
        let outcome = self.in_time(attempts).await;
        if let Err(GiteaError::Unreachable { .. } | GiteaError::Timeout) = &outcome {
            self.connection.breaker.unanswered(began, self.ambient());
        }
        let code = match &outcome {
            Ok(_) => "ok",
            Err(error) => error.code(),
        };
        tracing::debug!(
            endpoint = call.endpoint().name,
            path = call.endpoint().path,
            outcome = code,
            correlation_id = self.correlation_id,
            "asked Gitea"
        );
        outcome
    }

    async fn attempt(
        &self,
        call: &Call<'_>,
        url: &Url,
        mut headers: HeaderMap,
        oversize: Oversize,
    ) -> Result<Answer, GiteaError> {
        if let Some(credential) = &self.credential {
            headers.insert(AUTHORIZATION, credential.header().ok_or(GiteaError::Unauthorized)?);
        }
        if let Ok(id) = HeaderValue::from_str(&self.correlation_id) {
            headers.insert(REQUEST_ID, id);
        }
        let misrouted = |_| GiteaError::Misrouted { endpoint: call.endpoint().name };
        let target = Uri::try_from(url.as_str()).map_err(misrouted)?;
        let (head, body) = self.connection.pool.get(target, headers).await?.into_parts();
        self.connection.breaker.answered(self.ambient());
        let (status, headers) = (head.status, head.headers);
        if status.is_success() || is_range_answer(call, status) {
            let (body, is_cut) = body::read(body, self.max_body_bytes(), oversize).await?;
            return Ok(Answer { status, headers, body, is_cut });
        }
        if status.is_redirection() {
            return Err(moved::explain(status, &headers, url, &self.connection.base));
        }
        Err(refusal::explain(call.endpoint(), status, &headers, body, &self.connection.ambient).await)
    }

    /// What serde says of a body may quote it, so only the place goes to the log.
    fn not_as_described(&self, call: &Call<'_>, error: &serde_json::Error) -> GiteaError {
        tracing::warn!(
            endpoint = call.endpoint().name,
            line = error.line(),
            column = error.column(),
            correlation_id = self.correlation_id,
            "Gitea's answer is not what the endpoint promises"
        );
        GiteaError::Malformed { what: "JSON" }
    }
}

/// 416 answers a range beyond the end of a raw file: nothing is there, which is no fault.
fn is_range_answer(call: &Call<'_>, status: StatusCode) -> bool {
    status == StatusCode::RANGE_NOT_SATISFIABLE && call.endpoint() == &crate::endpoints::RAW
}

/// The content type without its parameters; empty where there is none.
fn media_type(headers: &HeaderMap) -> &str {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    content_type.split(';').next().unwrap_or_default().trim()
}
