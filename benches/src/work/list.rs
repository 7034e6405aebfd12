//! W4: the list of tools, which asks nobody. The echo shows the same tools.

use serde_json::json;

use crate::Failure;
use crate::gateway::token;
use crate::report::{Bound, Report, Rounds, number};
use crate::wire::Ask;
use crate::yard::{Load, Yard};

const CONNECTIONS: usize = 32;

pub(super) async fn measure(yard: &Yard, report: &mut Report) -> Result<(), Failure> {
    let ours = yard.asks("tools/list", &json!({})).await?;
    let (echo, list) = Ask::rpc(yard.echo.address, "/mcp", None, "tools/list", &json!({}))?.checked().await?;
    let bare = Ask::get(yard.forge.address, "/api/v1/user", &format!("token {}", token(0)))?.checked().await?.0;
    let [ours, echo, bare] = yard.interleaved([&ours, &[echo], &[bare]], CONNECTIONS, Load::Closed).await?;
    report.row("W4", "bytes of the list", &Rounds::from(number(list.len())), Bound::None);
    report.row("W4", "lists a second of the echo", &echo.rate, Bound::None);
    report.row("W4", "lists a second of the gateway", &ours.rate, Bound::None);
    report.row("W4", "the gateway's rate over bare hyper's", &ours.rate.over(&bare.rate), Bound::None);
    report.row("W4", "the gateway's rate over the echo's", &ours.rate.over(&echo.rate), Bound::AtLeast(0.6));
    Ok(())
}
