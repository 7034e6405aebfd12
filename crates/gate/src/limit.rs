//! How often: per principal, per tool, and per address for those who did not get in. Token buckets (GCRA) by governor,
//! on the ambient clock; keys are numeric ids and normalised sources, never tokens.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use aegis_ambient::Ambient;
use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};

use crate::error::CallError;
use crate::lockout::Source;

/// Requests that did not authenticate, per address, as a multiple of the limit per principal.
const ADDRESS_FACTOR: u32 = 10;
/// Requests that are no call (handshakes, lists), per principal, as a multiple of the limit of calls.
const BROWSING_FACTOR: u32 = 10;
/// After so many checks a table forgets the keys whose bucket is full again, so that it stays small.
const CHECKS_BETWEEN_SWEEPS: u32 = 4_096;

/// Calls a minute.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// Per principal; none is no limit.
    pub per_principal_per_minute: Option<NonZeroU32>,
    /// Per principal and tool, for the tools named.
    pub per_tool_per_minute: HashMap<String, NonZeroU32>,
}

/// The buckets.
pub(crate) struct Limits {
    principals: Option<Buckets<i64>>,
    browsing: Option<Buckets<i64>>,
    tools: HashMap<String, Buckets<i64>>,
    addresses: Option<Buckets<Source>>,
}

/// What one attempt to get in costs its address: taken once, at the latest when the attempt has failed.
pub(crate) struct Toll<'a> {
    limits: &'a Limits,
    source: Option<Source>,
    taken: OnceLock<Result<(), Duration>>,
}

impl Toll<'_> {
    /// Takes it, if that was not done; how long to wait where the address has nothing left.
    pub(crate) fn take(&self) -> Result<(), Duration> {
        *self.taken.get_or_init(|| self.source.map_or(Ok(()), |source| self.limits.take_address(&source)))
    }
}

impl Limits {
    pub(crate) fn new(settings: &Settings, ambient: &Ambient) -> Self {
        let buckets = |per_minute: NonZeroU32| Buckets::new(per_minute, ambient.clone());
        let times = |factor: u32| {
            let factor = NonZeroU32::MIN.saturating_add(factor - 1);
            settings.per_principal_per_minute.map(|limit| limit.saturating_mul(factor))
        };
        Self {
            principals: settings.per_principal_per_minute.map(buckets),
            browsing: times(BROWSING_FACTOR).map(buckets),
            tools: settings.per_tool_per_minute.iter().map(|(tool, limit)| (tool.clone(), buckets(*limit))).collect(),
            addresses: times(ADDRESS_FACTOR).map(|limit| Buckets::new(limit, ambient.clone())),
        }
    }

    /// Takes one call from the person's budget. Whatever becomes of the call, it counts.
    pub(crate) fn take(&self, account_id: i64) -> Result<(), CallError> {
        taken(self.principals.as_ref(), account_id)
    }

    /// Takes one request that is no call from the person's budget of those.
    pub(crate) fn take_browsing(&self, account_id: i64) -> Result<(), CallError> {
        taken(self.browsing.as_ref(), account_id)
    }

    /// Takes one call from what the person has of this tool, where it has a limit of its own.
    pub(crate) fn take_of_tool(&self, account_id: i64, tool: &str) -> Result<(), CallError> {
        taken(self.tools.get(tool), account_id)
    }

    /// What an attempt to get in from this address costs. Standard input and the command line pay nothing.
    pub(crate) fn toll(&self, address: Option<IpAddr>) -> Toll<'_> {
        Toll { limits: self, source: address.map(Source::of), taken: OnceLock::new() }
    }

    /// Takes one attempt from the address's budget; how long to wait when it is spent.
    fn take_address(&self, source: &Source) -> Result<(), Duration> {
        let taken = self.addresses.as_ref().map_or(Ok(()), |buckets| buckets.take(source));
        taken.map_err(|over| over.retry_after)
    }
}

fn taken(buckets: Option<&Buckets<i64>>, account_id: i64) -> Result<(), CallError> {
    let taken = buckets.map_or(Ok(()), |buckets| buckets.take(&account_id));
    taken.map_err(|over| CallError::RateLimited { per_minute: over.per_minute, retry_after: over.retry_after })
}

struct Over {
    per_minute: u32,
    retry_after: Duration,
}

struct Buckets<K: Hash + Eq + Clone> {
    limiter: RateLimiter<K, DashMapStateStore<K>, AmbientClock, NoOpMiddleware<Nanos>>,
    clock: AmbientClock,
    per_minute: u32,
    checks: AtomicU32,
}

