//! From files to chains: which files belong together, which are missing, where a chain ends.

use std::collections::BTreeMap;
use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use super::walk::Walk;
use super::witness::Witness;
use super::{Finding, Place, Report};
use crate::audit::error::AuditError;
use crate::audit::hash::Hash;
use crate::audit::key::PublicKey;
use crate::audit::lines::{Lines, Piece};
use crate::audit::name::SegmentName;

pub(super) struct Segments<'a> {
    directory: &'a Path,
    keys: &'a [PublicKey],
    witness: Witness,
    report: &'a mut Report,
    /// Files that should be there, with the hash of their last line where the next file tells it. Whether they were
    /// retired is known once every chain was read.
    missing: Vec<(SegmentName, Option<Hash>)>,
}

impl<'a> Segments<'a> {
    pub(super) fn new(directory: &'a Path, keys: &'a [PublicKey], witness: Witness, report: &'a mut Report) -> Self {
        Self { directory, keys, witness, report, missing: Vec::new() }
    }

    /// Walks every chain, then says what is missing.
    pub(super) fn walk(mut self, segments: &BTreeMap<SegmentName, PathBuf>) -> Result<(), AuditError> {
        let mut chains: BTreeMap<&str, Vec<(&SegmentName, &Path)>> = BTreeMap::new();
        for (name, path) in segments {
            chains.entry(&name.chain).or_default().push((name, path));
        }
        for (chain, files) in &chains {
            self.walk_chain(chain, files)?;
        }
        for (name, head) in std::mem::take(&mut self.missing) {
            // A process at work may have gone on to a file that was not there when the directory was listed.
            let come = !segments.contains_key(&name) && self.directory.join(name.file()).exists();
            if !come && !self.witness.retired(&name.file(), head) {
                self.report.add(Finding::MissingSegment { file: name.file() });
            }
        }
        let mut gone: Vec<&String> = self
            .witness
            .chains()
            .filter(|(chain, seq)| !chains.contains_key(chain.as_str()) && !self.witness.retired_up_to(chain, *seq))
            .map(|(chain, _)| chain)
            .collect();
        gone.sort();
        for chain in gone {
            self.report.add(Finding::MissingChain { chain: chain.clone() });
        }
        Ok(())
    }

    fn walk_chain(&mut self, chain: &str, files: &[(&SegmentName, &Path)]) -> Result<(), AuditError> {
        let mut walk = Walk::new(chain, self.keys, self.witness.seen(chain));
        let mut live = false;
        let mut wanted = SegmentName { chain: chain.to_owned(), number: 1 };
        let mut left = files.len();
        for (name, path) in files {
            left = left.saturating_sub(1);
            let before = self.missing.len();
            while wanted.number < name.number {
                self.missing.push((wanted.clone(), None));
                wanted = wanted.next();
            }
            let skipped = self.missing.len() > before;
            if skipped {
                walk.skip();
            }
            live = self.read(&mut walk, name, path, left == 0)?;
            if let Some((_, head)) = self.missing.last_mut().filter(|_| skipped) {
                *head = walk.built_on();
            }
            wanted = name.next();
        }
        if walk.goes_on() {
            self.missing.push((wanted, None));
        }
        self.end(walk, chain, files.len(), live);
        Ok(())
    }

    /// Reads one file. Gives whether its process is at work.
    fn read(&mut self, walk: &mut Walk<'_>, name: &SegmentName, path: &Path, last: bool) -> Result<bool, AuditError> {
        let unreadable = |source: io::Error| AuditError::Read { path: path.to_owned(), source };
        let file = File::open(path).map_err(unreadable)?;
        let live = matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock));
        let _unsupported = file.unlock();
        let mut lines = Lines::of(file);
        walk.open(name);
        while let Some((line, piece)) = lines.next().map_err(unreadable)? {
            let place = Place { file: name.file(), line };
            match piece {
                Piece::Whole(bytes) => walk.line(place, bytes, self.report),
                Piece::Unfinished(bytes) if last => walk.torn(place, bytes, self.report),
                Piece::Unfinished(_) | Piece::TooLong => walk.unreadable(place, self.report),
            }
        }
        Ok(live)
    }

    fn end(&mut self, walk: Walk<'_>, chain: &str, segments: usize, live: bool) {
        let (mut found, retired) = walk.end(live, self.report);
        for retired in retired {
            self.witness.retire(retired);
        }
        match self.witness.seen(chain) {
            Some((witnessed, _)) if witnessed > found.last_seq => {
                self.report.add(Finding::Truncated { chain: chain.to_owned(), last: found.last_seq, witnessed });
            }
            None if self.witness.is_present() => self.report.add(Finding::Unwitnessed { chain: chain.to_owned() }),
            Some(_) | None => {}
        }
        (found.segments, found.live) = (segments, live);
        self.report.chains.push(found);
    }
}
