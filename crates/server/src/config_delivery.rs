//! `[delivery]`: how messages are sent to receivers that people named.

use std::num::NonZeroU32;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use whocpa_engine::delivery::DeliveryConfig;

/// How messages are sent.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DeliverySettings {
    /// Receivers that this node serves at once.
    pub slots: usize,
    /// Of these, receivers that did not answer last time.
    pub slots_down: usize,
    /// Messages on their way to one host at once.
    pub host_parallel: usize,
    /// Messages to one host in a second.
    pub host_rate: NonZeroU32,
    /// Seconds that one message may take, from 1 to 15.
    pub timeout_seconds: u64,
}

impl Default for DeliverySettings {
    fn default() -> Self {
        let usual = DeliveryConfig::default();
        Self {
            slots: usual.slots,
            slots_down: usual.slots_down,
            host_parallel: usual.host_parallel,
            host_rate: usual.host_rate,
            timeout_seconds: usual.timeout.as_secs(),
        }
    }
}

impl DeliverySettings {
    /// What the engine is told. A lease of a receiver is made for messages of at most fifteen seconds.
    pub fn engine(&self) -> DeliveryConfig {
        DeliveryConfig {
            slots: self.slots.max(1),
            slots_down: self.slots_down.max(1),
            host_parallel: self.host_parallel.max(1),
            host_rate: self.host_rate,
            timeout: Duration::from_secs(self.timeout_seconds.clamp(1, 15)),
            ..DeliveryConfig::default()
        }
    }
}
