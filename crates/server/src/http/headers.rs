//! Security headers on every answer.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use http::{HeaderName, HeaderValue};

use super::Edge;

const PLAIN: [(HeaderName, &str); 4] = [
    (CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"),
    (X_FRAME_OPTIONS, "DENY"),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (REFERRER_POLICY, "no-referrer"),
];

/// Sets them. HSTS only where people reach us by https: said over http it would be ignored, or lie.
pub(crate) async fn secure(State(edge): State<Arc<Edge>>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in PLAIN {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    // The protocol crate says `no-cache` of its streams, which lets a cache keep them.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if edge.https {
        headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
    response
}
