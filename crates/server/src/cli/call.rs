//! `aegis-mcp call`: one call, in this process, against the configured forge.

use aegis_gate::Call as GateCall;
use clap::Args;
use serde_json::{Map, Value};

use super::end::{End, Exit};
use super::{Context, setup};
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
}

pub(crate) async fn run(call: Call, context: Context) -> Result<Exit, End> {
    let arguments = arguments(&call.arguments)?;
    let session = setup::local(&context).await?;
    let wanted = GateCall { tool: call.tool, arguments };
    let verdict = session.front.call(&session.principal, wanted, &session.origin).await;
    session.front.gate().audit().close().await;
    match verdict {
        Ok(answer) if call.json => terminal::line(&Value::Object(answer.structured).to_string()),
        Ok(answer) => answer.text.lines().for_each(|line| terminal::line(&terminal::plain(line))),
        Err(error) => {
            let exit = if error.is_refusal() { Exit::Refused } else { Exit::Unavailable };
            let end = End::new(exit, format!("{error} ({})", error.code()));
            return Err(match error.hint() {
                Some(hint) => end.with_hint(hint),
                None => end,
            });
        }
    }
    Ok(Exit::Fine)
}

/// `name=value` pairs, values as JSON where they are JSON and as text where they are not; or one object.
fn arguments(given: &[String]) -> Result<Map<String, Value>, End> {
    if let [only] = given
        && only.starts_with('{')
    {
        let usage = |_| End::new(Exit::Configuration, "the arguments are not a JSON object");
        return serde_json::from_str(only).map_err(usage);
    }
    let pair = |text: &String| {
        let usage = || End::new(Exit::Configuration, format!("{text} is not name=value"));
        let (name, value) = text.split_once('=').ok_or_else(usage)?;
        // A value that only looks like JSON (`ref=1.0`, `path=null`) is text to a person who typed it; lists and flags
        // are the exceptions people mean.
        let json = value.starts_with('[') || value == "true" || value == "false";
        let value = json.then(|| serde_json::from_str(value).ok()).flatten();
        Ok((name.to_owned(), value.unwrap_or_else(|| text_of(text))))
    };
    given.iter().map(pair).collect()
}

fn text_of(pair: &str) -> Value {
    pair.split_once('=').map(|(_, value)| value).unwrap_or_default().into()
}
