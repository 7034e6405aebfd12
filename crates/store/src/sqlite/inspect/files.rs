//! The store's files, judged before SQLite sees them.
//!
//! SQLite keeps two files beside an open database: the write-ahead log (`-wal`) and its index (`-shm`). The log is made
//! before the index, and on a clean end the index goes first. So an index without a log means that the log was taken
//! away, and with it every change not yet folded into the database; SQLite itself would go on as if they never happened.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use crate::StoreError;
use crate::publish::sidecar;

/// The first bytes of every SQLite database: <https://sqlite.org/fileformat.html#magic_header_string>.
const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// Another process may open or close the store between two looks; a log that is really gone stays gone.
const LOOKS: u32 = 5;
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);

pub(super) async fn inspect(path: &Path) -> Result<(), StoreError> {
    database(path)?;
    // We always work with a log; a journal is another program's, and SQLite would replay it unasked.
    if sidecar(path, "-journal").metadata().is_ok_and(|metadata| metadata.len() > 0) {
        return Err(StoreError::JournalLeft(path.into()));
    }
    for _ in 0..LOOKS {
        let index_first = sidecar(path, "-shm").exists();
        if !index_first || sidecar(path, "-wal").exists() {
            return Ok(());
        }
        tokio::time::sleep(BETWEEN_LOOKS).await;
    }
    Err(StoreError::LogMissing(path.into()))
}

/// Whether a log is there that closing the database would fold into it.
pub(super) fn log_holds_changes(path: &Path) -> bool {
    sidecar(path, "-wal").metadata().is_ok_and(|metadata| metadata.len() > 0)
}

fn database(path: &Path) -> Result<(), StoreError> {
    let failed = |source| StoreError::from_io(path, source);
    let metadata = path.metadata().map_err(failed)?;
    if !metadata.is_file() {
        return Err(StoreError::NotAFile(path.into()));
    }
    let mode = metadata.permissions().mode() & 0o7777;
    if mode & 0o022 != 0 {
        return Err(StoreError::FileExposed { path: path.into(), mode });
    }
    let mut header = [0; 18];
    let header = match File::open(path).and_then(|mut file| file.read_exact(&mut header)) {
        Ok(()) => header,
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Err(StoreError::NotADatabase(path.into())),
        Err(source) => return Err(failed(source)),
    };
    let [magic @ .., high, low] = header;
    if magic != *MAGIC {
        return Err(StoreError::NotADatabase(path.into()));
    }
    whole_pages(path, metadata.len(), u16::from_be_bytes([high, low]))
}

/// SQLite takes a last page that was cut short for one that ends in zeros. Only while a log is there may it be short: a
/// crash while the log was being folded in leaves that, and the log has the page whole.
fn whole_pages(path: &Path, file_bytes: u64, page_field: u16) -> Result<(), StoreError> {
    // The largest page does not fit the field, so the format writes it as 1.
    let page_bytes = if page_field == 1 { 65_536 } else { u64::from(page_field) };
    if file_bytes.checked_rem(page_bytes) == Some(0) || log_holds_changes(path) {
        return Ok(());
    }
    Err(StoreError::corrupt(path, format!("{file_bytes} bytes are no whole number of pages of {page_bytes} bytes")))
}
