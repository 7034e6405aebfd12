//! W13: streams on which nothing happens, one and five of each of a thousand sessions.

use http::{HeaderValue, Method, Response, StatusCode};
use hyper::body::Incoming;

use super::sessions::Client;
use crate::Failure;
use crate::gateway::Wish;
use crate::process::Process;
use crate::report::{Bound, Report, Rounds, number};
use crate::wire::Connection;
use crate::yard::{KEEP_ALIVE, Yard};

const SESSIONS: usize = 1000;
/// Streams of one session: with one, and then with four more.
const STEPS: [usize; 2] = [1, 4];
/// How often this is done: each time with new processes.
const MOST_ROUNDS: usize = 3;
const MOST_PROCESSOR_PERCENT: f64 = 2.0;

/// An open stream, held.
type Held = (Connection, Response<Incoming>);

#[derive(Default)]
struct Figures {
    kb: [Rounds; STEPS.len()],
    processor_percent: [Rounds; STEPS.len()],
}

pub(super) async fn measure(yard: &Yard, report: &mut Report) -> Result<(), Failure> {
    let (mut ours, mut echo) = (Figures::default(), Figures::default());
    for _ in 0..yard.plan.rounds.min(MOST_ROUNDS) {
        let gateway = yard.house.start(Wish::PLAIN)?;
        ours.take(yard, &Client::of_gateway(yard, gateway.address).await?, &gateway.process).await?;
        let anchor = yard.echo()?;
        echo.take(yard, &Client::of_echo(anchor.address).await?, &anchor.process).await?;
    }
    // A shorter look says nothing: no keep-alive is in it.
    let idle = if yard.plan.watch < KEEP_ALIVE { Bound::None } else { Bound::AtMost(MOST_PROCESSOR_PERCENT) };
    let percents = ours.processor_percent.iter().zip(&echo.processor_percent);
    for (((count, kb), echo_kb), (percent, echo_percent)) in
        [1000, 5000].iter().zip(&ours.kb).zip(&echo.kb).zip(percents)
    {
        let row = |what: &str| format!("{count} idle streams: {what}");
        report.row("W13", &row("kB each of the echo"), echo_kb, Bound::None);
        report.row("W13", &row("kB each of the gateway"), kb, Bound::None);
        report.row("W13", &row("the gateway's over the echo's"), &kb.over(echo_kb), Bound::AtMost(1.0));
        report.row("W13", &row("processor of the echo, %"), echo_percent, Bound::None);
        report.row("W13", &row("processor of the gateway, %"), percent, idle);
    }
    Ok(())
}

impl Figures {
    async fn take(&mut self, yard: &Yard, clients: &[Client], process: &Process) -> Result<(), Failure> {
        let before = process.resident_kb()?;
        let mut sessions = Vec::new();
        let mut held = Vec::new();
        for client in clients.iter().cycle().take(SESSIONS) {
            let mut connection = Connection::open(client.address).await?;
            sessions.push((client, client.open(&mut connection).await?));
        }
        for ((more, kb), percent) in STEPS.into_iter().zip(&mut self.kb).zip(&mut self.processor_percent) {
            for (client, session) in &sessions {
                for _ in 0..more {
                    held.push(stream(client, session).await?);
                }
            }
            kb.push((process.resident_kb()? - before) / number(held.len()));
            let used = process.processor_seconds()?;
            tokio::time::sleep(yard.plan.watch).await;
            percent.push((process.processor_seconds()? - used) / yard.plan.watch.as_secs_f64() * 100.0);
        }
        Ok(())
    }
}

/// A session's own stream.
async fn stream(client: &Client, session: &HeaderValue) -> Result<Held, Failure> {
    let mut connection = Connection::open(client.address).await?;
    let ask = client.call.clone().within(session).with_method(Method::GET);
    let response = connection.send(&ask).await?;
    match response.status() {
        StatusCode::OK => Ok((connection, response)),
        status => Err(format!("a stream was refused: {status}").into()),
    }
}
