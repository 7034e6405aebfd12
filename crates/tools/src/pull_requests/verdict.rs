//! What checks and reviewers said, in short.

use aegis_gitea::read::{CombinedStatus, CommitStatus, Review, ReviewState, StatusState};
use schemars::JsonSchema;
use serde::Serialize;

use crate::shape::{in_row, login};

/// Most checks named.
const MOST_CHECKS: usize = 30;

/// Checks of the newest commit.
#[derive(Serialize, JsonSchema)]
pub(super) struct Checks {
    /// The worst of them; none where there are none.
    state: &'static str,
    /// How many there are.
    total: u64,
    items: Vec<Check>,
}

#[derive(Serialize, JsonSchema)]
struct Check {
    name: String,
    state: &'static str,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    description: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    url: String,
}

/// A review.
#[derive(Serialize, JsonSchema)]
pub(super) struct ReviewRow {
    #[serde(skip_serializing_if = "Option::is_none")]
    author: Option<String>,
    verdict: &'static str,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    body: String,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    truncated: bool,
    /// Whether commits came after it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    stale: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    dismissed: bool,
    /// Comments on lines.
    comments: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    submitted_at: Option<String>,
    html_url: String,
}

impl From<CombinedStatus> for Checks {
    fn from(status: CombinedStatus) -> Self {
        Self {
            state: if status.total_count == 0 { "none" } else { state(status.state) },
            total: status.total_count,
            items: status.statuses.into_iter().take(MOST_CHECKS).map(Check::from).collect(),
        }
    }
}

impl From<CommitStatus> for Check {
    fn from(status: CommitStatus) -> Self {
        Self {
            name: in_row(&status.context).0,
            state: state(status.status),
            description: in_row(&status.description).0,
            url: status.target_url,
        }
    }
}

impl From<Review> for ReviewRow {
    fn from(review: Review) -> Self {
        let (body, truncated) = in_row(&review.body);
        Self {
            author: login(review.author),
            verdict: verdict(review.state),
            body,
            truncated,
            stale: review.stale,
            dismissed: review.dismissed,
            comments: review.comments_count,
            submitted_at: review.submitted_at.map(|time| time.to_string()),
            html_url: review.html_url,
        }
    }
}

fn state(state: StatusState) -> &'static str {
    match state {
        StatusState::Pending => "pending",
        StatusState::Success => "success",
        StatusState::Error => "error",
        StatusState::Failure => "failure",
        StatusState::Warning => "warning",
        StatusState::Skipped => "skipped",
        StatusState::Other => "unknown",
    }
}

fn verdict(state: ReviewState) -> &'static str {
    match state {
        ReviewState::Approved => "approved",
        ReviewState::Pending => "pending",
        ReviewState::Comment => "comment",
        ReviewState::RequestChanges => "changes_requested",
        ReviewState::RequestReview => "review_requested",
        ReviewState::Other => "unknown",
    }
}
