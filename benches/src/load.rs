//! Load: a closed loop, where each connection asks again as soon as it is answered, and an open one, where requests are
//! due at their times whatever became of those before. There a wait is counted from the time a request was due, so that a
//! server that stalls cannot hide it by holding up its clients (coordinated omission).

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use aegis_ambient::Ambient;
use tokio::task::JoinSet;

use crate::Failure;
use crate::report::number;
use crate::wire::{Ask, Connection, Verdict};

/// The timer's grain is a millisecond; what is left is waited for awake.
const TIMER_GRAIN: Duration = Duration::from_millis(2);

/// What came of a load.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// How long each good answer took, in nanoseconds; sorted.
    waits: Vec<u64>,
    pub(crate) shed: usize,
    pub(crate) failed: usize,
    /// Requests that came due while every connection waited, and were never sent.
    pub(crate) unsent: usize,
    took: Duration,
}

impl Tally {
    fn count(&mut self, verdict: Verdict, wait: Duration) {
        match verdict {
            Verdict::Good => self.waits.push(u64::try_from(wait.as_nanos()).unwrap_or(u64::MAX)),
            Verdict::Shed => self.shed += 1,
            Verdict::Failed => self.failed += 1,
        }
    }

    async fn gathered(
        mut tasks: JoinSet<Result<Self, Failure>>,
        took: impl FnOnce() -> Duration,
    ) -> Result<Self, Failure> {
        let mut whole = Self::default();
        while let Some(part) = tasks.join_next().await {
            let part = part??;
            whole.waits.extend(part.waits);
            whole.shed += part.shed;
            whole.failed += part.failed;
            whole.unsent += part.unsent;
        }
        whole.took = took();
        whole.waits.sort_unstable();
        Ok(whole)
    }

    /// Good answers a second.
    pub(crate) fn per_second(&self) -> f64 {
        number(self.waits.len()) / self.took.as_secs_f64()
    }

    /// The wait that so many of a thousand good answers stay below, in microseconds.
    pub(crate) fn wait_us(&self, of_a_thousand: usize) -> f64 {
        let place = (self.waits.len() * of_a_thousand / 1000).min(self.waits.len().saturating_sub(1));
        self.waits.get(place).map_or(f64::NAN, |wait| Duration::from_nanos(*wait).as_secs_f64() * 1e6)
    }

    /// Requests that were sent.
    pub(crate) fn sent(&self) -> usize {
        self.waits.len() + self.shed + self.failed
    }

    /// The same if all that was due was sent and every answer was good: anything else voids the run.
    ///
    /// # Errors
    /// Some were not.
    pub(crate) fn all_good(self) -> Result<Self, Failure> {
        let Self { waits, shed, failed, unsent, .. } = &self;
        if shed + failed + unsent > 0 || waits.is_empty() {
            let good = waits.len();
            return Err(
                format!("{good} answers, {shed} shed, {failed} failed, {unsent} unsent: the run is void").into()
            );
        }
        Ok(self)
    }
}

/// Asks over so many connections for a time. Connection `i` asks the `i`-th of `asks`, and so round.
///
/// # Errors
/// A connection broke.
pub(crate) async fn closed(
    ambient: &Ambient,
    asks: &[Ask],
    connections: usize,
    for_time: Duration,
) -> Result<Tally, Failure> {
    let mut open = Vec::new();
    for ask in asks.iter().cycle().take(connections) {
        open.push((Connection::to(ask).await?, ask.clone()));
    }
    let started = ambient.elapsed();
    let end = started + for_time;
    let mut tasks = JoinSet::new();
    for (mut connection, ask) in open {
        let ambient = ambient.clone();
        tasks.spawn(async move {
            let mut tally = Tally::default();
            let mut before = ambient.elapsed();
            while before < end {
                let verdict = connection.ask(&ask).await?;
                let after = ambient.elapsed();
                tally.count(verdict, after.saturating_sub(before));
                before = after;
            }
            Ok(tally)
        });
    }
    Tally::gathered(tasks, || ambient.elapsed().saturating_sub(started)).await
}

