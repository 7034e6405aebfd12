//! The number of an issue or pull request.

use std::fmt;

use serde::Deserialize;

use super::NameError;

const WANTED: &str = "a whole number from 1 on, as in the issue's URL";

/// The number of an issue or pull request in its repository: 1 to `i64::MAX`, Gitea's own range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "i64")]
pub struct Index(i64);

impl Index {
    /// From a number.
    ///
    /// # Errors
    /// [`NameError`] for zero and below.
    pub fn new(number: i64) -> Result<Self, NameError> {
        if number >= 1 { Ok(Self(number)) } else { Err(NameError::new("index", &number.to_string(), WANTED)) }
    }

    /// From digits alone: no sign, blank, point or exponent.
    ///
    /// # Errors
    /// [`NameError`] for anything else, and for numbers beyond `i64::MAX`.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let refused = || NameError::new("index", text, WANTED);
        if !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(refused());
        }
        text.parse().map_err(|_| refused()).and_then(Self::new)
    }

    /// The number.
    #[must_use]
    pub fn number(self) -> i64 {
        self.0
    }
}

impl TryFrom<i64> for Index {
    type Error = NameError;

    fn try_from(number: i64) -> Result<Self, NameError> {
        Self::new(number)
    }
}

impl fmt::Display for Index {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g07_only_positive_whole_numbers_are_indices() {
        for good in ["1", "42", "9223372036854775807"] {
            assert_eq!(Index::parse(good).unwrap().to_string(), good);
        }
        for bad in ["", "0", "-1", "+1", "1.0", "1e3", " 1", "1 ", "abc", "9223372036854775808", "٣", "0x10"] {
            assert!(Index::parse(bad).is_err(), "{bad}");
        }
        assert!(Index::new(-1).is_err());
        assert!(Index::new(i64::MIN).is_err());
        assert!(serde_json::from_str::<Index>("1.5").is_err());
        assert!(serde_json::from_str::<Index>("9223372036854775808").is_err());
    }
}
