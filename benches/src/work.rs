//! The workloads, each in a file of its own.

mod audit;
mod crowd;
mod hanging;
mod hop;
mod list;
mod overload;
mod peers;
mod plateau;
mod sessions;
mod start;
mod stdio;
mod streams;
mod train;

use crate::Failure;
use crate::report::Report;
use crate::yard::Yard;
pub(crate) use train::train;

/// Their names, in the order they are measured.
pub(crate) const ALL: [&str; 13] =
    ["W1", "W2-3", "W4", "W5", "W7", "W13", "W14", "W15", "W16", "W17", "W18", "H09", "peers"];

/// Measures one.
///
/// # Errors
/// It is void.
pub(crate) async fn measure(name: &str, yard: &Yard, report: &mut Report) -> Result<(), Failure> {
    match name {
        "W1" => hop::calm(yard, report).await,
        "W2-3" => hop::busy(yard, report).await,
        "W4" => list::measure(yard, report).await,
        "W5" => sessions::measure(yard, report).await,
        "W7" => audit::measure(yard, report).await,
        "W13" => streams::measure(yard, report).await,
        "W14" => overload::measure(yard, report).await,
        "W15" => hanging::measure(yard, report).await,
        "W16" => plateau::measure(yard, report).await,
        "W17" => start::measure(yard, report).await,
        "W18" => stdio::measure(yard, report),
        "H09" => crowd::measure(yard, report).await,
        "peers" => peers::measure(yard, report).await,
        _ => Err("there is no such workload".into()),
    }
}
