//! Which address a request came from. A forwarded header is believed only from `TRUSTED_PROXIES`, and then the
//! right-most address that is no trusted proxy counts: everything left of it the client could have written (K07).
//!
//! One header is read, the one the operator's proxy writes. The other of the two such a proxy passes on as the client
//! wrote it, so it may not even cast doubt on the first: with that a client could pass for the proxy itself.

use std::net::{IpAddr, SocketAddr};

use http::{HeaderMap, HeaderName};
use ipnet::IpNet;

use crate::config::ForwardedHeader;

/// Most addresses looked at, from the right. Whoever stands behind more proxies than that is known by the last of them.
const MAX_HOPS: usize = 32;

/// The proxies that are believed, and where they name the client.
#[derive(Debug, Clone, Default)]
pub(crate) struct TrustedProxies {
    networks: Vec<IpNet>,
    header: ForwardedHeader,
}

impl TrustedProxies {
    /// Of these networks; none means nobody is believed.
    #[must_use]
    pub(crate) fn new(networks: Vec<IpNet>, header: ForwardedHeader) -> Self {
        Self { networks, header }
    }

    /// The client's address: read from the right as far as proxies vouch for it. What stands left of that, readable or
    /// not, changes nothing.
    #[must_use]
    pub(crate) fn client(&self, peer: SocketAddr, headers: &HeaderMap) -> IpAddr {
        let mut nearest = peer.ip().to_canonical();
        let mut hops = hops(self.header, headers).take(MAX_HOPS);
        while self.trusts(nearest) {
            let Some(address) = hops.next().and_then(parse) else { break };
            nearest = address;
        }
        nearest
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.networks.iter().any(|network| network.contains(&address))
    }
}

/// The hops, nearest first. Several lines are one list (RFC 9110 §5.3); a hop that is no text is an empty one.
fn hops(header: ForwardedHeader, headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let (name, hop): (_, fn(&str) -> &str) = match header {
        ForwardedHeader::XForwardedFor => (HeaderName::from_static("x-forwarded-for"), str::trim),
        ForwardedHeader::Forwarded => (http::header::FORWARDED, forwarded_for),
    };
    let lines = headers.get_all(name).iter().rev();
    let hops = lines.flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b','));
    hops.map(move |bytes| hop(str::from_utf8(bytes).unwrap_or_default()))
}

/// `for=` of one element of `Forwarded`; empty where it has none.
fn forwarded_for(element: &str) -> &str {
    let pair = element.split(';').filter_map(|pair| pair.trim().split_once('='));
    let mut value = pair.filter(|(name, _)| name.eq_ignore_ascii_case("for")).map(|(_, value)| value.trim_matches('"'));
    value.next_back().unwrap_or_default()
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

    use ForwardedHeader::{Forwarded, XForwardedFor};

    fn read(header: ForwardedHeader, peer: &str, lines: &[(&'static str, &str)]) -> String {
        let networks = vec!["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()];
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, http::HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        TrustedProxies::new(networks, header).client(peer.parse().unwrap(), &headers).to_string()
    }

    fn client(peer: &str, lines: &[(&'static str, &str)]) -> String {
        read(XForwardedFor, peer, lines)
    }

    #[test]
    fn k07_an_untrusted_peer_is_itself_whatever_it_says() {
        for name in ["x-forwarded-for", "forwarded", "x-real-ip", "x_forwarded_for"] {
            for header in [XForwardedFor, Forwarded] {
                assert_eq!(read(header, "203.0.113.5:9", &[(name, "192.0.2.1")]), "203.0.113.5", "{name}");
            }
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
            read(Forwarded, "10.0.0.1:9", &[("forwarded", "for=6.6.6.6, For=\"[2001:db8::7]:80\";proto=https")]),
            "2001:db8::7"
        );
        assert_eq!(client("10.0.0.1:9", &[("x-forwarded-for", "::ffff:192.0.2.9")]), "192.0.2.9");
        assert_eq!(client("[::ffff:10.0.0.1]:9", &[("x-forwarded-for", "192.0.2.1:4711")]), "192.0.2.1");
    }

    #[test]
    fn k07_what_a_client_writes_left_of_the_proxys_word_changes_nothing() {
        let game = |left: &[u8]| {
            let mut headers = HeaderMap::new();
            let line = [left, b", 192.0.2.1"].concat();
            headers.append("x-forwarded-for", http::HeaderValue::from_bytes(&line).unwrap());
            let networks = vec!["10.0.0.0/8".parse().unwrap()];
            TrustedProxies::new(networks, XForwardedFor).client("10.0.0.1:9".parse().unwrap(), &headers).to_string()
        };
        for left in [&b"\xff"[..], b"\x80, 6.6.6.6", b"garbage", b",,,,", "6.6.6.6,".repeat(2_000).as_bytes()] {
            assert_eq!(game(left), "192.0.2.1", "{}", String::from_utf8_lossy(left));
        }
        let lines = [("x-forwarded-for", "\u{ff}"), ("x-forwarded-for", "192.0.2.1")];
        assert_eq!(client("10.0.0.1:9", &lines), "192.0.2.1", "another line of the client's own");
    }

    #[test]
    fn k07_where_proxies_vouch_for_nobody_the_last_that_is_known_counts() {
        assert_eq!(client("10.0.0.1:9", &[]), "10.0.0.1");
        assert_eq!(client("10.0.0.1:9", &[("x-forwarded-for", "unknown")]), "10.0.0.1");
        assert_eq!(client("10.0.0.1:9", &[("x-forwarded-for", "192.0.2.1, garbage, 10.0.0.7")]), "10.0.0.7");
        let endless: Vec<_> =
            std::iter::once("192.0.2.1".to_owned()).chain((0..40).map(|_| "10.9.9.9".to_owned())).collect();
        assert_eq!(client("10.0.0.1:9", &[("x-forwarded-for", &endless.join(","))]), "10.9.9.9");
        assert_eq!(client("10.0.0.1:9", &[("x-real-ip", "192.0.2.1")]), "10.0.0.1");
    }

    #[test]
    fn k07_only_the_header_that_the_proxy_writes_is_read() {
        let both = [("x-forwarded-for", "192.0.2.1"), ("forwarded", "for=192.0.2.2")];
        assert_eq!(client("10.0.0.1:9", &both), "192.0.2.1", "a client that sends the other one passed for the proxy");
        assert_eq!(read(Forwarded, "10.0.0.1:9", &both), "192.0.2.2");
        assert_eq!(client("10.0.0.1:9", &both[1..]), "10.0.0.1");
        assert_eq!(read(Forwarded, "10.0.0.1:9", &both[..1]), "10.0.0.1");
    }
}
