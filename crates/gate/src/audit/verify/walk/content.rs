//! What lines of the record's own say: where a file belongs, where it ends, and who vouches for it.

use aegis_ambient::Timestamp;
use jiff::SignedDuration;

use super::Walk;
use crate::audit::line::Frame;
use crate::audit::name::SegmentName;
use crate::audit::own::{Checkpoint, Own as _, Rotated, Segment, Stopped};
use crate::audit::verify::witness::Seal;
use crate::audit::verify::{Finding, Place, Report};

/// Events are stamped when they happen and written in the order they arrive; this much disorder is no clock set back.
const DISORDER: SignedDuration = SignedDuration::from_secs(1);

impl Walk<'_> {
    /// Takes in a line whose hash holds.
    pub(super) fn take_in(&mut self, place: &Place, frame: &Frame<'_>, report: &mut Report) {
        self.note_time(place, frame, report);
        if self.witnessed.is_some_and(|(seq, hash)| seq == frame.seq && hash != frame.hash) {
            report.add(Finding::Replaced { place: place.clone(), seq: frame.seq });
        }
        if frame.event != Checkpoint::EVENT {
            self.rotated = frame.event == Rotated::EVENT;
            self.found.stopped = frame.event == Stopped::EVENT;
        }
        self.check_seal(place, frame, report);
    }

    /// Whatever a file is called, its first line says what it was.
    pub(super) fn check_name(&self, place: &Place, frame: &Frame<'_>, report: &mut Report) {
        if place.line != 1 || frame.event != Segment::EVENT {
            return;
        }
        let written = serde_json::from_str::<Segment>(frame.text)
            .map(|Segment { chain, number, .. }| SegmentName { chain, number })
            .ok();
        if let Some(written) = written.filter(|written| self.name.as_ref() != Some(written)) {
            report.add(Finding::Renamed { file: place.file.clone(), written: written.file() });
        }
    }

    fn check_seal(&mut self, place: &Place, frame: &Frame<'_>, report: &mut Report) {
        let (seq, since) = (frame.seq, self.signed_to.saturating_add(1));
        match Seal::of(frame, self.keys) {
            Some(Seal::Good { chain, retired }) if chain == self.chain => {
                self.signed_to = seq;
                self.retired.extend(retired);
            }
            Some(Seal::Good { .. } | Seal::Bad) => {
                report.add(Finding::BadSignature { place: place.clone(), seq, since });
            }
            Some(Seal::Foreign { key }) => report.add(Finding::ForeignKey { place: place.clone(), seq, key }),
            None => {}
        }
    }

    fn note_time(&mut self, place: &Place, frame: &Frame<'_>, report: &mut Report) {
        let back = |last: Timestamp| last.duration_since(frame.time) > DISORDER;
        if self.found.last.is_some_and(back) {
            report.add(Finding::ClockWentBack { place: place.clone(), seq: frame.seq });
        }
        self.found.first.get_or_insert(frame.time);
        self.found.last = Some(frame.time);
    }
}
