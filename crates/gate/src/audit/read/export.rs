//! The record for other programs.

use std::io::{self, Write};
use std::path::Path;

use super::{Filter, Record, scan};
use crate::audit::error::AuditError;

/// The columns of a table, in their order.
const COLUMNS: [&str; 24] = [
    "event",
    "outcome",
    "status",
    "correlation_id",
    "transport",
    "address",
    "client",
    "method",
    "login",
    "account_id",
    "key_id",
    "shared",
    "tool",
    "door",
    "asked",
    "target",
    "arguments",
    "code",
    "rule",
    "duration_us",
    "answer_bytes",
    "withheld",
    "masked",
    "count",
];

/// The shape of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// The lines as they stand in the files; their hashes can be computed again.
    JsonLines,
    /// A table with a header (RFC 4180).
    Csv,
}

/// What was exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exported {
    /// Records written.
    pub records: u64,
    /// Lines that are no records; `verify` says why.
    pub unreadable: u64,
}

/// Writes every record that matches, chain by chain in the order of their starts.
///
/// # Errors
/// [`AuditError::Prefix`], [`AuditError::Read`], and [`AuditError::Export`] when `to` fails.
pub fn export(
    directory: &Path,
    prefix: &str,
    filter: &Filter,
    format: Format,
    to: &mut dyn Write,
) -> Result<Exported, AuditError> {
    let mut records = 0_u64;
    if format == Format::Csv {
        write!(to, "time,chain,seq,{}\r\n", COLUMNS.join(",")).map_err(AuditError::Export)?;
    }
    let unreadable = scan(directory, prefix, filter, &mut |record| {
        records = records.saturating_add(1);
        match format {
            Format::JsonLines => writeln!(to, "{}", record.line()),
            Format::Csv => row(&record, to),
        }
        .map_err(AuditError::Export)
    })?;
    to.flush().map_err(AuditError::Export)?;
    Ok(Exported { records, unreadable })
}

fn row(record: &Record, to: &mut dyn Write) -> io::Result<()> {
    write!(to, "{:.6},{},{}", record.time(), record.chain(), record.seq())?;
    COLUMNS.iter().try_for_each(|name| write!(to, ",{}", cell(&record.shown(name))))?;
    write!(to, "\r\n")
}

/// Quoted where need be. A leading `=`, `+`, `-` or `@` would be a formula to a spreadsheet and gets an apostrophe;
/// numbers keep their sign.
fn cell(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@']) && text.parse::<i64>().is_err();
    let text = if formula { format!("'{text}") } else { text.to_owned() };
    if text.contains([',', '"']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c12_a_cell_is_neither_formula_nor_two_cells() {
        assert_eq!(cell("=HYPERLINK(\"x\",1)"), "\"'=HYPERLINK(\"\"x\"\",1)\"");
        assert_eq!(cell("@SUM(1)"), "'@SUM(1)");
        assert_eq!(cell("-1"), "-1");
        assert_eq!(cell("plain"), "plain");
    }
}
