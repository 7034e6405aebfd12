//! W18: one message there and back over standard input and output. The echo answers a call from memory; the gateway asks
//! the forge and keeps a record, so the bare protocol is measured by `ping` beside it.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{ChildStdin, ChildStdout, Command, Stdio};

use aegis_ambient::Ambient;
use serde_json::{Value, json};

use super::hop::get_me;
use crate::Failure;
use crate::process::{Core, Process};
use crate::report::{Bound, Report, Rounds};
use crate::yard::Yard;

/// Calls before they count.
const FIRST: usize = 100;

pub(super) fn measure(yard: &Yard, report: &mut Report) -> Result<(), Failure> {
    let (mut gateway, _state) = yard.house.stdio()?;
    let mut echo = Core::Server.command(std::env::current_exe()?, yard.pinning);
    echo.args(["stdio-echo", &yard.tools()]);
    let (mut ours, mut echo) = (Pipe::open(&mut gateway)?, Pipe::open(&mut echo)?);
    let methods = [("ping", json!({})), ("tools/call", get_me())];
    for (method, params) in &methods {
        let (mut ours_us, mut echo_us) = (Rounds::default(), Rounds::default());
        for _ in 0..yard.plan.rounds {
            for (pipe, us) in [(&mut ours, &mut ours_us), (&mut echo, &mut echo_us)] {
                pipe.median_us(&yard.ambient, method, params, FIRST)?;
                us.push(pipe.median_us(&yard.ambient, method, params, yard.plan.calls)?);
            }
        }
        report.row("W18", &format!("p50 of {method} over stdio, the echo, µs"), &echo_us, Bound::None);
        report.row("W18", &format!("p50 of {method} over stdio, the gateway, µs"), &ours_us, Bound::None);
        report.row("W18", &format!("{method}: the gateway's over the echo's"), &ours_us.over(&echo_us), Bound::None);
    }
    Ok(())
}

/// So many calls over standard input and output, for nobody to look at.
pub(super) fn train(yard: &Yard, params: &Value, calls: usize) -> Result<(), Failure> {
    let (mut gateway, _state) = yard.house.stdio()?;
    let mut pipe = Pipe::open(&mut gateway)?;
    pipe.median_us(&yard.ambient, "tools/call", params, calls)?;
    pipe.close()
}

/// A server on two pipes.
struct Pipe {
    process: Process,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
}

impl Pipe {
    fn open(command: &mut Command) -> Result<Self, Failure> {
        let mut process = Process::spawn(command.stdin(Stdio::piped()).stdout(Stdio::piped()))?;
        let to = process.child().stdin.take().ok_or("no standard input")?;
        let from = BufReader::new(process.child().stdout.take().ok_or("no standard output")?);
        let mut pipe = Self { process, to, from };
        let client = json!({"name": "benches", "version": "1"});
        let hello = json!({"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": client});
        pipe.answer(&line("initialize", &hello))?;
        pipe.to.write_all(b"{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}\n")?;
        Ok(pipe)
    }

    fn answer(&mut self, line: &[u8]) -> Result<Value, Failure> {
        self.to.write_all(line)?;
        let mut answer = String::new();
        self.from.read_line(&mut answer)?;
        let answer: Value = serde_json::from_str(&answer)?;
        let failed = answer.pointer("/result/isError").is_some_and(|failed| failed == true);
        if failed || answer.get("result").is_none() {
            return Err(format!("over stdio: {answer}").into());
        }
        Ok(answer)
    }

    /// Closes its standard input and waits until it has ended.
    fn close(self) -> Result<(), Failure> {
        let Self { mut process, to, from } = self;
        drop(to);
        let status = process.child().wait()?;
        drop(from);
        if status.success() { Ok(()) } else { Err(format!("it ended with {status}").into()) }
    }

    fn median_us(&mut self, ambient: &Ambient, method: &str, params: &Value, calls: usize) -> Result<f64, Failure> {
        let (line, mut waits) = (line(method, params), Rounds::default());
        for _ in 0..calls {
            let before = ambient.elapsed();
            self.answer(&line)?;
            waits.push(ambient.elapsed().saturating_sub(before).as_secs_f64() * 1e6);
        }
        Ok(waits.median())
    }
}

fn line(method: &str, params: &Value) -> Vec<u8> {
    format!("{}\n", json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})).into_bytes()
}
