//! The three calls that other servers for Gitea were measured with, as they were: forge, server and load on two shared
//! cores, 16 kept connections. Their rates are of another day and machine, so they are told beside ours and bind nothing;
//! the aim is four times the best of them.

use serde_json::{Value, json};

use crate::Failure;
use crate::gateway::Wish;
use crate::process::{Core, Served};
use crate::report::{Bound, Report};
use crate::yard::{Load, Yard};

const CONNECTIONS: usize = 16;
const PEOPLE: usize = 8;

/// Arguments of the calls, each with what it is and the best of the peers on it, on 2 shared cores.
pub(super) fn calls() -> [(&'static str, f64, Value); 3] {
    let of = |tool: &str, arguments: Value| json!({"name": tool, "arguments": arguments});
    let file = of("get_file_contents", json!({"owner": "acme", "repo": "widget", "path": "requirements.txt"}));
    let issues = of("list_issues", json!({"owner": "acme", "repo": "widget", "limit": 30}));
    let repositories = of("list_repositories", json!({"limit": 30}));
    [("a 4 kB file", 2516.0, file), ("30 issues", 862.0, issues), ("30 repositories", 2388.0, repositories)]
}

pub(super) async fn measure(yard: &Yard, report: &mut Report) -> Result<(), Failure> {
    let forge = Served::start(&["forge"], Core::Any, yard.pinning, &yard.ambient)?;
    let gateway = yard.house.start_before(&forge.url(), Wish { core: Core::Any, ..Wish::PLAIN })?;
    for (what, best, params) in calls() {
        let asks = yard.asks_of(&gateway, PEOPLE, "tools/call", &params).await?;
        let [runs] = yard.interleaved([&asks], CONNECTIONS, Load::Shared).await?;
        report.row("peers", &format!("{what}: calls a second"), &runs.rate, Bound::None);
        report.row("peers", &format!("{what}: over the best peer's"), &runs.rate.map(|rate| rate / best), Bound::None);
    }
    Ok(())
}
