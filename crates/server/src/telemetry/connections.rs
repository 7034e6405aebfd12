//! What a listener counts.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReasonLabels {
    reason: &'static str,
}

/// How a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    /// One side closed it.
    Closed,
    /// The system would not hand it over.
    NotAccepted,
    /// There was no place for it.
    Full,
    /// There was no place for one more of its address.
    AddressFull,
    /// No TLS that both sides speak.
    Handshake,
    /// A TLS handshake past its deadline.
    SlowHandshake,
    /// A header past its deadline.
    SlowHeader,
    /// Nothing was asked any more.
    Idle,
    /// The answer was not taken.
    SlowReader,
    /// The process ended before it did.
    Drained,
}

impl Ended {
    fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::NotAccepted => "not_accepted",
            Self::Full => "full",
            Self::AddressFull => "address_full",
            Self::Handshake => "handshake",
            Self::SlowHandshake => "slow_handshake",
            Self::SlowHeader => "slow_header",
            Self::Idle => "idle",
            Self::SlowReader => "slow_reader",
            Self::Drained => "drained",
        }
    }
}

/// Counters of one listener, cheap to clone.
#[derive(Debug, Clone, Default)]
pub(crate) struct ConnectionCounts {
    open: Gauge,
    ended: Family<ReasonLabels, Counter>,
    turned_away: Family<ReasonLabels, Counter>,
}

impl ConnectionCounts {
    pub(super) fn registered(registry: &mut Registry) -> Self {
        let counts = Self::default();
        registry.register("turned_away", "Requests refused before a tool was called", counts.turned_away.clone());
        registry.register("connections", "Open connections", counts.open.clone());
        registry.register("connections_ended", "Connections by how they ended", counts.ended.clone());
        counts
    }

    /// One more open connection, until dropped.
    pub(crate) fn open(&self) -> OpenConnection {
        self.open.inc();
        OpenConnection(self.open.clone())
    }

    /// One connection ended.
    pub(crate) fn ended(&self, how: Ended) {
        self.ended.get_or_create(&ReasonLabels { reason: how.as_str() }).inc();
    }

    /// One request refused before a tool was called.
    pub(crate) fn turned_away(&self, reason: &'static str) {
        self.turned_away.get_or_create(&ReasonLabels { reason }).inc();
    }

    /// How many connections ended so.
    #[cfg(test)]
    pub(crate) fn ended_so(&self, how: Ended) -> u64 {
        self.ended.get_or_create(&ReasonLabels { reason: how.as_str() }).get()
    }
}

/// An open connection, counted.
pub(crate) struct OpenConnection(Gauge);

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.dec();
    }
}
