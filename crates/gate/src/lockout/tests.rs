//! Each lock beside what does not lock, by a clock that stands still.

use std::net::Ipv4Addr;

use aegis_ambient::FrozenClock;
use aegis_store::{SealingKey, StoreUrl};

use super::*;

const WINDOW: Duration = Duration::from_mins(5);
const MOMENT: Duration = Duration::from_millis(1);

async fn lockout() -> (Lockout, FrozenClock) {
    let (ambient, clock) = Ambient::frozen("2026-11-21T12:00:00Z".parse().unwrap());
    let sealing_key = SealingKey::from_bytes(&ambient.random().unwrap()).unwrap();
    let settings = aegis_store::Settings { url: StoreUrl::memory(), sealing_key };
    let store = aegis_store::open(settings, ambient.clone()).await.unwrap();
    (Lockout::load(Settings { max_failures: 5, window: WINDOW }, store, ambient).await.unwrap(), clock)
}

fn source(number: u32) -> Source {
    Source::of(Ipv4Addr::from(number).into())
}

/// The tries left after so many failures in a row.
async fn after(lockout: &Lockout, source: Source, failures: u32) -> u32 {
    let mut left = u32::MAX;
    for _ in 0..failures {
        left = lockout.failed(source).await.unwrap();
    }
    left
}

/// A table full of sources, each locked until so many seconds and seen one second after the other.
fn full(locked_until: impl Fn(u32) -> Option<Duration>) -> HashMap<Source, Record> {
    let record = |number: u32| Record {
        locked_until: locked_until(number),
        last_seen: Duration::from_secs(u64::from(number)),
        ..Record::default()
    };
    (0..u32::try_from(MAX_SOURCES).unwrap()).map(|number| (source(number), record(number))).collect()
}

#[test]
fn k08_ipv6_counts_per_64_and_mapped_addresses_are_ipv4() {
    let of = |text: &str| Source::of(text.parse().unwrap());
    assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff:ffff:ffff:ffff"));
    assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
    assert_eq!(of("::ffff:192.0.2.7"), of("192.0.2.7"));
    assert_eq!(of("2001:db8:1:2::1").to_string(), "2001:db8:1:2::/64");
    assert_eq!(Source::parse("2001:db8:1:2::/64"), Some(of("2001:db8:1:2::9")));
    assert_eq!(Source::parse("192.0.2.7").unwrap().to_string(), "192.0.2.7");
    assert_eq!(Source::parse("nobody"), None);
}

#[tokio::test]
async fn a_lock_begins_with_the_fifth_failure_and_ends_with_its_window() {
    let (lockout, clock) = lockout().await;
    assert_eq!(after(&lockout, source(1), 4).await, 1);
    assert_eq!(lockout.locked(source(1)).await.unwrap(), None);
    assert_eq!(after(&lockout, source(1), 1).await, 0);
    assert_eq!(lockout.locked(source(1)).await.unwrap(), Some(WINDOW));
    assert_eq!(lockout.locked(source(2)).await.unwrap(), None);
    clock.advance(WINDOW.saturating_sub(MOMENT));
    assert_eq!(lockout.locked(source(1)).await.unwrap(), Some(MOMENT));
    clock.advance(MOMENT);
    assert_eq!(lockout.locked(source(1)).await.unwrap(), None);
    assert_eq!(after(&lockout, source(1), 1).await, 4, "what led to a lock that is over counts no more");
}

#[tokio::test]
async fn failures_count_until_the_window_after_the_last_of_them_is_over() {
    let (lockout, clock) = lockout().await;
    assert_eq!(after(&lockout, source(1), 4).await, 1);
    clock.advance(WINDOW.saturating_sub(MOMENT));
    assert_eq!(after(&lockout, source(1), 1).await, 0, "still within the window");
    assert_eq!(after(&lockout, source(2), 4).await, 1);
    clock.advance(WINDOW);
    assert_eq!(after(&lockout, source(2), 1).await, 4, "the window is over");
}

