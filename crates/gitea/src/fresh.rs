//! An answer of Gitea's that is asked for once and then stands for a while: many callers, one question.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use aegis_ambient::Ambient;
use arc_swap::ArcSwapOption;
use tokio::sync::Mutex;

/// One kept answer. While it is being fetched, others who need it wait for that fetch and share what comes of it.
/// Its age is counted by the ambient clock, from the moment it was asked for.
#[derive(Debug)]
pub struct Fresh<T, E> {
    kept: ArcSwapOption<(Duration, T)>,
    lifetime: Duration,
    /// Whether whoever asked in the same moment would have met the same failure.
    is_everybodys: fn(&E) -> bool,
    /// How the last fetch failed, if it did and the failure is everybody's.
    flight: Mutex<Option<E>>,
    landed: AtomicU64,
}

impl<T: Clone, E: Clone> Fresh<T, E> {
    /// Nothing yet; an answer will stand for less than `lifetime`. A failure that is not everybody's (a credential that
    /// was refused, where each caller comes with their own) is told to nobody but the one who met it.
    #[must_use]
    pub fn new(lifetime: Duration, is_everybodys: fn(&E) -> bool) -> Self {
        let (kept, flight, landed) = (ArcSwapOption::empty(), Mutex::default(), AtomicU64::new(0));
        Self { kept, lifetime, is_everybodys, flight, landed }
    }

    /// The answer that stands, if one does.
    #[must_use]
    pub fn value(&self, ambient: &Ambient) -> Option<T> {
        let kept = self.kept.load_full()?;
        let age = ambient.elapsed().saturating_sub(kept.0);
        (age < self.lifetime).then(|| kept.1.clone())
    }

    /// The answer that stands, or what `fetch` brings.
    ///
    /// # Errors
    /// Those of `fetch`. Whoever waited for it gets the same one if it is everybody's, so that a forge that hangs is
    /// waited for once and not once by each in turn; it is not kept, and the next caller asks again.
    pub async fn or_fetch(&self, ambient: &Ambient, fetch: impl Future<Output = Result<T, E>>) -> Result<T, E> {
        if let Some(value) = self.value(ambient) {
            return Ok(value);
        }
        let landed = self.landed.load(Ordering::Acquire);
        let mut flight = self.flight.lock().await;
        if let Some(value) = self.value(ambient) {
            return Ok(value);
        }
        let waited = self.landed.load(Ordering::Acquire) != landed;
        if let Some(error) = flight.as_ref().filter(|_| waited) {
            return Err(error.clone());
        }
        let asked_at = ambient.elapsed();
        let fetched = fetch.await;
        *flight = fetched.as_ref().err().filter(|error| (self.is_everybodys)(error)).cloned();
        if let Ok(value) = &fetched {
            self.kept.store(Some(Arc::new((asked_at, value.clone()))));
        }
        self.landed.fetch_add(1, Ordering::Release);
        fetched
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use jiff::Timestamp;

    use super::*;

    const LIFETIME: Duration = Duration::from_mins(5);

    fn fresh<T: Clone, E: Clone>() -> Fresh<T, E> {
        Fresh::new(LIFETIME, |_| true)
    }

    #[tokio::test]
    async fn u11_many_callers_share_one_fetch() {
        let (ambient, _clock) = Ambient::frozen(Timestamp::UNIX_EPOCH);
        let (fresh, fetches) = (fresh(), AtomicU32::new(0));
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
    async fn u11_those_who_wait_share_a_failure_and_whoever_comes_later_asks_again() {
        let (ambient, _clock) = Ambient::frozen(Timestamp::UNIX_EPOCH);
        let (fresh, fetches) = (fresh::<u32, u32>(), AtomicU32::new(0));
        let caller = || {
            fresh.or_fetch(&ambient, async {
                tokio::task::yield_now().await;
                Err(fetches.fetch_add(1, Ordering::SeqCst))
            })
        };
        assert_eq!(tokio::join!(caller(), caller(), caller()), (Err(0), Err(0), Err(0)));
        assert_eq!(caller().await, Err(1), "a failure was kept");
    }

    #[tokio::test]
    async fn a_failure_of_the_one_who_asked_is_not_told_to_those_who_wait() {
        let (ambient, _clock) = Ambient::frozen(Timestamp::UNIX_EPOCH);
        let fresh = Fresh::<u32, &str>::new(LIFETIME, |error| *error != "revoked");
        let revoked = fresh.or_fetch(&ambient, async {
            tokio::task::yield_now().await;
            Err("revoked")
        });
        let (alice, bob) = tokio::join!(revoked, fresh.or_fetch(&ambient, async { Ok(7) }));
        assert_eq!((alice, bob), (Err("revoked"), Ok(7)));
    }

    #[tokio::test]
    async fn u11_a_caller_who_gives_up_leaves_the_question_to_the_next() {
        let (ambient, _clock) = Ambient::frozen(Timestamp::UNIX_EPOCH);
        let fresh = fresh::<u32, ()>();
        let gone = fresh.or_fetch(&ambient, std::future::pending());
        assert!(tokio::time::timeout(Duration::from_millis(5), gone).await.is_err());
        assert_eq!(fresh.or_fetch(&ambient, async { Ok(1) }).await, Ok(1));
    }

    #[tokio::test]
    async fn an_answer_is_as_old_as_its_question() {
        let (ambient, clock) = Ambient::frozen(Timestamp::UNIX_EPOCH);
        let fresh = fresh::<u32, ()>();
        let slow = fresh.or_fetch(&ambient, async {
            clock.advance(LIFETIME);
            Ok(1)
        });
        assert_eq!(slow.await, Ok(1));
        assert_eq!(fresh.value(&ambient), None);
    }

    #[tokio::test]
    async fn s06_lifetime_follows_monotonic_time_and_failures_are_not_kept() {
        let (ambient, clock) = Ambient::frozen(Timestamp::UNIX_EPOCH);
        let fresh = fresh();
        assert_eq!(fresh.or_fetch(&ambient, async { Err("down") }).await, Err("down"));
        assert_eq!(fresh.value(&ambient), None);
        assert_eq!(fresh.or_fetch(&ambient, async { Ok(1) }).await, Ok(1));
        clock.set_wall("2090-01-01T00:00:00Z".parse().unwrap());
        assert_eq!(fresh.or_fetch(&ambient, async { Ok(2) }).await, Ok(1), "the wall clock does not count");
        clock.advance(LIFETIME);
        assert_eq!(fresh.or_fetch(&ambient, async { Ok(3) }).await, Ok(3));
    }
}
