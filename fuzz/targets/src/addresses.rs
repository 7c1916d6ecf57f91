//! Which addresses may never be called, or only with leave, said once more and in another way: as the networks of the
//! registries, compared bit by bit.
//! Source: IANA IPv4 and IPv6 special-purpose address registries; RFC 4291, 6052, 3056, 8215.

use std::net::{IpAddr, Ipv6Addr};

/// Never called, not even where private addresses are allowed.
const NEVER: [&str; 8] = [
    "0.0.0.0/8",
    "169.254.0.0/16",
    "224.0.0.0/4",
    "240.0.0.0/4",
    "::/128",
    "ff00::/8",
    "fe80::/10",
    // A cloud's metadata service.
    "fd00:ec2::254/128",
];

/// Called only where the rule may call private addresses.
const PRIVATE: [&str; 12] = [
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "::1/128",
    "fc00::/7",
    "fec0::/10",
    "64:ff9b:1::/48",
    "::ffff:127.0.0.1/128",
];

/// Networks whose addresses lead to an IPv4 address, and the bit at which it begins.
const LEADING: [(&str, u32); 4] =
    [("::ffff:0:0/96", 96), ("64:ff9b::/96", 96), ("::/96", 96), ("2002::/16", 16)];

/// What may be done with an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Standing {
    Open,
    Private,
    Never,
}

/// The standing of an address: its own, and that of the IPv4 address that it leads to.
pub(crate) fn standing(ip: IpAddr) -> Standing {
    let own = own_standing(ip);
    let IpAddr::V6(v6) = ip else { return own };
    // The two addresses of their own among those that would lead to IPv4.
    if v6.is_loopback() || v6.is_unspecified() {
        return own;
    }
    let leads = LEADING.iter().filter(|(network, _)| is_in(ip, network)).map(|(_, at)| {
        let v4 = u32::try_from((u128::from(v6) >> (96 - at)) & 0xffff_ffff).expect("32 bits");
        own_standing(IpAddr::V4(v4.into()))
    });
    leads.fold(own, Standing::max)
}

fn own_standing(ip: IpAddr) -> Standing {
    if NEVER.iter().any(|network| is_in(ip, network)) {
        Standing::Never
    } else if PRIVATE.iter().any(|network| is_in(ip, network)) {
        Standing::Private
    } else {
        Standing::Open
    }
}

fn is_in(ip: IpAddr, network: &str) -> bool {
    let (base, length) = network.split_once('/').expect("a network");
    let (base, length): (IpAddr, u32) =
        (base.parse().expect("an address"), length.parse().expect("a length"));
    let bits = |v6: Ipv6Addr| u128::from(v6);
    match (ip, base) {
        (IpAddr::V4(ip), IpAddr::V4(base)) => (u32::from(ip) ^ u32::from(base)).leading_zeros() >= length,
        (IpAddr::V6(ip), IpAddr::V6(base)) => (bits(ip) ^ bits(base)).leading_zeros() >= length,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_opinion_is_one() {
        for (text, expected) in [
            ("8.8.8.8", Standing::Open),
            ("10.1.2.3", Standing::Private),
            ("169.254.169.254", Standing::Never),
            ("2606:4700::1111", Standing::Open),
            ("::1", Standing::Private),
            ("::", Standing::Never),
            ("::ffff:10.0.0.1", Standing::Private),
            ("2002:a9fe:a9fe::1", Standing::Never),
            ("64:ff9b::7f00:1", Standing::Private),
        ] {
            assert_eq!(standing(text.parse().unwrap()), expected, "{text}");
        }
    }
}