impl<K: Hash + Eq + Clone> Buckets<K> {
    fn new(per_minute: NonZeroU32, ambient: Ambient) -> Self {
        let clock = AmbientClock(ambient);
        let limiter = RateLimiter::new(Quota::per_minute(per_minute), DashMapStateStore::default(), clock.clone());
        Self { limiter, clock, per_minute: per_minute.get(), checks: AtomicU32::new(0) }
    }

    fn take(&self, key: &K) -> Result<(), Over> {
        if self.checks.fetch_add(1, Ordering::Relaxed) % CHECKS_BETWEEN_SWEEPS == CHECKS_BETWEEN_SWEEPS - 1 {
            self.limiter.retain_recent();
        }
        self.limiter
            .check_key(key)
            .map_err(|over| Over { per_minute: self.per_minute, retry_after: over.wait_time_from(self.clock.now()) })
    }
}

/// The ambient's monotonic time, as governor wants it.
#[derive(Debug, Clone)]
struct AmbientClock(Ambient);

impl Clock for AmbientClock {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        Nanos::from(self.0.elapsed())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(per_minute: u32) -> (Limits, aegis_ambient::FrozenClock) {
        let (ambient, clock) = Ambient::frozen(aegis_ambient::Timestamp::UNIX_EPOCH);
        let per_tool = HashMap::from([("get_file_tree".to_owned(), NonZeroU32::new(2).unwrap())]);
        let settings =
            Settings { per_principal_per_minute: NonZeroU32::new(per_minute), per_tool_per_minute: per_tool };
        (Limits::new(&settings, &ambient), clock)
    }

    #[test]
    fn each_person_has_a_budget_of_their_own_and_it_refills() {
        let (limits, clock) = limits(3);
        for _ in 0..3 {
            assert!(limits.take(1).is_ok());
        }
        let Err(CallError::RateLimited { per_minute, retry_after }) = limits.take(1) else {
            panic!("the fourth call within the minute passed")
        };
        assert_eq!(per_minute, 3);
        assert!(retry_after > Duration::from_secs(15) && retry_after <= Duration::from_secs(20), "{retry_after:?}");
        assert!(limits.take(2).is_ok());
        clock.advance(retry_after);
        assert!(limits.take(1).is_ok());
    }

    #[test]
    fn a_tool_may_have_a_narrower_budget() {
        let (limits, _) = limits(100);
        assert!(limits.take_of_tool(1, "get_file_tree").is_ok());
        assert!(limits.take_of_tool(1, "get_file_tree").is_ok());
        assert!(limits.take_of_tool(1, "get_file_tree").is_err());
        assert!(limits.take_of_tool(1, "get_me").is_ok());
    }

    #[test]
    fn an_address_is_refused_after_ten_times_the_limit_and_zero_is_off() {
        let (limited, clock) = limits(2);
        let source = Source::of("192.0.2.1".parse().unwrap());
        for _ in 0..20 {
            assert!(limited.take_address(&source).is_ok());
        }
        assert!(limited.take_address(&source).is_err());
        clock.advance(Duration::from_mins(1));
        assert!(limited.take_address(&source).is_ok());
        assert!(limited.take_address(&Source::of("192.0.2.2".parse().unwrap())).is_ok());
        let (off, _) = limits(0);
        for _ in 0..1_000 {
            assert!(off.take_address(&source).is_ok() && off.take(1).is_ok());
        }
    }

    #[test]
    fn an_attempt_pays_once_however_often_it_is_asked_to() {
        let (limits, _) = limits(1);
        let address = "192.0.2.1".parse().ok();
        let tolls: Vec<_> = (0..11).map(|_| limits.toll(address)).collect();
        let taken: Vec<_> = tolls.iter().map(|toll| toll.take().is_ok()).collect();
        assert_eq!(taken, [[true; 10].as_slice(), &[false]].concat());
        assert!(tolls.iter().zip(taken).all(|(toll, was)| toll.take().is_ok() == was));
        assert!((0..100).all(|_| limits.toll(None).take().is_ok()));
    }

    #[test]
    fn k09_the_table_forgets_sources_whose_bucket_is_full_again() {
        let (limits, clock) = limits(6);
        let buckets = limits.addresses.as_ref().unwrap();
        for number in 0..200_000_u32 {
            assert!(buckets.take(&Source::of(std::net::Ipv4Addr::from(number).into())).is_ok());
            clock.advance(Duration::from_millis(1));
        }
        assert!(buckets.limiter.len() < 20_000, "{} sources are held", buckets.limiter.len());
    }
}
