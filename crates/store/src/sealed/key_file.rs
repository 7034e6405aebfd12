//! The sealing key in a file of its own, made at first start, readable by its owner only.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use aegis_ambient::Ambient;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::SecretString;
use zeroize::Zeroizing;

use super::key::{KEY_BYTES, SealingKey};
use crate::StoreError;
use crate::publish::Draft;

/// More than any spelling of 32 bytes.
const FILE_BYTES_MAX: u64 = 256;

impl SealingKey {
    /// Reads the key from a file, or makes the file (mode 0600) with a fresh key where there is none. It appears whole
    /// or not at all; of two processes that both find none, one makes it and both read it.
    ///
    /// # Errors
    /// [`StoreError::SealingKeyExposed`] if others may read it, [`StoreError::SealingKeyRefused`] as in
    /// [`SealingKey::from_text`], and what the file system refuses.
    pub fn from_file(path: &Path, ambient: &Ambient) -> Result<Self, StoreError> {
        if !path.try_exists().map_err(|source| StoreError::from_io(path, source))? {
            make(path, ambient)?;
        }
        let file = File::open(path).map_err(|source| StoreError::from_io(path, source))?;
        refuse_exposed(path, &file)?;
        let text = read(path, file)?;
        // One line end belongs to the file, not to the key.
        let key = text.strip_suffix('\n').map_or(text.as_str(), |line| line.strip_suffix('\r').unwrap_or(line));
        Self::from_text(&SecretString::from(key))
    }
}

fn make(path: &Path, ambient: &Ambient) -> Result<(), StoreError> {
    let bytes = Zeroizing::new(ambient.random::<KEY_BYTES>()?);
    let mut line = Zeroizing::new(STANDARD.encode(bytes.as_slice()));
    line.push('\n');
    let draft = Draft::beside(path, ambient)?;
    std::fs::write(draft.path(), line.as_bytes()).map_err(|source| StoreError::from_io(path, source))?;
    draft.publish(path)
}

/// Judges the opened file, not the path, which may come to mean another file in between.
fn refuse_exposed(path: &Path, file: &File) -> Result<(), StoreError> {
    let metadata = file.metadata().map_err(|source| StoreError::from_io(path, source))?;
    let mode = metadata.permissions().mode() & 0o7777;
    if !metadata.is_file() {
        return Err(StoreError::NotAFile(path.into()));
    }
    if mode & 0o077 != 0 {
        return Err(StoreError::SealingKeyExposed { path: path.into(), mode });
    }
    Ok(())
}

fn read(path: &Path, file: File) -> Result<Zeroizing<String>, StoreError> {
    let mut text = Zeroizing::new(String::new());
    match file.take(FILE_BYTES_MAX).read_to_string(&mut text) {
        Ok(_) => Ok(text),
        Err(error) if error.kind() == std::io::ErrorKind::InvalidData => {
            Err(StoreError::SealingKeyRefused("its file is not text"))
        }
        Err(source) => Err(StoreError::from_io(path, source)),
    }
}
