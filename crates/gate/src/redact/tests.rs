//! The promises of redaction, by attack.

mod bytes;
mod invisible;
mod markup;
mod ordinary;
mod properties;
mod secrets;

use std::sync::LazyLock;

use secrecy::SecretString;

use super::*;

/// All rules mask. Shared, as in the server.
fn masking() -> &'static Redactor {
    static REDACTOR: LazyLock<Redactor> = LazyLock::new(|| Redactor::new(Settings::default()).unwrap());
    &REDACTOR
}

fn blocking(rule: &str) -> Redactor {
    Redactor::new(Settings { rules: vec![(rule.to_owned(), Action::Block)], ..Settings::default() }).unwrap()
}

fn owning(literal: &str) -> Redactor {
    Redactor::new(Settings { default: Action::Off, literals: vec![SecretString::from(literal)], ..Settings::default() })
        .unwrap()
}

/// Letters and digits that look random and repeat run by run, so that no secret of anyone stands in this source.
fn random(alphabet: &str, length: usize) -> String {
    let letters: Vec<char> = alphabet.chars().collect();
    let mut state = 0x9E37_79B9_u32;
    (0..length)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            letters[(state >> 16) as usize % letters.len()]
        })
        .collect()
}

const ALPHANUMERIC: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const BASE32: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const HEX: &str = "0123456789abcdef";

/// A personal token of GitHub's format.
fn github_token() -> String {
    ["gh", "p_", &random(ALPHANUMERIC, 36)].concat()
}

/// Four lines that look like a private key.
fn armoured_key() -> String {
    let body = random(ALPHANUMERIC, 64);
    ["-----BEGIN RSA PRIV", "ATE KEY-----\n", &body, "\n", &body, "\n-----END RSA PRIV", "ATE KEY-----"].concat()
}
