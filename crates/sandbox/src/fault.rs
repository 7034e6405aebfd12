//! Misbehaviour on order: slow, broken, cut off, endless or plainly wrong answers, per route and count.

mod body;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

pub(crate) use body::{Payload, spoil};

/// One order to misbehave.
#[derive(Debug, Clone)]
pub struct Fault {
    /// The beginning of the path (`/api/v1/repos/`), or a pattern for all of it in which `*` stands for anything
    /// (`/api/v1/repos/*/contents/*`). The query does not count.
    pub route: String,
    /// What to do.
    pub kind: FaultKind,
    /// How often; `None` is always.
    pub count: Option<usize>,
}

/// A way to misbehave.
#[derive(Debug, Clone)]
pub enum FaultKind {
    /// The right answer, late.
    Delay(Duration),
    /// Another status, such as 503 with `Retry-After`, or 502 with an HTML page.
    Status {
        /// The status code; one that is none becomes 500.
        code: u16,
        /// Headers to send; invalid ones are left out.
        headers: Vec<(String, String)>,
        /// The body; empty when absent.
        body: Option<String>,
    },
    /// The declared length is the true one, but the connection closes after so many bytes.
    Truncate {
        /// Bytes of the body that are sent.
        sent_bytes: usize,
    },
    /// One byte an interval.
    Drip {
        /// The time between two bytes.
        interval: Duration,
    },
    /// The connection is reset (RST) after so many bytes of the body.
    Reset {
        /// Bytes of the body that are sent.
        sent_bytes: usize,
    },
    /// 200 with JSON that ends in the middle.
    Garbage,
    /// 200 with valid JSON of a type nobody expects: a number.
    WrongType,
    /// 200 and a body of spaces that never ends.
    Endless,
    /// 200 with `Content-Encoding: gzip` and a body that is not.
    BadGzip,
    /// 302 to another place.
    Redirect {
        /// The `Location`.
        location: String,
    },
}

/// The orders in force.
#[derive(Debug, Default)]
pub struct Faults {
    orders: Mutex<Vec<Fault>>,
    /// How many orders there are, to leave the lock alone when there are none.
    armed: AtomicUsize,
}

impl Faults {
    /// Adds an order. Of several that match a request the oldest with some of its count left is carried out.
    pub fn add(&self, fault: Fault) {
        let mut orders = self.orders.lock().unwrap_or_else(PoisonError::into_inner);
        orders.push(fault);
        self.armed.store(orders.len(), Ordering::Release);
    }

    /// Forgets all orders.
    pub fn clear(&self) {
        self.orders.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.armed.store(0, Ordering::Release);
    }

    /// What to do with a request for this path; counts it.
    pub(crate) fn take(&self, path: &str) -> Option<FaultKind> {
        if self.armed.load(Ordering::Acquire) == 0 {
            return None;
        }
        let mut orders = self.orders.lock().unwrap_or_else(PoisonError::into_inner);
        let order = orders.iter_mut().find(|order| order.count != Some(0) && matches(&order.route, path))?;
        order.count = order.count.map(|left| left - 1);
        Some(order.kind.clone())
    }
}

/// A plain text is a beginning; one with stars is a pattern for the whole.
fn matches(pattern: &str, path: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return path.starts_with(pattern) };
    let Some(mut path) = path.strip_prefix(start) else { return false };
    let mut pieces: Vec<&str> = rest.split('*').collect();
    let last = pieces.pop().unwrap_or_default();
    for piece in pieces {
        match path.find(piece) {
            Some(at) => path = path.get(at + piece.len()..).unwrap_or_default(),
            None => return false,
        }
    }
    path.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_beginnings_or_wholes() {
        assert!(matches("/api/v1/repos/", "/api/v1/repos/acme/widget"));
        assert!(!matches("/api/v1/repos/", "/api/v1/user"));
        assert!(matches("/api/v1/repos/*/contents/*", "/api/v1/repos/acme/widget/contents/src/main.rs"));
        assert!(!matches("/api/v1/repos/*/contents", "/api/v1/repos/acme/widget/contents/src"));
    }

    #[test]
    fn a_counted_order_ends_and_the_next_one_follows() {
        let faults = Faults::default();
        assert!(faults.take("/x").is_none());
        faults.add(Fault { route: "/x".to_owned(), kind: FaultKind::Garbage, count: Some(1) });
        faults.add(Fault { route: "/x".to_owned(), kind: FaultKind::WrongType, count: None });
        assert!(matches!(faults.take("/x"), Some(FaultKind::Garbage)));
        assert!(matches!(faults.take("/x"), Some(FaultKind::WrongType)));
        assert!(faults.take("/y").is_none());
        faults.clear();
        assert!(faults.take("/x").is_none());
    }
}
