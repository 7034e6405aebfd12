//! The suite knows no credentials. This stands between it and the gateway, puts the key into every request and leaves
//! everything else as it came: Host and Origin are checked behind it, streams pass as they come.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, HttpBody};
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::header::{AUTHORIZATION, CONNECTION, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use reqwest::redirect::Policy;

use crate::Failure;

/// What concerns one connection only (RFC 9110 §7.6.1).
const OF_A_CONNECTION: [HeaderName; 3] = [CONNECTION, HeaderName::from_static("keep-alive"), TRANSFER_ENCODING];

struct Proxy {
    client: reqwest::Client,
    gateway: String,
    authorization: HeaderValue,
}

/// Listens on a free port of this machine; the URL of the endpoint as the suite sees it.
pub(crate) async fn start(gateway: &str, key: &str) -> Result<String, Failure> {
    let client = reqwest::Client::builder().no_proxy().no_gzip().redirect(Policy::none()).build()?;
    let authorization = HeaderValue::try_from(format!("Bearer {key}"))?;
    let proxy = Arc::new(Proxy { client, gateway: gateway.to_owned(), authorization });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}/mcp", listener.local_addr()?);
    tokio::spawn(axum::serve(listener, Router::new().fallback(forward).with_state(proxy)).into_future());
    Ok(url)
}

/// Whichever side hangs up, the other notices: a dropped body closes its connection.
async fn forward(State(proxy): State<Arc<Proxy>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let mut headers = of_the_message(parts.headers);
    headers.insert(AUTHORIZATION, proxy.authorization.clone());
    let mut onward = proxy.client.request(parts.method, format!("{}{}", proxy.gateway, parts.uri)).headers(headers);
    if !body.is_end_stream() {
        onward = onward.body(reqwest::Body::wrap_stream(body.into_data_stream()));
    }
    match onward.send().await {
        Ok(answer) => {
            let (status, headers) = (answer.status(), of_the_message(answer.headers().clone()));
            (status, headers, Body::from_stream(answer.bytes_stream())).into_response()
        }
        Err(error) => (StatusCode::BAD_GATEWAY, error.to_string()).into_response(),
    }
}

fn of_the_message(mut headers: HeaderMap) -> HeaderMap {
    for name in OF_A_CONNECTION {
        headers.remove(name);
    }
    headers
}
