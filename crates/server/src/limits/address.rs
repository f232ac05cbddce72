//! Whose an address is, for counting: one IPv4 address, or the /64 that an IPv6 host chooses from at will.

use std::net::{IpAddr, Ipv6Addr};

/// Bits of an IPv6 address that belong to the host.
const HOST_BITS: u32 = 64;

/// The address under which requests are counted.
pub fn counted(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(ip) => IpAddr::V6(Ipv6Addr::from_bits(ip.to_bits() >> HOST_BITS << HOST_BITS)),
        ip @ IpAddr::V4(_) => ip,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_cannot_choose_another_address() {
        let same = |one: &str, other: &str| {
            let ip = |text: &str| counted(text.parse().expect("an address"));
            ip(one) == ip(other)
        };
        assert!(same("2a00:1:2:3::1", "2a00:1:2:3:ffff:ffff:ffff:ffff"));
        assert!(!same("2a00:1:2:3::1", "2a00:1:2:4::1"));
        assert!(!same("192.0.2.1", "192.0.2.2"));
        assert!(same("::ffff:192.0.2.1", "192.0.2.1"));
    }
}
