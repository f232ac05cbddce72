//! The visitor's address: of the socket, or told by configured trusted proxies only (design §5, trust T8).

use std::net::{IpAddr, SocketAddr};

use axum::http::HeaderMap;
use ipnet::IpNet;

/// The address of the visitor behind `peer`.
///
/// `X-Forwarded-For` is read from the right, over proxies that are trusted: the first one that is not is the visitor.
/// What stands further left was written by the visitor himself.
pub fn client_ip(peer: SocketAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |ip: IpAddr| trusted.iter().any(|network| network.contains(&ip));
    let mut ip = peer.ip().to_canonical();
    if !is_trusted(ip) {
        return ip;
    }
    let lines: Vec<&str> =
        headers.get_all("x-forwarded-for").iter().filter_map(|line| line.to_str().ok()).collect();
    for hop in lines.iter().rev().flat_map(|line| line.rsplit(',')) {
        match read(hop.trim()) {
            Some(told) => ip = told.to_canonical(),
            None => return ip,
        }
        if !is_trusted(ip) {
            return ip;
        }
    }
    ip
}

/// An address, which some proxies write with its port or in brackets.
fn read(hop: &str) -> Option<IpAddr> {
    let plain = hop.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(hop);
    plain.parse().ok().or_else(|| hop.parse().ok().map(|told: SocketAddr| told.ip()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(peer: &str, forwarded: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append("x-forwarded-for", line.parse().expect("a header value"));
        }
        let trusted = ["127.0.0.0/8".parse().expect("a network"), "10.0.0.0/8".parse().expect("a network")];
        client_ip(SocketAddr::new(peer.parse().expect("an address"), 1), &headers, &trusted).to_string()
    }

    #[test]
    fn only_a_trusted_proxy_is_believed() {
        assert_eq!(ip("8.8.8.8", &["1.1.1.1"]), "8.8.8.8");
        assert_eq!(ip("127.0.0.1", &["1.1.1.1"]), "1.1.1.1");
        assert_eq!(ip("127.0.0.1", &["6.6.6.6, 1.1.1.1, 10.0.0.9"]), "1.1.1.1");
        assert_eq!(ip("127.0.0.1", &["6.6.6.6", "1.1.1.1"]), "1.1.1.1");
        assert_eq!(ip("127.0.0.1", &["nonsense"]), "127.0.0.1");
        assert_eq!(ip("127.0.0.1", &["6.6.6.6:1, 8.8.4.4:5555, 10.0.0.9:80"]), "8.8.4.4");
        assert_eq!(ip("127.0.0.1", &["[2a00::1]:80"]), "2a00::1");
        assert_eq!(ip("127.0.0.1", &["[2a00::1]"]), "2a00::1");
        assert_eq!(ip("127.0.0.1", &[]), "127.0.0.1");
        assert_eq!(ip("::ffff:127.0.0.1", &["2a00::1"]), "2a00::1");
    }
}
