//! What the demo prints. Plain when it is not a terminal, or `NO_COLOR` is set; never meaning by colour alone.

use std::time::Duration;

use aegis_gate::audit::read;
use aegis_gate::audit::verify::Report;
use serde_json::Value;

use super::Stage;
use crate::terminal::{self, Style};

/// Most rows shown of one answer.
const MAX_ROWS: usize = 6;
/// Most lines shown of one file.
const MAX_LINES: usize = 5;
const INDENT: &str = "        ";

/// One question.
pub(crate) struct Line<'a> {
    pub(crate) who: &'a str,
    pub(crate) question: &'a str,
    pub(crate) tool: &'a str,
    pub(crate) took: Duration,
}

pub(crate) fn title(stage: &Stage) {
    let version = env!("CARGO_PKG_VERSION");
    terminal::line(&format!(
        "{} {version} · demo · nothing leaves this machine",
        terminal::styled(Style::Strong, "AegisGitea-MCP")
    ));
    terminal::line(&format!("  forge    {:<28} {}", stage.forge.url(), stage.forge.users().join(", ")));
    terminal::line(&format!("  gateway  http://{}/mcp", stage.gateway));
}

pub(crate) fn asked(line: &Line<'_>) {
    let question = format!("{:<58}", line.question);
    let who = terminal::styled(Style::Strong, &format!("{:<7}", line.who));
    terminal::line("");
    terminal::line(&format!("{who} {question} {:<18} {:>4} ms", line.tool, line.took.as_millis()));
}

pub(crate) fn rows(rows: &[Vec<String>]) {
    let columns = rows.first().map_or(0, Vec::len);
    let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
    let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or_default()).collect();
    let more = rows.len().saturating_sub(MAX_ROWS);
    for row in rows.iter().take(MAX_ROWS) {
        let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        terminal::line(&terminal::cut(&format!("{INDENT}{}", cells.join("  ").trim_end())));
    }
    if more > 0 {
        terminal::line(&format!("{INDENT}… and {more} more"));
    }
}

pub(crate) fn excerpt(file: &Value) {
    let content = file.get("content").and_then(Value::as_str).unwrap_or_default();
    for line in content.lines().take(MAX_LINES) {
        terminal::line(terminal::cut(&format!("{INDENT}{line}")).trim_end());
    }
    if content.lines().nth(MAX_LINES).is_some() {
        terminal::line(&format!("{INDENT}…"));
    }
}

pub(crate) fn refused(words: &str) {
    terminal::line(&format!("{INDENT}{} refused: {words}", terminal::styled(Style::Bad, "✗")));
}

pub(crate) fn audit(stage: &Stage, report: &Report) -> anyhow::Result<()> {
    terminal::line("");
    let who = terminal::styled(Style::Strong, &format!("{:<7}", "audit"));
    let intact = terminal::styled(Style::Good, "✓");
    let records: u64 = report.chains.iter().map(|chain| chain.records).sum();
    terminal::line(&format!("{who} {intact} {records} records, chain intact; the newest of them:"));
    let filter = read::Filter::default();
    let shown = read::show(&stage.audit.directory, &stage.audit.prefix, &filter, read::Order::Newest, MAX_ROWS)?;
    shown.records.iter().for_each(|record| terminal::line(&terminal::cut(&format!("{INDENT}{record}"))));
    Ok(())
}

/// The line for each client, ready to copy (clients.md §2).
pub(crate) fn connect(stage: &Stage) {
    let (url, key) = (format!("http://{}/mcp", stage.gateway), stage.alice.expose());
    let header = format!("Authorization: Bearer {key}");
    terminal::line("");
    terminal::line(&terminal::styled(Style::Strong, "Connect a client (as alice)"));
    let clients = [
        ("Claude Code", format!("claude mcp add --transport http aegis {url} --header \"{header}\"")),
        (
            "VS Code",
            format!(
                "code --add-mcp '{{\"name\":\"aegis\",\"type\":\"http\",\"url\":\"{url}\",\"headers\":{{\"Authorization\":\"Bearer {key}\"}}}}'"
            ),
        ),
        (
            "Cursor",
            format!(
                "in ~/.cursor/mcp.json: {{\"mcpServers\":{{\"aegis\":{{\"url\":\"{url}\",\"headers\":{{\"Authorization\":\"Bearer {key}\"}}}}}}}}"
            ),
        ),
        ("Gemini CLI", format!("gemini mcp add --transport http -H \"{header}\" aegis {url}")),
        (
            "curl",
            format!(
                "curl -s http://{}/mcp/tool/call -H \"{header}\" -H 'Content-Type: application/json' -d '{{\"tool\":\"list_repositories\",\"arguments\":{{}}}}'",
                stage.gateway
            ),
        ),
    ];
    for (client, line) in clients {
        terminal::line(&format!("  {client:<12} {line}"));
    }
    terminal::line("");
    terminal::line("The demo stays up. Ctrl-C ends it and forgets everything.");
}
