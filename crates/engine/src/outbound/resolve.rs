//! Looking names up, and letting only what may be reached come back.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::guard::Guard;

/// What a look-up gives.
pub(super) type Found = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;

/// Who knows the addresses of names.
pub(super) trait Names: Send + Sync {
    /// All addresses of a name.
    fn find(&self, name: &str) -> Found;
}

/// This machine's own way, its files and name servers, after the names that the settings know.
pub(super) struct SystemNames {
    pub hosts: BTreeMap<String, IpAddr>,
}

impl Names for SystemNames {
    fn find(&self, name: &str) -> Found {
        if let Some(ip) = self.hosts.get(&name.to_ascii_lowercase()) {
            let found = vec![*ip];
            return Box::pin(async move { Ok(found) });
        }
        let name = name.to_owned();
        Box::pin(async move {
            let found = tokio::net::lookup_host((name, 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    }
}

/// Gives the connector what was judged and nothing else; it connects to no other address.
pub(super) struct GuardedNames {
    pub guard: Arc<Guard>,
    pub names: Arc<dyn Names>,
}

impl Resolve for GuardedNames {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = Arc::clone(&self.guard);
        let found = self.names.find(name.as_str());
        Box::pin(async move {
            let all = found.await?;
            // One inner address among public ones is how a name is prepared for an attack: refuse all of it.
            if all.is_empty() || all.iter().any(|ip| !guard.allows(*ip)) {
                return Err("the name leads to no address that may be reached".into());
            }
            Ok(Box::new(all.into_iter().map(|ip| SocketAddr::new(ip, 0))) as Addrs)
        })
    }
}
