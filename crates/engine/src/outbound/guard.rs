//! Which addresses are public.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

use super::OutboundConfig;

/// IPv4 networks that are nobody's public address: (first address, bits).
const INNER_V4: [([u8; 4], u8); 17] = [
    ([0, 0, 0, 0], 8),          // this network
    ([10, 0, 0, 0], 8),         // private
    ([100, 64, 0, 0], 10),      // carriers
    ([127, 0, 0, 0], 8),        // loopback
    ([168, 63, 129, 16], 32),   // Azure's inner services
    ([169, 254, 0, 0], 16),     // link-local, metadata of clouds
    ([172, 16, 0, 0], 12),      // private
    ([192, 0, 0, 0], 24),       // protocol assignments
    ([192, 0, 2, 0], 24),       // documentation
    ([192, 88, 99, 0], 24),     // 6to4 relays
    ([192, 168, 0, 0], 16),     // private
    ([198, 18, 0, 0], 15),      // benchmarks
    ([198, 51, 100, 0], 24),    // documentation
    ([203, 0, 113, 0], 24),     // documentation
    ([224, 0, 0, 0], 4),        // multicast
    ([240, 0, 0, 0], 4),        // reserved
    ([255, 255, 255, 255], 32), // broadcast
];

/// IPv6 networks that are nobody's public address.
const INNER_V6: [([u16; 8], u8); 14] = [
    ([0, 0, 0, 0, 0, 0, 0, 0], 96),         // unspecified, loopback, IPv4-compatible
    ([0, 0, 0, 0, 0, 0xffff, 0, 0], 96),    // IPv4-mapped
    ([0x64, 0xff9b, 0, 0, 0, 0, 0, 0], 96), // NAT64
    ([0x64, 0xff9b, 1, 0, 0, 0, 0, 0], 48), // NAT64, local
    ([0x100, 0, 0, 0, 0, 0, 0, 0], 64),     // discard
    ([0x2001, 0, 0, 0, 0, 0, 0, 0], 32),    // Teredo
    ([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32), // documentation
    ([0x2002, 0, 0, 0, 0, 0, 0, 0], 16),    // 6to4
    ([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20),    // documentation
    ([0x5f00, 0, 0, 0, 0, 0, 0, 0], 16),    // segment routing
    ([0xfc00, 0, 0, 0, 0, 0, 0, 0], 7),     // unique local
    ([0xfe80, 0, 0, 0, 0, 0, 0, 0], 10),    // link-local
    ([0xfec0, 0, 0, 0, 0, 0, 0, 0], 10),    // site-local
    ([0xff00, 0, 0, 0, 0, 0, 0, 0], 8),     // multicast
];

/// The rule, with the operator's exceptions.
pub(super) struct Guard(OutboundConfig);

impl Guard {
    /// Takes the settings.
    ///
    /// # Errors
    /// In words, when an exception is no exception.
    pub fn new(config: OutboundConfig) -> Result<Self, String> {
        match config.allow.iter().find(|network| network.prefix_len() == 0) {
            Some(all) => Err(format!("outbound.allow must not hold {all}: it would open everything")),
            None => Ok(Self(config)),
        }
    }

    pub fn config(&self) -> &OutboundConfig {
        &self.0
    }

    /// Whether inner networks are open at all: then names may lead there.
    pub fn has_inner(&self) -> bool {
        !self.0.allow.is_empty()
    }

    /// Whether this address may be reached.
    pub fn allows(&self, ip: IpAddr) -> bool {
        let ip = ip.to_canonical();
        let is_in = |networks: &[IpNet]| networks.iter().any(|network| network.contains(&ip));
        if is_in(&self.0.deny) {
            return false;
        }
        match embedded(ip) {
            // Behind an opened translator too, only what may be reached itself.
            Some(inner) => is_in(&self.0.allow) && self.allows(inner.into()),
            None => is_in(&self.0.allow) || is_public(ip),
        }
    }
}

/// The IPv4 address inside an IPv6 address that a translator or tunnel would unpack.
fn embedded(ip: IpAddr) -> Option<Ipv4Addr> {
    let IpAddr::V6(ip) = ip else { return None };
    let words = ip.segments();
    let v4 = |high: u16, low: u16| Some(Ipv4Addr::from((u32::from(high) << 16) | u32::from(low)));
    match words {
        [0x64, 0xff9b, 0, 0, 0, 0, high, low]
        | [0x64, 0xff9b, 1, _, _, _, high, low]
        | [0x2002, high, low, ..] => v4(high, low),
        [0, 0, 0, 0, 0, 0, high, low] if high != 0 => v4(high, low),
        _ => None,
    }
}

/// Whether this is a public address; `ip` in canonical form.
fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            let bits = u32::from(ip);
            !INNER_V4.iter().any(|(first, length)| {
                let mask = u32::MAX << (32 - u32::from(*length));
                bits & mask == u32::from(Ipv4Addr::from(*first))
            })
        }
        IpAddr::V6(ip) => {
            let bits = u128::from(ip);
            !INNER_V6.iter().any(|(first, length)| {
                let mask = u128::MAX << (128 - u32::from(*length));
                bits & mask == u128::from(Ipv6Addr::from(*first))
            })
        }
    }
}

/// Whether a name may lead outside: not this machine's, and without a dot at its end, which some programs drop.
pub(super) fn is_public_name(name: &str) -> bool {
    let ending = name.rsplit('.').next().unwrap_or_default();
    !name.is_empty()
        && name.contains('.')
        && !matches!(ending, "" | "localhost" | "local" | "internal" | "localdomain")
}
