//! What a release is optimised for. The gateway works for a while and notes where it was; the compiler makes that fast and
//! the rest small. The call that W1 to W3 are measured with is not among it.

use std::time::Duration;

use serde_json::{Value, json};

use super::sessions::{self, Client};
use super::{peers, stdio};
use crate::Failure;
use crate::gateway::Wish;
use crate::load;
use crate::wire::Ask;
use crate::yard::Yard;

const CONNECTIONS: usize = 16;
const EACH: Duration = Duration::from_secs(3);
const STDIO_CALLS: usize = 2_000;

/// Works a while and ends the gateway, which writes down where it was.
///
/// # Errors
/// Something was not answered.
pub(crate) async fn train(yard: &mut Yard) -> Result<(), Failure> {
    for (_, _, call) in peers::calls() {
        both(yard, "tools/call", &call).await?;
        let clients = Client::calling(yard, yard.gateway.address, &call).await?;
        sessions::rate(&yard.ambient, &clients, EACH).await?;
        stdio::train(yard, &call, STDIO_CALLS)?;
    }
    both(yard, "tools/list", &json!({})).await?;
    refused(yard).await?;
    over_tls(yard).await?;
    yard.gateway.process.end()
}

/// A name that is wrong and one that is not there, read by a model.
async fn refused(yard: &Yard) -> Result<(), Failure> {
    for arguments in [json!({"owner": "acme", "repo": "../x"}), json!({"owner": "acme", "repo": "none", "path": "x"})] {
        let ask = |key: &String| Ask::call(yard.gateway.address, key, "get_file_contents", &arguments);
        let asks = yard.house.keys.iter().map(ask).collect::<Result<Vec<_>, _>>()?;
        load::closed(&yard.ambient, &asks, CONNECTIONS, EACH / 3).await?.all_good()?;
    }
    Ok(())
}

async fn over_tls(yard: &Yard) -> Result<(), Failure> {
    let mut gateway = yard.house.start(Wish { tls: true, ..Wish::PLAIN })?;
    for (_, _, call) in peers::calls() {
        let asks = yard.asks_of(&gateway, CONNECTIONS, "tools/call", &call).await?;
        load::closed(&yard.ambient, &asks, CONNECTIONS, EACH / 3).await?.all_good()?;
    }
    gateway.process.end()
}

/// As the older revisions and as 2026-07-28 have it.
async fn both(yard: &Yard, method: &str, params: &Value) -> Result<(), Failure> {
    let asks = yard.asks(method, params).await?;
    let mut modern = Vec::new();
    for ask in &asks {
        modern.push(ask.clone().modern()?.checked().await?.0);
    }
    for asks in [&asks, &modern] {
        load::closed(&yard.ambient, asks, CONNECTIONS, EACH).await?.all_good()?;
    }
    Ok(())
}
