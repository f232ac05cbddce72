//! The one way out: whatever this network fetches or sends at an address that somebody gave goes through [`Outbound`],
//! which reaches public addresses only (trust §4).
//!
//! * An address is judged twice: as it is written ([`Outbound::check`], also when it is saved), and by what its name
//!   leads to at the moment of connecting. A literal address never reaches a resolver, so it is judged as written.
//! * Names are looked up by our own resolver, which hands the connector only what was judged: there is no second
//!   look-up that could give another answer. One inner address among the answers refuses the whole name.
//! * No redirects, no proxies of the environment, no cookies, no referer, no decompression; capped time and bytes.
//! * What is refused, closed and filtered is told in the same words: nobody scans a network through ours.

mod guard;
mod resolve;
mod send;
#[cfg(test)]
mod tests;

use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;
use tokio::time::{Instant, timeout, timeout_at};
use url::{Host, Url};
use whocpa_domain::{Error, Result};

use guard::Guard;
use resolve::{GuardedNames, Names, SystemNames};
pub(crate) use send::{Answer, Outgoing, is_header};

/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(5);
/// Connections that are kept open to one address for the next message, and for how long.
const KEPT: (usize, Duration) = (16, Duration::from_secs(20));
/// Longest address, in bytes.
const URL_LIMIT: usize = 4096;

/// Which addresses may be reached.
#[derive(Debug, Clone)]
pub struct OutboundConfig {
    /// Inner networks that may be reached all the same, for tests and intranets; never everything (`/0`).
    pub allow: Vec<IpNet>,
    /// Further networks that may not be reached; they win over `allow`.
    pub deny: Vec<IpNet>,
    /// Ports that may be reached.
    pub ports: Vec<u16>,
    /// Whether plain `http` is allowed beside `https`.
    pub http: bool,
    /// Names, in lower case, whose address is known here and not asked for, like a hosts file: for names whose public
    /// address cannot be reached from inside. The addresses are judged like all others.
    pub hosts: BTreeMap<String, IpAddr>,
}

impl Default for OutboundConfig {
    fn default() -> Self {
        Self {
            allow: Vec::new(),
            deny: Vec::new(),
            ports: vec![80, 443, 8080, 8443],
            http: true,
            hosts: BTreeMap::new(),
        }
    }
}

/// Why nothing came back; texts are for the person who gave the address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OutboundError {
    /// The address may not be used, as it is written.
    Refused(&'static str),
    /// Nobody answers there, or it is a place that must not be reached.
    Unreachable,
    /// It answered with this status instead of success.
    Status(u16),
    /// It sent more than this many bytes.
    TooLarge(u64),
    /// It took too long.
    TooSlow,
    /// The answer broke off.
    Broken,
}

impl fmt::Display for OutboundError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(why) => f.write_str(why),
            Self::Unreachable => f.write_str("Nobody answers at this address"),
            Self::Status(status @ 300..=399) => {
                write!(f, "The address answers with a redirect ({status}): give the final address")
            }
            Self::Status(status) => write!(f, "The address answers with status {status}"),
            Self::TooLarge(limit) => write!(f, "The answer is longer than {limit} bytes"),
            Self::TooSlow => f.write_str("The answer takes too long"),
            Self::Broken => f.write_str("The answer broke off"),
        }
    }
}

/// What one fetch may cost.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes of the answer.
    pub bytes: u64,
    /// From the request to the last byte.
    pub total: Duration,
    /// Between two pieces.
    pub idle: Duration,
}

/// The guarded client. Cheap to clone.
#[derive(Clone)]
pub struct Outbound {
    client: reqwest::Client,
    guard: Arc<Guard>,
    names: Arc<dyn Names>,
}

impl Outbound {
    /// A client that looks names up as this machine does.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the settings open everything, or no client can be made of them.
    pub fn new(config: OutboundConfig) -> Result<Self> {
        let names = SystemNames { hosts: config.hosts.clone() };
        Self::with_names(config, Arc::new(names))
    }

