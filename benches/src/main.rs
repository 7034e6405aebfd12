//! What the gateway costs: the workloads of `docs/performance.md`, as ratios to anchors that run in turn with it on the same
//! machine.
//!
//! One program in several processes: it drives the load, and it is the forge and every anchor but the gateway itself.
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures, a server where it listens")]

mod gateway;
mod load;
mod machine;
mod process;
mod report;
mod server;
mod vigil;
mod wire;
mod work;
mod yard;

use std::error::Error;
use std::path::{Path, PathBuf};

use aegis_ambient::Ambient;
use serde_json::json;

use machine::Ticks;
use process::{Core, Process};
use report::Report;
use yard::{Plan, Yard};

type Failure = Box<dyn Error + Send + Sync>;

const USAGE: &str = "aegis-benches BINARY [--quick] [--force] [--only W1,W4]\naegis-benches BINARY --train";

/// What was asked for on the command line.
struct Wish {
    binary: PathBuf,
    plan: Plan,
    force: bool,
    /// Names of workloads; empty means all.
    only: Vec<String>,
}

fn main() -> Result<(), Failure> {
    #[expect(clippy::disallowed_methods, reason = "the arguments of this program, read once")]
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.split_first() {
        Some((role, [])) if role == vigil::ROLE => vigil::keep(Ambient::real()),
        Some((role, rest)) if server::ROLES.contains(&role.as_str()) => server::run(role, rest),
        Some((binary, [only])) if only == "--train" => train(Path::new(binary)),
        Some((binary, rest)) if !binary.starts_with('-') => drive(&Wish::read(binary, rest)?),
        _ => Err(USAGE.into()),
    }
}

impl Wish {
    fn read(binary: &str, arguments: &[String]) -> Result<Self, Failure> {
        let binary = Path::new(binary).canonicalize().map_err(|error| format!("{binary}: {error}"))?;
        let mut wish = Self { binary, plan: Plan::FULL, force: false, only: Vec::new() };
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--quick" => wish.plan = Plan::QUICK,
                "--force" => wish.force = true,
                "--only" => {
                    wish.only = arguments.next().ok_or(USAGE)?.split(',').map(str::to_owned).collect();
                }
                _ => return Err(USAGE.into()),
            }
        }
        match wish.only.iter().find(|name| !work::ALL.contains(&name.as_str())) {
            Some(name) => Err(format!("there is no workload {name}; there are {}", work::ALL.join(", ")).into()),
            None => Ok(wish),
        }
    }
}

/// Has the gateway work, so that a compiler that watches it learns what it does.
fn train(binary: &Path) -> Result<(), Failure> {
    let (binary, ambient) = (binary.canonicalize()?, Ambient::real());
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        let mut yard = Yard::open(&binary, Plan::QUICK, false, ambient).await?;
        work::train(&mut yard).await
    })
}

/// Measures, prints, keeps. Fails if a gate does not hold.
fn drive(wish: &Wish) -> Result<(), Failure> {
    machine::wait_until_quiet(wish.force)?;
    let (facts, ticks, ambient) = (machine::facts(), Ticks::now()?, Ambient::real());
    let pinning = process::pin_client();
    println!(
        "servers and forge on {}",
        if pinning { "core 0, load on core 1" } else { "any core: this machine has no two, or no taskset" }
    );
    let mut vigils = Vec::new();
    for core in [Core::Server, Core::Client].into_iter().filter(|_| pinning) {
        vigils.extend(vigil::start(core)?);
    }
    let started = ambient.now();
    let mut report = Report::default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let yard = Yard::open(&wish.binary, wish.plan, pinning, ambient).await?;
        for name in work::ALL.iter().filter(|name| wish.only.is_empty() || wish.only.iter().any(|only| only == *name)) {
            if let Err(why) = work::measure(name, &yard, &mut report).await {
                report.void(name, &why);
            }
        }
        Ok::<_, Failure>(())
    })?;
    let stolen = ticks.stolen_since()?;
    let awake = vigils.len() == 2 && vigils.iter_mut().all(Process::is_running);
    if !awake {
        println!("no vigil, or it ended: cores that rested fell asleep, and figures of machines kept awake are others");
    }
    let run = json!({"machine": facts, "started": started.to_string(), "quick": wish.plan.rounds < Plan::FULL.rounds, "forced": wish.force, "stolen_share": stolen, "pinned": pinning, "awake": awake});
    let kept = report.keep(run, &started.strftime("%Y%m%dT%H%M%SZ").to_string())?;
    println!("raw figures: {}", kept.display());
    match report.short() {
        [] => Ok(()),
        short => Err(format!("{} short: {}", short.len(), short.join("; ")).into()),
    }
}

/// Where raw figures are kept and servers have their state: below the build directory this program lies in.
fn directory() -> Result<PathBuf, Failure> {
    let this = std::env::current_exe()?;
    let target = this.parent().and_then(Path::parent).ok_or("this program lies in no build directory")?;
    let directory = target.join("bench");
    std::fs::create_dir_all(&directory)?;
    Ok(directory)
}
