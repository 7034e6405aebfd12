//! Clients of others against the real binary: each lists the tools and calls two, over every transport it speaks, face to
//! face and behind nginx and Caddy with the files of `deploy/proxy/`; each once with a key that is none. `make clients`
//! installs them and runs this; docs/clients.md says how a person configures each.

#![expect(clippy::print_stdout, reason = "what was seen is said on standard output")]

#[path = "../conformance/arguments.rs"]
mod arguments;
mod client;
mod inspector;
mod installed;
#[path = "../conformance/pinned.rs"]
mod pinned;
mod program;
mod proxy;
mod rust_sdk;
mod scripted;
mod seen;
mod through;
mod way;

use std::error::Error;
use std::ffi::OsString;
use std::process::ExitCode;
use std::sync::Arc;

use aegis_ambient::Ambient;
use aegis_sandbox::{DataSet, Options, Sandbox};
use aegis_testkit::Gateway;
use futures_util::StreamExt as _;

use client::Client;
use installed::Installed;
use proxy::Proxy;
use seen::Seen;
use way::{Local, Transport, Way};

type Failure = Box<dyn Error + Send + Sync>;

const BINARY: &str = env!("CARGO_BIN_EXE_aegis-mcp");
/// The person the clients act as.
const PERSON: &str = "alice";
/// A key of the right form that nobody made.
const WRONG_KEY: &str = "aegis_ak_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
/// A name that stands in the files of `deploy/proxy/`; the gateway is told that it is its own.
const PUBLIC_NAME: &str = "mcp.example.org";

#[expect(clippy::disallowed_methods, reason = "a process of its own reads its arguments here")]
fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    if !arguments::want("clients", &arguments) {
        return ExitCode::SUCCESS;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    match runtime.map_err(Failure::from).and_then(|runtime| runtime.block_on(drive())) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(failures) => {
            println!("clients: {failures} FAILED");
            ExitCode::FAILURE
        }
        Err(failure) => {
            println!("clients: {failure}");
            ExitCode::FAILURE
        }
    }
}

/// How many checks failed.
async fn drive() -> Result<usize, Failure> {
    let forge = Sandbox::start(DataSet::Demo, Options::new(Ambient::real())).await?;
    // The limits on calls and on guesses would be what is measured.
    let settings = [
        ("RATE_LIMIT_PER_MINUTE", "0"),
        ("MAX_AUTH_FAILURES", "1000"),
        ("TRUSTED_PROXIES", "127.0.0.1"),
        ("ALLOWED_HOSTS", PUBLIC_NAME),
    ];
    let gateway = Gateway::start(BINARY, forge.url(), &settings)?;
    let key = gateway.key(PERSON, forge.token(PERSON))?;
    let local = Local::new(BINARY, forge.url(), forge.token(PERSON))?;

    let installed = Installed::find()?;
    for (what, reason) in &installed.missing {
        println!("clients: SKIPPED {what}: {reason}; `make clients` installs it");
    }
    let proxies = installed.proxies.iter().map(|kind| Proxy::start(*kind, gateway.url()));
    let proxies = proxies.collect::<Result<Vec<_>, _>>()?;
    let clients: Vec<Arc<Client>> = Client::all(&installed)?.into_iter().map(Arc::new).collect();

    let mut failures = 0;
    for proxy in &proxies {
        failures += told(&through::check(proxy, &gateway).await);
    }
    failures += answers(&clients, &places(&gateway, &proxies), &key, &Arc::new(local)).await;
    for client in &clients {
        failures += told(&refused(client, &gateway).await?);
    }
    Ok(failures)
}

/// Where a client may call: what is said about it, and the address.
fn places(gateway: &Gateway, proxies: &[Proxy]) -> Vec<(String, String)> {
    let behind = proxies.iter().map(|proxy| (format!(", behind {proxy}"), proxy.url().to_owned()));
    [(String::new(), gateway.url().to_owned())].into_iter().chain(behind).collect()
}

/// Every client over every transport at every place, four at a time, told in order; how many failed.
async fn answers(clients: &[Arc<Client>], places: &[(String, String)], key: &str, local: &Arc<Local>) -> usize {
    let mut runs = Vec::new();
    for client in clients {
        for transport in client.transports() {
            let places = if matches!(transport, Transport::Stdio) { places.get(..1) } else { Some(places) };
            for (behind, url) in places.unwrap_or_default() {
                let way = Way::new(*transport, url, key, local);
                runs.push(run(Arc::clone(client), way, format!("{client}, {transport}{behind}")));
            }
        }
    }
    let told_runs = futures_util::stream::iter(runs).buffered(4).map(|result| told(&result));
    told_runs.fold(0, |failures, failed| async move { failures + failed }).await
}

/// One client on one way.
async fn run(client: Arc<Client>, way: Way, label: String) -> Result<String, String> {
    match client.run(&way).await.and_then(|seen| seen.expect(PERSON)) {
        Ok(Seen { tools, login, .. }) => Ok(format!("{label}: {tools} tools, get_me {login}")),
        Err(said) => Err(format!("{label}: {said}")),
    }
}

/// With a wrong key: the gateway refuses for that reason, and the client tells its person that it was refused.
async fn refused(client: &Client, gateway: &Gateway) -> Result<Result<String, String>, Failure> {
    let before = through::turned_away(gateway).len();
    let way = Way::Streamable { url: format!("{}/mcp", gateway.url()), key: WRONG_KEY.to_owned() };
    let (answer, words) = (client.run(&way).await, client.words_of_refusal());
    let counted = !through::turned_away_since(gateway, before).await.is_empty();
    Ok(match answer {
        Ok(_) => Err(format!("{client}, wrong key: it was ANSWERED")),
        Err(said) if !counted => Err(format!("{client}, wrong key: the gateway never refused it, it says: {said}")),
        Err(said) if !said.contains(words) => {
            Err(format!("{client}, wrong key: it does not say `{words}` but: {said}"))
        }
        Err(_) => Ok(format!("{client}, wrong key: refused with 401, it says `{words}`")),
    })
}

fn told(result: &Result<String, String>) -> usize {
    match result {
        Ok(line) => println!("{line}"),
        Err(line) => println!("FAILED {line}"),
    }
    usize::from(result.is_err())
}
