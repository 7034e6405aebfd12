//! A stranger must not fill the log. What anybody can cause without end is told once a minute for each kind, with how
//! often it came in between; the counters count each.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use aegis_ambient::Ambient;

/// How often one kind is told.
const TELL_EVERY: Duration = Duration::from_mins(1);

/// What was told when.
pub(crate) struct Seldom {
    ambient: Ambient,
    told: Mutex<HashMap<&'static str, Told>>,
}

struct Told {
    at: Duration,
    untold: u64,
}

impl Seldom {
    pub(crate) fn new(ambient: Ambient) -> Self {
        Self { ambient, told: Mutex::default() }
    }

    /// Whether it is time to tell of this kind, which is one of a closed set; how many were left out since the last
    /// time.
    pub(crate) fn turn(&self, kind: &'static str) -> Option<u64> {
        let now = self.ambient.elapsed();
        let mut all = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(told) = all.get_mut(kind) else {
            all.insert(kind, Told { at: now, untold: 0 });
            return Some(0);
        };
        if now.saturating_sub(told.at) < TELL_EVERY {
            told.untold = told.untold.saturating_add(1);
            return None;
        }
        told.at = now;
        Some(std::mem::take(&mut told.untold))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_is_told_once_a_minute_with_what_was_left_out() {
        let (ambient, clock) = Ambient::frozen("2026-11-21T12:00:00Z".parse().unwrap());
        let seldom = Seldom::new(ambient);
        assert_eq!(seldom.turn("one"), Some(0));
        assert_eq!(seldom.turn("other"), Some(0));
        assert!((0..1_000).all(|_| seldom.turn("one").is_none()));
        clock.advance(TELL_EVERY);
        assert_eq!(seldom.turn("one"), Some(1_000));
        assert_eq!(seldom.turn("one"), None);
        assert_eq!(seldom.turn("other"), Some(0));
    }
}
