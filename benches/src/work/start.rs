//! W17: how long until it serves, what it holds when nobody asks, how large it is.

use std::time::Duration;

use crate::Failure;
use crate::gateway::Wish;
use crate::report::{Bound, Report, Rounds};
use crate::yard::Yard;

/// Until what a start leaves behind is gone.
const SETTLE: Duration = Duration::from_secs(1);

pub(super) async fn measure(yard: &Yard, report: &mut Report) -> Result<(), Failure> {
    let (mut ready_after, mut listens_after) = (Rounds::default(), Rounds::default());
    let (mut held, mut held_by_echo) = (Rounds::default(), Rounds::default());
    for _ in 0..yard.plan.rounds {
        let (gateway, echo) = (yard.house.start(Wish::PLAIN)?, yard.echo()?);
        ready_after.push(gateway.started_in.as_secs_f64() * 1000.0);
        listens_after.push(echo.started_in.as_secs_f64() * 1000.0);
        tokio::time::sleep(SETTLE).await;
        held.push(gateway.process.resident_kb()? / 1024.0);
        held_by_echo.push(echo.process.resident_kb()? / 1024.0);
    }
    report.row("W17", "ms until the echo listens", &listens_after, Bound::None);
    report.row("W17", "ms until the gateway is ready, the forge asked", &ready_after, Bound::None);
    report.row("W17", "MB of the echo when idle", &held_by_echo, Bound::None);
    report.row("W17", "MB of the gateway when idle", &held, Bound::None);
    let bytes = u32::try_from(yard.house.binary_bytes()?).map_or(f64::INFINITY, f64::from);
    report.row("W17", "MB of the binary", &Rounds::from(bytes / 1024.0 / 1024.0), Bound::None);
    Ok(())
}
