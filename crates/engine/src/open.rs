//! The engine itself: what operations share, and how it starts and stops.

use std::sync::Arc;

use whocpa_domain::{Clock, Result, Time};
use whocpa_store::{Store, StoreConfig};

use crate::vault::Vault;
use crate::{EngineConfig, Rng, auth};

/// The network. Cheap to clone; every door holds one.
#[derive(Clone)]
pub struct Engine(Arc<Inner>);

struct Inner {
    store: Store,
    clock: Arc<dyn Clock>,
    rng: Rng,
    vault: Vault,
    decoy_hash: String,
}

impl Engine {
    /// Opens the databases, migrates them unless told not to, and makes everything ready.
    pub async fn open(config: EngineConfig, clock: Arc<dyn Clock>, rng: Rng) -> Result<Self> {
        let store = Store::connect(&StoreConfig {
            data_dir: config.data_dir.clone(),
            database_url: config.database_url.clone(),
            connections: config.connections,
        })
        .await?;
        store.migrate(clock.now()).await?;
        let vault = Vault::open(&config.data_dir, &rng)?;
        let decoy_hash = auth::password_hash(rng.letters(16)).await?;
        Ok(Self(Arc::new(Inner {
            store,
            clock,
            rng,
            vault,
            decoy_hash,
        })))
    }

    /// The databases.
    pub(crate) fn store(&self) -> &Store {
        &self.0.store
    }

    /// The present second.
    pub fn now(&self) -> Time {
        self.0.clock.now()
    }

    /// The engine's randomness.
    pub(crate) fn rng(&self) -> &Rng {
        &self.0.rng
    }

    /// Encryption at rest.
    pub(crate) fn vault(&self) -> &Vault {
        &self.0.vault
    }

    /// The hash of a password that nobody has.
    pub(crate) fn decoy_hash(&self) -> &str {
        &self.0.decoy_hash
    }
}
