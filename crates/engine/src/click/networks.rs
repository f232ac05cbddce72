//! Lists of networks: sorted and merged once, then asked by halving.

use std::net::IpAddr;

use ipnet::IpNet;

/// Networks without overlaps, of both families. IPv4 stands at the place where IPv6 maps it.
#[derive(Debug, Default)]
pub(super) struct Networks(Vec<(u128, u128)>);

impl Networks {
    /// A list in any order, with overlaps or without.
    pub fn new(networks: &[IpNet]) -> Self {
        let mut ranges: Vec<(u128, u128)> =
            networks.iter().map(|network| (number(network.network()), number(network.broadcast()))).collect();
        ranges.sort_unstable();
        ranges.dedup_by(|next, kept| {
            let is_joined = next.0 <= kept.1.saturating_add(1);
            kept.1 = if is_joined { kept.1.max(next.1) } else { kept.1 };
            is_joined
        });
        Self(ranges)
    }

    /// Whether one of them holds this address.
    pub fn contains(&self, ip: IpAddr) -> bool {
        let ip = number(ip);
        let behind = self.0.partition_point(|range| range.0 <= ip);
        behind.checked_sub(1).and_then(|at| self.0.get(at)).is_some_and(|range| ip <= range.1)
    }
}

fn number(ip: IpAddr) -> u128 {
    match ip {
        IpAddr::V4(ip) => ip.to_ipv6_mapped().into(),
        IpAddr::V6(ip) => ip.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_found_in_its_network_only() {
        let list = ["10.1.0.0/16", "10.0.0.0/16", "10.0.7.0/24", "192.0.2.1/32", "2001:db8::/32"];
        let networks = Networks::new(&list.map(|network| network.parse().expect("a network")));
        assert_eq!(networks.0.len(), 3, "neighbours and inner ones are merged");
        for (ip, is_in) in [
            ("10.0.0.0", true),
            ("10.1.255.255", true),
            ("10.2.0.0", false),
            ("9.255.255.255", false),
            ("192.0.2.1", true),
            ("192.0.2.2", false),
            ("::ffff:10.0.0.1", true),
            ("2001:db8:ffff::1", true),
            ("2001:db9::", false),
            ("::", false),
        ] {
            assert_eq!(networks.contains(ip.parse().expect("an address")), is_in, "{ip}");
        }
        assert!(!Networks::default().contains([1, 1, 1, 1].into()));
    }
}
