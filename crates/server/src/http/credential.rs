//! The credential of a request: the `Authorization` header and nothing else. A token in the query string, in a form or
//! in a cookie is no credential here (MCP 2026-07-28 basic/authorization, Access Token Usage).

use aegis_gate::RawCredential;
use http::HeaderMap;
use http::header::AUTHORIZATION;

/// What came. Two headers, or a scheme other than `Bearer`, is malformed: there is no guessing which was meant.
pub(crate) fn raw(headers: &HeaderMap) -> RawCredential {
    let mut sent = headers.get_all(AUTHORIZATION).iter();
    let (first, second) = (sent.next(), sent.next());
    match (first, second) {
        (None, _) => RawCredential::Missing,
        (Some(_), Some(_)) => RawCredential::Malformed,
        (Some(value), None) => {
            let value = value.to_str().ok().and_then(|value| value.split_once(' '));
            match value {
                Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") && !token.trim().is_empty() => {
                    RawCredential::Bearer(token.trim().into())
                }
                Some(_) | None => RawCredential::Malformed,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(lines: &[&str]) -> &'static str {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(AUTHORIZATION, line.parse().unwrap());
        }
        match raw(&headers) {
            RawCredential::Missing => "missing",
            RawCredential::Malformed => "malformed",
            RawCredential::Bearer(_) => "bearer",
            RawCredential::Local => "local",
        }
    }

    #[test]
    fn only_one_bearer_header_is_a_credential() {
        assert_eq!(of(&[]), "missing");
        assert_eq!(of(&["Bearer abc"]), "bearer");
        assert_eq!(of(&["bearer abc"]), "bearer");
        for bad in ["", "Bearer", "Bearer ", "Basic YTpi", "token abc", "abc"] {
            assert_eq!(of(&[bad]), "malformed", "{bad:?}");
        }
        assert_eq!(of(&["Bearer abc", "Bearer abd"]), "malformed");
    }
}
