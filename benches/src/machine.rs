//! The machine under the figures: whether it is quiet, and what it is.

use std::fs;
use std::time::Duration;

use serde_json::{Value, json};

use crate::Failure;

/// Above this load average other work is in the figures.
const MOST_LOAD: f64 = 0.3;
/// The build that made the binary leaves a load that falls by itself.
const LOAD_FALLS_WITHIN: Duration = Duration::from_mins(5);
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// Above this share of time taken by other guests of the host, a run says little.
const MOST_STEAL: f64 = 0.01;

/// Waits for the load of the build to pass.
///
/// # Errors
/// The machine does not fall quiet.
pub(crate) fn wait_until_quiet(force: bool) -> Result<(), Failure> {
    // What the build wrote is on its way to the disk, where the record goes too.
    let _ = std::process::Command::new("sync").status();
    let mut waited = Duration::ZERO;
    while load()? > MOST_LOAD {
        if force {
            println!("the load is {:.2}: these figures are from a busy machine", load()?);
            return Ok(());
        }
        if waited.is_zero() {
            println!("the load is {:.2}; waiting until it is below {MOST_LOAD}", load()?);
        }
        if waited >= LOAD_FALLS_WITHIN {
            return Err(format!("the load is {:.2}: the machine is busy; FORCE=1 measures anyway", load()?).into());
        }
        std::thread::sleep(LOOK_EVERY);
        waited += LOOK_EVERY;
    }
    Ok(())
}

/// The load average of the last minute.
pub(crate) fn load() -> Result<f64, Failure> {
    let text = fs::read_to_string("/proc/loadavg")?;
    Ok(text.split_whitespace().next().ok_or("no load average")?.parse()?)
}

/// Time since the machine started, of all cores together, in ticks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ticks {
    all: f64,
    stolen: f64,
}

impl Ticks {
    /// What passed until now.
    pub(crate) fn now() -> Result<Self, Failure> {
        let text = fs::read_to_string("/proc/stat")?;
        let line = text.lines().next().ok_or("no processor times")?;
        let ticks: Vec<f64> = line.split_whitespace().skip(1).filter_map(|ticks| ticks.parse().ok()).collect();
        Ok(Self { all: ticks.iter().take(8).sum(), stolen: ticks.get(7).copied().unwrap_or_default() })
    }

    /// Which share of the time since then other guests of the host took, with a warning if it is too much.
    pub(crate) fn stolen_since(self) -> Result<f64, Failure> {
        let now = Self::now()?;
        let share = (now.stolen - self.stolen) / (now.all - self.all).max(1.0);
        if share > MOST_STEAL {
            println!("other guests of this host took {:.1} % of the time: run again", share * 100.0);
        }
        Ok(share)
    }
}

/// What it is, for the raw figures.
pub(crate) fn facts() -> Value {
    let line = |path: &str, name: &str| {
        let text = fs::read_to_string(path).unwrap_or_default();
        let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_default().to_owned();
        line.split_once(':').map(|(_, value)| value.trim().to_owned()).unwrap_or(line)
    };
    let commit = std::process::Command::new("git").args(["rev-parse", "HEAD"]).output();
    json!({
        "processor": line("/proc/cpuinfo", "model name"),
        "cores": std::thread::available_parallelism().map_or(0, std::num::NonZero::get),
        "memory": line("/proc/meminfo", "MemTotal"),
        "kernel": line("/proc/version", "Linux"),
        "commit": commit.map(|made| String::from_utf8_lossy(&made.stdout).trim().to_owned()).unwrap_or_default(),
        "load_at_start": load().unwrap_or_default(),
    })
}
