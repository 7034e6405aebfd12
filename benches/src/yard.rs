//! Where measuring is done: the servers that every workload shares, and rounds in which they take turns.

use std::path::Path;
use std::time::Duration;

use aegis_ambient::Ambient;
use serde_json::{Value, json};
use tempfile::NamedTempFile;

use crate::Failure;
use crate::gateway::{Gateway, House, Wish};
use crate::load::{self, Tally};
use crate::process::{Core, Served};
use crate::report::Rounds;
use crate::wire::Ask;

/// People a load is spread over, so that no one's limit is near.
pub(crate) const SPREAD: usize = 8;

/// How often a silent stream is written to, so that nobody on the way takes it for dead.
pub(crate) const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// How long and how often.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) rounds: usize,
    pub(crate) warm_up: Duration,
    pub(crate) run: Duration,
    /// How long what is idle is watched. Above [`KEEP_ALIVE`], keep-alives are in it.
    pub(crate) watch: Duration,
    /// Calls of one round over standard input and output.
    pub(crate) calls: usize,
}

impl Plan {
    pub(crate) const FULL: Self = Self {
        rounds: 7,
        warm_up: Duration::from_secs(5),
        run: Duration::from_secs(10),
        watch: Duration::from_secs(30),
        calls: 10_000,
    };
    pub(crate) const QUICK: Self = Self {
        rounds: 3,
        warm_up: Duration::from_millis(500),
        run: Duration::from_millis(1500),
        watch: Duration::from_secs(3),
        calls: 1_000,
    };
}

/// The forge, the gateway before it, and the anchors.
pub(crate) struct Yard {
    pub(crate) ambient: Ambient,
    pub(crate) plan: Plan,
    pub(crate) pinning: bool,
    pub(crate) forge: Served,
    pub(crate) house: House,
    pub(crate) gateway: Gateway,
    /// A2.
    pub(crate) hop: Served,
    /// A3.
    pub(crate) echo: Served,
    /// The gateway's list of tools, which the echoes show too.
    tools: NamedTempFile,
}

/// How requests come.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Load {
    /// As soon as the last is answered, from a core that only drives.
    Closed,
    /// The same from a core that the servers use too.
    Shared,
    /// So many a second.
    Open(f64),
}

/// One server's figures, round by round.
#[derive(Debug, Default, Clone)]
pub(crate) struct Runs {
    pub(crate) rate: Rounds,
    pub(crate) p50_us: Rounds,
    pub(crate) p99_us: Rounds,
}

impl Runs {
    pub(crate) fn push(&mut self, tally: &Tally) {
        self.rate.push(tally.per_second());
        self.p50_us.push(tally.wait_us(500));
        self.p99_us.push(tally.wait_us(990));
    }
}

impl Yard {
    /// Starts everything.
    ///
    /// # Errors
    /// Something did not start.
    pub(crate) async fn open(binary: &Path, plan: Plan, pinning: bool, ambient: Ambient) -> Result<Self, Failure> {
        let forge = Served::start(&["forge"], Core::Server, pinning, &ambient)?;
        let house = House::new(binary, forge.url(), pinning, ambient.clone())?;
        let gateway = house.start(Wish::PLAIN)?;
        let list = Ask::rpc(gateway.address, "/mcp", house.keys.first().map(String::as_str), "tools/list", &json!({}))?;
        let (_, answer) = list.checked().await?;
        let answer: Value = serde_json::from_slice(&answer)?;
        let tools = NamedTempFile::new()?;
        serde_json::to_writer(&tools, answer.pointer("/result/tools").ok_or("no tools were listed")?)?;
        let server = |role: [&str; 2]| Served::start(&role, Core::Server, pinning, &ambient);
        let hop = server(["hop", &forge.url()])?;
        let echo = server(["echo", &tools.path().display().to_string()])?;
        Ok(Self { ambient, plan, pinning, forge, house, gateway, hop, echo, tools })
    }

    /// An echo of its own.
    pub(crate) fn echo(&self) -> Result<Served, Failure> {
        Served::start(&["echo", &self.tools()], Core::Server, self.pinning, &self.ambient)
    }

    /// The file with the list of tools.
    pub(crate) fn tools(&self) -> String {
        self.tools.path().display().to_string()
    }

    /// A request to the gateway by several people in turn; the first of them was looked at.
    pub(crate) async fn asks(&self, method: &str, params: &Value) -> Result<Vec<Ask>, Failure> {
        self.asks_of(&self.gateway, SPREAD, method, params).await
    }

    /// The same to another gateway, by so many people.
    pub(crate) async fn asks_of(
        &self,
        gateway: &Gateway,
        people: usize,
        method: &str,
        params: &Value,
    ) -> Result<Vec<Ask>, Failure> {
        let mut asks = Vec::new();
        for key in self.house.keys.iter().take(people) {
            let ask = Ask::rpc(gateway.address, "/mcp", Some(key), method, params)?;
            asks.push(ask.over(gateway.tls.clone()).checked().await?.0);
        }
        Ok(asks)
    }

    /// Loads the servers one after the other, in every round all of them.
    ///
    /// # Errors
    /// A run was void.
    pub(crate) async fn interleaved<const N: usize>(
        &self,
        servers: [&[Ask]; N],
        connections: usize,
        load: Load,
    ) -> Result<[Runs; N], Failure> {
        let mut runs = std::array::from_fn(|_| Runs::default());
        for asks in servers {
            load::closed(&self.ambient, asks, connections, self.plan.warm_up).await?.all_good()?;
        }
        for _ in 0..self.plan.rounds {
            for (asks, runs) in servers.iter().zip(&mut runs) {
                let tally = match load {
                    Load::Closed if self.pinning => {
                        load::awake(load::closed(&self.ambient, asks, connections, self.plan.run)).await?
                    }
                    Load::Closed | Load::Shared => {
                        load::closed(&self.ambient, asks, connections, self.plan.run).await?
                    }
                    Load::Open(rate) => load::open(&self.ambient, asks, connections, rate, self.plan.run).await?,
                };
                runs.push(&tally.all_good()?);
                self.house.forget_logs()?;
            }
        }
        Ok(runs)
    }
}
