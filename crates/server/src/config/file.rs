//! Reads small files that steer the gateway, and judges who else may read them.

use std::fs::{self, File, Metadata};
use std::io::{ErrorKind, Read};
use std::path::Path;

/// Longest configuration file and `.env` taken.
const CONFIGURATION_MAX_BYTES: u64 = 1024 * 1024;
/// Longest secret file taken; a hundred keys of 64 characters are a tenth of it.
const SECRET_MAX_BYTES: u64 = 64 * 1024;
/// Where container engines put secrets. They are 0444 there and nobody can change that, but nobody else is in there.
#[cfg(unix)]
const CONTAINER_SECRETS: &str = "/run/secrets";

/// What is wrong with a file. Reads after the setting's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "each sentence says what its variant is")]
pub enum FileFault {
    #[error("names a file that does not exist")]
    Absent,
    #[error("names something that is not a regular file")]
    NotRegular,
    #[error("names a file that may not be read")]
    Denied,
    #[error("names a file that could not be read")]
    Unreadable,
    #[error("names a file larger than {0} bytes")]
    TooLarge(u64),
    #[error("names a file that is not UTF-8 text")]
    NotText,
    #[error("stands in a file that every user of this machine can change")]
    WorldWritable,
    #[error("is a secret in a file that every user of this machine can read")]
    WorldReadable,
    #[error("is a secret in a file that its group can read")]
    GroupReadable,
}

impl FileFault {
    /// A stable word for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Absent => "file_absent",
            Self::NotRegular => "file_not_regular",
            Self::Denied => "file_denied",
            Self::Unreadable => "file_unreadable",
            Self::TooLarge(_) => "file_too_large",
            Self::NotText => "file_not_text",
            Self::WorldWritable => "file_world_writable",
            Self::WorldReadable => "file_world_readable",
            Self::GroupReadable => "file_group_readable",
        }
    }

    pub(crate) fn hint(&self) -> Option<&'static str> {
        match self {
            Self::WorldWritable | Self::WorldReadable | Self::GroupReadable => Some("`chmod 600` it"),
            Self::Denied => Some("let the account that runs the gateway read it, and nobody else"),
            Self::Absent | Self::NotRegular | Self::Unreadable | Self::TooLarge(_) | Self::NotText => None,
        }
    }
}

/// Who besides the owner may do something with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(not(unix), expect(dead_code, reason = "only a mode can tell them apart"))]
pub(crate) enum Access {
    OwnerOnly,
    GroupReads,
    WorldReads,
    WorldWrites,
}

impl Access {
    /// What that means for a file that steers us.
    pub(crate) fn fault(self, holds_secret: bool) -> Option<FileFault> {
        match (self, holds_secret) {
            (Self::WorldWrites, _) => Some(FileFault::WorldWritable),
            (Self::WorldReads, true) => Some(FileFault::WorldReadable),
            (Self::GroupReads, true) => Some(FileFault::GroupReadable),
            (Self::WorldReads | Self::GroupReads, false) | (Self::OwnerOnly, _) => None,
        }
    }
}

/// A file's text and who else could have read it.
pub(crate) struct Contents {
    pub(crate) text: String,
    pub(crate) access: Access,
}

/// Reads a TOML file or `.env`.
pub(crate) fn read_configuration(path: &Path) -> Result<Contents, FileFault> {
    read(path, CONFIGURATION_MAX_BYTES)
}

/// Reads a file that holds one secret. Who else can read it is for the caller to judge.
pub(crate) fn read_secret(path: &Path) -> Result<Contents, FileFault> {
    read(path, SECRET_MAX_BYTES)
}

/// Whether a file is there and opens, for files that another room reads.
pub(crate) fn probe(path: &Path) -> Result<(), FileFault> {
    open(path).map(drop)
}

fn read(path: &Path, limit_bytes: u64) -> Result<Contents, FileFault> {
    let (file, metadata) = open(path)?;
    let mut bytes = Vec::new();
    file.take(limit_bytes.saturating_add(1)).read_to_end(&mut bytes).map_err(|_| FileFault::Unreadable)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > limit_bytes) {
        return Err(FileFault::TooLarge(limit_bytes));
    }
    let text = String::from_utf8(bytes).map_err(|_| FileFault::NotText)?;
    Ok(Contents { text, access: access(path, &metadata) })
}