#[tokio::test]
async fn a_right_key_gives_twenty_tries_for_a_day() {
    let (lockout, clock) = lockout().await;
    lockout.succeeded(source(1)).await.unwrap();
    assert_eq!(after(&lockout, source(1), 19).await, 1);
    assert_eq!(lockout.locked(source(1)).await.unwrap(), None);
    assert_eq!(after(&lockout, source(1), 1).await, 0);
    assert!(lockout.locked(source(1)).await.unwrap().is_some());
    lockout.succeeded(source(2)).await.unwrap();
    clock.advance(TRUSTED_FOR);
    assert_eq!(after(&lockout, source(2), 5).await, 0, "a day later it is an address like any other");
    assert!(lockout.locked(source(2)).await.unwrap().is_some());
}

#[tokio::test]
async fn while_one_asks_whether_the_operator_unlocked_the_others_do_not() {
    let (lockout, clock) = lockout().await;
    after(&lockout, source(1), 5).await;
    clock.advance(UNLOCK_SEEN_WITHIN);
    assert_eq!(lockout.left(source(1)).map(|(_, is_due)| is_due), Some(true));
    assert_eq!(lockout.left(source(1)).map(|(_, is_due)| is_due), Some(false));
    clock.advance(UNLOCK_SEEN_WITHIN);
    assert!(lockout.store.delete_lockout(&source(1).to_string()).await.unwrap());
    assert_eq!(lockout.locked(source(1)).await.unwrap(), None);
}

#[test]
fn k09_a_full_table_forgets_the_quietest_and_no_locked_source() {
    let mut records = full(|number| (number == 0).then_some(Duration::MAX));
    make_room(&mut records, source(u32::MAX), Duration::ZERO);
    let quietest = u32::try_from(FORGOTTEN_AT_ONCE).unwrap();
    assert_eq!(records.len(), MAX_SOURCES - FORGOTTEN_AT_ONCE);
    assert!(records.contains_key(&source(0)), "the locked one stays");
    assert!((1..=quietest).all(|number| !records.contains_key(&source(number))));
    assert!(records.contains_key(&source(quietest + 1)));
    let mut locked = full(|_| Some(Duration::MAX));
    make_room(&mut locked, source(u32::MAX), Duration::ZERO);
    assert_eq!(locked.len(), MAX_SOURCES - FORGOTTEN_AT_ONCE);
    assert!((0..quietest).all(|number| !locked.contains_key(&source(number))));
}

#[test]
fn k09_a_table_nearly_all_locked_is_not_looked_through_for_every_new_source() {
    let mut records = full(|number| (number != 9_999).then_some(Duration::MAX));
    make_room(&mut records, source(u32::MAX), Duration::ZERO);
    assert_eq!(records.len(), MAX_SOURCES - FORGOTTEN_AT_ONCE);
    assert!(!records.contains_key(&source(9_999)), "the one that is not locked goes first");
}

#[test]
fn k09_a_lock_that_is_over_keeps_no_place_from_who_came_since() {
    let over = Duration::from_secs(9);
    let mut records = full(|_| Some(over));
    let (one, other) = (source(u32::MAX), source(u32::MAX - 1));
    let now = Duration::from_hours(9);
    for _ in 0..5 {
        for source in [one, other] {
            make_room(&mut records, source, now);
            let record = records.entry(source).or_default();
            (record.last_seen, record.failures) = (now, record.failures + 1);
        }
    }
    assert_eq!(records.get(&one).map(|record| record.failures), Some(5), "the two drove each other out");
}

#[tokio::test]
async fn k09_twice_as_many_sources_as_are_held_leave_a_bounded_table_and_a_locked_one_in_it() {
    let (lockout, clock) = lockout().await;
    let locked = source(u32::MAX);
    assert_eq!(after(&lockout, locked, 5).await, 0);
    for number in 0..2 * u32::try_from(MAX_SOURCES).unwrap() {
        clock.advance(MOMENT);
        lockout.failed(source(number)).await.unwrap();
    }
    assert!(lockout.records().len() <= MAX_SOURCES, "{} in memory", lockout.records().len());
    let stored = lockout.store.lockouts().await.unwrap().len();
    let slack = usize::try_from(FAILURES_BETWEEN_PRUNES).unwrap();
    assert!(stored <= MAX_SOURCES + slack, "{stored} in the store");
    assert!(lockout.locked(locked).await.unwrap().is_some());
}
