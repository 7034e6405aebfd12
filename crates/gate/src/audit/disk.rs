//! The few things the writer asks of a disk, so that tests can let each of them fail.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

/// Where segments and checkpoints go.
pub(super) trait Disk: Send {
    /// Makes an empty file; its name is on disk when this returns. Refuses a name that is taken.
    fn create(&mut self, path: &Path) -> io::Result<Box<dyn Growing>>;

    /// Appends to a file that others may append to, made if need be. Not forced to disk: what is lost with the power
    /// was a witness, not the record.
    fn append(&mut self, path: &Path, bytes: &[u8]) -> io::Result<()>;

    /// Deletes a file.
    fn remove(&mut self, path: &Path) -> io::Result<()>;
}

/// A file with one writer that only grows, but for a failed end.
pub(super) trait Growing: Send {
    /// Writes at the end. After an error any part of the bytes may be there.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Cuts off a failed end.
    fn cut(&mut self, length: u64) -> io::Result<()>;

    /// Returns when all of it survives a loss of power.
    fn sync(&mut self) -> io::Result<()>;
}

/// The machine's.
pub(super) struct Machine;

impl Disk for Machine {
    fn create(&mut self, path: &Path) -> io::Result<Box<dyn Growing>> {
        let file = OpenOptions::new().append(true).create_new(true).mode(0o600).open(path)?;
        // The lock says that this file's process lives. Where a file system has none, retention leaves other
        // processes' files alone, so nothing is lost.
        let _unsupported = file.lock();
        let named = path.parent().map_or(Ok(()), |directory| File::open(directory)?.sync_all());
        if let Err(error) = named {
            fs::remove_file(path)?;
            return Err(error);
        }
        Ok(Box::new(file))
    }

    fn append(&mut self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        OpenOptions::new().append(true).create(true).mode(0o600).open(path)?.write_all(bytes)
    }

    fn remove(&mut self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }
}

impl Growing for File {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write_all(bytes)
    }

    fn cut(&mut self, length: u64) -> io::Result<()> {
        self.set_len(length)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }
}
