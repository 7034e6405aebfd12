//! Times in a data set: fixed, or so long before the sandbox started.

use jiff::{Span, SpanRelativeTo, Timestamp};
use serde::Deserialize;

use crate::SandboxError;

/// `2026-11-21T09:19:30Z`, or a friendly span such as `16d 4h ago`.
#[derive(Debug, Clone, Deserialize)]
#[serde(transparent)]
pub(crate) struct Moment(String);

impl Moment {
    /// The moment itself, to the second.
    pub(crate) fn resolve(&self, started: Timestamp) -> Result<Timestamp, SandboxError> {
        let malformed = || SandboxError::malformed("a moment", &self.0);
        if let Ok(fixed) = self.0.parse::<Timestamp>() {
            return Ok(fixed);
        }
        let span: Span = self.0.parse().map_err(|_| malformed())?;
        let duration = span.to_duration(SpanRelativeTo::days_are_24_hours()).map_err(|_| malformed())?;
        let moment = started.checked_add(duration).map_err(|_| malformed())?;
        Timestamp::from_second(moment.as_second()).map_err(|_| malformed())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_fixed_or_relative_and_nothing_else() {
        let started: Timestamp = "2026-05-20T12:00:00.5Z".parse().unwrap();
        let at = |text: &str| Moment(text.to_owned()).resolve(started).map(|moment| moment.to_string());
        assert_eq!(at("2026-11-21T09:19:30Z").unwrap(), "2026-11-21T09:19:30Z");
        assert_eq!(at("2d 3h ago").unwrap(), "2026-05-18T09:00:00Z");
        assert_eq!(at("yesterday").unwrap_err().code(), "data_set_malformed");
    }
}