/// Keeps this thread from sleeping as long as the work lasts. Whoever writes to a process that sleeps on another core pays
/// for waking it, in a virtual machine some microseconds: a server would pay for its driver, and the slower it is the more
/// often, since the driver sleeps more. A core kept awake by a vigil (`vigil.rs`) must be interrupted all the same.
pub(crate) async fn awake<T>(work: impl Future<Output = T>) -> T {
    let spins = tokio::spawn(async {
        loop {
            tokio::task::yield_now().await;
        }
    });
    let done = work.await;
    spins.abort();
    done
}

/// Asks so many times a second, in all, over so many connections.
///
/// # Errors
/// A connection could not be opened.
pub(crate) async fn open(
    ambient: &Ambient,
    asks: &[Ask],
    connections: usize,
    per_second: f64,
    for_time: Duration,
) -> Result<Tally, Failure> {
    let mut opened = Vec::new();
    for ask in asks.iter().cycle().take(connections) {
        opened.push((Connection::to(ask).await?, ask.clone()));
    }
    let apart = Duration::from_secs_f64(1.0 / per_second);
    let started = ambient.elapsed();
    let end = started + for_time;
    let next = Arc::new(AtomicU32::new(0));
    let mut tasks = JoinSet::new();
    for (mut connection, ask) in opened {
        let (ambient, next) = (ambient.clone(), Arc::clone(&next));
        tasks.spawn(async move {
            let mut tally = Tally::default();
            loop {
                let due = started + apart * next.fetch_add(1, Ordering::Relaxed);
                if due >= end {
                    return Ok(tally);
                }
                if ambient.elapsed() >= end {
                    tally.unsent += 1;
                    continue;
                }
                until(&ambient, due).await;
                let verdict = if let Ok(verdict) = connection.ask(&ask).await {
                    verdict
                } else {
                    connection = Connection::to(&ask).await?;
                    Verdict::Failed
                };
                tally.count(verdict, ambient.elapsed().saturating_sub(due));
            }
        });
    }
    Tally::gathered(tasks, || ambient.elapsed().saturating_sub(started)).await
}

/// Waits to within microseconds: the driver has a core of its own.
async fn until(ambient: &Ambient, due: Duration) {
    loop {
        let left = due.saturating_sub(ambient.elapsed());
        if left.is_zero() {
            return;
        }
        if left > TIMER_GRAIN * 2 {
            tokio::time::sleep(left.saturating_sub(TIMER_GRAIN)).await;
        } else {
            tokio::task::yield_now().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    const STALL: Duration = Duration::from_millis(400);

    /// Answers at once, except that the first answer of a connection takes [`STALL`].
    async fn stalling() -> Ask {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut stall = STALL;
            while stream.read(&mut [0; 4096]).await.is_ok_and(|read| read > 0) {
                tokio::time::sleep(std::mem::take(&mut stall)).await;
                stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").await.unwrap();
            }
        });
        Ask::get(address, "/", "token x").unwrap()
    }

    #[tokio::test]
    async fn a_stall_is_felt_by_all_that_were_due_in_it() {
        let ambient = Ambient::real();
        let tally = open(&ambient, &[stalling().await], 1, 100.0, STALL * 2).await.unwrap().all_good().unwrap();
        let felt = tally.waits.iter().filter(|wait| **wait >= 100_000_000).count();
        assert!(felt >= 20, "30 were due while the first was waited for; {felt} of {} say so", tally.waits.len());
        let tally = closed(&ambient, &[stalling().await], 1, STALL * 2).await.unwrap().all_good().unwrap();
        assert_eq!(tally.waits.iter().filter(|wait| **wait >= 100_000_000).count(), 1, "here it hides");
    }

    #[tokio::test]
    async fn a_stall_at_the_end_voids_the_run() {
        let ambient = Ambient::real();
        let tally = open(&ambient, &[stalling().await], 1, 100.0, STALL / 2).await.unwrap();
        assert_eq!((tally.waits.len(), tally.unsent), (1, 19), "20 were due before the end");
        assert!(tally.all_good().is_err());
    }
}
