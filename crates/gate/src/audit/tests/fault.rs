//! A disk for tests: real files, faults on demand, and a loss of power that takes everything not synced.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::super::disk::{Disk, Growing, Machine};

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Fault {
    #[default]
    None,
    /// No byte can be written.
    Append(io::ErrorKind),
    /// Half of the bytes are written before the error.
    Short(io::ErrorKind),
    /// Written, but not forced to disk.
    Sync(io::ErrorKind),
    /// No file can be made.
    Create(io::ErrorKind),
    /// Neither written nor cut.
    Everything(io::ErrorKind),
    /// Forced to disk, but slowly.
    SlowSync(Duration),
    /// The second place fails, after half of the bytes.
    SecondPlace(io::ErrorKind),
}

#[derive(Default)]
struct State {
    fault: Fault,
    /// Every file, and how much of it was synced.
    synced: BTreeMap<PathBuf, u64>,
    syncs: u64,
}

#[derive(Clone, Default)]
pub(super) struct FaultyDisk {
    state: Arc<Mutex<State>>,
}

struct FaultyFile {
    path: PathBuf,
    file: Box<dyn Growing>,
    length: u64,
    state: Arc<Mutex<State>>,
}

impl FaultyDisk {
    pub(super) fn set(&self, fault: Fault) {
        self.state.lock().unwrap().fault = fault;
    }

    pub(super) fn syncs(&self) -> u64 {
        self.state.lock().unwrap().syncs
    }

    /// Cuts every file to what was synced. Nothing can be written afterwards.
    pub(super) fn lose_power(&self) {
        let mut state = self.state.lock().unwrap();
        state.fault = Fault::Everything(io::ErrorKind::Other);
        for (path, length) in &state.synced {
            OpenOptions::new().write(true).open(path).unwrap().set_len(*length).unwrap();
        }
    }

    fn fault(&self) -> Fault {
        self.state.lock().unwrap().fault
    }
}

impl Disk for FaultyDisk {
    fn create(&mut self, path: &Path) -> io::Result<Box<dyn Growing>> {
        if let Fault::Create(kind) | Fault::Everything(kind) = self.fault() {
            return Err(kind.into());
        }
        let file = Machine.create(path)?;
        self.state.lock().unwrap().synced.insert(path.to_owned(), 0);
        Ok(Box::new(FaultyFile { path: path.to_owned(), file, length: 0, state: Arc::clone(&self.state) }))
    }

    fn append(&mut self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        if let Fault::SecondPlace(kind) = self.fault() {
            Machine.append(path, &bytes[..bytes.len() / 2])?;
            return Err(kind.into());
        }
        Machine.append(path, bytes)
    }

    fn remove(&mut self, path: &Path) -> io::Result<()> {
        Machine.remove(path)
    }
}

impl Growing for FaultyFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let state = self.state.lock().unwrap();
        let (part, outcome) = match state.fault {
            Fault::Append(kind) | Fault::Everything(kind) => (0, Err(kind.into())),
            Fault::Short(kind) => (bytes.len() / 2, Err(kind.into())),
            Fault::None | Fault::Sync(_) | Fault::SlowSync(_) | Fault::Create(_) | Fault::SecondPlace(_) => {
                (bytes.len(), Ok(()))
            }
        };
        self.length += part as u64;
        self.file.append(&bytes[..part])?;
        outcome
    }

    fn cut(&mut self, length: u64) -> io::Result<()> {
        let state = self.state.lock().unwrap();
        if let Fault::Everything(kind) = state.fault {
            return Err(kind.into());
        }
        self.length = length;
        self.file.cut(length)
    }

    fn sync(&mut self) -> io::Result<()> {
        let mut state = self.state.lock().unwrap();
        if let Fault::Sync(kind) | Fault::Everything(kind) = state.fault {
            return Err(kind.into());
        }
        if let Fault::SlowSync(time) = state.fault {
            std::thread::sleep(time);
        }
        state.syncs += 1;
        state.synced.insert(self.path.clone(), self.length);
        Ok(())
    }
}