    fn with_names(config: OutboundConfig, names: Arc<dyn Names>) -> Result<Self> {
        let guard = Arc::new(Guard::new(config).map_err(Error::Unavailable)?);
        let resolver = GuardedNames { guard: Arc::clone(&guard), names: Arc::clone(&names) };
        #[expect(clippy::disallowed_methods, reason = "this is the guarded client")]
        let client = reqwest::Client::builder()
            .dns_resolver(Arc::new(resolver))
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .referer(false)
            .user_agent(concat!("whocpa/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT)
            .pool_max_idle_per_host(KEPT.0)
            .pool_idle_timeout(KEPT.1)
            .tls_backend_preconfigured(tls()?)
            .build()
            .map_err(|e| Error::Unavailable(format!("no client can be made: {e}")))?;
        Ok(Self { client, guard, names })
    }

    /// What a name leads to, without a judgement: to be told, never to be connected to.
    pub(crate) async fn addresses(&self, name: &str) -> Vec<IpAddr> {
        self.names.find(name).await.unwrap_or_default()
    }

    /// Judges an address as it is written; operations call it when an address is saved.
    ///
    /// # Errors
    /// [`OutboundError::Refused`] in words.
    pub fn check(&self, text: &str) -> Result<Url, OutboundError> {
        let refused = |why| Err(OutboundError::Refused(why));
        if text.len() > URL_LIMIT {
            return refused("Must be at most 4096 bytes");
        }
        if text.chars().any(|c| c.is_control() || c.is_whitespace() || c == '\\') {
            return refused("Must not contain spaces, backslashes or control characters");
        }
        // `http:host` and `http:///host` are read as something else than they look like.
        let rest = text.split_once("://").map(|(_, rest)| rest);
        if rest.is_none_or(|rest| rest.is_empty() || rest.starts_with('/')) {
            return refused("Must be a web address such as https://example.com/");
        }
        let Ok(url) = Url::parse(text) else {
            return refused("Must be a web address such as https://example.com/");
        };
        match url.scheme() {
            "https" => {}
            "http" if self.guard.config().http => {}
            "http" => return refused("Must be an https address"),
            _ => return refused("Must be an http or https address"),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return refused("Must not contain a user name or password");
        }
        if !url.port_or_known_default().is_some_and(|port| self.guard.config().ports.contains(&port)) {
            return refused("Must not name this port");
        }
        let is_allowed = match url.host() {
            Some(Host::Ipv4(ip)) => self.guard.allows(ip.into()),
            Some(Host::Ipv6(ip)) => self.guard.allows(ip.into()),
            Some(Host::Domain(name)) => guard::is_public_name(name) || self.guard.has_inner(),
            None => false,
        };
        if is_allowed { Ok(url) } else { refused("Must be a public address") }
    }

    /// Fetches an address; gives the answer once its head has come.
    ///
    /// # Errors
    /// Whatever keeps it from being a success with a body to read.
    pub async fn get(&self, text: &str, limits: Limits) -> Result<Reply, OutboundError> {
        let url = self.check(text)?;
        let deadline = Instant::now() + limits.total;
        let sent = timeout_at(deadline, timeout(limits.idle, self.client.get(url).send())).await;
        let Ok(Ok(sent)) = sent else { return Err(OutboundError::TooSlow) };
        let response = sent.map_err(|error| {
            tracing::debug!(?error, "an address was not reached");
            OutboundError::Unreachable
        })?;
        let status = response.status();
        if !status.is_success() {
            return Err(OutboundError::Status(status.as_u16()));
        }
        if response.content_length().is_some_and(|length| length > limits.bytes) {
            return Err(OutboundError::TooLarge(limits.bytes));
        }
        Ok(Reply { response, limits, deadline, received: 0 })
    }
}

/// An answer on its way.
pub struct Reply {
    response: reqwest::Response,
    limits: Limits,
    deadline: Instant,
    received: u64,
}

impl Reply {
    /// The next piece of the body, `None` at its end.
    ///
    /// # Errors
    /// When a limit is reached or the answer breaks off.
    pub async fn chunk(&mut self) -> Result<Option<impl AsRef<[u8]> + use<>>, OutboundError> {
        let next = timeout(self.limits.idle, self.response.chunk());
        let Ok(Ok(next)) = timeout_at(self.deadline, next).await else { return Err(OutboundError::TooSlow) };
        let Some(bytes) = next.map_err(|_| OutboundError::Broken)? else { return Ok(None) };
        self.received += bytes.len() as u64;
        if self.received > self.limits.bytes {
            return Err(OutboundError::TooLarge(self.limits.bytes));
        }
        Ok(Some(bytes))
    }
}

/// TLS of every client of this program: no system library, the roots that come with the program.
///
/// # Errors
/// [`Error::Internal`] when the library refuses its own defaults.
pub fn tls() -> Result<impl Any> {
    let roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| Error::Internal(format!("TLS: {e}")))?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}
