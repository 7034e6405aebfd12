//! A new file that appears whole or not at all.
//!
//! It is written under a draft name, synced, and then linked to its real name, which fails if another process was first
//! (a rename would replace that one's file). A crash on the way leaves a draft behind and nothing under the real name.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use aegis_ambient::Ambient;

use crate::StoreError;

/// A file in the making, mode 0600. Dropping it removes the draft and what SQLite may have laid beside it.
pub(crate) struct Draft(PathBuf);

impl Draft {
    /// An empty draft beside `target`.
    pub(crate) fn beside(target: &Path, ambient: &Ambient) -> Result<Self, StoreError> {
        let number = u64::from_be_bytes(ambient.random::<8>()?);
        let mut path = target.as_os_str().to_owned();
        path.push(format!(".{number:016x}.new"));
        let draft = PathBuf::from(path);
        let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft);
        made.map_err(|source| StoreError::from_io(target, source))?;
        Ok(Self(draft))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Gives the draft its real name. If another process was first, its file stays and ours is dropped.
    pub(crate) fn publish(self, target: &Path) -> Result<(), StoreError> {
        let linked = File::open(&self.0).and_then(|file| file.sync_all()).and_then(|()| fs::hard_link(&self.0, target));
        match linked {
            Ok(()) => sync_directory(target).map_err(|source| StoreError::from_io(target, source)),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
            Err(source) => Err(StoreError::from_io(target, source)),
        }
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        for suffix in ["", "-journal", "-wal", "-shm"] {
            // Most of these do not exist; a leftover is an untidiness, not a fault.
            let _ = fs::remove_file(sidecar(&self.0, suffix));
        }
    }
}

/// The file SQLite lays beside `path` under this suffix.
pub(crate) fn sidecar(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// A new name is on disk only once its directory is synced.
fn sync_directory(target: &Path) -> io::Result<()> {
    let parent = target.parent().filter(|parent| !parent.as_os_str().is_empty());
    File::open(parent.unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tempfile::TempDir;

    #[test]
    fn the_first_to_publish_wins_and_no_draft_is_left() {
        let directory = TempDir::new().unwrap();
        let target = directory.path().join("file");
        let [first, second] = ["first", "second"].map(|content| {
            let draft = Draft::beside(&target, &Ambient::real()).unwrap();
            fs::write(draft.path(), content).unwrap();
            fs::write(sidecar(draft.path(), "-wal"), "").unwrap();
            draft
        });
        assert!(!target.exists(), "a draft has the real name");
        first.publish(&target).unwrap();
        second.publish(&target).unwrap();
        assert_eq!(fs::read_to_string(&target).unwrap(), "first");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_draft_that_is_given_up_leaves_nothing() {
        let directory = TempDir::new().unwrap();
        drop(Draft::beside(&directory.path().join("file"), &Ambient::real()).unwrap());
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
    }
}
