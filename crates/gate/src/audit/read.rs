//! The record for people and programs that look things up. Reading proves nothing; [`verify`](super::verify) does.

mod export;
mod record;

use std::fs::{self, File};
use std::path::Path;

use aegis_ambient::Timestamp;

pub use export::{Exported, Format, export};
pub use record::Record;

use super::error::AuditError;
use super::event::Outcome;
use super::lines::{Lines, Piece};
use super::name;
use super::own::{Checkpoint, Own as _, Rotated, Segment};

/// No more records than this are shown at once.
const SHOW_CAP: usize = 10_000;

/// Which records are wanted: those that match everything that is set. What is about files and signatures
/// (`checkpoint`, `segment`, `rotated`) comes only if asked for by name.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// The Gitea login, compared as Gitea does, without regard to case.
    pub login: Option<String>,
    /// The tool.
    pub tool: Option<String>,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// The event's word.
    pub event: Option<String>,
    /// The id the caller was given.
    pub correlation_id: Option<String>,
    /// From this time on.
    pub since: Option<Timestamp>,
    /// Before this time.
    pub until: Option<Timestamp>,
}

/// In which order records are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// The last first.
    Newest,
    /// The first first.
    Oldest,
}

/// What was found.
#[derive(Debug, Clone)]
pub struct Shown {
    /// The records, at most as many as asked for.
    pub records: Vec<Record>,
    /// Lines that are no records; `verify` says why.
    pub unreadable: u64,
}

/// The newest or oldest `limit` records (10,000 at most) that match, over all chains by time.
///
/// # Errors
/// [`AuditError::Prefix`] and [`AuditError::Read`].
pub fn show(directory: &Path, prefix: &str, filter: &Filter, order: Order, limit: usize) -> Result<Shown, AuditError> {
    let limit = limit.min(SHOW_CAP);
    let mut records: Vec<Record> = Vec::new();
    let unreadable = scan(directory, prefix, filter, &mut |record| {
        records.push(record);
        if records.len() >= limit.saturating_mul(2).max(64) {
            keep(&mut records, order, limit);
        }
        Ok(())
    })?;
    keep(&mut records, order, limit);
    Ok(Shown { records, unreadable })
}

fn keep(records: &mut Vec<Record>, order: Order, limit: usize) {
    records.sort_by(|one, other| match order {
        Order::Newest => other.age().cmp(&one.age()),
        Order::Oldest => one.age().cmp(&other.age()),
    });
    records.truncate(limit);
}

impl Filter {
    fn wants(&self, record: &Record) -> bool {
        let is = |name: &str, wanted: &Option<String>| {
            wanted.as_deref().is_none_or(|wanted| record.text(name) == Some(wanted))
        };
        let login = |wanted: &String| record.text("login").is_some_and(|login| login.eq_ignore_ascii_case(wanted));
        let bookkeeping = matches!(record.event(), Checkpoint::EVENT | Segment::EVENT | Rotated::EVENT);
        self.login.as_ref().is_none_or(login)
            && is("tool", &self.tool)
            && is("correlation_id", &self.correlation_id)
            && self.outcome.is_none_or(|outcome| record.text("outcome") == Some(outcome.as_str()))
            && self.event.as_deref().map_or(!bookkeeping, |event| record.event() == event)
            && self.since.is_none_or(|since| record.time() >= since)
            && self.until.is_none_or(|until| record.time() < until)
    }
}

/// Hands every record that matches to `each`, chain by chain. Gives the number of unreadable lines.
fn scan(
    directory: &Path,
    prefix: &str,
    filter: &Filter,
    each: &mut dyn FnMut(Record) -> Result<(), AuditError>,
) -> Result<u64, AuditError> {
    let mut unreadable = 0_u64;
    for (name, path) in name::list(directory, prefix)?.segments {
        if filter.since.is_some_and(|since| untouched_since(&path, since)) {
            continue;
        }
        let failed = |source| AuditError::Read { path: path.clone(), source };
        let mut lines = Lines::of(File::open(&path).map_err(failed)?);
        while let Some((_, piece)) = lines.next().map_err(failed)? {
            match piece {
                Piece::Whole(bytes) => match Record::parse(&name.chain, bytes) {
                    Some(record) if filter.wants(&record) => each(record)?,
                    Some(_) => {}
                    None => unreadable = unreadable.saturating_add(1),
                },
                Piece::Unfinished(_) | Piece::TooLong => unreadable = unreadable.saturating_add(1),
            }
        }
    }
    Ok(unreadable)
}

/// A file last written before `since` holds nothing newer.
fn untouched_since(path: &Path, since: Timestamp) -> bool {
    let changed = fs::metadata(path).and_then(|metadata| metadata.modified()).ok();
    changed.and_then(|changed| Timestamp::try_from(changed).ok()).is_some_and(|changed| changed < since)
}
