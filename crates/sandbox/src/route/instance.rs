//! About the server itself; no scope is needed.

use serde_json::json;

use crate::answer::Answer;
use crate::ask::Ask;

pub(super) fn version(ask: &Ask<'_>) -> Answer {
    Answer::json(&json!({ "version": ask.instance.version.text }))
}

/// The recorded server's settings, its defaults.
pub(super) fn settings(ask: &Ask<'_>, which: &str) -> Answer {
    match which {
        "api" => Answer::json(&json!({
            "max_response_items": ask.instance.max_response_items,
            "default_paging_num": 30,
            "default_git_trees_per_page": 1000,
            "default_max_blob_size": ask.instance.max_blob_bytes,
            "default_max_response_size": 104_857_600,
        })),
        "repository" => Answer::json(&json!({
            "mirrors_disabled": false,
            "http_git_disabled": false,
            "migrations_disabled": false,
            "stars_disabled": false,
            "time_tracking_disabled": false,
            "lfs_disabled": true,
        })),
        _ => Answer::no_such_route(),
    }
}