/// Opens regular files only: a pipe would make the start wait for ever.
fn open(path: &Path) -> Result<(File, Metadata), FileFault> {
    let fault = |error: std::io::Error| match error.kind() {
        ErrorKind::NotFound => FileFault::Absent,
        ErrorKind::PermissionDenied => FileFault::Denied,
        _ => FileFault::Unreadable,
    };
    if !fs::metadata(path).map_err(fault)?.is_file() {
        return Err(FileFault::NotRegular);
    }
    let file = File::open(path).map_err(fault)?;
    let metadata = file.metadata().map_err(fault)?;
    Ok((file, metadata))
}

#[cfg(unix)]
fn access(path: &Path, metadata: &Metadata) -> Access {
    use std::os::unix::fs::MetadataExt as _;
    let in_container = fs::canonicalize(path).is_ok_and(|path| path.starts_with(CONTAINER_SECRETS));
    judge(metadata.mode(), metadata.uid(), in_container)
}

/// Elsewhere access lists rule, which a mode cannot show.
#[cfg(not(unix))]
fn access(_: &Path, _: &Metadata) -> Access {
    Access::OwnerOnly
}

/// A group that may read root's file was put there on purpose (systemd, Kubernetes' fsGroup); the group of a person's
/// file is mostly an accident of umask.
#[cfg(unix)]
fn judge(mode: u32, owner: u32, in_container: bool) -> Access {
    const WORLD_WRITE: u32 = 0o002;
    const WORLD_READ: u32 = 0o004;
    const GROUP_READ: u32 = 0o040;
    let has = |bit| mode & bit != 0;
    if has(WORLD_WRITE) {
        Access::WorldWrites
    } else if in_container {
        Access::OwnerOnly
    } else if has(WORLD_READ) {
        Access::WorldReads
    } else if has(GROUP_READ) && owner != 0 {
        Access::GroupReads
    } else {
        Access::OwnerOnly
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    fn file(directory: &tempfile::TempDir, text: impl AsRef<[u8]>, mode: u32) -> std::path::PathBuf {
        let path = directory.path().join("secret");
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        path
    }

    #[test]
    fn d05_a_file_that_all_can_read_or_change_is_known_as_such() {
        let directory = tempfile::tempdir().unwrap();
        for (mode, with_secret, without) in [
            (0o600, None, None),
            (0o644, Some(FileFault::WorldReadable), None),
            (0o604, Some(FileFault::WorldReadable), None),
            (0o602, Some(FileFault::WorldWritable), Some(FileFault::WorldWritable)),
        ] {
            let access = read_secret(&file(&directory, "text", mode)).unwrap().access;
            assert_eq!((access.fault(true), access.fault(false)), (with_secret, without), "{mode:o}");
        }
    }

    #[test]
    fn d05_a_group_is_fine_only_where_root_put_it() {
        assert_eq!(judge(0o100_600, 1000, false), Access::OwnerOnly);
        assert_eq!(judge(0o100_640, 1000, false), Access::GroupReads);
        assert_eq!(judge(0o100_440, 0, false), Access::OwnerOnly);
        assert_eq!(judge(0o100_444, 0, false), Access::WorldReads);
        assert_eq!(judge(0o100_444, 0, true), Access::OwnerOnly);
        assert_eq!(judge(0o100_446, 0, true), Access::WorldWrites);
    }

    #[test]
    fn only_small_regular_text_files_are_read() {
        let directory = tempfile::tempdir().unwrap();
        let read = |path: &Path| read_secret(path).map(|read| read.text);
        assert_eq!(read(&directory.path().join("nothing")), Err(FileFault::Absent));
        assert_eq!(read(directory.path()), Err(FileFault::NotRegular));
        assert_eq!(read(Path::new("/dev/zero")), Err(FileFault::NotRegular));
        assert_eq!(read(&file(&directory, b"\xff\xfe", 0o600)), Err(FileFault::NotText));
        let most = usize::try_from(SECRET_MAX_BYTES).unwrap();
        assert_eq!(read(&file(&directory, "a".repeat(most), 0o600)).map(|text| text.len()), Ok(most));
        let refused = read(&file(&directory, "a".repeat(most + 1), 0o600));
        assert_eq!(refused, Err(FileFault::TooLarge(SECRET_MAX_BYTES)));
    }
}
