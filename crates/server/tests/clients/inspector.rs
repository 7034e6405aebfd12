//! The Inspector's command line: one request a run.

use serde_json::Value;

use crate::client::Era;
use crate::installed::Node;
use crate::program::Program;
use crate::seen::{self, Seen};
use crate::way::Way;

const LAUNCHER: &str = "@modelcontextprotocol/inspector/clients/launcher/build/index.js";

pub(crate) async fn run(node: &Node, era: Era, way: &Way) -> Result<Seen, String> {
    let tools = ask(node, era, way, &["tools/list"]).await?;
    let me = ask(node, era, way, &["tools/call", "--tool-name", "get_me"]).await?;
    let arguments = seen::file().to_string();
    let read = ["tools/call", "--tool-name", "get_file_contents", "--tool-args-json", &arguments];
    let file = ask(node, era, way, &read).await?;
    let tools = tools.pointer("/result/tools").and_then(Value::as_array).map_or(0, Vec::len);
    let content = |answer: &Value| answer.pointer("/result/structuredContent").cloned().unwrap_or_default();
    Ok(Seen::of(tools, &content(&me), &content(&file)))
}

async fn ask(node: &Node, era: Era, way: &Way, method: &[&str]) -> Result<Value, String> {
    let era = if era == Era::Modern { "modern" } else { "legacy" };
    let program = directed(node.run(LAUNCHER).arg("--cli"), way);
    let program = program.args(&["--protocol-era", era, "--format", "json", "--method"]).args(method);
    let ended = program.run("").await?;
    serde_json::from_str(&ended.stdout).map_err(|_| ended.stderr)
}

fn directed(program: Program, way: &Way) -> Program {
    let of_url = |program: Program, url: &str, transport, key| {
        let header = format!("Authorization: Bearer {key}");
        program.args(&[url, "--transport", transport, "--header", &header])
    };
    match way {
        Way::Streamable { url, key } => of_url(program, url, "http", key),
        Way::Sse { url, key } => of_url(program, url, "sse", key),
        Way::Stdio(local) => {
            let settings = local.environment.iter().map(|(name, value)| format!("{name}={value}"));
            let program = program.args(&local.command).args(&["--transport", "stdio"]);
            settings.fold(program, |program, setting| program.args(&["-e", &setting]))
        }
    }
}
