//! The clients that are a library: a script of ours calls it. And mcp-remote, which such a script starts.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::client::Era;
use crate::installed::{Node, Python};
use crate::program::Ended;
use crate::seen::{self, Seen};
use crate::way::Way;

const TYPESCRIPT: &str = include_str!("typescript.mjs");
const PYTHON: &str = include_str!("python.py");
const MCP_REMOTE: &str = "mcp-remote/dist/proxy.js";
/// What mcp-remote says on standard error once it has found the newer revision.
const BRIDGES_MODERN: &str = "Remote server speaks MCP 2026-07-28";

/// What a script prints.
#[derive(Deserialize)]
#[serde(untagged)]
enum Line {
    Seen { tools: usize, me: Value, file: Value },
    Refused { refused: String },
}

pub(crate) async fn typescript(node: &Node, sdk: u8, era: Era, way: &Way) -> Result<Seen, String> {
    let request = request(way.request(), sdk, era);
    content(way, &node.script().arg(&request).run(TYPESCRIPT).await?)
}

pub(crate) async fn python(sdk: &Python, era: Era, way: &Way) -> Result<Seen, String> {
    let request = request(way.request(), sdk.major(), era);
    content(way, &sdk.script().arg(&request).run(PYTHON).await?)
}

/// The bridge from standard input and output to our HTTP. Whoever starts it is a client of the earlier era.
pub(crate) async fn mcp_remote(node: &Node, era: Era, way: &Way) -> Result<Seen, String> {
    let (url, key, only) = match way {
        Way::Streamable { url, key } => (url, key, "http-only"),
        Way::Sse { url, key } => (url, key, "sse-only"),
        Way::Stdio(_) => return Err("it is a bridge to HTTP".to_owned()),
    };
    let protocol = if era == Era::Modern { "auto" } else { "legacy" };
    let (program, module) = (node.program(), node.module(MCP_REMOTE));
    let options = ["--transport", only, "--protocol", protocol, "--auth-timeout", "1"];
    let header = ["--header", "Authorization:${AUTHORIZATION}"];
    let command: Vec<_> = [program.as_str(), &module, url].into_iter().chain(options).chain(header).collect();
    // Refused, it tries to sign in with a browser; the one here ends at once.
    let environment = json!({"AUTHORIZATION": format!("Bearer {key}"), "HOME": node.home(), "BROWSER": "true"});
    let started = json!({"transport": "stdio", "command": command, "environment": environment});
    let ended = node.script().arg(&request(started, 1, Era::Legacy)).run(TYPESCRIPT).await?;
    let seen = read(&ended)?;
    if era == Era::Modern && !ended.stderr.contains(BRIDGES_MODERN) {
        return Err("it fell back to an earlier revision".to_owned());
    }
    Ok(seen)
}

/// What a script is asked for: the way, and what is the same on every way.
fn request(mut way: Value, sdk: u8, era: Era) -> String {
    if let Some(request) = way.as_object_mut() {
        request.insert("sdk".to_owned(), sdk.into());
        request.insert("modern".to_owned(), (era == Era::Modern).into());
        request.insert("file".to_owned(), seen::file());
    }
    way.to_string()
}

/// The same of an SDK that has nothing to warn of. Over stdio our log is on its standard error.
fn content(way: &Way, ended: &Ended) -> Result<Seen, String> {
    let seen = read(ended)?;
    if matches!(way, Way::Stdio(_)) || ended.stderr.is_empty() { Ok(seen) } else { Err(ended.stderr.clone()) }
}

fn read(ended: &Ended) -> Result<Seen, String> {
    match serde_json::from_str(&ended.stdout) {
        Ok(Line::Seen { tools, me, file }) => Ok(Seen::of(tools, &me, &file)),
        Ok(Line::Refused { refused }) => Err(refused),
        Err(_) => Err(format!("{}{}", ended.stdout, ended.stderr)),
    }
}
