//! The official MCP conformance suite against the real command line, sign-in on. One executable, two processes: started
//! by `cargo test` it drives the suite; started by itself it is the gateway, whose `serve` has the fixtures around its
//! handler. `make conformance` installs the suite and runs this; docs/conformance.md has the figures. Before the suite,
//! and without it too, the doors are looked at in ways it does not know.

#![expect(clippy::print_stdout, reason = "what was checked is said on standard output")]

mod arguments;
mod doors;
mod fixtures;
mod pinned;
mod proxy;
mod results;
mod suite;

use std::error::Error;
use std::ffi::OsString;
use std::process::ExitCode;
use std::sync::Arc;

use aegis_ambient::Ambient;
use aegis_sandbox::{DataSet, Options, Sandbox};
use aegis_server::cli::{self, Surroundings};
use aegis_testkit::Gateway;
use http::StatusCode;
use listenfd::ListenFd;
use serde_json::json;

use fixtures::Fixtures;
use suite::{SHIPPED, Selection, Suite, WITH_FIXTURES};

type Failure = Box<dyn Error + Send + Sync>;

/// Whoever starts this executable with it set wants the gateway.
const GATEWAY: &str = "CONFORMANCE_GATEWAY";
/// The person the suite acts as.
const PERSON: &str = "alice";

#[expect(clippy::disallowed_methods, reason = "a process of its own reads its environment and arguments here")]
fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let environment: Vec<(OsString, OsString)> = std::env::vars_os().collect();
    if environment.iter().any(|(name, _)| name == GATEWAY) {
        let directory = std::env::current_dir().ok();
        let (sockets, ambient) = (ListenFd::empty(), Ambient::real());
        return gateway(Surroundings { arguments, environment, directory, sockets, ambient });
    }
    if !arguments::want("conformance", &arguments) {
        return ExitCode::SUCCESS;
    }
    match drive() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(failure) => {
            println!("conformance: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn gateway(surroundings: Surroundings) -> ExitCode {
    match Fixtures::new(&surroundings.ambient) {
        Ok(fixtures) => cli::run_wrapped(surroundings, fixtures),
        Err(_) => ExitCode::FAILURE,
    }
}

/// Whether everything that counts passed.
fn drive() -> Result<bool, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(doors())?;
    println!("conformance: the doors are as they must be");
    match Suite::find() {
        Ok(suite) => runtime.block_on(check(suite)),
        Err(reason) => {
            println!("conformance: SKIPPED, the suite checked nothing: {reason}; `make conformance` installs it");
            Ok(true)
        }
    }
}

/// Our own look at the doors, at a gateway of its own.
async fn doors() -> Result<(), Failure> {
    let own = std::env::current_exe()?.display().to_string();
    let forge = Sandbox::start(DataSet::Demo, Options::new(Ambient::real())).await?;
    let directory = tempfile::tempdir()?;
    let policy = directory.path().join("policy.toml");
    let everything =
        ["id = \"all\"", "effect = \"allow\"", "who = [\"*\"]", "repositories = [\"*\"]", "paths = [\"**\"]"];
    std::fs::write(&policy, format!("[[rule]]\n{}\ntools = [\"*\"]\n", everything.join("\n")))?;
    let path = policy.display().to_string();
    let settings = [(GATEWAY, "1"), ("RATE_LIMIT_PER_MINUTE", "0"), ("POLICY_PATH", path.as_str())];
    let mut gateway = Gateway::start(&own, forge.url(), &settings)?;
    let (alice, bob) = (gateway.key("alice", forge.token("alice"))?, gateway.key("bob", forge.token("bob"))?);
    doors::check(&mut doors::Scene { gateway: &mut gateway, alice, bob, policy }).await
}

async fn check(suite: Suite) -> Result<bool, Failure> {
    let own = std::env::current_exe()?.display().to_string();
    let suite = Arc::new(suite);
    let fixtures = against(&suite, &own, "gateway.log", &WITH_FIXTURES).await?;
    let shipped = against(&suite, env!("CARGO_BIN_EXE_aegis-mcp"), "gateway-shipped.log", &SHIPPED).await?;
    Ok(fixtures && shipped)
}

/// Runs selections against a gateway before a forge of their own.
async fn against(
    suite: &Arc<Suite>,
    binary: &str,
    log: &str,
    selections: &'static [Selection],
) -> Result<bool, Failure> {
    let forge = Sandbox::start(DataSet::Demo, Options::new(Ambient::real())).await?;
    // The limit on calls would be what is measured.
    let settings = [(GATEWAY, "1"), ("RATE_LIMIT_PER_MINUTE", "0")];
    let gateway = Gateway::start(binary, forge.url(), &settings)?;
    let key = gateway.key(PERSON, forge.token(PERSON))?;
    closed_without_key(&gateway).await?;
    let url = proxy::start(gateway.url(), &key).await?;
    let suite = Arc::clone(suite);
    let passed = tokio::task::spawn_blocking(move || every(&suite, selections, &url)).await??;
    // What each request came to, for whoever has a failure to explain.
    std::fs::write(suite::results_directory().join(log), gateway.log())?;
    Ok(passed)
}

fn every(suite: &Suite, selections: &[Selection], url: &str) -> Result<bool, Failure> {
    let mut passed = true;
    for selection in selections {
        let report = suite.run(*selection, url)?;
        println!("{report}");
        passed &= report.passes();
    }
    Ok(passed)
}

/// Everything stands behind the gateway's door, not beside it: a call without the key is refused.
async fn closed_without_key(gateway: &Gateway) -> Result<(), Failure> {
    let call = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "test_simple_text"}});
    let answer = gateway.post("/mcp", None, &call).await?;
    if answer.status == StatusCode::UNAUTHORIZED { Ok(()) } else { Err("a call without a key was answered".into()) }
}
