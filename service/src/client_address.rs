//! Where a request comes from, as far as that can be trusted.
//!
//! Every balancer appends the address it sees to `X-Forwarded-For`. Whatever stands further left
//! than our own balancers wrote was written by the client, and is not looked at.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use axum::http::{HeaderMap, HeaderName};

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// The bits of an IPv6 address that name a customer: what providers give out is a /64 or more, and
/// whoever has one may use any address in it.
const IPV6_NETWORK: u128 = !0 << 64;

/// The client's address. An IPv4 address in IPv6's clothes is an IPv4 address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientAddress(pub IpAddr);

impl ClientAddress {
    /// What limits count: the address, or the /64 of an IPv6 address.
    pub fn network(self) -> IpAddr {
        match self.0 {
            IpAddr::V4(_) => self.0,
            IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & IPV6_NETWORK).into(),
        }
    }
}

/// How many balancers of ours stand in front, see `TRUSTED_HOPS`.
#[derive(Clone, Copy, Debug)]
pub struct TrustedHops(pub u8);

impl TrustedHops {
    /// Who sent a request with these headers: what the outermost balancer of ours saw. Without
    /// balancers, and when the header is missing, too short or unreadable there, it is the
    /// socket's `peer`.
    pub fn client(self, headers: &HeaderMap, peer: IpAddr) -> ClientAddress {
        let client = self.forwarded(headers).unwrap_or(peer);
        ClientAddress(client.to_canonical())
    }

    /// Whether the client spoke TLS to our balancer.
    pub fn is_https(self, headers: &HeaderMap) -> bool {
        let last = || headers.get_all(FORWARDED_PROTO).iter().next_back();
        self.0 > 0 && last().is_some_and(|scheme| scheme == "https")
    }

    fn forwarded(self, headers: &HeaderMap) -> Option<IpAddr> {
        let before = usize::from(self.0.checked_sub(1)?);
        // Several headers mean the same as one with commas.
        let mut from_the_right = headers
            .get_all(FORWARDED_FOR)
            .iter()
            .rev()
            .flat_map(|value| value.as_bytes().rsplit(|byte| *byte == b','));
        read(from_the_right.nth(before)?)
    }
}

/// With or without a port, an IPv6 address with or without brackets.
fn read(entry: &[u8]) -> Option<IpAddr> {
    let entry = std::str::from_utf8(entry).ok()?.trim();
    let with_port = || entry.parse().ok().map(|address: SocketAddr| address.ip());
    let bracketed = || entry.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    entry.parse().ok().or_else(with_port).or_else(bracketed)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    const PEER: &str = "10.0.0.9";

    fn client(hops: u8, forwarded: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            let value = HeaderValue::from_str(value).unwrap();
            headers.append(FORWARDED_FOR, value);
        }
        let client = TrustedHops(hops).client(&headers, PEER.parse().unwrap());
        client.0.to_string()
    }

    #[test]
    fn without_balancers_the_header_means_nothing() {
        assert_eq!(client(0, &["1.2.3.4"]), PEER);
    }

    #[test]
    fn each_balancer_of_ours_is_counted_from_the_right() {
        assert_eq!(client(1, &["6.6.6.6, 1.2.3.4"]), "1.2.3.4");
        assert_eq!(client(2, &["6.6.6.6, 1.2.3.4,10.0.0.1"]), "1.2.3.4");
        assert_eq!(client(1, &["6.6.6.6", "1.2.3.4"]), "1.2.3.4", "two headers");
        assert_eq!(client(2, &["6.6.6.6, 1.2.3.4", "10.0.0.1"]), "1.2.3.4");
    }

    #[test]
    fn a_header_that_does_not_help_is_never_replaced_by_what_the_client_wrote() {
        assert_eq!(client(1, &[]), PEER, "missing");
        assert_eq!(client(2, &["1.2.3.4"]), PEER, "short");
        for entry in ["unknown", "", "1.2.3.4.5", "[::1", "\u{e9}"] {
            let header = format!("6.6.6.6, {entry}");
            assert_eq!(client(1, &[&header]), PEER, "{entry}");
        }
    }

    #[test]
    fn addresses_are_read_as_balancers_write_them() {
        assert_eq!(client(1, &["1.2.3.4:5678"]), "1.2.3.4");
        assert_eq!(client(1, &["[2001:db8::1]:5678"]), "2001:db8::1");
        assert_eq!(client(1, &["[2001:db8::1]"]), "2001:db8::1");
        assert_eq!(client(1, &["::ffff:1.2.3.4"]), "1.2.3.4", "IPv4-mapped");
    }

    #[test]
    fn ipv6_counts_by_its_network() {
        let network = |text: &str| ClientAddress(text.parse().unwrap()).network().to_string();
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(network("1.2.3.4"), "1.2.3.4");
    }

    #[test]
    fn only_a_trusted_balancer_says_https() {
        let mut headers = HeaderMap::new();
        headers.insert(FORWARDED_PROTO, "https".parse().unwrap());
        assert!(!TrustedHops(0).is_https(&headers));
        assert!(TrustedHops(1).is_https(&headers));
        headers.append(FORWARDED_PROTO, "http".parse().unwrap());
        assert!(!TrustedHops(1).is_https(&headers));
    }
}
