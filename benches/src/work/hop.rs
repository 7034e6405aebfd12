//! W1 to W3: the cheapest call against one hop that decides nothing. `get_me` asks the forge who the caller is.

use serde_json::{Value, json};

use crate::Failure;
use crate::gateway::token;
use crate::report::{Bound, Report};
use crate::wire::Ask;
use crate::yard::{Load, Yard};

const CONNECTIONS: usize = 16;
const FULL_CONNECTIONS: usize = 32;
/// W1: far from busy.
const CALM_PER_SECOND: f64 = 1000.0;
/// W2: the share of the most the gateway does.
const BUSY_SHARE: f64 = 0.25;

/// The call.
pub(super) fn get_me() -> Value {
    json!({"name": "get_me", "arguments": {}})
}

/// W1.
pub(super) async fn calm(yard: &Yard, report: &mut Report) -> Result<(), Failure> {
    let (ours, hop, direct) = asks(yard).await?;
    let calm = yard.interleaved([&ours, &hop, &direct], CONNECTIONS, Load::Open(CALM_PER_SECOND)).await?;
    let [ours_calm, hop_calm, direct_calm] = calm.map(|runs| runs.p50_us);
    let over = |runs: &crate::report::Rounds| runs.against(&direct_calm, |one, direct| one - direct);
    report.row("W1", "p50 of a direct request, µs", &direct_calm, Bound::None);
    report.row("W1", "p50 of one hop over a direct request, µs", &over(&hop_calm), Bound::None);
    report.row("W1", "p50 of the gateway over a direct request, µs", &over(&ours_calm), Bound::AtMost(300.0));
    report.row(
        "W1",
        "the gateway's share over the hop's",
        &over(&ours_calm).over(&over(&hop_calm)),
        Bound::AtMost(2.0),
    );
    Ok(())
}

/// W3, and W2 at a quarter of its calls.
pub(super) async fn busy(yard: &Yard, report: &mut Report) -> Result<(), Failure> {
    let (ours, hop, direct) = asks(yard).await?;
    let [ours_full, hop_full, direct_full] =
        yard.interleaved([&ours, &hop, &direct], FULL_CONNECTIONS, Load::Closed).await?;
    report.row("W3", "direct requests a second", &direct_full.rate, Bound::None);
    report.row("W3", "requests a second through one hop", &hop_full.rate, Bound::None);
    report.row("W3", "calls a second through the gateway", &ours_full.rate, Bound::None);
    report.row("W3", "the gateway's rate over the hop's", &ours_full.rate.over(&hop_full.rate), Bound::AtLeast(0.5));

    let busy = Load::Open(ours_full.rate.median() * BUSY_SHARE);
    let [ours_busy, hop_busy] = yard.interleaved([&ours, &hop], CONNECTIONS, busy).await?;
    report.row("W2", "p99 of the hop at a quarter of W3's calls, µs", &hop_busy.p99_us, Bound::None);
    report.row("W2", "p99 of the gateway, µs", &ours_busy.p99_us, Bound::None);
    report.row("W2", "the gateway's p99 over the hop's", &ours_busy.p99_us.over(&hop_busy.p99_us), Bound::AtMost(1.5));
    Ok(())
}

/// The call through the gateway and through the hop, and what both ask the forge.
async fn asks(yard: &Yard) -> Result<(Vec<Ask>, [Ask; 1], [Ask; 1]), Failure> {
    let direct = Ask::get(yard.forge.address, "/api/v1/user", &format!("token {}", token(0)))?.checked().await?.0;
    Ok((yard.asks("tools/call", &get_me()).await?, [hop(yard).await?], [direct]))
}

/// The same message to the hop.
pub(super) async fn hop(yard: &Yard) -> Result<Ask, Failure> {
    Ok(Ask::rpc(yard.hop.address, "/mcp", None, "tools/call", &get_me())?.checked().await?.0)
}
