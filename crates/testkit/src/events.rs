//! Server-sent events, as they come (WHATWG HTML §9.2).

use std::error::Error;
use std::time::Duration;

use serde_json::Value;

/// Longest wait for an event.
const PATIENCE: Duration = Duration::from_secs(10);

/// One event: its name, empty for a message, and its data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// `event:`.
    pub name: String,
    /// `data:`, its lines joined.
    pub data: String,
}

impl Event {
    /// The data as JSON; null if it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.data).unwrap_or_default()
    }

    /// The events of a stream that was read whole; those without data (the comment that keeps a stream alive, the
    /// priming event) are left out.
    #[must_use]
    pub fn all(text: &str) -> Vec<Self> {
        text.split("\n\n").filter_map(Self::parse).collect()
    }

    fn parse(block: &str) -> Option<Self> {
        let field = |name: &str| {
            block.lines().filter_map(|line| line.strip_prefix(name)).map(str::trim_start).collect::<Vec<_>>().join("\n")
        };
        let event = Self { name: field("event:"), data: field("data:") };
        (!event.data.is_empty()).then_some(event)
    }
}

/// A stream that is open.
pub struct Events {
    answer: reqwest::Response,
    text: String,
}

impl Events {
    /// Of an answer whose body is a stream of events.
    #[must_use]
    pub fn of(answer: reqwest::Response) -> Self {
        Self { answer, text: String::new() }
    }

    /// The next event with data.
    ///
    /// # Errors
    /// None came in ten seconds, or the stream ended.
    pub async fn next(&mut self) -> Result<Event, Box<dyn Error + Send + Sync>> {
        loop {
            while let Some((block, _)) = self.text.split_once("\n\n") {
                let (event, read) = (Event::parse(block), block.len() + 2);
                self.text.drain(..read);
                if let Some(event) = event {
                    return Ok(event);
                }
            }
            let chunk = tokio::time::timeout(PATIENCE, self.answer.chunk()).await??.ok_or("the stream ended")?;
            self.text.push_str(std::str::from_utf8(&chunk)?);
        }
    }
}
