//! W15: one person's calls hang in the forge; what the others feel of it.

use std::time::Duration;

use serde_json::json;
use tokio::task::JoinSet;

use super::hop::get_me;
use crate::Failure;
use crate::load;
use crate::report::{Bound, Report};
use crate::wire::{Ask, Connection};
use crate::yard::{Runs, Yard};

const HANGING: usize = 200;
const OTHERS_PER_SECOND: f64 = 200.0;
const CONNECTIONS: usize = 16;
/// Until those that hang all hang, and after they are let go.
const SETTLE: Duration = Duration::from_millis(500);

pub(super) async fn measure(yard: &Yard, report: &mut Report) -> Result<(), Failure> {
    let others = yard.asks("tools/call", &get_me()).await?;
    // The last of all, who is not among the others.
    let key = yard.house.keys.last().ok_or("nobody has a key")?;
    let arguments = json!({"owner": "hang", "repo": "hang", "path": "README.md"});
    let hang = Ask::call(yard.gateway.address, key, "get_file_contents", &arguments)?;
    load::closed(&yard.ambient, &others, CONNECTIONS, yard.plan.warm_up).await?.all_good()?;
    let (mut without, mut with) = (Runs::default(), Runs::default());
    for _ in 0..yard.plan.rounds {
        without.push(&calm(yard, &others).await?);
        let hanging = hanging(&hang);
        tokio::time::sleep(SETTLE).await;
        with.push(&calm(yard, &others).await?);
        drop(hanging);
        tokio::time::sleep(SETTLE).await;
    }
    report.row("W15", "p99 of the others, µs", &without.p99_us, Bound::None);
    report.row("W15", "p99 of the others while 200 calls of one person hang, µs", &with.p99_us, Bound::None);
    report.row("W15", "with over without", &with.p99_us.over(&without.p99_us), Bound::AtMost(1.2));
    Ok(())
}

async fn calm(yard: &Yard, others: &[Ask]) -> Result<load::Tally, Failure> {
    load::open(&yard.ambient, others, CONNECTIONS, OTHERS_PER_SECOND, yard.plan.run).await?.all_good()
}

/// Calls that hang until dropped. What is told to come back comes back after a second.
fn hanging(ask: &Ask) -> JoinSet<Result<(), Failure>> {
    let mut tasks = JoinSet::new();
    for _ in 0..HANGING {
        let ask = ask.clone();
        tasks.spawn(async move {
            let mut connection = Connection::open(ask.address).await?;
            loop {
                connection.ask(&ask).await?;
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        });
    }
    tasks
}
