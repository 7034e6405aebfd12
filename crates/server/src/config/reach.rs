//! How far away a host is, judged by its name alone: nothing is resolved here.

use std::net::{IpAddr, Ipv6Addr};

use url::{Host, Url};

/// How far away a host is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// This machine.
    Loopback,
    /// A network that the internet does not route to.
    Private,
    /// Anywhere else, and whatever cannot be told.
    Public,
}

/// Endings that no public name has: RFC 6762, RFC 8375, ICANN's `.internal`, and `.lan` of home routers.
const PRIVATE_ENDINGS: [&str; 4] = [".local", ".home.arpa", ".internal", ".lan"];

pub(crate) fn of_url(url: &Url) -> Reach {
    match url.host() {
        Some(Host::Ipv4(address)) => of_address(IpAddr::V4(address)),
        Some(Host::Ipv6(address)) => of_address(IpAddr::V6(address)),
        Some(Host::Domain(name)) => of_name(name.trim_end_matches('.')),
        None => Reach::Public,
    }
}

pub(crate) fn of_address(address: IpAddr) -> Reach {
    let (is_loopback, is_private) = match address.to_canonical() {
        IpAddr::V4(address) => {
            let [first, second, ..] = address.octets();
            let is_carrier_grade = first == 100 && (64..128).contains(&second);
            (address.is_loopback(), address.is_private() || address.is_link_local() || is_carrier_grade)
        }
        IpAddr::V6(address) => {
            (address == Ipv6Addr::LOCALHOST, address.is_unique_local() || address.is_unicast_link_local())
        }
    };
    match (is_loopback, is_private) {
        (true, _) => Reach::Loopback,
        (false, true) => Reach::Private,
        (false, false) => Reach::Public,
    }
}

fn of_name(name: &str) -> Reach {
    if name == "localhost" || name.ends_with(".localhost") {
        Reach::Loopback
    } else if !name.contains('.') || PRIVATE_ENDINGS.iter().any(|ending| name.ends_with(ending)) {
        Reach::Private
    } else {
        Reach::Public
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g11_hosts_are_judged_by_what_they_are() {
        for (url, reach) in [
            ("http://localhost:3000", Reach::Loopback),
            ("http://gitea.localhost", Reach::Loopback),
            ("http://127.8.9.1", Reach::Loopback),
            ("http://0x7f000001", Reach::Loopback),
            ("http://[::1]:3000", Reach::Loopback),
            ("http://[::ffff:127.0.0.1]", Reach::Loopback),
            ("http://gitea:3000", Reach::Private),
            ("http://gitea.forge.svc.cluster.local", Reach::Private),
            ("http://git.home.arpa", Reach::Private),
            ("http://GIT.LAN.", Reach::Private),
            ("http://10.1.2.3", Reach::Private),
            ("http://172.31.0.1", Reach::Private),
            ("http://100.64.0.1", Reach::Private),
            ("http://[fd00::1]", Reach::Private),
            ("http://[::ffff:192.168.0.1]", Reach::Private),
            ("http://git.acme.test", Reach::Public),
            ("http://localhost.acme.test", Reach::Public),
            ("http://notlocalhost.com", Reach::Public),
            ("http://172.32.0.1", Reach::Public),
            ("http://100.128.0.1", Reach::Public),
            ("http://0.0.0.0", Reach::Public),
            ("http://[2001:db8::1]", Reach::Public),
        ] {
            assert_eq!(of_url(&Url::parse(url).unwrap()), reach, "{url}");
        }
    }
}
