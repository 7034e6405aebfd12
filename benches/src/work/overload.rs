//! W14: twice as much as the gateway can do before a forge that takes its time. What it does must not fall, and the rest
//! must hear when to come back.

use serde_json::{Value, json};

use crate::Failure;
use crate::load;
use crate::report::{Bound, Report, Rounds, number};
use crate::yard::Yard;

/// As many as run at once.
const FULL_CONNECTIONS: usize = 512;
/// More than run and wait at once, so that some find no place.
const CONNECTIONS: usize = 1500;
const PEOPLE: usize = 32;
const TIMES: f64 = 2.0;
/// Below this there was no overload to bear: the driver fell behind.
const LEAST_TIMES: f64 = 1.9;
/// Overload lasts longer than a run.
const RUNS: f64 = 1.5;

pub(super) async fn measure(yard: &Yard, report: &mut Report) -> Result<(), Failure> {
    let asks = yard.asks_of(&yard.gateway, PEOPLE, "tools/call", &slow_file()).await?;
    let (mut full, mut kept, mut p99) = (Rounds::default(), Rounds::default(), Rounds::default());
    let (mut offered, mut unsent) = (Rounds::default(), Rounds::default());
    let (mut shed, mut failed) = (Rounds::default(), Rounds::default());
    load::closed(&yard.ambient, &asks, FULL_CONNECTIONS, yard.plan.warm_up).await?.all_good()?;
    for _ in 0..yard.plan.rounds {
        let most = load::closed(&yard.ambient, &asks, FULL_CONNECTIONS, yard.plan.run).await?.all_good()?;
        let (most, for_time) = (most.per_second(), yard.plan.run.mul_f64(RUNS));
        let tally = load::open(&yard.ambient, &asks, CONNECTIONS, most * TIMES, for_time).await?;
        let sent = number(tally.sent()) / for_time.as_secs_f64();
        if sent < most * LEAST_TIMES || tally.shed == 0 {
            let (shed, unsent) = (tally.shed, tally.unsent);
            let why = format!("{sent:.0} of {:.0} due a second were sent ({unsent} unsent), {shed} shed", most * TIMES);
            return Err(format!("{why}: that is no overload").into());
        }
        full.push(most);
        offered.push(sent);
        unsent.push(number(tally.unsent));
        kept.push(tally.per_second());
        p99.push(tally.wait_us(990) / 1000.0);
        shed.push(number(tally.shed) / number(tally.sent()));
        failed.push(number(tally.failed));
        yard.house.forget_logs()?;
    }
    report.row("W14", "calls a second at saturation", &full, Bound::None);
    report.row("W14", "calls a second sent in overload", &offered, Bound::None);
    report.row("W14", "requests due that found no free connection", &unsent, Bound::None);
    report.row("W14", "calls a second when twice as many are due", &kept, Bound::None);
    report.row("W14", "kept of saturation", &kept.over(&full), Bound::AtLeast(0.8));
    report.row("W14", "share of requests shed", &shed, Bound::None);
    report.row("W14", "requests neither answered nor told to come back", &failed, Bound::AtMost(0.0));
    report.row("W14", "p99 of what was answered, from when it was due, ms", &p99, Bound::None);
    Ok(())
}

/// A call that the forge answers late: the places are what is full then, and not the processor.
fn slow_file() -> Value {
    json!({"name": "get_file_contents", "arguments": {"owner": "slow", "repo": "slow", "path": "README.md"}})
}
