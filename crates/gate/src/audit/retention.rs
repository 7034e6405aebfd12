//! Which files are old enough to go. Nothing disappears unsaid: see `retired` in the record.

use std::fs::{self, File};
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::PathBuf;
use std::time::Duration;

use aegis_ambient::Timestamp;

use super::Settings;
use super::error::AuditError;
use super::line::{Frame, LINE_CAP_BYTES};
use super::name::{self, SegmentName};
use super::own::Retired;

/// No more files than this are deleted at once; the rest waits for the next round.
const ROUND_CAP: usize = 64;
const DAY: Duration = Duration::from_hours(24);
/// A file this young may have been made by a process that has not locked it yet.
const YOUNG: Duration = Duration::from_mins(1);

/// A file to be deleted.
pub(super) struct Old {
    pub(super) path: PathBuf,
    name: SegmentName,
    last: Option<(u64, String)>,
    /// Held until the file is gone, so that it is not taken for a dead process's twice.
    _lock: File,
}

impl Old {
    pub(super) fn retired(&self, chain: &str, key: &str) -> Retired {
        let (last_seq, head) = self.last.clone().unzip();
        Retired { chain: chain.to_owned(), key: key.to_owned(), file: self.name.file(), last_seq, head }
    }
}

/// The files that the settings no longer keep, oldest first, without any that a living process writes.
pub(super) fn expired(settings: &Settings, own: &SegmentName, now: Timestamp) -> Result<Vec<Old>, AuditError> {
    if settings.keep_days.is_none() && settings.keep_files.is_none() {
        return Ok(Vec::new());
    }
    let mut files = Vec::new();
    for (name, path) in name::list(&settings.directory, &settings.prefix)?.segments {
        let changed = fs::metadata(&path).and_then(|metadata| metadata.modified()).ok();
        if let Some(changed) = changed.and_then(|changed| Timestamp::try_from(changed).ok()) {
            files.push((changed, name, path));
        }
    }
    files.sort();
    let surplus = settings.keep_files.map_or(0, |keep| files.len().saturating_sub(keep as usize));
    let age = settings.keep_days.map(|days| DAY.saturating_mul(days));
    let oldest = age.and_then(|age| now.checked_sub(age).ok());
    let young = now.checked_sub(YOUNG).unwrap_or(now);
    let old = files
        .into_iter()
        .enumerate()
        .filter(|(at, (changed, name, _))| {
            name != own && *changed < young && (*at < surplus || oldest.is_some_and(|oldest| *changed < oldest))
        })
        .filter_map(|(_, (_, name, path))| seize(name, path))
        .take(ROUND_CAP);
    Ok(old.collect())
}

/// Takes a file whose process has ended or moved on; its lock is free then.
fn seize(name: SegmentName, path: PathBuf) -> Option<Old> {
    let mut file = File::open(&path).ok()?;
    file.try_lock().ok()?;
    let last = last_line(&mut file);
    Some(Old { path, name, last, _lock: file })
}

/// Number and hash of the last whole line.
fn last_line(file: &mut File) -> Option<(u64, String)> {
    let window = LINE_CAP_BYTES as u64 * 2;
    let length = file.metadata().ok()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(window))).ok()?;
    let mut tail = Vec::new();
    file.take(window).read_to_end(&mut tail).ok()?;
    let whole = tail.iter().rposition(|byte| *byte == b'\n')?;
    let line = tail.get(..whole)?.rsplit(|byte| *byte == b'\n').next()?;
    Frame::parse(line).map(|frame| (frame.seq, frame.hash.to_string()))
}
