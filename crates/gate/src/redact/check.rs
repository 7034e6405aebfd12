//! Last looks at a match, where characters and length alone are not telling enough.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// The shortest line that may be a key's.
const KEY_LINE_MIN_BYTES: usize = 16;

/// The pattern is telling enough.
pub(super) fn any(_: &[u8]) -> bool {
    true
}

/// Lower and upper case and digits, as random letters have and names, hashes and constants have not.
pub(super) fn mixed(secret: &[u8]) -> bool {
    secret.iter().any(u8::is_ascii_lowercase)
        && secret.iter().any(u8::is_ascii_uppercase)
        && secret.iter().any(u8::is_ascii_digit)
}

/// The first part is a JSON object that names an algorithm (RFC 7515 §4.1.1).
pub(super) fn jwt_header(token: &[u8]) -> bool {
    let header = token.split(|byte| *byte == b'.').next().unwrap_or_default();
    let Ok(json) = URL_SAFE_NO_PAD.decode(header) else { return false };
    serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(&json).is_ok_and(|map| map.contains_key("alg"))
}

/// Not the place holder of a template (`${PASSWORD}`, `{password}`, `%s`, `***`), and not a mask of ours.
pub(super) fn literal_password(password: &[u8]) -> bool {
    !password.starts_with(b"%s") && !password.first().is_some_and(|first| b"${[*:".contains(first))
}

/// More than the armour: a name of a header line in code or prose is no key. Keys are wrapped at 64 or 76.
pub(super) fn armoured_body(block: &[u8]) -> bool {
    let is_letter = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=".contains(byte);
    block.split(|byte| !is_letter(byte)).any(|run| run.len() >= KEY_LINE_MIN_BYTES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jwt_needs_a_header_with_an_algorithm() {
        let header = |json: &str| format!("{}.e30.sig", URL_SAFE_NO_PAD.encode(json));
        assert!(jwt_header(header(r#"{"alg":"RS256"}"#).as_bytes()));
        assert!(!jwt_header(header(r#"{"typ":"JWT"}"#).as_bytes()));
        assert!(!jwt_header(b"eyJ-not-base64!.e30.sig"));
    }

    #[test]
    fn random_letters_are_mixed_and_a_hash_is_not() {
        assert!(mixed(b"aB3"));
        assert!(!mixed(b"da39a3ee5e6b4b0d3255bfef95601890afd80709"));
    }

    #[test]
    fn a_template_is_no_password() {
        assert!(literal_password(b"hunter2"));
        for template in ["${DB_PASSWORD}", "{password}", "%s", "***"] {
            assert!(!literal_password(template.as_bytes()), "{template}");
        }
    }
}
