//! Which address a request came from. Forwarded headers are believed only from `TRUSTED_PROXIES`, and then the
//! right-most address that is no trusted proxy counts: everything left of it the client could have written (K07).

use std::net::{IpAddr, SocketAddr};

use http::HeaderMap;
use ipnet::IpNet;

/// Longest chain of addresses looked at. A longer one is somebody's game; then the peer itself counts.
const MAX_HOPS: usize = 32;

/// The proxies whose `X-Forwarded-For` and `Forwarded` (RFC 7239) are believed.
#[derive(Debug, Clone, Default)]
pub(crate) struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    /// Of these networks; none means no header is believed.
    #[must_use]
    pub(crate) fn new(networks: Vec<IpNet>) -> Self {
        Self(networks)
    }

    /// The client's address.
    #[must_use]
    pub(crate) fn client(&self, peer: SocketAddr, headers: &HeaderMap) -> IpAddr {
        let peer = peer.ip().to_canonical();
        if !self.trusts(peer) {
            return peer;
        }
        let Some(hops) = hops(headers) else { return peer };
        let mut nearest = peer;
        for hop in hops.iter().rev() {
            let Some(address) = parse(hop) else { return nearest };
            nearest = address;
            if !self.trusts(address) {
                return address;
            }
        }
        nearest
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }
}

/// The hops in order, from `Forwarded` where it is there, else from `X-Forwarded-For`. Several lines are one list
/// (RFC 9110 §5.3). Both at once could disagree, so then neither is believed.
fn hops(headers: &HeaderMap) -> Option<Vec<String>> {
    let listed = |name: &str| -> Option<Vec<String>> {
        let lines = headers.get_all(name).iter().map(|line| line.to_str().ok()).collect::<Option<Vec<_>>>()?;
        Some(lines.iter().flat_map(|line| line.split(',')).map(|hop| hop.trim().to_owned()).collect())
    };
    let forwarded = listed("forwarded")?;
    let legacy = listed("x-forwarded-for")?;
    let hops = match (forwarded.is_empty(), legacy.is_empty()) {
        (true, false) => legacy,
        (false, true) => forwarded.iter().map(|element| forwarded_for(element)).collect(),
        (true, true) | (false, false) => return None,
    };
    (hops.len() <= MAX_HOPS).then_some(hops)
}

/// `for=` of one element of `Forwarded`; empty where it has none.
fn forwarded_for(element: &str) -> String {
    let pair = element.split(';').filter_map(|pair| pair.trim().split_once('='));
    let mut value = pair.filter(|(name, _)| name.eq_ignore_ascii_case("for")).map(|(_, value)| value.trim_matches('"'));
    value.next_back().unwrap_or_default().to_owned()
}

/// An address, with or without port, IPv6 with or without brackets.
fn parse(hop: &str) -> Option<IpAddr> {
    let bare = hop.strip_prefix('[').and_then(|rest| rest.split_once(']')).map_or(hop, |(address, _)| address);
    let address = bare.parse::<IpAddr>().ok().or_else(|| hop.parse::<SocketAddr>().ok().map(|socket| socket.ip()));
    address.map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(peer: &str, lines: &[(&'static str, &str)]) -> String {
        let proxies = TrustedProxies::new(vec!["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()]);
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, value.parse().unwrap());
        }
        proxies.client(peer.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn k07_an_untrusted_peer_is_itself_whatever_it_says() {
        for name in ["x-forwarded-for", "forwarded", "x-real-ip", "x_forwarded_for"] {
            assert_eq!(client("203.0.113.5:9", &[(name, "192.0.2.1")]), "203.0.113.5", "{name}");
        }
    }

    #[test]
    fn k07_a_trusted_proxy_names_the_right_most_untrusted_hop() {
        assert_eq!(client("10.0.0.1:9", &[("x-forwarded-for", "192.0.2.1")]), "192.0.2.1");
        assert_eq!(client("10.0.0.1:9", &[("x-forwarded-for", "6.6.6.6, 192.0.2.1, 10.0.0.7")]), "192.0.2.1");
        assert_eq!(
            client("10.0.0.1:9", &[("x-forwarded-for", "6.6.6.6"), ("x-forwarded-for", "192.0.2.1")]),
            "192.0.2.1"
        );
        assert_eq!(
            client("10.0.0.1:9", &[("forwarded", "for=6.6.6.6, For=\"[2001:db8::7]:80\";proto=https")]),
            "2001:db8::7"
        );
        assert_eq!(client("10.0.0.1:9", &[("x-forwarded-for", "::ffff:192.0.2.9")]), "192.0.2.9");
        assert_eq!(client("[::ffff:10.0.0.1]:9", &[("x-forwarded-for", "192.0.2.1:4711")]), "192.0.2.1");
    }

    #[test]
    fn k07_garbage_and_endless_chains_fall_back_to_what_is_known() {
        assert_eq!(client("10.0.0.1:9", &[]), "10.0.0.1");
        assert_eq!(client("10.0.0.1:9", &[("x-forwarded-for", "unknown")]), "10.0.0.1");
        assert_eq!(client("10.0.0.1:9", &[("x-forwarded-for", "192.0.2.1, garbage, 10.0.0.7")]), "10.0.0.7");
        let endless = vec!["192.0.2.1"; 200].join(",");
        assert_eq!(client("10.0.0.1:9", &[("x-forwarded-for", &endless)]), "10.0.0.1");
        let both = [("x-forwarded-for", "192.0.2.1"), ("forwarded", "for=192.0.2.2")];
        assert_eq!(client("10.0.0.1:9", &both), "10.0.0.1");
        assert_eq!(client("10.0.0.1:9", &[("x-real-ip", "192.0.2.1")]), "10.0.0.1");
    }
}
