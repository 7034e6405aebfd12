//! The forge: fixed bytes on bare hyper, so that it costs as little as a forge can. Its bodies are those a real one
//! gave, made as long as the benchmark wants them. Asked directly, it is the anchor A1.

use std::collections::HashMap;
use std::convert::Infallible;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};

use super::listen;
use crate::Failure;
use crate::gateway::{PEOPLE, login, token};

const RECORDED: &str = include_str!("../../../crates/testkit/recorded/gitea-1.26.3.jsonl");
const FILE_BYTES: usize = 4096;
const ROWS: usize = 30;
/// How long a forge takes that is slow. With as many places as the gateway has, 1,280 calls a second.
const SLOW: Duration = Duration::from_millis(400);
/// A line of the file: text as people write it, without secrets.
const LINE: &str = "let answer = router.oneshot(request).await?; // one call, one verdict\n";

struct Bodies {
    /// By the token's whole header.
    people: HashMap<String, Bytes>,
    version: Bytes,
    settings: Bytes,
    repository: Bytes,
    file: Bytes,
    issues: Bytes,
    repositories: Bytes,
}

pub(super) async fn serve() -> Result<(), Failure> {
    let bodies = Arc::new(Bodies::recorded()?);
    let listener = listen().await?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let bodies = Arc::clone(&bodies);
        tokio::spawn(async move {
            let service = service_fn(|request| answer(&bodies, request));
            hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await
        });
    }
}

async fn answer(bodies: &Bodies, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let path = request.uri().path();
    if path.contains("/hang/") {
        return pending().await;
    }
    if path.contains("/slow/") {
        tokio::time::sleep(SLOW).await;
    }
    let Some(body) = bodies.of(path, request.headers().get(AUTHORIZATION)) else {
        let mut response = Response::new(Full::new(Bytes::from_static(b"{\"message\":\"not found\"}")));
        *response.status_mut() = StatusCode::NOT_FOUND;
        return Ok(response);
    };
    let mut response = Response::new(Full::new(body));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json;charset=utf-8"));
    Ok(response)
}

impl Bodies {
    fn recorded() -> Result<Self, Failure> {
        let lines = RECORDED.lines().map(serde_json::from_str::<Value>).collect::<Result<Vec<_>, _>>()?;
        let body = |name: &str| {
            let found = lines.iter().find(|line| line.get("name").is_some_and(|named| named == name));
            found.and_then(|line| line.get("body")).cloned().ok_or_else(|| format!("no recorded {name}"))
        };
        let bytes = |value: Value| Bytes::from(value.to_string());
        let user = body("user_me")?;
        let people = (0..PEOPLE).map(|person| {
            let account = with(&user, &[("id", json!(person + 1)), ("login", login(person).into())]);
            (format!("token {}", token(person)), bytes(account))
        });
        let text = LINE.repeat(FILE_BYTES / LINE.len() + 1);
        let text = text.get(..FILE_BYTES).ok_or("the file's text is short")?;
        let mut file = body("repo_contents_ext_file")?;
        if let Some(contents) = file.get_mut("file_contents") {
            let written = [("size", FILE_BYTES.into()), ("content", STANDARD.encode(text).into())];
            *contents = with(contents, &written);
        }
        Ok(Self {
            people: people.collect(),
            version: bytes(body("version")?),
            settings: bytes(body("settings_api")?),
            repository: bytes(body("repo_get")?),
            file: bytes(file),
            issues: bytes(page(&body("issues")?, "number")?),
            repositories: bytes(page(&body("user_repos")?, "id")?),
        })
    }

    fn of(&self, path: &str, credential: Option<&HeaderValue>) -> Option<Bytes> {
        let path = path.strip_prefix("/api/v1")?;
        let body = match path {
            "/user" => self.people.get(credential?.to_str().ok()?)?,
            "/version" => &self.version,
            "/settings/api" => &self.settings,
            "/user/repos" | "/repos/search" => &self.repositories,
            _ if path.contains("/contents-ext/") => &self.file,
            _ if path.ends_with("/issues") => &self.issues,
            _ if path.starts_with("/repos/") && path.matches('/').count() == 3 => &self.repository,
            _ => return None,
        };
        Some(body.clone())
    }
}

/// Thirty rows like the first, each with a number of its own.
fn page(rows: &Value, number: &str) -> Result<Value, Failure> {
    let first = rows.get(0).or_else(|| rows.get("data")?.get(0)).ok_or("an empty page was recorded")?;
    Ok((1..=ROWS).map(|row| with(first, &[(number, row.into())])).collect())
}

fn with(value: &Value, members: &[(&str, Value)]) -> Value {
    let mut value = value.clone();
    if let Some(object) = value.as_object_mut() {
        object.extend(members.iter().map(|(name, member)| ((*name).to_owned(), member.clone())));
    }
    value
}
