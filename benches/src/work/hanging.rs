//! W15: the calls of a few hang in the forge; what the others feel of it.

use std::time::Duration;

use serde_json::json;
use tokio::task::JoinSet;

use super::hop::get_me;
use crate::Failure;
use crate::load;
use crate::report::{Bound, Report};
use crate::wire::{Ask, Connection, Verdict};
use crate::yard::{Runs, Yard};

/// As many as run at once of one person, and more, would be turned away instead of hanging: the limit is 64.
const HANGING_EACH: usize = 50;
const HANGING_PEOPLE: usize = 4;
const OTHERS_PER_SECOND: f64 = 200.0;
pub(super) const CONNECTIONS: usize = 16;
/// Until those that hang all hang, and after they are let go.
const SETTLE: Duration = Duration::from_millis(500);

pub(super) async fn measure(yard: &Yard, report: &mut Report) -> Result<(), Failure> {
    let others = yard.asks("tools/call", &get_me()).await?;
    let arguments = json!({"owner": "hang", "repo": "hang", "path": "README.md"});
    let hang = |key: &String| Ask::call(yard.gateway.address, key, "get_file_contents", &arguments);
    // The last of all, who are not among the others.
    let hang: Vec<Ask> = yard.house.keys.iter().rev().take(HANGING_PEOPLE).map(hang).collect::<Result<_, _>>()?;
    load::closed(&yard.ambient, &others, CONNECTIONS, yard.plan.warm_up).await?.all_good()?;
    let (mut without, mut with) = (Runs::default(), Runs::default());
    for _ in 0..yard.plan.rounds {
        without.push(&calm(yard, &others).await?);
        let mut hanging = hanging(&hang);
        tokio::time::sleep(SETTLE).await;
        with.push(&calm(yard, &others).await?);
        if let Some(ended) = hanging.try_join_next() {
            return Err(format!("a call that was to hang ended: {:?}", ended?).into());
        }
        drop(hanging);
        tokio::time::sleep(SETTLE).await;
    }
    report.row("W15", "p99 of the others, µs", &without.p99_us, Bound::None);
    report.row("W15", "p99 of the others while 200 calls of four hang, µs", &with.p99_us, Bound::None);
    report.row("W15", "with over without", &with.p99_us.over(&without.p99_us), Bound::AtMost(1.2));
    Ok(())
}

/// The others' calls, two hundred a second.
pub(super) async fn calm(yard: &Yard, others: &[Ask]) -> Result<load::Tally, Failure> {
    load::open(&yard.ambient, others, CONNECTIONS, OTHERS_PER_SECOND, yard.plan.run).await?.all_good()
}

/// Calls that hang until dropped.
fn hanging(asks: &[Ask]) -> JoinSet<Result<Verdict, Failure>> {
    let mut tasks = JoinSet::new();
    for ask in asks.iter().cycle().take(asks.len() * HANGING_EACH).cloned() {
        tasks.spawn(async move { Connection::open(ask.address).await?.ask(&ask).await });
    }
    tasks
}
