//! What keeps messages to one receiver apart: so many at once, and so many in a second, whoever sends them.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// Hosts that are remembered before those that rest are forgotten.
const HOSTS: usize = 4096;

/// How messages are sent.
#[derive(Debug, Clone, Copy)]
pub struct DeliveryConfig {
    /// Receivers that are served at once by one node.
    pub slots: usize,
    /// Of these, receivers that did not answer last time: they must not keep the others waiting.
    pub slots_down: usize,
    /// Messages that one receiver gets in a turn.
    pub batch: u64,
    /// Messages on their way to one receiver at once.
    pub parallel: usize,
    /// Messages on their way to one host at once, of all receivers there.
    pub host_parallel: usize,
    /// Messages to one host in a second.
    pub host_rate: NonZeroU32,
    /// Time for one message, to the end of the answer.
    pub timeout: Duration,
}

impl DeliveryConfig {
    /// Seconds that a message may need, with its wait for a place: it is not begun when less is left of the lease.
    pub(super) fn needed_seconds(&self) -> i64 {
        i64::try_from(self.timeout.as_secs()).unwrap_or(i64::MAX / 2).saturating_add(6)
    }

    /// Seconds for which a receiver is taken.
    pub(super) fn lease_seconds(&self) -> i64 {
        self.needed_seconds().saturating_add(9)
    }
}

impl Default for DeliveryConfig {
    fn default() -> Self {
        Self {
            slots: 512,
            slots_down: 96,
            batch: 128,
            parallel: 8,
            host_parallel: 32,
            host_rate: NonZeroU32::new(200).unwrap_or(NonZeroU32::MIN),
            timeout: Duration::from_secs(15),
        }
    }
}

/// The limits of one node.
pub(crate) struct Courier {
    config: DeliveryConfig,
    rate: DefaultKeyedRateLimiter<String>,
    hosts: Mutex<HashMap<String, Arc<Semaphore>>>,
}

impl Courier {
    pub fn new(config: DeliveryConfig) -> Self {
        let rate = RateLimiter::keyed(Quota::per_second(config.host_rate));
        Self { config, rate, hosts: Mutex::default() }
    }

    pub fn config(&self) -> &DeliveryConfig {
        &self.config
    }

    /// Waits for a place on the way to a host, at most so long. The place is free again when it is dropped.
    pub async fn place(&self, host: &str, patience: Duration) -> Option<OwnedSemaphorePermit> {
        let host = host.to_owned();
        let places = self.places(&host);
        let wait = async {
            let place = places.acquire_owned().await.ok()?;
            self.rate.until_key_ready(&host).await;
            Some(place)
        };
        timeout(patience, wait).await.ok().flatten()
    }

    fn places(&self, host: &str) -> Arc<Semaphore> {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        if hosts.len() >= HOSTS {
            // Whoever is on his way holds one of them too.
            hosts.retain(|_, places| Arc::strong_count(places) > 1);
            self.rate.retain_recent();
        }
        let new = || Arc::new(Semaphore::new(self.config.host_parallel));
        Arc::clone(hosts.entry(host.to_owned()).or_insert_with(new))
    }
}
