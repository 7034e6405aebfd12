//! Secrets planted in the demo, so that a test can say: it appears nowhere.

/// What lies in files of the demo and must never leave unmasked.
// not a secret: the example of AWS's own documentation
pub const PLANTED: [&str; 2] = ["AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"];

/// The first planted secret in a text, if any.
#[must_use]
pub fn find(text: &str) -> Option<&'static str> {
    PLANTED.into_iter().find(|secret| text.contains(secret))
}
