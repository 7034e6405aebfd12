//! What a bearer value looks like, before anything is looked up. Decides only what a wrong one counts as.

/// Longest bearer value, in bytes. Longer ones are refused before any hashing (attack T20).
pub(crate) const MAX_BEARER_BYTES: usize = 4_096;
/// Shortest key, in characters, as the first design demanded of `MCP_API_KEYS`.
pub(crate) const MIN_KEY_CHARACTERS: usize = 32;

/// What a value could be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Could be a key or a service token.
    Key,
    /// A personal token of Gitea: 40 hexadecimal digits. May also be a key.
    GiteaToken,
    /// One of our own access or refresh tokens, or a JWT: never counts towards a lock-out.
    Token,
    /// None of these.
    Malformed,
}

pub(crate) fn of(value: &str) -> Shape {
    // Quotes are copied along with a key more often than anything else; no key has them.
    let printable = value.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"' && byte != b'\'');
    if value.len() > MAX_BEARER_BYTES || !printable {
        return Shape::Malformed;
    }
    if value.starts_with("aegis_at_") || value.starts_with("aegis_rt_") || is_jwt(value) {
        return Shape::Token;
    }
    if value.len() == 40 && value.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Shape::GiteaToken;
    }
    if value.len() < MIN_KEY_CHARACTERS { Shape::Malformed } else { Shape::Key }
}

/// Three base64url parts, the first a JSON object (RFC 7519 §3: `{"` is `eyJ` in base64url).
fn is_jwt(value: &str) -> bool {
    let url_safe = |part: &str| part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    value.starts_with("eyJ") && value.split('.').count() == 3 && value.split('.').all(url_safe)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes() {
        assert_eq!(of(&"k".repeat(32)), Shape::Key);
        assert_eq!(of(&"0123456789abcdef".repeat(4)), Shape::Key);
        assert_eq!(of("0123456789abcdef0123456789abcdef01234567"), Shape::GiteaToken);
        assert_eq!(of("aegis_at_something"), Shape::Token);
        assert_eq!(of("eyJhbGciOiJub25lIn0.e30."), Shape::Token);
        for bad in [
            "",
            "short",
            "with a blank and long enough to be a key",
            "\"a-quoted-key-that-is-long-enough-otherwise\"",
            "ключключключключключ",
        ] {
            assert_eq!(of(bad), Shape::Malformed, "{bad}");
        }
    }

    #[test]
    fn t20_a_value_over_the_limit_is_malformed_before_it_is_hashed() {
        assert_eq!(of(&"k".repeat(MAX_BEARER_BYTES)), Shape::Key);
        assert_eq!(of(&"k".repeat(MAX_BEARER_BYTES + 1)), Shape::Malformed);
        let claims = "A".repeat(1_000_000);
        assert_eq!(of(&format!("eyJhbGciOiJIUzI1NiJ9.{claims}.c2ln")), Shape::Malformed);
    }
}
