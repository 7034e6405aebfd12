//! Locks an address out of the key ways in after too many wrong keys (sign-in.md 27 of the design).
//!
//! Only malformed or unknown keys and service tokens count, never things with our token prefix, never JWTs, never what
//! was right once and has expired or been revoked. While an address is locked, right keys are refused too, so that a
//! guess tells nothing. The table is bounded and stored: a restart clears nothing.

use std::collections::HashMap;
use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aegis_ambient::{Ambient, Timestamp};
use aegis_store::{LockoutRow, Store, StoreError};

/// Most sources held in memory and in the store; the ones quiet the longest go first.
pub(crate) const MAX_SOURCES: usize = 10_000;
/// A full table forgets so many at once: whoever sends from ever new sources does not make each of them look through all
/// of it.
const FORGOTTEN_AT_ONCE: usize = MAX_SOURCES / 16;
/// How many times the threshold an address gets that used a right key within [`TRUSTED_FOR`].
const TRUSTED_FACTOR: u32 = 4;
/// How long a success raises the threshold.
const TRUSTED_FOR: Duration = Duration::from_hours(24);
/// A success is written to the store at most this often per source.
const SUCCESS_WRITTEN_EVERY: Duration = Duration::from_hours(1);
/// The stored table is cut to its bound every so many failures, and at the start.
const FAILURES_BETWEEN_PRUNES: u32 = 1_000;
/// While locked, the store is asked at most this often whether the operator unlocked the source.
const UNLOCK_SEEN_WITHIN: Duration = Duration::from_secs(1);

/// When an address is locked out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// So many failures lock, each within the window after the one before.
    pub max_failures: u32,
    /// How long failures count after the last of them, and how long a lock lasts.
    pub window: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self { max_failures: 5, window: Duration::from_mins(5) }
    }
}

/// Where an attempt came from: an IPv4 address, or the /64 of an IPv6 address (one customer owns all of it).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Source(IpAddr);

impl Source {
    /// Normalises an address: IPv4-mapped IPv6 is IPv4, IPv6 loses its host part.
    #[must_use]
    pub fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(v4) => Self(v4.into()),
            IpAddr::V6(v6) => Self(Ipv6Addr::from(u128::from(v6) & !u128::from(u64::MAX)).into()),
        }
    }

    /// Reads what [`fmt::Display`] wrote, or any plain address.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        text.strip_suffix("/64").unwrap_or(text).parse().ok().map(Self::of)
    }
}

impl fmt::Display for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            IpAddr::V4(v4) => v4.fmt(formatter),
            IpAddr::V6(v6) => write!(formatter, "{v6}/64"),
        }
    }
}

/// One source's state. Times are of the monotonic clock; the store holds wall times.
#[derive(Debug, Clone, Copy, Default)]
struct Record {
    failures: u32,
    last_failure: Duration,
    locked_until: Option<Duration>,
    last_success: Option<Duration>,
    success_written: Option<Duration>,
    last_seen: Duration,
    unlock_asked: Option<Duration>,
}

impl Record {
    fn is_locked(&self, now: Duration) -> bool {
        self.locked_until.is_some_and(|until| until > now)
    }
}

/// The lock-outs of one gateway.
pub(crate) struct Lockout {
    settings: Settings,
    store: Arc<dyn Store>,
    ambient: Ambient,
    records: Mutex<HashMap<Source, Record>>,
    failures: AtomicU32,
}

impl Lockout {
    /// Takes up what the store remembers.
    pub(crate) async fn load(settings: Settings, store: Arc<dyn Store>, ambient: Ambient) -> Result<Self, StoreError> {
        prune(store.as_ref(), &ambient).await?;
        let rows = store.lockouts().await?;
        let lockout = Self { settings, store, ambient, records: Mutex::default(), failures: AtomicU32::new(0) };
        for row in rows.into_iter().take(MAX_SOURCES) {
            if let Some(source) = Source::parse(&row.source) {
                let record = lockout.restored(&row);
                lockout.records().insert(source, record);
            }
        }
        Ok(lockout)
    }

    /// How long the source is still locked, if it is.
    pub(crate) async fn locked(&self, source: Source) -> Result<Option<Duration>, StoreError> {
        let Some((left, is_due)) = self.left(source) else { return Ok(None) };
        if is_due && self.store.lockout(&source.to_string()).await?.is_none() {
            self.records().remove(&source);
            return Ok(None);
        }
        Ok(Some(left))
    }

    /// Counts a wrong key. Returns how many tries are left; with none left the source is locked from now on.
    pub(crate) async fn failed(&self, source: Source) -> Result<u32, StoreError> {
        let now = self.ambient.elapsed();
        let (record, tries_left) = {
            let mut records = self.records();
            make_room(&mut records, source, now);
            let record = records.entry(source).or_default();
            let tries_left = self.count(record, now);
            (*record, tries_left)
        };
        self.store.put_lockout(self.row(source, record)).await?;
        if self.failures.fetch_add(1, Ordering::Relaxed) % FAILURES_BETWEEN_PRUNES == FAILURES_BETWEEN_PRUNES - 1 {
            prune(self.store.as_ref(), &self.ambient).await?;
        }
        Ok(tries_left)
    }

