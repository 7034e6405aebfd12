//! Which revision of the protocol a request speaks, as far as the edge must know: batches, sessions and the status of a
//! refusal depend on it (protocol rules of 2026-07-28 basic/versioning; of the older ones basic/lifecycle).

use http::HeaderMap;
use serde_json::{Map, Value};

use super::envelope::Envelope;

/// The header every revision since 2025-06-18 names itself in.
pub(crate) const HEADER: &str = "mcp-protocol-version";
/// What a request speaks that names nothing (2025-06-18 basic/transports, Protocol Version Header).
const UNNAMED: &str = "2025-03-26";
/// The one revision with batches.
const BATCHES: &str = "2025-03-26";
/// The first without handshake, sessions and streams of its own. Revisions are dates: text order is time's order.
const STATELESS_SINCE: &str = "2026-07-28";
/// What is spoken here, newest first.
const SPOKEN: [&str; 5] = ["2026-07-28", "2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"];

/// The revision of one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Revision(String);

/// A revision nobody speaks here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unspoken {
    requested: String,
}

impl Revision {
    /// Of a request: its header, or what its session settled on, or what an unnamed one is.
    ///
    /// # Errors
    /// The header names none that is spoken here, and the body does not name it too: with both, a request of a later
    /// revision is answered by the protocol layer, in that revision's own way.
    pub(crate) fn of(headers: &HeaderMap, body: Option<&Envelope>, settled: Option<String>) -> Result<Self, Unspoken> {
        let in_body = body.and_then(Envelope::meta_version);
        let Some(named) = headers.get(HEADER) else {
            return Ok(Self(in_body.map(str::to_owned).or(settled).unwrap_or_else(|| UNNAMED.to_owned())));
        };
        let named = named.to_str().unwrap_or_default();
        if SPOKEN.contains(&named) || in_body.is_some() {
            return Ok(Self(named.to_owned()));
        }
        Err(Unspoken { requested: named.chars().take(40).collect() })
    }

    /// Whether requests stand alone: no session, no stream of the server's own, no way to end one.
    pub(crate) fn is_stateless(&self) -> bool {
        self.0.as_str() >= STATELESS_SINCE
    }

    /// Whether several messages may come in one body.
    pub(crate) fn has_batches(&self) -> bool {
        self.0 == BATCHES
    }
}

impl Unspoken {
    /// JSON-RPC code: the one 2026-07-28 gives it where that revision or a later one is asked for, else that of an
    /// invalid request.
    pub(crate) fn code(&self) -> i32 {
        if self.requested.as_str() >= STATELESS_SINCE { -32022 } else { -32600 }
    }

    /// What is spoken, and what came.
    pub(crate) fn data(&self) -> Map<String, Value> {
        let supported = SPOKEN.iter().map(|revision| Value::from(*revision)).collect();
        [("supported", supported), ("requested", self.requested.as_str().into())]
            .into_iter()
            .map(|(name, value): (&str, Value)| (name.to_owned(), value))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::envelope::Body;
    use super::*;

    fn of(header: Option<&str>, meta: Option<&str>, settled: Option<&str>) -> Result<Revision, i32> {
        let mut headers = HeaderMap::new();
        if let Some(header) = header {
            headers.insert(HEADER, header.parse().unwrap());
        }
        let params = meta.map_or(json!({}), |meta| json!({"_meta": {"io.modelcontextprotocol/protocolVersion": meta}}));
        let text = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": params}).to_string();
        let Ok(Body::One(envelope)) = Body::read(text.as_bytes()) else { panic!("{text}") };
        Revision::of(&headers, Some(&envelope), settled.map(str::to_owned)).map_err(|unspoken| unspoken.code())
    }

    #[test]
    fn h19_a_request_speaks_what_it_says_or_what_is_assumed() {
        assert!(of(None, None, None).unwrap().has_batches());
        assert!(!of(None, None, Some("2025-06-18")).unwrap().has_batches());
        assert!(of(Some("2025-03-26"), None, Some("2025-06-18")).unwrap().has_batches());
        assert!(of(Some("2026-07-28"), None, None).unwrap().is_stateless());
        assert!(of(None, Some("2026-07-28"), None).unwrap().is_stateless());
        assert!(!of(Some("2025-11-25"), None, None).unwrap().is_stateless());
    }

    #[test]
    fn h19_what_nobody_speaks_is_refused_in_the_way_of_its_time() {
        assert_eq!(of(Some("1999-01-01"), None, None), Err(-32600));
        assert_eq!(of(Some("nonsense"), None, None), Err(-32022));
        assert_eq!(of(Some("2027-01-01"), None, None), Err(-32022));
        assert!(of(Some("2027-01-01"), Some("2027-01-01"), None).is_ok());
    }
}
