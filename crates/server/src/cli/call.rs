//! `aegis-mcp call`: one call, in this process, against the configured forge.

use aegis_gate::{Ask, Call as GateCall, CallError, Entry};
use clap::Args;
use serde_json::{Map, Value};

use super::end::{End, Exit};
use super::{Context, flags, setup};
use crate::terminal;

/// Calls one tool as the owner of GITEA_TOKEN and prints its answer.
#[derive(Debug, Args)]
#[expect(clippy::doc_markdown, reason = "the text is printed by --help")]
pub(crate) struct Call {
    /// The tool, as `tools` lists it.
    tool: String,
    /// Arguments as `name=value`, or one JSON object.
    arguments: Vec<String>,
    /// Print the answer as JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    gateway: flags::Gateway,
}

pub(crate) async fn run(call: Call, mut context: Context) -> Result<Exit, End> {
    call.gateway.apply(&mut context);
    let session = setup::local(&context).await?;
    let arguments = arguments(&call.arguments, &lists_of(session.front.gate().catalog().find(&call.tool)));
    let verdict = match arguments {
        Ok(arguments) => {
            let (wanted, ask) = (GateCall::tool(call.tool, arguments), Ask::alone(&session.origin));
            session.front.call(&session.principal, wanted, ask).await.map_err(|error| refused(&error))
        }
        Err(usage) => Err(usage),
    };
    session.front.gate().audit().close().await;
    let answer = verdict?;
    if call.json {
        terminal::line(&Value::Object(answer.structured).to_string());
    } else {
        answer.text.lines().for_each(|line| terminal::line(&terminal::plain(line)));
    }
    Ok(Exit::Fine)
}

fn refused(error: &CallError) -> End {
    let exit = match error {
        CallError::InvalidArgument { .. } | CallError::UnknownTool { .. } => Exit::Usage,
        _ if error.is_refusal() => Exit::Refused,
        _ => Exit::Unavailable,
    };
    let end = End::new(exit, format!("{error} ({})", error.code()));
    match error.hint() {
        Some(hint) => end.with_hint(hint),
        None => end,
    }
}

/// The arguments that take a list, so that `labels=bug,ui` can be written.
fn lists_of(entry: Option<&Entry>) -> Vec<String> {
    let properties = entry.and_then(|entry| entry.input_schema().get("properties")).and_then(Value::as_object);
    let is_list = |schema: &Value| schema.get("type").and_then(Value::as_str) == Some("array");
    properties.into_iter().flatten().filter(|(_, schema)| is_list(schema)).map(|(name, _)| name.clone()).collect()
}

/// `name=value` pairs, or one JSON object. A value is text, the words true and false, or for an argument that takes a
/// list JSON's list or words with commas between them.
fn arguments(given: &[String], lists: &[String]) -> Result<Map<String, Value>, End> {
    if let [only] = given
        && only.starts_with('{')
    {
        let usage = |_| End::new(Exit::Usage, "the arguments are not a JSON object");
        return serde_json::from_str(only).map_err(usage);
    }
    let pair = |text: &String| {
        let usage = || End::new(Exit::Usage, format!("{text} is not name=value"));
        let (name, value) = text.split_once('=').ok_or_else(usage)?;
        Ok((name.to_owned(), typed(value, lists.iter().any(|list| list == name))))
    };
    given.iter().map(pair).collect()
}

fn typed(value: &str, is_list: bool) -> Value {
    match value {
        "true" | "false" => (value == "true").into(),
        _ if is_list => {
            let json = serde_json::from_str(value).ok().filter(Value::is_array);
            json.unwrap_or_else(|| value.split(',').map(str::trim).map(Value::from).collect())
        }
        _ => value.into(),
    }
}
