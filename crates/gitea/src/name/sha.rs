//! A git object id.

use std::fmt;

use serde::Deserialize;

use super::NameError;

const WANTED: &str = "a full object id of 40 or 64 hexadecimal digits";

/// A full object id: 40 (SHA-1) or 64 (SHA-256) hexadecimal digits, kept in lower case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct Sha(String);

impl Sha {
    /// Parses a full id; a shortened one is a [`super::GitRef`].
    ///
    /// # Errors
    /// [`NameError`] for any other length or digit.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let hexadecimal = text.bytes().all(|byte| byte.is_ascii_hexdigit());
        if hexadecimal && matches!(text.len(), 40 | 64) {
            Ok(Self(text.to_ascii_lowercase()))
        } else {
            Err(NameError::new("sha", text, WANTED))
        }
    }

    /// The digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Sha {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        Self::parse(&text)
    }
}

impl fmt::Display for Sha {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g04_only_full_object_ids_parse_and_case_is_lowered() {
        assert_eq!(Sha::parse(&"A1".repeat(20)).unwrap().as_str(), "a1".repeat(20));
        assert!(Sha::parse(&"0".repeat(64)).is_ok());
        for bad in ["", "deadbeef", &"g".repeat(40), &"a".repeat(41), &format!("{}/", "a".repeat(39)), &"é".repeat(20)]
        {
            assert!(Sha::parse(bad).is_err(), "{bad}");
        }
    }
}
