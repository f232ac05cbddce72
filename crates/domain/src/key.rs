//! What narrows an API key beside its rights: the networks from which it may be used.

use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;

use crate::input::limits::{Form, Limits};
use crate::input::{ParamKind, Single};
use crate::view::{FieldKind, FieldType};

/// Networks in one key's list, at most.
pub const NETWORK_LIMIT: usize = 100;

/// One address or network, IPv4 or IPv6: `203.0.113.7`, `203.0.113.0/24`, `2001:db8::/48`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network(IpNet);

impl Single for Network {
    const KIND: ParamKind = ParamKind::Text;
    const LIMITS: Limits = Limits::Form(&Form {
        format: "ip-network",
        pattern: "^[0-9A-Fa-f.:]+(/[0-9]{1,3})?$",
        longest: 49,
        wrong: |_| None,
    });

    fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let network = match text.parse::<IpAddr>() {
            // An IPv4 address in IPv6 form is the IPv4 address, as it is for the client's.
            Ok(ip) => Some(IpNet::from(ip.to_canonical())),
            Err(_) => text.parse::<IpNet>().ok(),
        };
        match network {
            Some(network) if network.prefix_len() == 0 => {
                Err("Must not be the whole Internet: leave the parameter out instead".to_owned())
            }
            Some(IpNet::V6(network)) if network.network().to_ipv4_mapped().is_some() => {
                Err("Must be written as IPv4, such as 203.0.113.0/24".to_owned())
            }
            Some(network) => Ok(Self(network.trunc())),
            None => Err("Must be an address or a network such as 203.0.113.0/24 or 2001:db8::/48".to_owned()),
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl serde::Serialize for Network {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl FieldType for Network {
    const KIND: FieldKind = FieldKind::Text;
}

/// The networks from which a key may be used; none of them means everywhere.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Networks(pub Vec<Network>);

impl Networks {
    /// As [`Networks::text`] wrote them; `None` for anything else, which must open nothing.
    pub fn from_text(text: &str) -> Option<Self> {
        let parts = text.split(',').filter(|part| !part.is_empty());
        parts.map(|part| Network::parse(part).ok()).collect::<Option<_>>().map(Self)
    }

    /// One text for the store.
    pub fn text(&self) -> String {
        self.0.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
    }

    /// Whether a request may come from `ip`. An unknown address is no address of a list.
    pub fn allow(&self, ip: Option<IpAddr>) -> bool {
        self.0.is_empty()
            || ip.is_some_and(|ip| self.0.iter().any(|network| network.0.contains(&ip.to_canonical())))
    }

    /// Whether every address that `other` allows is allowed here too.
    pub fn cover(&self, other: &Self) -> bool {
        let inside = |inner: &Network| self.0.iter().any(|network| network.0.contains(&inner.0));
        self.0.is_empty() || !other.0.is_empty() && other.0.iter().all(inside)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn networks(text: &str) -> Networks {
        Networks::from_text(text).expect("networks")
    }

    #[test]
    fn networks_are_read_and_written_in_one_form() {
        let all = networks("203.0.113.7, 10.1.2.3/8,2001:DB8::1/48,::ffff:192.0.2.1");
        assert_eq!(all.text(), "203.0.113.7/32,10.0.0.0/8,2001:db8::/48,192.0.2.1/32");
        assert_eq!(Networks::from_text(&all.text()), Some(all));
        for wrong in ["0.0.0.0/0", "::/0", "10.0.0.0/33", "1.2.3", "example.com", "::ffff:10.0.0.0/104"] {
            assert!(Network::parse(wrong).is_err(), "{wrong}");
        }
        assert_eq!(Networks::from_text("10.0.0.0/8,nonsense"), None);
    }

    #[test]
    fn only_listed_addresses_are_allowed() {
        let ip = |text: &str| text.parse::<IpAddr>().ok();
        let bound = networks("203.0.113.0/24,2001:db8::/48");
        for good in ["203.0.113.255", "2001:db8::1", "::ffff:203.0.113.1"] {
            assert!(bound.allow(ip(good)), "{good}");
        }
        for bad in ["203.0.114.1", "2001:db9::1", "::1"] {
            assert!(!bound.allow(ip(bad)), "{bad}");
        }
        assert!(!bound.allow(None) && Networks::default().allow(None));
    }

    #[test]
    fn a_list_covers_only_what_lies_in_it() {
        let outer = networks("10.0.0.0/8");
        assert!(outer.cover(&networks("10.1.0.0/16,10.2.3.4")) && outer.cover(&outer));
        assert!(!outer.cover(&networks("10.1.0.0/16,11.0.0.1")) && !outer.cover(&Networks::default()));
        assert!(Networks::default().cover(&outer) && Networks::default().cover(&Networks::default()));
    }
}
