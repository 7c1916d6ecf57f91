//! Which addresses may be called: asked for every address of every new connection, so that a name that changes
//! its mind after a check gains nothing.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use http::Uri;

/// Whether a URL names no host that there could be. HTTP's parser lets any text stand in brackets, and brackets stand
/// anywhere; what is in them is an IPv6 address without a zone (such as `%eth0`, one machine's word for a link-local
/// address), or nothing that can be called. Source: RFC 3986, 3.2.2.
#[must_use]
pub fn names_no_host(url: &Uri) -> bool {
    let host = url.host().unwrap_or_default();
    if host.contains(['[', ']']) {
        let inner = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        return inner.is_none_or(|inner| inner.parse::<Ipv6Addr>().is_err());
    }
    host.is_empty()
}

/// Whether a URL names a port that there is not, 0 included: HTTP's parser passes over such a text, and the call would
/// go to the scheme's own port.
#[must_use]
pub fn names_no_port(url: &Uri) -> bool {
    let Some(authority) = url.authority() else { return false };
    let after_user = authority.as_str().rsplit('@').next().unwrap_or_default();
    let after_host = after_user.strip_prefix(authority.host()).unwrap_or_default();
    match after_host.strip_prefix(':') {
        Some(port) => !port.is_empty() && authority.port_u16().is_none_or(|port| port == 0),
        // The parser takes what follows a bracket for nothing: `[::1]x:0`.
        None => !after_host.is_empty(),
    }
}

/// Whether a receiver may live at this address. Link-local, metadata, unspecified, multicast, broadcast and
/// reserved addresses never; private, loopback and shared ones only with `allow_private`.
#[must_use]
pub fn allowed(ip: IpAddr, allow_private: bool) -> bool {
    match class(ip) {
        Class::Public => true,
        Class::Private => allow_private,
        Class::Never => false,
    }
}

/// In the order of distrust.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Class {
    Public,
    Private,
    Never,
}

fn class(ip: IpAddr) -> Class {
    match ip {
        IpAddr::V4(ip) => class_v4(ip),
        IpAddr::V6(ip) => match embedded_v4(ip) {
            Some(inner) => class_v4(inner),
            None => class_v6(ip),
        },
    }
}

/// Source: IANA IPv4 special-purpose address registry (RFC 6890 and successors); the last three are services that clouds
/// keep beside their metadata at 169.254.169.254.
fn class_v4(ip: Ipv4Addr) -> Class {
    let [a, b, c, _] = ip.octets();
    let relays = (a, b, c) == (192, 88, 99);
    let clouds = matches!(ip.octets(), [100, 100, 100, 200] | [192, 0, 0, 192] | [168, 63, 129, 16]);
    let never = a == 0 || a >= 224 || ip.is_link_local() || ip.is_documentation() || relays || clouds;
    let benchmark = a == 198 && (b == 18 || b == 19);
    let shared = a == 100 && (64..128).contains(&b);
    let protocol = a == 192 && b == 0 && c == 0;
    if never {
        Class::Never
    } else if ip.is_loopback() || ip.is_private() || shared || benchmark || protocol {
        Class::Private
    } else {
        Class::Public
    }
}

/// Source: IANA IPv6 special-purpose address registry; fd00:ec2::254 is a cloud's metadata service.
fn class_v6(ip: Ipv6Addr) -> Class {
    let metadata = ip == Ipv6Addr::new(0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x254);
    match ip.segments() {
        _ if ip.is_unspecified() || ip.is_multicast() || metadata => Class::Never,
        // Link-local; discarded; Teredo, which leads to an address that it hides; documentation; segment routing.
        [0xfe80..=0xfebf, ..]
        | [0x100, 0, 0, 0, ..]
        | [0x2001, 0 | 0xdb8, ..]
        | [0x3fff, 0..=0xfff, ..]
        | [0x5f00, ..] => Class::Never,
        // Unique local; site-local; benchmarking.
        [0xfc00..=0xfdff | 0xfec0..=0xfeff, ..] | [0x2001, 2, 0, ..] => Class::Private,
        _ if ip.is_loopback() => Class::Private,
        // Translation inside one's own network: to a place that is nobody's, or else to one of our own.
        [0x64, 0xff9b, 1, .., high, low] => class_v4(joined(high, low)).max(Class::Private),
        _ => Class::Public,
    }
}

/// The IPv4 address that an IPv6 address leads to: mapped (`::ffff:a.b.c.d`), translated (`64:ff9b::/96`, and
/// `::ffff:0:a.b.c.d` of RFC 2765), 6to4 (`2002::/16`) or compatible (`::a.b.c.d`, RFC 4291 2.5.5.1).
fn embedded_v4(ip: Ipv6Addr) -> Option<Ipv4Addr> {
    match ip.segments() {
        [0, 0, 0, 0, 0, 0xffff, high, low]
        | [0, 0, 0, 0, 0xffff, 0, high, low]
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low]
        | [0x2002, high, low, ..] => Some(joined(high, low)),
        [0, 0, 0, 0, 0, 0, high, low] if !ip.is_loopback() && !ip.is_unspecified() => Some(joined(high, low)),
        _ => None,
    }
}

