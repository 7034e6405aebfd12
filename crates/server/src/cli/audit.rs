//! `aegis-mcp audit`: look things up in the record, prove it whole, hand it on.

use std::io::{ErrorKind, Write};
use std::path::PathBuf;

use aegis_ambient::Timestamp;
use aegis_gate::audit::read::{self, Filter, Format, Order};
use aegis_gate::audit::{AuditError, EventName, Outcome, PublicKey, Settings, verify};
use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;

use super::end::{End, Exit};
use super::{Context, flags, setup};
use crate::config::Purpose;
use crate::terminal::{self, Style};

/// Shows, verifies or exports the record of calls.
#[derive(Debug, Args)]
pub(crate) struct Audit {
    #[command(flatten)]
    file: flags::File,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// The newest records that match, one a line.
    Show {
        #[command(flatten)]
        wanted: Wanted,
        /// How many at most.
        #[arg(long, default_value_t = 50)]
        limit: usize,
        /// The oldest first.
        #[arg(long)]
        oldest: bool,
        /// Print the lines as they stand in the files.
        #[arg(long)]
        json: bool,
    },
    /// Find what was edited, removed, inserted, moved or cut; exit 1 if anything was.
    Verify {
        /// The public key, if it is not beside the private one.
        #[arg(long, value_name = "FILE")]
        public_key: Option<PathBuf>,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Write every record that matches to standard output.
    Export {
        #[command(flatten)]
        wanted: Wanted,
        /// In which form.
        #[arg(long, value_enum, default_value = "json")]
        format: Form,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Form {
    Json,
    Csv,
}

#[derive(Debug, Args)]
struct Wanted {
    /// Only this person's.
    #[arg(long)]
    login: Option<String>,
    /// Only this tool's.
    #[arg(long)]
    tool: Option<String>,
    /// Only these: allowed, denied or failed.
    #[arg(long, value_parser = outcome)]
    outcome: Option<Outcome>,
    #[arg(long, value_parser = event, help = "Only this event, as tool_call or invalid_api_key")]
    event: Option<String>,
    /// Only this request id.
    #[arg(long)]
    correlation_id: Option<String>,
    /// From this time on (RFC 3339).
    #[arg(long)]
    since: Option<Timestamp>,
    /// Before this time (RFC 3339).
    #[arg(long)]
    until: Option<Timestamp>,
}

/// The record's own lines, beside the events of [`EventName`].
const OWN_EVENTS: [&str; 8] =
    ["started", "stopped", "segment", "rotated", "checkpoint", "retired", "suppressed", "recovered"];

fn event(word: &str) -> Result<String, String> {
    let known = || EventName::ALL.iter().map(|event| event.as_str()).chain(OWN_EVENTS);
    if known().any(|event| event == word) {
        return Ok(word.to_owned());
    }
    Err(format!("it takes one of {}", known().collect::<Vec<_>>().join(", ")))
}

fn outcome(word: &str) -> Result<Outcome, String> {
    let known = Outcome::ALL.iter().copied().find(|outcome| outcome.as_str() == word);
    known.ok_or_else(|| "it takes allowed, denied or failed".to_owned())
}

impl Wanted {
    fn filter(&self) -> Filter {
        Filter {
            login: self.login.clone(),
            tool: self.tool.clone(),
            outcome: self.outcome,
            event: self.event.clone(),
            correlation_id: self.correlation_id.clone(),
            since: self.since,
            until: self.until,
        }
    }
}

pub(crate) fn run(audit: &Audit, mut context: Context) -> Result<Exit, End> {
    audit.file.apply(&mut context);
    let (configuration, _) = setup::configuration(&context, Purpose::Records)?;
    let settings = setup::audit(&configuration);
    if !settings.directory.exists() {
        let what = format!("there is no record yet in {}", settings.directory.display());
        return Err(End::new(Exit::Found, what).with_hint("it begins with the first serve, stdio, call or key command"));
    }
    match &audit.command {
        Command::Show { wanted, limit, oldest, json } => {
            let order = if *oldest { Order::Oldest } else { Order::Newest };
            show(&settings, &wanted.filter(), order, *limit, *json)
        }
        Command::Verify { public_key, json } => verify_all(&settings, public_key.as_ref(), *json),
        Command::Export { wanted, format } => export(&settings, &wanted.filter(), *format),
    }
}

fn show(settings: &Settings, filter: &Filter, order: Order, limit: usize, json: bool) -> Result<Exit, End> {
    let shown = read::show(&settings.directory, &settings.prefix, filter, order, limit).map_err(setup::audit_end)?;
    for record in &shown.records {
        terminal::line(&if json { record.line().to_owned() } else { record.to_string() });
    }
    Ok(unreadable(shown.unreadable))
}

fn verify_all(settings: &Settings, public_key: Option<&PathBuf>, json: bool) -> Result<Exit, End> {
    let beside = settings.key_file.with_added_extension("pub");
    let keys = PublicKey::read_all(public_key.unwrap_or(&beside)).map_err(setup::audit_end)?;
    let checkpoints = settings.checkpoint_path.as_deref();
    let report = verify::verify(&settings.directory, &settings.prefix, &keys, checkpoints).map_err(setup::audit_end)?;
    if json {
        let words = |list: &[verify::Finding]| list.iter().map(ToString::to_string).collect::<Vec<_>>();
        let records: u64 = report.chains.iter().map(|chain| chain.records).sum();
        let (findings, notes) = (words(&report.findings), words(&report.notes));
        let object = json!({"intact": report.intact(), "records": records, "chains": report.chains.len(),
            "findings": findings, "notes": notes, "unlisted": report.unlisted});
        terminal::line(&object.to_string());
    } else {
        let symbol =
            if report.intact() { terminal::styled(Style::Good, "✓") } else { terminal::styled(Style::Bad, "✗") };
        terminal::line(&format!("{symbol} {}", report.to_string().trim_end()));
    }
    Ok(if report.intact() { Exit::Fine } else { Exit::Found })
}

fn export(settings: &Settings, filter: &Filter, format: Form) -> Result<Exit, End> {
    let format = match format {
        Form::Json => Format::JsonLines,
        Form::Csv => Format::Csv,
    };
    let mut output = std::io::BufWriter::new(std::io::stdout().lock());
    let exported = read::export(&settings.directory, &settings.prefix, filter, format, &mut output);
    match exported {
        Ok(exported) => {
            output.flush()?;
            Ok(unreadable(exported.unreadable))
        }
        // Whoever read our output has read enough.
        Err(AuditError::Export(pipe)) if pipe.kind() == ErrorKind::BrokenPipe => Ok(Exit::Fine),
        Err(error) => Err(setup::audit_end(error)),
    }
}

fn unreadable(lines: u64) -> Exit {
    if lines == 0 {
        return Exit::Fine;
    }
    terminal::note(&format!("{lines} lines are no records; aegis-mcp audit verify says why"));
    Exit::Found
}
