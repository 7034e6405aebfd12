//! What the operator asked of a key: its scopes, its end, the Gitea token it is bound to.

use std::io::{IsTerminal, Read};
use std::path::PathBuf;

use aegis_ambient::Timestamp;
use aegis_store::Scope;
use jiff::SignedDuration;
use secrecy::SecretString;

use crate::cli::end::{End, Exit};
use crate::config;
use crate::terminal;

/// Longest Gitea token read from standard input, in bytes.
const MAX_TOKEN_BYTES: u64 = 4_096;

pub(super) fn scopes(names: &[String]) -> Result<Vec<Scope>, End> {
    let parse = |name: &String| {
        Scope::parse(name.trim()).ok_or_else(|| {
            let known = Scope::ALL.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(", ");
            End::new(Exit::Configuration, format!("there is no scope {}", terminal::plain(name)))
                .with_hint(format!("there are {known}"))
        })
    };
    names.iter().map(parse).collect()
}

/// `90d`, `12w`, `1y`, a date, or `never`.
pub(super) fn expiry(text: &str, now: Timestamp) -> Result<Option<Timestamp>, End> {
    let wrong = || {
        End::new(Exit::Configuration, format!("{} is no time for a key to end", terminal::plain(text)))
            .with_hint("write 90d, 12w, 1y, a date as 2027-01-31, or never")
    };
    if text == "never" {
        return Ok(None);
    }
    if let Ok(date) = text.parse::<jiff::civil::Date>() {
        let end = date.to_zoned(jiff::tz::TimeZone::UTC).map_err(|_| wrong())?.timestamp();
        return if end > now { Ok(Some(end)) } else { Err(wrong()) };
    }
    let unit = text.chars().last().ok_or_else(wrong)?;
    let count: i64 =
        text.strip_suffix(unit).and_then(|count| count.parse().ok()).filter(|count| *count > 0).ok_or_else(wrong)?;
    let days = match unit {
        'd' => Some(count),
        'w' => count.checked_mul(7),
        'y' => count.checked_mul(365),
        _ => None,
    };
    let hours = days.and_then(|days| days.checked_mul(24)).filter(|hours| *hours < 1_000_000).ok_or_else(wrong)?;
    now.checked_add(SignedDuration::from_hours(hours)).map(Some).map_err(|_| wrong())
}

/// The Gitea token: from the file, from a prompt that shows nothing, or from standard input.
pub(super) fn token(file: Option<PathBuf>) -> Result<SecretString, End> {
    let text = match file {
        Some(path) => {
            let read = config::secret_file(&path);
            return read.map(|(token, _)| token).map_err(|fault| {
                let end = End::new(Exit::Configuration, format!("--credential-file {fault}"));
                match fault.hint() {
                    Some(hint) => end.with_hint(hint),
                    None => end,
                }
            });
        }
        None if std::io::stdin().is_terminal() => rpassword::prompt_password("Gitea token (not shown): ")?,
        None => {
            let mut text = String::new();
            std::io::stdin().take(MAX_TOKEN_BYTES).read_to_string(&mut text)?;
            text
        }
    };
    let token = text.strip_suffix('\n').unwrap_or(&text);
    Ok(token.strip_suffix('\r').unwrap_or(token).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ends(text: &str) -> Option<String> {
        let now = "2026-11-21T12:00:00Z".parse().unwrap();
        expiry(text, now).ok().map(|end| end.map_or_else(|| "never".to_owned(), |end| end.to_string()))
    }

    #[test]
    fn a_key_ends_after_a_span_on_a_day_or_never() {
        for (text, end) in [
            ("1d", "2026-11-22T12:00:00Z"),
            ("90d", "2027-02-19T12:00:00Z"),
            ("12w", "2027-02-13T12:00:00Z"),
            ("1y", "2027-11-21T12:00:00Z"),
            ("2026-11-22", "2026-11-22T00:00:00Z"),
            ("2028-02-29", "2028-02-29T00:00:00Z"),
            ("never", "never"),
        ] {
            assert_eq!(ends(text).as_deref(), Some(end), "{text}");
        }
    }

    #[test]
    fn what_is_no_end_or_a_past_one_is_refused() {
        for text in [
            "",
            "d",
            "90",
            "0d",
            "-1d",
            "1.5d",
            " 1d",
            "1m",
            "1D",
            "Never",
            "tomorrow",
            "2026-11-21",
            "2026-11-20",
            "2027-02-29",
            "1é",
            "120y",
            "9223372036854775807w",
        ] {
            assert_eq!(ends(text), None, "{text:?}");
        }
    }
}
