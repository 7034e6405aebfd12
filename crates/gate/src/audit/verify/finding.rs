//! What can be found, each in one sentence.

use std::fmt;

/// A line of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file's name.
    pub file: String,
    /// From 1.
    pub line: u64,
}

/// Something that is not as it was written, or that limits what can be said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// A record's bytes are not those that were written.
    Edited {
        /// Where.
        place: Place,
        /// Its number.
        seq: u64,
    },
    /// Records are gone.
    Removed {
        /// The line after the gap.
        place: Place,
        /// The first that is gone.
        first: u64,
        /// The last that is gone.
        last: u64,
    },
    /// A record that was never written there.
    Inserted {
        /// Where.
        place: Place,
        /// The number it claims.
        seq: u64,
    },
    /// A record stands there a second time.
    Duplicated {
        /// The second.
        place: Place,
        /// Its number.
        seq: u64,
    },
    /// A record stands where it was not written.
    Reordered {
        /// Where it stands.
        place: Place,
        /// Its number.
        seq: u64,
    },
    /// The second place has seen more of the chain than is left.
    Truncated {
        /// The chain.
        chain: String,
        /// The last number left.
        last: u64,
        /// The number the second place has seen.
        witnessed: u64,
    },
    /// The second place has seen another record of this number.
    Replaced {
        /// Where.
        place: Place,
        /// Its number.
        seq: u64,
    },
    /// A signature does not hold for the records before it.
    BadSignature {
        /// Where.
        place: Place,
        /// Its number.
        seq: u64,
        /// The first record that no good signature vouches for.
        since: u64,
    },
    /// A signature by a key that was not given.
    ForeignKey {
        /// Where.
        place: Place,
        /// Its number.
        seq: u64,
        /// The key's id, as claimed.
        key: String,
    },
    /// Records at the end that no signature vouches for.
    Unsigned {
        /// The chain.
        chain: String,
        /// The first.
        first: u64,
        /// The last.
        last: u64,
        /// The chain's process is still at work and will sign them.
        live: bool,
    },
    /// A file is gone, and nothing says that it was retired.
    MissingSegment {
        /// Its name.
        file: String,
    },
    /// A chain that the second place has seen is gone.
    MissingChain {
        /// Its name.
        chain: String,
    },
    /// A file's name is not the one it was written under.
    Renamed {
        /// Its name now.
        file: String,
        /// The name it was written under.
        written: String,
    },
    /// The last line is unfinished.
    TornTail {
        /// Where.
        place: Place,
    },
    /// The machine's clock was set back.
    ClockWentBack {
        /// The first line after.
        place: Place,
        /// Its number.
        seq: u64,
    },
    /// There is no second place to compare with.
    NoWitness,
    /// The second place knows nothing of a chain.
    Unwitnessed {
        /// The chain.
        chain: String,
    },
    /// A line of the second place proves nothing.
    WitnessIgnored {
        /// Its number.
        line: u64,
    },
    /// A file that is named almost like a segment.
    Stranger {
        /// Its name.
        file: String,
    },
}

impl Finding {
    /// Whether this is no sign of tampering by itself.
    #[must_use]
    pub fn is_note(&self) -> bool {
        match self {
            Self::Unsigned { live, .. } => *live,
            Self::TornTail { .. }
            | Self::ClockWentBack { .. }
            | Self::NoWitness
            | Self::Unwitnessed { .. }
            | Self::WitnessIgnored { .. }
            | Self::Stranger { .. } => true,
            Self::Edited { .. }
            | Self::Removed { .. }
            | Self::Inserted { .. }
            | Self::Duplicated { .. }
            | Self::Reordered { .. }
            | Self::Truncated { .. }
            | Self::Replaced { .. }
            | Self::BadSignature { .. }
            | Self::ForeignKey { .. }
            | Self::MissingSegment { .. }
            | Self::MissingChain { .. }
            | Self::Renamed { .. } => false,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} line {}", self.file.escape_debug(), self.line)
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Edited { place, seq } => write!(formatter, "{place}: record {seq} was edited"),
            Self::Removed { place, first, last } if first == last => {
                write!(formatter, "{place}: record {first} before it was removed")
            }
            Self::Removed { place, first, last } => {
                write!(formatter, "{place}: records {first} to {last} before it were removed")
            }
            Self::Inserted { place, seq } => write!(formatter, "{place}: a record numbered {seq} was inserted"),
            Self::Duplicated { place, seq } => write!(formatter, "{place}: record {seq} stands there again"),
            Self::Reordered { place, seq } => write!(formatter, "{place}: record {seq} was moved there"),
            Self::Truncated { chain, last, witnessed } => write!(
                formatter,
                "{chain}: cut off after record {last}, but the checkpoint file has seen record {witnessed}"
            ),
            Self::Replaced { place, seq } => {
                write!(formatter, "{place}: record {seq} is not the one that the checkpoint file has seen")
            }
            Self::BadSignature { place, seq, since } => write!(
                formatter,
                "{place}: the signature in record {seq} does not hold, so something from record {since} on was altered"
            ),
            Self::ForeignKey { place, seq, key } => {
                write!(formatter, "{place}: record {seq} is signed by the unknown key {}", key.escape_debug())
            }
            Self::Unsigned { chain, first, last, live: true } => {
                write!(formatter, "{chain}: records {first} to {last} are being written and not signed yet")
            }
            Self::Unsigned { chain, first, last, live: false } => write!(
                formatter,
                "{chain}: no signature vouches for records {first} to {last}; a crash while they were written leaves \
                 this, and so does somebody who appended them"
            ),
            Self::MissingSegment { file } => write!(formatter, "{file} is missing and was not retired"),
            Self::MissingChain { chain } => {
                write!(formatter, "{chain} is missing, but the checkpoint file has seen it")
            }
            Self::Renamed { file, written } => {
                write!(formatter, "{file} was written as {}", written.escape_debug())
            }
            Self::TornTail { place } => {
                write!(formatter, "{place} is unfinished; a process killed while it wrote leaves this")
            }
            Self::ClockWentBack { place, seq } => {
                write!(formatter, "{place}: the clock had been set back before record {seq}")
            }
            Self::NoWitness => formatter
                .write_str("no checkpoint file was given: a tail cut off, or a chain removed whole, cannot be seen"),
            Self::Unwitnessed { chain } => {
                write!(formatter, "{chain}: not in the checkpoint file; a tail cut off cannot be seen")
            }
            Self::WitnessIgnored { line } => {
                write!(formatter, "line {line} of the checkpoint file proves nothing and is ignored")
            }
            Self::Stranger { file } => {
                write!(formatter, "{} is not named as a file of the record and was not read", file.escape_debug())
            }
        }
    }
}
