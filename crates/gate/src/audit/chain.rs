//! The chain this process writes: where it stands, and how it moves on only when the disk has it.

use std::io;
use std::path::{Path, PathBuf};

use aegis_ambient::{Ambient, Timestamp};

use super::disk::{Disk, Growing};
use super::hash::Hash;
use super::key::SigningKey;
use super::line::Draft;
use super::name::SegmentName;
use super::own::{Previous, Rotated, Segment};

/// How often a name that is taken is drawn again.
const NAME_TRIES: u32 = 16;

pub(super) struct Chain {
    directory: PathBuf,
    name: SegmentName,
    file: Box<dyn Growing>,
    /// How long the file is with everything that was committed.
    length: u64,
    /// A commit failed, and something of it may lie beyond `length`.
    soiled: bool,
    seq: u64,
    head: Hash,
    previous: Option<Previous>,
    /// The file made for the next segment before this one names it.
    next: Option<Box<dyn Growing>>,
}

impl Chain {
    /// Makes the first file of a new chain.
    pub(super) fn begin(directory: &Path, prefix: &str, ambient: &Ambient, disk: &mut dyn Disk) -> io::Result<Self> {
        let mut tries = 0;
        loop {
            let random = ambient.random::<4>().map_err(io::Error::other)?;
            let name = SegmentName::first(prefix, ambient.now(), random);
            match disk.create(&directory.join(name.file())) {
                Ok(file) => return Ok(Self::new(directory.to_owned(), name, file)),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && tries < NAME_TRIES => tries += 1,
                Err(error) => return Err(error),
            }
        }
    }

    fn new(directory: PathBuf, name: SegmentName, file: Box<dyn Growing>) -> Self {
        let head = Hash::of_chain(&name.chain);
        Self { directory, name, file, length: 0, soiled: false, seq: 0, head, previous: None, next: None }
    }

    pub(super) fn name(&self) -> &SegmentName {
        &self.name
    }

    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// Lines to follow what is committed. In an empty file they begin with its `segment`.
    pub(super) fn draft(&self, now: Timestamp) -> io::Result<Draft> {
        let mut draft = Draft::after(self.seq, self.head);
        if self.length == 0 {
            let segment = Segment {
                chain: self.name.chain.clone(),
                number: self.name.number,
                version: env!("CARGO_PKG_VERSION").to_owned(),
                previous: self.previous.clone(),
            };
            draft.push_own(now, &segment)?;
        }
        Ok(draft)
    }

    /// Puts the draft on disk. After an error nothing has happened: the same lines, or others, may be tried again, and
    /// what a failed write or sync left behind is cut off first.
    pub(super) fn commit(&mut self, draft: &Draft) -> io::Result<()> {
        if self.soiled {
            self.file.cut(self.length)?;
        }
        self.soiled = true;
        self.file.append(&draft.bytes)?;
        self.file.sync()?;
        self.soiled = false;
        self.length = self.length.saturating_add(draft.bytes.len() as u64);
        (self.seq, self.head) = (draft.seq, draft.head);
        Ok(())
    }

    /// Ends this file and goes on in the next. That one exists before this one names it, so a process killed in between
    /// leaves an empty file and never a missing one. Gives the signed line for the second place.
    pub(super) fn rotate(&mut self, now: Timestamp, key: &SigningKey, disk: &mut dyn Disk) -> io::Result<Vec<u8>> {
        let name = self.name.next();
        let next = match self.next.take() {
            Some(next) => next,
            None => disk.create(&self.directory.join(name.file()))?,
        };
        let mut draft = self.draft(now)?;
        draft.push_own(now, &Rotated { next: name.file() })?;
        draft.push_checkpoint(now, &self.name.chain, key)?;
        if let Err(error) = self.commit(&draft) {
            self.next = Some(next);
            return Err(error);
        }
        self.previous = Some(Previous::new(self.name.file(), self.seq, self.head));
        (self.name, self.file, self.length) = (name, next, 0);
        Ok(draft.signed)
    }
}
