//! The second place: which line each chain is known to have had, and which files were retired.

use std::collections::HashMap;
use std::fs::File;
use std::path::Path;

use super::{Finding, Report};
use crate::audit::error::AuditError;
use crate::audit::hash::Hash;
use crate::audit::key::PublicKey;
use crate::audit::line::Frame;
use crate::audit::lines::{Lines, Piece};
use crate::audit::name::SegmentName;
use crate::audit::own::{Checkpoint, Own as _, Retired};

/// A signed line: what chain and key it names, and whether the signature holds.
pub(super) enum Seal {
    Good { chain: String, retired: Option<Retired> },
    Bad,
    Foreign { key: String },
}

impl Seal {
    /// Checks a line; `None` if it is of a kind that is not signed.
    pub(super) fn of(frame: &Frame<'_>, keys: &[PublicKey]) -> Option<Self> {
        let (chain, key, retired) = match frame.event {
            Checkpoint::EVENT => {
                let Ok(Checkpoint { chain, key }) = serde_json::from_str(frame.text) else { return Some(Self::Bad) };
                (chain, key, None)
            }
            Retired::EVENT => {
                let Ok(retired) = serde_json::from_str::<Retired>(frame.text) else { return Some(Self::Bad) };
                (retired.chain.clone(), retired.key.clone(), Some(retired))
            }
            _ => return None,
        };
        let Some(public) = keys.iter().find(|public| public.id() == key) else { return Some(Self::Foreign { key }) };
        let holds = frame.whole() && frame.signature.as_ref().is_some_and(|sign| public.signed(sign.over, sign.base64));
        Some(if holds { Self::Good { chain, retired } } else { Self::Bad })
    }
}

/// What is known from elsewhere than the chain itself.
#[derive(Default)]
pub(super) struct Witness {
    /// The newest line seen of each chain; `None` without a second place.
    seen: Option<HashMap<String, (u64, Hash)>>,
    retired: HashMap<String, Retired>,
}

impl Witness {
    pub(super) fn absent(report: &mut Report) -> Self {
        report.add(Finding::NoWitness);
        Self::default()
    }

    pub(super) fn read(path: &Path, prefix: &str, keys: &[PublicKey], report: &mut Report) -> Result<Self, AuditError> {
        let unreadable = |source| AuditError::Read { path: path.to_owned(), source };
        let mut witness = Self { seen: Some(HashMap::new()), retired: HashMap::new() };
        let mut lines = Lines::of(File::open(path).map_err(unreadable)?);
        while let Some((line, piece)) = lines.next().map_err(unreadable)? {
            let known = match piece {
                Piece::Whole([]) => true,
                Piece::Whole(bytes) => Frame::parse(bytes).is_some_and(|frame| witness.take(&frame, prefix, keys)),
                Piece::Unfinished(_) | Piece::TooLong => false,
            };
            if !known {
                report.add(Finding::WitnessIgnored { line });
            }
        }
        Ok(witness)
    }

    /// Takes a line in if it proves anything.
    fn take(&mut self, frame: &Frame<'_>, prefix: &str, keys: &[PublicKey]) -> bool {
        let Some(Seal::Good { chain, retired }) = Seal::of(frame, keys) else { return false };
        if SegmentName::parse(prefix, &SegmentName { chain: chain.clone(), number: 1 }.file()).is_some() {
            let seen = self.seen.get_or_insert_default().entry(chain).or_insert((frame.seq, frame.hash));
            if seen.0 < frame.seq {
                *seen = (frame.seq, frame.hash);
            }
            self.retired.extend(retired.map(|retired| (retired.file.clone(), retired)));
        }
        true
    }

    pub(super) fn is_present(&self) -> bool {
        self.seen.is_some()
    }

    /// The newest line seen of a chain.
    pub(super) fn seen(&self, chain: &str) -> Option<(u64, Hash)> {
        self.seen.as_ref()?.get(chain).copied()
    }

    pub(super) fn chains(&self) -> impl Iterator<Item = (&String, u64)> {
        self.seen.iter().flatten().map(|(chain, (seq, _))| (chain, *seq))
    }

    /// Notes a `retired` met in a chain.
    pub(super) fn retire(&mut self, retired: Retired) {
        self.retired.insert(retired.file.clone(), retired);
    }

    /// Whether a file was retired, and ended in `head` if that is known.
    pub(super) fn retired(&self, file: &str, head: Option<Hash>) -> bool {
        self.retired
            .get(file)
            .is_some_and(|retired| head.is_none_or(|head| retired.head.as_deref() == Some(&head.to_string())))
    }

    /// Whether a chain was retired up to its line `seq` at least.
    pub(super) fn retired_up_to(&self, chain: &str, seq: u64) -> bool {
        self.retired
            .values()
            .any(|retired| retired.file.starts_with(chain) && retired.last_seq.is_some_and(|last| last >= seq))
    }
}
