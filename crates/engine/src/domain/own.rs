//! The network's own host names: none of them is ever a webmaster's, whatever is parked.

use url::Host;
use whocpa_domain::{Error, Result};

use crate::check;

/// Host names in lower case ASCII.
#[derive(Debug, Default)]
pub(crate) struct OwnHosts(Vec<String>);

impl OwnHosts {
    /// The host of the network's address, and further names.
    ///
    /// # Errors
    /// Names the one that is no host name.
    pub fn new(base_url: &str, further: &[String]) -> Result<Self> {
        let mut all: Vec<String> = check::host(base_url).into_iter().collect();
        for name in further {
            let host = Host::parse(name.trim().trim_end_matches('.'));
            let host = host.map_err(|_| Error::Internal(format!("own_hosts: {name} is no host name")))?;
            all.push(host.to_string());
        }
        Ok(Self(all))
    }

    /// Whether this is one of them, or a name below one.
    pub fn have(&self, name: &str) -> bool {
        let is_below = |own: &String| name.strip_suffix(own.as_str()).is_some_and(|rest| rest.ends_with('.'));
        self.are(name) || self.0.iter().any(is_below)
    }

    /// Whether this is one of them.
    pub fn are(&self, name: &str) -> bool {
        self.0.iter().any(|own| own == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_below_own_ones_are_own() {
        let own = OwnHosts::new("https://cpa.example:8443", &["Track.Example.".to_owned()]).expect("right");
        for name in ["cpa.example", "a.cpa.example", "track.example", "a.b.track.example"] {
            assert!(own.have(name), "{name}");
        }
        for name in ["xcpa.example", "example", "cpa.example.evil.example", ""] {
            assert!(!own.have(name), "{name}");
        }
        assert!(own.are("track.example") && !own.are("a.track.example"));
        assert!(OwnHosts::new("https://cpa.example", &["https://x/".to_owned()]).is_err());
    }
}
