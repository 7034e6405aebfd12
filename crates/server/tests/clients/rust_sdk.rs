//! rmcp's own client. At 1.2 it waited for ever for servers that answer with plain JSON, as ours does
//! (modelcontextprotocol/rust-sdk#754): a limit stands around it.

use std::process::Stdio;
use std::time::Duration;

use rmcp::model::{CallToolRequestParams, JsonObject, ProtocolVersion};
use rmcp::service::{RoleClient, RunningService};
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use rmcp::{ClientLifecycleMode, ClientServiceExt as _};
use serde_json::Value;
use tokio::process::Command;

use crate::client::Era;
use crate::seen::{self, Seen};
use crate::way::{Local, Way};

/// Longest wait for it.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) async fn run(era: Era, way: &Way) -> Result<Seen, String> {
    let ended = tokio::time::timeout(PATIENCE, connected(era, way)).await;
    ended.map_err(|_| format!("it did not end in {PATIENCE:?}"))?
}

async fn connected(era: Era, way: &Way) -> Result<Seen, String> {
    let lifecycle = match era {
        Era::Legacy => ClientLifecycleMode::Initialize,
        Era::Modern => ClientLifecycleMode::Discover { preferred_versions: vec![ProtocolVersion::V_2026_07_28] },
    };
    match way {
        Way::Streamable { url, key } => {
            let config = StreamableHttpClientTransportConfig::with_uri(url.as_str()).auth_header(key);
            let transport = StreamableHttpClientTransport::from_config(config);
            calls(().serve_with_lifecycle(transport, lifecycle).await.map_err(|error| error.to_string())?).await
        }
        Way::Stdio(local) => {
            let mut child = started(local).map_err(|error| error.to_string())?;
            let pipes = child.stdout.take().zip(child.stdin.take()).ok_or("it has no pipes")?;
            calls(().serve_with_lifecycle(pipes, lifecycle).await.map_err(|error| error.to_string())?).await
        }
        Way::Sse { .. } => Err("it does not speak HTTP with SSE".to_owned()),
    }
}

async fn calls(client: RunningService<RoleClient, ()>) -> Result<Seen, String> {
    let tools = client.list_all_tools().await.map_err(|error| error.to_string())?.len();
    let me = call(&client, "get_me", JsonObject::new()).await?;
    let arguments = seen::file().as_object().cloned().unwrap_or_default();
    let file = call(&client, "get_file_contents", arguments).await?;
    client.cancel().await.map_err(|error| error.to_string())?;
    Ok(Seen::of(tools, &me, &file))
}

async fn call(
    client: &RunningService<RoleClient, ()>,
    tool: &'static str,
    arguments: JsonObject,
) -> Result<Value, String> {
    let request = CallToolRequestParams::new(tool).with_arguments(arguments);
    let result = client.call_tool(request).await.map_err(|error| error.to_string())?;
    Ok(result.structured_content.unwrap_or_default())
}

fn started(local: &Local) -> std::io::Result<tokio::process::Child> {
    let [program, arguments @ ..] = &local.command;
    let mut command = Command::new(program);
    command.args(arguments).env_clear().envs(&local.environment).kill_on_drop(true);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()
}
