//! Where a line belongs, by its own number and by what it and its neighbours build on.

use std::cmp::Ordering;

use super::{Astray, Candidate, Gap, MEMORY, Stand, UNDECIDED_CAP, Walk};
use crate::audit::line::Frame;
use crate::audit::verify::{Finding, Place, Report};

impl Walk<'_> {
    /// Finds the place of a line whose own hash holds.
    pub(super) fn place(&mut self, place: Place, frame: &Frame<'_>, report: &mut Report) {
        self.check_name(&place, frame, report);
        if self.adrift {
            self.built_on = Some(frame.prev);
            self.stand.next = frame.seq;
            self.stand.candidates.clear();
        }
        self.settle_blurred(frame.seq, report);
        self.return_or_confirm(frame, report);
        match frame.seq.cmp(&self.stand.next) {
            Ordering::Less => self.place_behind(place, frame, report),
            Ordering::Equal => {
                self.judge_candidates(&place, frame, report);
                self.advance(place, frame, report);
            }
            Ordering::Greater => self.jump(place, frame, report),
        }
    }

    /// Lines that could not be read are the edited ones whose numbers are missing before `seq`; any beyond that number
    /// were never ours.
    pub(super) fn settle_blurred(&mut self, seq: u64, report: &mut Report) {
        for place in std::mem::take(&mut self.blurred) {
            let next = self.stand.next;
            if next < seq {
                report.add(Finding::Edited { place, seq: next });
                self.confirm_jump(report);
                self.settle_rivals(report);
                self.stand = Stand { next: next.saturating_add(1), candidates: Vec::new() };
            } else {
                report.add(Finding::Inserted { place, seq: next });
            }
        }
    }

    /// If the line before had too high a number, and this one has none so high, that line was astray. If not, numbers
    /// are really missing.
    fn return_or_confirm(&mut self, frame: &Frame<'_>, report: &mut Report) {
        let returns = |(stand, astray): &mut (Stand, Astray)| (stand.next..astray.seq).contains(&frame.seq);
        if let Some((stand, astray)) = self.before_jump.take_if(returns) {
            self.stand = stand;
            self.gaps.pop();
            if self.astray.len() < UNDECIDED_CAP {
                self.astray.push(astray);
            } else {
                report.add(Finding::Inserted { place: astray.place, seq: astray.seq });
            }
        }
        self.confirm_jump(report);
    }

    /// The numbers passed over by the line before are missing for good.
    pub(super) fn confirm_jump(&mut self, report: &mut Report) {
        if let Some((stand, _)) = self.before_jump.take() {
            let after = std::mem::replace(&mut self.stand, stand);
            self.settle_rivals(report);
            self.stand = after;
        }
    }

    /// A line with a number that was had: left out earlier, a copy, a rival, or made up.
    fn place_behind(&mut self, place: Place, frame: &Frame<'_>, report: &mut Report) {
        let seq = frame.seq;
        if self.fills_gap(seq) {
            report.add(Finding::Reordered { place, seq });
        } else if self.recent.contains(&(seq, frame.hash)) {
            report.add(Finding::Duplicated { place, seq });
        } else if self.is_rival(frame) {
            let rival = Candidate { hashes: [frame.hash; 2], prev: Some(frame.prev), suspect: Some(place.clone()) };
            self.stand.candidates.push(rival);
            self.take_in(&place, frame, report);
        } else {
            report.add(Finding::Inserted { place, seq });
        }
    }

    /// Another line claims the same number and builds on the same line: the next one tells which is true.
    fn is_rival(&self, frame: &Frame<'_>) -> bool {
        frame.seq.saturating_add(1) == self.stand.next
            && self.stand.candidates.iter().any(|candidate| candidate.prev == Some(frame.prev))
    }

    /// The next line builds on one candidate. A single one that it does not build on was edited, or is not what the
    /// chain begins on; of several, the others were inserted.
    fn judge_candidates(&mut self, place: &Place, frame: &Frame<'_>, report: &mut Report) {
        let (alone, seq) = (self.stand.candidates.len() == 1, frame.seq.saturating_sub(1));
        for candidate in std::mem::take(&mut self.stand.candidates) {
            if candidate.hashes.contains(&frame.prev) {
                continue;
            }
            match candidate.suspect {
                Some(place) if alone => report.add(Finding::Edited { place, seq }),
                Some(place) => report.add(Finding::Inserted { place, seq }),
                None if candidate.prev.is_none() => {
                    report.add(Finding::Edited { place: place.clone(), seq: frame.seq });
                }
                None => {}
            }
        }
    }

    /// An edited line may still tell what it builds on; only if it does, it is asked.
    pub(super) fn judge_rivals(&mut self, place: &Place, frame: &Frame<'_>, report: &mut Report) {
        if self.stand.candidates.iter().any(|candidate| candidate.hashes.contains(&frame.prev)) {
            self.judge_candidates(place, frame, report);
        }
        self.settle_rivals(report);
    }

    /// Nothing follows that could tell rivals apart: the first is taken for true.
    pub(super) fn settle_rivals(&mut self, report: &mut Report) {
        let seq = self.stand.next.saturating_sub(1);
        for place in self.stand.candidates.drain(..).skip(1).filter_map(|candidate| candidate.suspect) {
            report.add(Finding::Inserted { place, seq });
        }
    }

    fn advance(&mut self, place: Place, frame: &Frame<'_>, report: &mut Report) {
        self.take_in(&place, frame, report);
        self.recent.push_back((frame.seq, frame.hash));
        if self.recent.len() > MEMORY {
            self.recent.pop_front();
        }
        let candidate = Candidate { hashes: [frame.hash; 2], prev: Some(frame.prev), suspect: Some(place) };
        self.stand = Stand { next: frame.seq.saturating_add(1), candidates: vec![candidate] };
        self.adrift = false;
    }

    /// Numbers were passed over. Taken for true until the next line says otherwise.
    fn jump(&mut self, place: Place, frame: &Frame<'_>, report: &mut Report) {
        let before = self.stand.clone();
        if self.gaps.len() >= UNDECIDED_CAP {
            let Gap { first, last, place } = self.gaps.remove(0);
            report.add(Finding::Removed { place, first, last });
        }
        self.gaps.push(Gap { first: before.next, last: frame.seq.saturating_sub(1), place: place.clone() });
        self.advance(place.clone(), frame, report);
        self.before_jump = Some((before, Astray { seq: frame.seq, place }));
    }

    /// Lines with too high a number belong into gaps met later, or to the end; else they were never ours.
    pub(super) fn settle_astray(&mut self, report: &mut Report) {
        let mut astray = std::mem::take(&mut self.astray);
        astray.sort_by_key(|astray| astray.seq);
        for Astray { seq, place } in astray {
            if self.fills_gap(seq) {
                report.add(Finding::Reordered { place, seq });
            } else if seq == self.stand.next {
                self.stand.next = seq.saturating_add(1);
                report.add(Finding::Reordered { place, seq });
            } else {
                report.add(Finding::Inserted { place, seq });
            }
        }
    }

    /// Takes a number out of the gap it is missing from.
    fn fills_gap(&mut self, seq: u64) -> bool {
        let Some(at) = self.gaps.iter().position(|gap| (gap.first..=gap.last).contains(&seq)) else { return false };
        let Gap { first, last, place } = self.gaps.swap_remove(at);
        if first < seq {
            self.gaps.push(Gap { first, last: seq.saturating_sub(1), place: place.clone() });
        }
        if seq < last {
            self.gaps.push(Gap { first: seq.saturating_add(1), last, place });
        }
        true
    }
}