fn joined(high: u16, low: u16) -> Ipv4Addr {
    Ipv4Addr::from(u32::from(high) << 16 | u32::from(low))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_kind_of_address() {
        use Class::{Never, Private, Public};
        for (text, expected) in [
            ("8.8.8.8", Public),
            ("93.184.216.34", Public),
            ("2606:4700::1111", Public),
            ("127.0.0.1", Private),
            ("127.9.9.9", Private),
            ("10.1.2.3", Private),
            ("172.16.0.1", Private),
            ("172.32.0.1", Public),
            ("192.168.1.1", Private),
            ("100.64.0.1", Private),
            ("100.128.0.1", Public),
            ("198.18.0.1", Private),
            ("192.0.0.8", Private),
            ("169.254.169.254", Never),
            ("169.254.0.1", Never),
            ("0.0.0.0", Never),
            ("0.1.2.3", Never),
            ("224.0.0.1", Never),
            ("240.0.0.1", Never),
            ("255.255.255.255", Never),
            ("::", Never),
            ("::1", Private),
            ("fd12:3456::1", Private),
            ("fd00:ec2::254", Never),
            ("fe80::1", Never),
            ("fec0::1", Private),
            ("ff02::1", Never),
            ("::ffff:8.8.8.8", Public),
            ("::ffff:127.0.0.1", Private),
            ("::ffff:169.254.169.254", Never),
            ("64:ff9b::7f00:1", Private),
            ("64:ff9b::a9fe:a9fe", Never),
            ("2002:0a00:0001::1", Private),
            ("::127.0.0.1", Private),
            ("::169.254.169.254", Never),
            ("::8.8.8.8", Public),
            // Translation inside one's own network (RFC 8215).
            ("64:ff9b:1::808:808", Private),
        ] {
            let ip: IpAddr = text.parse().unwrap();
            assert_eq!(class(ip), expected, "{text}");
            assert_eq!(allowed(ip, false), expected == Public, "{text}");
            assert_eq!(allowed(ip, true), expected != Never, "{text}");
        }
    }

    #[test]
    fn the_table_of_addresses_holds() {
        let table = include_str!("../../../fixtures/addresses.txt");
        let rows = table.lines().filter(|line| !line.starts_with('#'));
        let mut count = 0;
        for row in rows {
            let words: Vec<&str> = row.split_whitespace().take(3).collect();
            let ip: IpAddr = words[0].parse().unwrap();
            assert_eq!(
                [allowed(ip, false), allowed(ip, true)],
                [words[1] == "yes", words[2] == "yes"],
                "{row}"
            );
            count += 1;
        }
        assert!(count > 80, "{count}");
    }

    #[test]
    fn hosts_that_there_cannot_be() {
        for (url, wrong) in [
            ("http://host", false),
            ("http://host:1/x", false),
            ("http://127.0.0.1/", false),
            ("http://u:[7]@host/", false),
            ("https://[::1]/x", false),
            ("https://[::1]:8443/x", false),
            ("http://[::ffff:10.0.0.1]/", false),
            ("http://u@[::1]/", false),
            ("/path", true),
            ("http://:80/", true),
            ("http://[]/", true),
            ("http://[]:80/", true),
            ("http://[host]/", true),
            ("http://[127.0.0.1]/", true),
            ("http://[fe80::1%25eth0]/", true),
            ("http://a[]/", true),
            ("http://a[::1]/", true),
            ("http://a[b]c/", true),
        ] {
            // What the parser refuses by itself is no host either.
            let names_none = url.parse().map_or(true, |url| names_no_host(&url));
            assert_eq!(names_none, wrong, "{url}");
        }
        assert!(names_no_host(&"http://[]/".parse().unwrap()), "the parser lets it pass");
        assert!(names_no_host(&"http://a[]/".parse().unwrap()), "the parser lets it pass");
    }

    #[test]
    fn ports_that_there_are_not() {
        for (url, wrong) in [
            ("http://host", false),
            ("http://host:/x", false),
            ("http://host:1/x", false),
            ("http://host:65535", false),
            ("https://[::1]:8443/x", false),
            ("https://[::1]/x", false),
            ("http://u:7@host:80/", false),
            ("/path", false),
            ("http://host:0/", true),
            ("http://host:65536/", true),
            ("http://host:99999/x", true),
            ("http://host:80x/", true),
            ("http://host:-1/", true),
            ("http://[::1]:0/", true),
            ("http://[::1]x:0/", true),
            ("http://[]x/", true),
        ] {
            assert_eq!(names_no_port(&url.parse().unwrap()), wrong, "{url}");
        }
    }

    proptest! {
        #[test]
        fn mapping_an_address_gains_nothing(bits in any::<u32>(), allow in any::<bool>()) {
            let v4 = Ipv4Addr::from(bits);
            prop_assert_eq!(
                allowed(IpAddr::V4(v4), allow),
                allowed(IpAddr::V6(v4.to_ipv6_mapped()), allow)
            );
        }
    }
}
