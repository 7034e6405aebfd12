//! W5: whole short sessions, and what one costs in memory while it lies open.

use std::net::SocketAddr;
use std::time::Duration;

use aegis_ambient::Ambient;
use http::{HeaderValue, Method};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::hop::get_me;
use crate::Failure;
use crate::gateway::Wish;
use crate::process::Process;
use crate::report::{Bound, Report, Rounds, number};
use crate::wire::{Ask, Connection, Verdict};
use crate::yard::Yard;

const CONNECTIONS: usize = 16;
const HELD: usize = 1000;
/// Sessions opened before memory is looked at, so that what is made once is not counted.
const FIRST: usize = 32;
/// Half of what a session of the protocol crate took by default when this was first measured (52.6 kB).
const MOST_KB: f64 = 26.0;

/// What a client of one session says.
#[derive(Clone)]
pub(super) struct Client {
    pub(super) address: SocketAddr,
    initialize: Ask,
    initialized: Ask,
    list: Ask,
    pub(super) call: Ask,
}

impl Client {
    /// Learns in a session of its own how long the right answers are: a call that failed is answered 200 as well.
    async fn new(address: SocketAddr, path: &'static str, key: Option<&str>, call: Value) -> Result<Self, Failure> {
        let ask = |method, params| Ask::rpc(address, path, key, method, &params);
        let mut client = Self {
            address,
            initialize: Ask::initialize(address, path, key)?,
            initialized: ask("notifications/initialized", json!({}))?,
            list: ask("tools/list", json!({}))?,
            call: ask("tools/call", call)?,
        };
        let mut connection = Connection::open(address).await?;
        let session = client.open(&mut connection).await?;
        client.list = client.list.within(&session).checked().await?.0;
        client.call = client.call.within(&session).checked().await?.0;
        client.close(&mut connection, &session).await?;
        Ok(client)
    }

    /// Everybody before the gateway.
    pub(super) async fn of_gateway(yard: &Yard, address: SocketAddr) -> Result<Vec<Self>, Failure> {
        Self::calling(yard, address, &get_me()).await
    }

    /// The same with another call.
    pub(super) async fn calling(yard: &Yard, address: SocketAddr, call: &Value) -> Result<Vec<Self>, Failure> {
        let mut clients = Vec::new();
        for key in &yard.house.keys {
            clients.push(Self::new(address, "/mcp", Some(key), call.clone()).await?);
        }
        Ok(clients)
    }

    /// Before the echo, which asks nobody who they are.
    pub(super) async fn of_echo(address: SocketAddr) -> Result<Vec<Self>, Failure> {
        Ok(vec![Self::new(address, "/session/mcp", None, get_me()).await?])
    }

    /// Opens a session and says hello.
    pub(super) async fn open(&self, connection: &mut Connection) -> Result<HeaderValue, Failure> {
        let session = connection.initialize(&self.initialize).await?;
        good(connection, &self.initialized.clone().within(&session)).await?;
        Ok(session)
    }

    async fn whole(&self, connection: &mut Connection) -> Result<(), Failure> {
        let session = self.open(connection).await?;
        for ask in [&self.list, &self.call] {
            good(connection, &ask.clone().within(&session)).await?;
        }
        self.close(connection, &session).await
    }

    async fn close(&self, connection: &mut Connection, session: &HeaderValue) -> Result<(), Failure> {
        good(connection, &self.list.clone().within(session).with_method(Method::DELETE)).await
    }
}

async fn good(connection: &mut Connection, ask: &Ask) -> Result<(), Failure> {
    match connection.ask(ask).await? {
        Verdict::Good => Ok(()),
        verdict @ (Verdict::Shed | Verdict::Failed) => Err(format!("a request of a session: {verdict:?}").into()),
    }
}

pub(super) async fn measure(yard: &Yard, report: &mut Report) -> Result<(), Failure> {
    let servers = [Client::of_gateway(yard, yard.gateway.address).await?, Client::of_echo(yard.echo.address).await?];
    let mut rates = [Rounds::default(), Rounds::default()];
    for clients in &servers {
        rate(&yard.ambient, clients, yard.plan.warm_up).await?;
    }
    for _ in 0..yard.plan.rounds {
        for (clients, rates) in servers.iter().zip(&mut rates) {
            rates.push(rate(&yard.ambient, clients, yard.plan.run).await?);
            yard.house.forget_logs()?;
        }
    }
    let [ours, echo] = rates;
    report.row("W5", "sessions a second of the echo", &echo, Bound::None);
    report.row("W5", "sessions a second of the gateway", &ours, Bound::None);
    report.row("W5", "the gateway's over the echo's", &ours.over(&echo), Bound::AtLeast(0.8));

    let of_gateway = Bound::AtMost(MOST_KB);
    for (what, listed, bound) in
        [("just opened", false, of_gateway), ("that listed its tools a moment ago", true, Bound::None)]
    {
        let (mut ours, mut echo) = (Rounds::default(), Rounds::default());
        for _ in 0..yard.plan.rounds {
            let gateway = yard.house.start(Wish::PLAIN)?;
            ours.push(held_kb(&Client::of_gateway(yard, gateway.address).await?, &gateway.process, listed).await?);
            let anchor = yard.echo()?;
            echo.push(held_kb(&Client::of_echo(anchor.address).await?, &anchor.process, listed).await?);
        }
        report.row("W5", &format!("kB a session {what}, the echo"), &echo, Bound::None);
        report.row("W5", &format!("kB a session {what}, the gateway"), &ours, bound);
    }
    Ok(())
}

/// Whole sessions a second.
pub(super) async fn rate(ambient: &Ambient, clients: &[Client], for_time: Duration) -> Result<f64, Failure> {
    let started = ambient.elapsed();
    let mut tasks = JoinSet::new();
    for client in clients.iter().cycle().take(CONNECTIONS).cloned() {
        let ambient = ambient.clone();
        tasks.spawn(async move {
            let (mut connection, mut count) = (Connection::open(client.address).await?, 0);
            while ambient.elapsed().saturating_sub(started) < for_time {
                client.whole(&mut connection).await?;
                count += 1;
            }
            Ok::<usize, Failure>(count)
        });
    }
    let mut count = 0;
    while let Some(one) = tasks.join_next().await {
        count += one??;
    }
    Ok(number(count) / ambient.elapsed().saturating_sub(started).as_secs_f64())
}

/// What a session takes while a thousand lie open. An answer just given is kept a while for a client that lost it.
async fn held_kb(clients: &[Client], process: &Process, listed: bool) -> Result<f64, Failure> {
    let Some(first) = clients.first() else { return Err("nobody to ask".into()) };
    let mut connection = Connection::open(first.address).await?;
    for client in clients.iter().cycle().take(FIRST) {
        client.whole(&mut connection).await?;
    }
    let before = process.resident_kb()?;
    for client in clients.iter().cycle().take(HELD) {
        let session = client.open(&mut connection).await?;
        if listed {
            good(&mut connection, &client.list.clone().within(&session)).await?;
        }
    }
    Ok((process.resident_kb()? - before) / number(HELD))
}
