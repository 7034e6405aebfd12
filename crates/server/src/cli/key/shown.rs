//! Keys for the eye: lists, warnings, and the one time a key itself is shown.

use aegis_ambient::Timestamp;
use aegis_store::{KeySummary, Scope};
use jiff::SignedDuration;
use serde_json::json;

use crate::keys::NewlyMade;
use crate::terminal;

/// A key older than this is worth replacing.
const OLD_AFTER_DAYS: i64 = 90;
/// A key that ends within this is worth a word.
const ENDS_WITHIN_DAYS: i64 = 14;

pub(super) fn show_new(made: &NewlyMade) {
    terminal::note(&format!(
        "key {} for {}; this is the only time it is shown:",
        made.summary.id,
        terminal::plain(&made.summary.owner_login)
    ));
    terminal::line(made.expose());
}

pub(super) fn ageing(key: &KeySummary, now: Timestamp) -> Vec<String> {
    let days = |span: i64| SignedDuration::from_hours(span.saturating_mul(24));
    let mut words = Vec::new();
    match key.expires_at {
        Some(end) if end <= now => words.push(format!("ended {}", day(end))),
        Some(end) if end.duration_since(now) < days(ENDS_WITHIN_DAYS) => words.push(format!("ends {}", day(end))),
        Some(_) => (),
        None => words.push("never ends".to_owned()),
    }
    if now.duration_since(key.created_at) > days(OLD_AFTER_DAYS) {
        words.push(format!("made {}, older than {OLD_AFTER_DAYS} days", day(key.created_at)));
    }
    words
}

pub(super) fn as_json(key: &KeySummary) -> serde_json::Value {
    let scopes: Vec<_> = key.scopes.iter().map(|scope| scope.as_str()).collect();
    json!({"id": key.id.as_str(), "owner": key.owner_login, "account_id": key.account_id.value(), "scopes": scopes,
        "created_at": key.created_at, "expires_at": key.expires_at, "revoked_at": key.revoked_at,
        "last_used_at": key.last_used_at, "label": key.label})
}

pub(super) fn words(scopes: &[Scope]) -> String {
    scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(" ")
}

pub(super) fn day(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d").to_string()
}
