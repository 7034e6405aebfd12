//! Security headers on every answer.

use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use http::{HeaderMap, HeaderName, HeaderValue};

const PLAIN: [(HeaderName, &str); 4] = [
    (CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"),
    (X_FRAME_OPTIONS, "DENY"),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (REFERRER_POLICY, "no-referrer"),
];

/// Sets them. HSTS only where people reach us by `https`: said over http it would be ignored, or lie.
pub(super) fn secure(headers: &mut HeaderMap, https: bool) {
    for (name, value) in PLAIN {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    // The protocol crate says `no-cache` of its streams, which lets a cache keep them.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if https {
        headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
}
