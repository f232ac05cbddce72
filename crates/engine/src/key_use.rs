//! When keys were last used: kept in memory, written by a job, so that no request waits for it.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use whocpa_domain::{Result, Time};
use whocpa_store::api_key::{self, Key};

use crate::Engine;

/// A use this long after the last one that is stored is worth writing, in seconds.
const EVERY_SECONDS: i64 = 60;
/// Keys in one transaction.
const CHUNK: usize = 200;

/// The newest use of each key that is not stored yet.
#[derive(Default)]
pub(crate) struct KeyUses(Mutex<BTreeMap<i64, (Time, String)>>);

impl KeyUses {
    /// Remembers a use, at most once a minute per key.
    pub fn note(&self, key: &Key, now: Time, ip: Option<IpAddr>) {
        if key.date_used.is_some_and(|last| now.0 - last < EVERY_SECONDS) {
            return;
        }
        let ip = ip.map(|ip| ip.to_canonical().to_string()).unwrap_or_default();
        // The map is whole at every moment, so a panic elsewhere does not spoil it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key.id, (now, ip));
    }

    fn take(&self) -> Vec<(i64, (Time, String))> {
        let mut uses = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *uses).into_iter().collect()
    }
}

impl Engine {
    /// Writes the last uses of keys down. A use that cannot be written is forgotten: the key's next one is noted again.
    pub async fn key_uses_store(&self) -> Result<()> {
        for chunk in self.key_uses().take().chunks(CHUNK) {
            let written = self.store().write(move |db| async move {
                // In the order of the ids, so that two nodes wait for each other in one direction only.
                for (id, (at, ip)) in chunk {
                    api_key::set_used(&db, *id, *at, ip).await?;
                }
                Ok(())
            });
            written.await?;
        }
        Ok(())
    }
}