    /// Notes a right key: it clears the count and raises the threshold for a day.
    pub(crate) async fn succeeded(&self, source: Source) -> Result<(), StoreError> {
        let now = self.ambient.elapsed();
        let record = {
            let mut records = self.records();
            make_room(&mut records, source, now);
            let record = records.entry(source).or_default();
            let write = record.failures > 0
                || record.success_written.is_none_or(|at| now.saturating_sub(at) >= SUCCESS_WRITTEN_EVERY);
            record.failures = 0;
            record.locked_until = None;
            record.last_success = Some(now);
            record.last_seen = now;
            if write {
                record.success_written = Some(now);
            }
            write.then_some(*record)
        };
        match record {
            Some(record) => self.store.put_lockout(self.row(source, record)).await,
            None => Ok(()),
        }
    }

    /// How long the source is still locked, and whether it is time to ask the store: one caller asks, and those who
    /// come meanwhile do not.
    fn left(&self, source: Source) -> Option<(Duration, bool)> {
        let now = self.ambient.elapsed();
        let mut records = self.records();
        let record = records.get_mut(&source).filter(|record| record.is_locked(now))?;
        let left = record.locked_until?.saturating_sub(now);
        let is_due = record.unlock_asked.is_none_or(|asked| now.saturating_sub(asked) >= UNLOCK_SEEN_WITHIN);
        if is_due {
            record.unlock_asked = Some(now);
        }
        Some((left, is_due))
    }

    fn count(&self, record: &mut Record, now: Duration) -> u32 {
        if now.saturating_sub(record.last_failure) >= self.settings.window {
            record.failures = 0;
        }
        record.failures = record.failures.saturating_add(1);
        record.last_failure = now;
        record.last_seen = now;
        let trusted = record.last_success.is_some_and(|at| now.saturating_sub(at) < TRUSTED_FOR);
        let factor = if trusted { TRUSTED_FACTOR } else { 1 };
        let left = self.settings.max_failures.saturating_mul(factor).saturating_sub(record.failures);
        if left == 0 {
            record.locked_until = Some(now.saturating_add(self.settings.window));
            record.unlock_asked = Some(now);
        }
        left
    }

    fn records(&self) -> MutexGuard<'_, HashMap<Source, Record>> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn restored(&self, row: &LockoutRow) -> Record {
        let now = self.ambient.elapsed();
        // A wall clock that jumped can neither prolong a lock beyond one window nor make a time negative.
        let ago = |then: Timestamp| {
            let passed = self.ambient.now().duration_since(then);
            now.saturating_sub(Duration::try_from(passed).unwrap_or_default())
        };
        let left = row.locked_until.map(|until| until.duration_since(self.ambient.now()));
        let left = left.and_then(|left| Duration::try_from(left).ok()).map(|left| left.min(self.settings.window));
        Record {
            failures: row.failures,
            last_failure: ago(row.last_failure_at),
            locked_until: left.map(|left| now.saturating_add(left)),
            last_success: row.last_success_at.map(ago),
            success_written: row.last_success_at.map(ago),
            last_seen: now,
            unlock_asked: None,
        }
    }

    fn row(&self, source: Source, record: Record) -> LockoutRow {
        let now = (self.ambient.now(), self.ambient.elapsed());
        let wall = |at: Duration| {
            let ahead = at.checked_sub(now.1).map(|ahead| now.0.checked_add(ahead));
            let moved = ahead.unwrap_or_else(|| now.0.checked_sub(now.1.saturating_sub(at)));
            moved.unwrap_or(now.0)
        };
        LockoutRow {
            source: source.to_string(),
            failures: record.failures,
            last_failure_at: wall(record.last_failure),
            locked_until: record.locked_until.map(wall),
            last_success_at: record.last_success.map(wall),
        }
    }
}

/// Forgets stored sources that have been quiet for longer than anything counts, and the quietest beyond the bound.
async fn prune(store: &dyn Store, ambient: &Ambient) -> Result<(), StoreError> {
    let quiet_since = ambient.now().checked_sub(TRUSTED_FOR).unwrap_or(Timestamp::UNIX_EPOCH);
    store.prune_lockouts(quiet_since, u32::try_from(MAX_SOURCES).unwrap_or(u32::MAX)).await.map(drop)
}

/// A full table loses the sources that were quiet the longest, and locked ones only where the others are too few (K09).
fn make_room(records: &mut HashMap<Source, Record>, source: Source, now: Duration) {
    if records.len() < MAX_SOURCES || records.contains_key(&source) {
        return;
    }
    let mut order: Vec<_> =
        records.iter().map(|(source, record)| (record.is_locked(now), record.last_seen, *source)).collect();
    let (leaving, ..) = order.select_nth_unstable(FORGOTTEN_AT_ONCE);
    for (.., source) in leaving {
        records.remove(source);
    }
}

#[cfg(test)]
mod tests;
