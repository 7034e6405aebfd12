//! Follows one chain line by line. Each line says its number, its hash and the hash before it; where these do not fit,
//! the neighbours tell which of them is at fault and how.

mod content;
mod place;

use std::collections::VecDeque;

use super::{ChainReport, Finding, Place, Report};
use crate::audit::hash::Hash;
use crate::audit::key::PublicKey;
use crate::audit::line::Frame;
use crate::audit::name::SegmentName;
use crate::audit::own::Retired;

/// How many lines back a second copy is told from a forgery.
const MEMORY: usize = 4096;
/// So many lines of a kind are kept until their neighbours tell what they are.
const UNDECIDED_CAP: usize = 1024;

/// A line that may be the true one of its number, or what the chain begins on.
#[derive(Clone)]
struct Candidate {
    /// What the next line may build on. An edited line has two: the hash it states and the one it has.
    hashes: [Hash; 2],
    prev: Option<Hash>,
    /// `None` for what is no line, or was reported already.
    suspect: Option<Place>,
}

/// Where the chain stands: `candidates` have number `next - 1`. None of them means that nothing is known.
#[derive(Clone)]
struct Stand {
    next: u64,
    candidates: Vec<Candidate>,
}

/// A line whose number is too high.
struct Astray {
    seq: u64,
    place: Place,
}

/// Numbers that were passed over.
struct Gap {
    first: u64,
    last: u64,
    place: Place,
}

pub(super) struct Walk<'a> {
    chain: &'a str,
    keys: &'a [PublicKey],
    witnessed: Option<(u64, Hash)>,
    name: Option<SegmentName>,
    stand: Stand,
    /// The number of the next line is whatever it says: files before it are missing.
    adrift: bool,
    /// What the first line after missing files builds on.
    built_on: Option<Hash>,
    /// Lines since the last good one that could not be read at all.
    blurred: Vec<Place>,
    /// Where the chain stood before the line just read, if that one's number was too high.
    before_jump: Option<(Stand, Astray)>,
    astray: Vec<Astray>,
    gaps: Vec<Gap>,
    recent: VecDeque<(u64, Hash)>,
    signed_to: u64,
    rotated: bool,
    retired: Vec<Retired>,
    found: ChainReport,
}

impl<'a> Walk<'a> {
    pub(super) fn new(chain: &'a str, keys: &'a [PublicKey], witnessed: Option<(u64, Hash)>) -> Self {
        let genesis = Candidate { hashes: [Hash::of_chain(chain); 2], prev: None, suspect: None };
        Self {
            chain,
            keys,
            witnessed,
            name: None,
            stand: Stand { next: 1, candidates: vec![genesis] },
            adrift: false,
            built_on: None,
            blurred: Vec::new(),
            before_jump: None,
            astray: Vec::new(),
            gaps: Vec::new(),
            recent: VecDeque::new(),
            signed_to: 0,
            rotated: false,
            retired: Vec::new(),
            found: ChainReport { chain: chain.to_owned(), ..ChainReport::default() },
        }
    }

    /// Files are missing here.
    pub(super) fn skip(&mut self) {
        self.adrift = true;
        self.built_on = None;
    }

    /// A file begins.
    pub(super) fn open(&mut self, name: &SegmentName) {
        self.name = Some(name.clone());
        self.rotated = false;
    }

    /// See [`skip`](Self::skip).
    pub(super) fn built_on(&self) -> Option<Hash> {
        self.built_on
    }

    /// The last file names a next one.
    pub(super) fn goes_on(&self) -> bool {
        self.rotated
    }

    /// A line with its end.
    pub(super) fn line(&mut self, place: Place, bytes: &[u8], report: &mut Report) {
        self.found.records = self.found.records.saturating_add(1);
        match Frame::parse(bytes) {
            Some(frame) if frame.whole() => self.place(place, &frame, report),
            Some(frame) if frame.seq == self.stand.next && !self.adrift && self.blurred.is_empty() => {
                self.confirm_jump(report);
                self.judge_rivals(&place, &frame, report);
                report.add(Finding::Edited { place, seq: frame.seq });
                let candidate =
                    Candidate { hashes: [frame.hash, frame.computed], prev: Some(frame.prev), suspect: None };
                self.stand = Stand { next: frame.seq.saturating_add(1), candidates: vec![candidate] };
            }
            Some(_) | None => self.unreadable(place, report),
        }
    }

    /// A line that says nothing.
    pub(super) fn unreadable(&mut self, place: Place, report: &mut Report) {
        if self.blurred.len() >= UNDECIDED_CAP {
            self.settle_blurred(u64::MAX, report);
        }
        self.blurred.push(place);
    }

    /// The end of the file before the end of the line. A line that is all there and has something else for an end was
    /// not torn.
    pub(super) fn torn(&mut self, place: Place, bytes: &[u8], report: &mut Report) {
        let brace = bytes.iter().rposition(|byte| *byte == b'}').and_then(|at| bytes.get(..=at));
        let edited = brace.is_some_and(|line| line.len() < bytes.len() && Frame::parse(line).is_some());
        if edited {
            self.unreadable(place, report);
        } else {
            report.add(Finding::TornTail { place });
        }
    }

    /// The lines are all read.
    pub(super) fn end(mut self, live: bool, report: &mut Report) -> (ChainReport, Vec<Retired>) {
        self.settle_blurred(u64::MAX, report);
        self.confirm_jump(report);
        self.settle_rivals(report);
        self.settle_astray(report);
        for Gap { first, last, place } in self.gaps.drain(..) {
            report.add(Finding::Removed { place, first, last });
        }
        let last = self.stand.next.saturating_sub(1);
        self.found.last_seq = last;
        if self.signed_to < last {
            let first = self.signed_to.saturating_add(1);
            report.add(Finding::Unsigned { chain: self.chain.to_owned(), first, last, live });
        }
        (self.found, self.retired)
    }
}
