//! The record as a whole: written by the real writer, on a disk that fails on demand, read back by the verifier.

mod fault;
mod keeping;
mod keys;
mod reading;
mod tampering;
mod writing;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use aegis_ambient::Ambient;
use tempfile::TempDir;

use super::verify::{Report, verify};
use super::*;
use fault::FaultyDisk;

/// A directory, a key, a second place, and a disk that can fail.
struct House {
    root: TempDir,
    settings: Settings,
    disk: FaultyDisk,
}

impl House {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let settings = Settings {
            checkpoint_path: Some(root.path().join("second-place")),
            flush_ms: 5,
            ..Settings::new(root.path().join("audit"), root.path().join("audit.key"))
        };
        Self { root, settings, disk: FaultyDisk::default() }
    }

    fn open(&self) -> Audit {
        self.open_at(Ambient::real())
    }

    fn open_at(&self, ambient: Ambient) -> Audit {
        Audit::open_on(self.settings.clone(), ambient, Box::new(self.disk.clone())).unwrap()
    }

    fn keys(&self) -> Vec<PublicKey> {
        PublicKey::read_all(&self.root.path().join("audit.key.pub")).unwrap()
    }

    fn verify(&self) -> Report {
        let Settings { directory, prefix, checkpoint_path, .. } = &self.settings;
        verify(directory, prefix, &self.keys(), checkpoint_path.as_deref()).unwrap()
    }

    /// Name and content of every file of the record.
    fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let entries = fs::read_dir(&self.settings.directory).unwrap().map(|entry| entry.unwrap());
        entries.map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap())).collect()
    }

    /// How many files the record has: unlike their content it can be asked for while the writer deletes some.
    fn file_count(&self) -> usize {
        fs::read_dir(&self.settings.directory).unwrap().count()
    }

    fn path(&self, file: &str) -> PathBuf {
        self.settings.directory.join(file)
    }

    /// All lines, in the order of files.
    fn lines(&self) -> Vec<String> {
        self.files().values().flat_map(|content| lines(content)).collect()
    }

    /// How many records carry this word.
    fn count(&self, event: &str) -> usize {
        self.lines().iter().filter(|line| line.contains(&format!("\"event\":\"{event}\""))).count()
    }
}

fn lines(content: &[u8]) -> Vec<String> {
    String::from_utf8(content.to_vec()).unwrap().lines().map(str::to_owned).collect()
}

fn call(id: &str) -> Event {
    Event {
        transport: Some(Transport::Rest),
        login: Some("alice".to_owned()),
        tool: Some("get_file".to_owned()),
        target: Some("acme/site".to_owned()),
        duration_us: Some(1234),
        ..Event::new(EventName::ToolCall, Outcome::Allowed, id)
    }
}

fn refusal(id: &str) -> Event {
    Event { code: Some("invalid_api_key"), ..Event::new(EventName::InvalidApiKey, Outcome::Denied, id) }
}

/// Waits until `true`, five seconds at most.
async fn until(mut reached: impl FnMut() -> bool) {
    for _ in 0..1000 {
        if reached() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("it did not come to that");
}
