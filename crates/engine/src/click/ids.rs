//! Click ids of this node: a node number leased in the database, and the generator behind it (design §5.3).

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Mutex as AsyncMutex;
use whocpa_domain::tid::{ClickId, ClickIds};
use whocpa_domain::{Clock, Result};
use whocpa_store::{Store, node};

/// How far ahead of the clock a lease says that ids may have been issued, in milliseconds: longer than a lease
/// lives, so that the number's next holder begins later than any id of this one.
const AHEAD_MS: i64 = 2 * node::NODE_LEASE_SECONDS * 1000;

/// This node's number and its ids.
pub(crate) struct NodeIds {
    store: Store,
    clock: Arc<dyn Clock>,
    holder: String,
    ids: Mutex<ClickIds>,
    number: AsyncMutex<i64>,
}

impl NodeIds {
    /// Takes a node number for `holder`, a name that no other process has.
    pub async fn take(store: Store, clock: Arc<dyn Clock>, holder: String) -> Result<Self> {
        let lease = take(&store, &*clock, &holder).await?;
        let ids = Mutex::new(ClickIds::new(lease.id, lease.issued_ms));
        Ok(Self { store, clock, holder, ids, number: AsyncMutex::new(lease.id) })
    }

    /// The number that this node has now.
    pub async fn number(&self) -> i64 {
        *self.number.lock().await
    }

    /// The next click id. Never waits: when the database is away the ids go on under the number held.
    pub fn next(&self) -> ClickId {
        let now_ms = self.clock.now_ms();
        self.ids.lock().unwrap_or_else(PoisonError::into_inner).next(now_ms)
    }

    /// Keeps the number; takes another one when it was lost. To be called several times per lease.
    pub async fn renew(&self) -> Result<()> {
        let mut number = self.number.lock().await;
        let (id, holder, now) = (*number, self.holder.as_str(), self.clock.now());
        let until_ms = self.last_ms().max(self.clock.now_ms()) + AHEAD_MS;
        let kept = self
            .store
            .write(move |db| async move { node::keep(&db, id, holder, now, until_ms).await })
            .await?;
        if !kept {
            let lease = take(&self.store, &*self.clock, &self.holder).await?;
            let after_ms = lease.issued_ms.max(self.last_ms());
            *self.ids.lock().unwrap_or_else(PoisonError::into_inner) = ClickIds::new(lease.id, after_ms);
            *number = lease.id;
            tracing::warn!(
                node.lost = id,
                node.taken = lease.id,
                "the node number was lost, another one is taken"
            );
        }
        Ok(())
    }

    /// Gives the number back at a clean stop.
    pub async fn give_back(&self) -> Result<()> {
        let (id, holder, last_ms) = (*self.number.lock().await, self.holder.as_str(), self.last_ms());
        self.store.write(move |db| async move { node::give_back(&db, id, holder, last_ms).await }).await
    }

    fn last_ms(&self) -> i64 {
        self.ids.lock().unwrap_or_else(PoisonError::into_inner).last_ms()
    }
}

async fn take(store: &Store, clock: &dyn Clock, holder: &str) -> Result<node::NodeLease> {
    let (now, until_ms) = (clock.now(), clock.now_ms() + AHEAD_MS);
    store.write(move |db| async move { node::take(&db, holder, now, until_ms).await }).await
}
