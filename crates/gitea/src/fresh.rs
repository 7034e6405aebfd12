//! A value that is asked for once and then kept for a while: many callers, one question.

use std::sync::Arc;
use std::time::Duration;

use aegis_ambient::Ambient;
use arc_swap::ArcSwapOption;
use tokio::sync::Mutex;

/// One kept answer. While it is being fetched, others who need it wait for that fetch instead of starting their own.
pub(crate) struct Fresh<T> {
    kept: ArcSwapOption<(Duration, T)>,
    lifetime: Duration,
    flight: Mutex<()>,
}

impl<T: Clone> Fresh<T> {
    pub(crate) fn new(lifetime: Duration) -> Self {
        Self { kept: ArcSwapOption::empty(), lifetime, flight: Mutex::new(()) }
    }

    /// The kept value, or what `fetch` brings. A failure is not kept: the next caller asks again.
    pub(crate) async fn or_fetch<E>(
        &self,
        ambient: &Ambient,
        fetch: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        if let Some(value) = self.value(ambient) {
            return Ok(value);
        }
        let _flight = self.flight.lock().await;
        if let Some(value) = self.value(ambient) {
            return Ok(value);
        }
        let value = fetch.await?;
        self.kept.store(Some(Arc::new((ambient.elapsed(), value.clone()))));
        Ok(value)
    }

    fn value(&self, ambient: &Ambient) -> Option<T> {
        let kept = self.kept.load_full()?;
        let age = ambient.elapsed().saturating_sub(kept.0);
        (age < self.lifetime).then(|| kept.1.clone())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use jiff::Timestamp;

    use super::*;

    const LIFETIME: Duration = Duration::from_mins(5);

    #[tokio::test]
    async fn u11_many_callers_share_one_fetch() {
        let (ambient, _clock) = Ambient::frozen(Timestamp::UNIX_EPOCH);
        let (fresh, fetches) = (Fresh::new(LIFETIME), AtomicU32::new(0));
        let caller = || {
            fresh.or_fetch(&ambient, async {
                tokio::task::yield_now().await;
                Ok::<_, ()>(fetches.fetch_add(1, Ordering::SeqCst))
            })
        };
        assert_eq!(tokio::join!(caller(), caller(), caller()), (Ok(0), Ok(0), Ok(0)));
        assert_eq!(fetches.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn s06_lifetime_follows_monotonic_time_and_failures_are_not_kept() {
        let (ambient, clock) = Ambient::frozen(Timestamp::UNIX_EPOCH);
        let fresh = Fresh::new(LIFETIME);
        assert_eq!(fresh.or_fetch(&ambient, async { Err::<u32, _>("down") }).await, Err("down"));
        assert_eq!(fresh.or_fetch(&ambient, async { Ok::<_, ()>(1) }).await, Ok(1));
        clock.set_wall("2090-01-01T00:00:00Z".parse().unwrap());
        assert_eq!(fresh.or_fetch(&ambient, async { Ok::<_, ()>(2) }).await, Ok(1), "the wall clock does not count");
        clock.advance(LIFETIME);
        assert_eq!(fresh.or_fetch(&ambient, async { Ok::<_, ()>(3) }).await, Ok(3));
    }
}
