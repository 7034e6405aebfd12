//! Places for connections: so many in all, and so many for one address, so that no one caller takes them all.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use ipnet::IpNet;

use super::Settings;
use crate::telemetry::Ended;

/// The part of an IPv6 address that one customer of a provider has whole (RFC 6177).
const IPV6_PREFIX_BITS: u8 = 64;

/// Who holds how many.
pub(super) struct Places {
    max: usize,
    max_per_source: usize,
    exempt: Vec<IpNet>,
    taken: Mutex<Taken>,
}

#[derive(Default)]
struct Taken {
    all: usize,
    by_source: HashMap<IpNet, usize>,
}

/// One connection's place; free again when dropped.
pub(super) struct Place {
    places: Arc<Places>,
    source: Option<IpNet>,
}

impl Places {
    pub(super) fn new(settings: &Settings) -> Arc<Self> {
        Arc::new(Self {
            max: settings.max_connections,
            max_per_source: settings.max_connections_per_address,
            exempt: settings.exempt.clone(),
            taken: Mutex::default(),
        })
    }

    /// A place for a connection from this address.
    ///
    /// # Errors
    /// Which cap is reached.
    pub(super) fn take(self: &Arc<Self>, address: IpAddr) -> Result<Place, Ended> {
        let address = address.to_canonical();
        let is_exempt = self.exempt.iter().any(|network| network.contains(&address));
        let source = (!is_exempt).then(|| source(address));
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.all >= self.max {
            return Err(Ended::Full);
        }
        if let Some(source) = source {
            let held = taken.by_source.entry(source).or_default();
            if *held >= self.max_per_source {
                return Err(Ended::AddressFull);
            }
            *held = held.saturating_add(1);
        }
        taken.all = taken.all.saturating_add(1);
        Ok(Place { places: Arc::clone(self), source })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.all = taken.all.saturating_sub(1);
        let Some(source) = self.source else { return };
        if let Some(held) = taken.by_source.get_mut(&source) {
            *held = held.saturating_sub(1);
            if *held == 0 {
                taken.by_source.remove(&source);
            }
        }
    }
}

/// What counts as one caller.
fn source(address: IpAddr) -> IpNet {
    match address {
        IpAddr::V4(_) => IpNet::from(address),
        IpAddr::V6(_) => IpNet::new(address, IPV6_PREFIX_BITS).map_or(IpNet::from(address), |network| network.trunc()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(max: usize, max_per_source: usize) -> Arc<Places> {
        let exempt = vec!["10.0.0.0/8".parse().unwrap()];
        Places::new(&Settings {
            max_connections: max,
            max_connections_per_address: max_per_source,
            exempt,
            ..Settings::default()
        })
    }

    fn take(places: &Arc<Places>, address: &str) -> Result<Place, Ended> {
        places.take(address.parse().unwrap())
    }

    #[test]
    fn h09_one_address_cannot_take_all_places_and_gives_its_own_back() {
        let places = places(8, 2);
        let held = [take(&places, "192.0.2.1").unwrap(), take(&places, "::ffff:192.0.2.1").unwrap()];
        assert_eq!(take(&places, "192.0.2.1").err(), Some(Ended::AddressFull));
        let _other = take(&places, "192.0.2.2").unwrap();
        drop(held);
        let _again = take(&places, "192.0.2.1").unwrap();
        assert_eq!(places.taken.lock().unwrap().by_source.len(), 2, "who holds nothing is not remembered");
    }

    #[test]
    fn h09_a_whole_ipv6_network_is_one_caller() {
        let places = places(8, 1);
        let _held = take(&places, "2001:db8:0:1::1").unwrap();
        assert_eq!(take(&places, "2001:db8:0:1:ffff::2").err(), Some(Ended::AddressFull));
        let _neighbour = take(&places, "2001:db8:0:2::1").unwrap();
    }

    #[test]
    fn h09_a_trusted_proxy_stands_for_many_but_not_for_more_than_all() {
        let places = places(3, 1);
        let held: Vec<_> = (0..3).map(|_| take(&places, "10.1.2.3").unwrap()).collect();
        assert_eq!(take(&places, "10.1.2.3").err(), Some(Ended::Full));
        assert_eq!(take(&places, "192.0.2.1").err(), Some(Ended::Full));
        drop(held);
        let _place = take(&places, "192.0.2.1").unwrap();
    }
}
