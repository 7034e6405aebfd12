//! W16: answers over streams, fifty connections kept busy. If small writes waited for acknowledgements (Nagle's algorithm
//! against delayed acknowledgements), the median would stand at 40 ms.

use super::hop::{get_me, hop};
use super::sessions::Client;
use crate::Failure;
use crate::report::{Bound, Report};
use crate::wire::Connection;
use crate::yard::{Load, Yard};

const CONNECTIONS: usize = 50;
const MOST_US: f64 = 5000.0;

pub(super) async fn measure(yard: &Yard, report: &mut Report) -> Result<(), Failure> {
    let clients = Client::of_gateway(yard, yard.gateway.address).await?;
    let mut within = Vec::new();
    let mut connection = Connection::open(yard.gateway.address).await?;
    for client in clients.iter().cycle().take(CONNECTIONS) {
        let session = client.open(&mut connection).await?;
        within.push(client.call.clone().within(&session));
    }
    let alone = yard.asks("tools/call", &get_me()).await?;
    let [streamed, plain, hop] =
        yard.interleaved([&within, &alone, &[hop(yard).await?]], CONNECTIONS, Load::Closed).await?;
    report.row("W16", "p50 of the hop, µs", &hop.p50_us, Bound::None);
    report.row("W16", "p50 of calls answered as JSON, µs", &plain.p50_us, Bound::AtMost(MOST_US));
    report.row("W16", "p50 of calls answered over streams, µs", &streamed.p50_us, Bound::AtMost(MOST_US));
    report.row("W16", "streams over the hop", &streamed.p50_us.over(&hop.p50_us), Bound::AtMost(3.0));
    Ok(())
}
