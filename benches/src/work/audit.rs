//! W7: what the record costs. It cannot be turned off; so the gateway with its record on disk is held against one whose
//! record lies in memory, where flushing costs nothing. Writing, chaining and signing are in both.

use super::hop::get_me;
use crate::Failure;
use crate::gateway::Wish;
use crate::report::{Bound, Report};
use crate::yard::{Load, Yard};

const CONNECTIONS: usize = 32;
const PEOPLE: usize = 8;

pub(super) async fn measure(yard: &Yard, report: &mut Report) -> Result<(), Failure> {
    let other = yard.house.start(Wish { audit_in_memory: true, ..Wish::PLAIN })?;
    let on_disk = yard.asks("tools/call", &get_me()).await?;
    let in_memory = yard.asks_of(&other, PEOPLE, "tools/call", &get_me()).await?;
    let [disk, memory] = yard.interleaved([&on_disk, &in_memory], CONNECTIONS, Load::Closed).await?;
    report.row("W7", "calls a second, the record in memory", &memory.rate, Bound::None);
    report.row("W7", "calls a second, the record on disk", &disk.rate, Bound::None);
    report.row("W7", "on disk over in memory", &disk.rate.over(&memory.rate), Bound::AtLeast(0.9));
    Ok(())
}
