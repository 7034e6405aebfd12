//! A person's own token for Gitea.

use http::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use thiserror::Error;

const CREDENTIAL_BYTES: usize = 4096;

/// A person's own Gitea token. It prints and serialises nowhere; it leaves only as a header of a request.
///
/// ```compile_fail,E0277
/// fn print(credential: aegis_gitea::connect::Credential) { println!("{credential:?}") }
/// ```
#[derive(Clone)]
pub struct Credential(SecretString);

/// Why a token was refused. The token is not repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum CredentialError {
    /// Nothing there.
    #[error("the Gitea token is empty")]
    Empty,
    /// Blanks, control characters or anything beyond ASCII.
    #[error("the Gitea token holds a blank, a control character or a character outside ASCII")]
    Character,
    /// More than 4,096 bytes.
    #[error("the Gitea token is longer than 4096 bytes")]
    TooLong,
}

impl Credential {
    /// Accepts a token as it will be sent.
    ///
    /// # Errors
    /// [`CredentialError`] for what no Gitea ever issued; an empty token must never become "no header".
    pub fn new(token: SecretString) -> Result<Self, CredentialError> {
        let text = token.expose_secret();
        if text.is_empty() {
            Err(CredentialError::Empty)
        } else if text.len() > CREDENTIAL_BYTES {
            Err(CredentialError::TooLong)
        } else if text.bytes().all(|byte| byte.is_ascii_graphic()) {
            Ok(Self(token))
        } else {
            Err(CredentialError::Character)
        }
    }

    /// The header's value, marked so that nothing prints it. `token` in lower case is the one form that personal and
    /// OAuth tokens, Gitea and Forgejo have in common.
    pub(crate) fn header(&self) -> Option<HeaderValue> {
        let mut value = HeaderValue::from_str(&format!("token {}", self.0.expose_secret())).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(token: &str) -> Option<CredentialError> {
        Credential::new(token.to_owned().into()).err()
    }

    #[test]
    fn only_what_gitea_could_have_issued_is_a_credential() {
        assert_eq!(refusal(&"a".repeat(4096)), None);
        assert_eq!(refusal(""), Some(CredentialError::Empty));
        assert_eq!(refusal(&"a".repeat(4097)), Some(CredentialError::TooLong));
        for bad in [" ", "a b", "a\n", "a\r\nX: y", "a\0", "ä", "a\u{200b}"] {
            assert_eq!(refusal(bad), Some(CredentialError::Character), "{bad:?}");
        }
    }

    #[test]
    fn the_header_prints_nothing() {
        let header = Credential::new("canary".to_owned().into()).unwrap().header().unwrap();
        assert_eq!(header.as_bytes(), b"token canary");
        assert!(!format!("{header:?}").contains("canary"));
    }
}
