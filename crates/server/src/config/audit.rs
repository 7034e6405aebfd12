//! Where the record of calls goes and how long it is kept.

use std::path::{Path, PathBuf};

use crate::config::reader::Reader;
use crate::config::variables::{Kind, Variable, section};

section! {
    "Audit", "The signed record of every call and every refusal.";

    AUDIT_LOG_PATH = Variable::new(
        Kind::Path,
        "audit.path",
        "The folder of the record. A path that ends like a file, such as `/var/log/aegis-mcp/audit.log`, means its \
         folder and how file names begin.",
    )
        .optional("`audit` in the state folder")
        .example("/var/log/aegis-mcp");
    AUDIT_KEY_FILE = Variable::new(
        Kind::Path,
        "audit.key_file",
        "The key that signs the record. It is made at the first start, with its public part beside it.",
    )
        .optional("`audit-key.pem` in the state folder")
        .example("/etc/aegis-mcp/audit-key.pem");
    AUDIT_CHECKPOINT_PATH = Variable::new(
        Kind::Path,
        "audit.checkpoint_path",
        "A second place for checkpoints, best on another machine or where only appending is possible.",
    )
        .optional("a cut-off end of the record cannot be seen")
        .example("/mnt/worm/aegis-mcp.checkpoints");
    AUDIT_ROTATE_BYTES = Variable::new(
        Kind::Count { min: 1_048_576, max: 1_099_511_627_776, unit: "bytes" },
        "audit.rotate_bytes",
        "A file this long is followed by a new one.",
    )
        .default("67108864")
        .example("67108864");
    AUDIT_KEEP_DAYS = Variable::new(
        Kind::Count { min: 0, max: 36_500, unit: "days" },
        "audit.keep_days",
        "Files untouched for this long are deleted. 0 keeps them for ever.",
    )
        .default("0")
        .example("400");
    AUDIT_KEEP_FILES = Variable::new(
        Kind::Count { min: 0, max: 1_000_000, unit: "files" },
        "audit.keep_files",
        "More files than this, and the oldest are deleted. 0 keeps all.",
    )
        .default("0")
        .example("1000");
}

/// Where the record of calls goes.
#[derive(Debug, Clone)]
pub struct AuditSection {
    /// The folder of `AUDIT_LOG_PATH`.
    pub directory: PathBuf,
    /// How file names begin, if `AUDIT_LOG_PATH` said so.
    pub prefix: Option<String>,
    /// `AUDIT_KEY_FILE`.
    pub key_file: PathBuf,
    /// `AUDIT_CHECKPOINT_PATH`.
    pub checkpoint_path: Option<PathBuf>,
    /// `AUDIT_ROTATE_BYTES`.
    pub rotate_bytes: u64,
    /// `AUDIT_KEEP_DAYS`; none keeps them for ever.
    pub keep_days: Option<u32>,
    /// `AUDIT_KEEP_FILES`; none keeps all.
    pub keep_files: Option<u32>,
}

impl AuditSection {
    pub(crate) fn read(reader: &mut Reader<'_>, state_directory: &Path) -> Self {
        let path = reader.path(&AUDIT_LOG_PATH).unwrap_or_else(|| state_directory.join("audit"));
        let (directory, prefix) = split(path);
        Self {
            directory,
            prefix,
            key_file: reader.path(&AUDIT_KEY_FILE).unwrap_or_else(|| state_directory.join("audit-key.pem")),
            checkpoint_path: reader.path(&AUDIT_CHECKPOINT_PATH),
            rotate_bytes: reader.count(&AUDIT_ROTATE_BYTES),
            keep_days: Some(reader.count(&AUDIT_KEEP_DAYS)).filter(|days| *days > 0),
            keep_files: Some(reader.count(&AUDIT_KEEP_FILES)).filter(|files| *files > 0),
        }
    }
}

/// The first design had one file there; its users' setting still means the same place.
fn split(path: PathBuf) -> (PathBuf, Option<String>) {
    let stem = path.file_stem().and_then(|stem| stem.to_str());
    match (path.extension(), path.parent(), stem) {
        (Some(_), Some(folder), Some(stem)) => {
            let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
            (folder.to_owned(), Some(stem.to_owned()))
        }
        _ => (path, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_a_folder_and_a_file_is_its_folder_and_name() {
        for (path, folder, prefix) in [
            ("/var/log/aegis-mcp", "/var/log/aegis-mcp", None),
            ("/var/log/audit.log", "/var/log", Some("audit")),
            ("audit.jsonl", ".", Some("audit")),
            ("/var/log/.audit", "/var/log/.audit", None),
        ] {
            assert_eq!(split(path.into()), (folder.into(), prefix.map(str::to_owned)), "{path}");
        }
    }
}
