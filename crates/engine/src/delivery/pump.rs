//! The worker: takes receivers that have something to send, lets each have its turn, and writes down what came of the turns.
//!
//! Each round is one short transaction for all turns that have ended and all that begin. The network is touched between the
//! rounds only. A receiver is taken by a lease with a fence (`store::postback::take`), so any number of nodes share the work.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::{Instant, sleep, timeout};
use whocpa_domain::Result;
use whocpa_store::Backend;
use whocpa_store::postback::{self, Postback};

use super::turn::{Outcome, Turn};
use crate::Engine;

/// Turns that are written down, and receivers that are taken, in one transaction.
const AT_ONCE: usize = 32;
/// The shortest pause between two looks at the queue.
const PAUSE: Duration = Duration::from_millis(100);
/// How long messages that are on their way may take when the node stops.
const GRACE: Duration = Duration::from_secs(8);

/// One worker.
pub(super) struct Pump {
    engine: Engine,
    turns: JoinSet<Outcome>,
    /// Whether the receiver of a turn did not answer last time.
    down: BTreeMap<Id, bool>,
    /// Turns that are not written down yet.
    ended: Vec<Outcome>,
    stop: Arc<AtomicBool>,
    /// Messages that were tried.
    tried: usize,
}

/// The job of one node.
pub(crate) async fn run(engine: Engine, mut stopped: watch::Receiver<bool>) {
    let mut pump = Pump::new(engine);
    pump.begin().await;
    loop {
        let begun = Instant::now();
        let is_busy = pump.round(true).await.unwrap_or_else(|error| {
            tracing::error!(job = "delivery", ?error, "a job failed and is tried again");
            false
        });
        if *stopped.borrow() {
            break;
        }
        if is_busy {
            continue;
        }
        // A look that was long is not repeated at once.
        let pause = PAUSE.max(begun.elapsed() * 10);
        tokio::select! {
            _ = stopped.changed() => break,
            Some(ended) = pump.turns.join_next_with_id() => pump.end(ended),
            () = sleep(pause) => {}
        }
    }
    pump.finish().await;
}

impl Pump {
    pub fn new(engine: Engine) -> Self {
        Self {
            engine,
            turns: JoinSet::new(),
            down: BTreeMap::new(),
            ended: Vec::new(),
            stop: Arc::default(),
            tried: 0,
        }
    }

    /// An SQLite file belongs to one process: what the one before had taken when it died is free at once.
    async fn begin(&self) {
        let store = self.engine.store();
        if store.read().backend() == Backend::Postgres {
            return;
        }
        if let Err(error) = store.write(|db| async move { postback::release_all(&db).await }).await {
            tracing::warn!(?error, "receivers that a dead process had taken wait until its leases end");
        }
    }

    fn end(&mut self, ended: std::result::Result<(Id, Outcome), JoinError>) {
        match ended {
            Ok((id, outcome)) => {
                self.down.remove(&id);
                self.tried += outcome.tried.len();
                self.ended.push(outcome);
            }
            Err(error) => {
                // Its lease ends by itself.
                self.down.remove(&error.id());
                tracing::error!(?error, "a turn of a receiver broke off");
            }
        }
    }

    /// Writes down what has ended and lets others begin; gives whether there may be more to do at once.
    async fn round(&mut self, takes: bool) -> Result<bool> {
        while let Some(ended) = self.turns.try_join_next_with_id() {
            self.end(ended);
        }
        let now = self.engine.now();
        let mut due = if takes { self.due().await? } else { Vec::new() };
        due.sort_by_key(|row| row.id);
        if self.ended.is_empty() && due.is_empty() {
            return Ok(false);
        }
        let until = now.plus(self.engine.courier().config().lease_seconds());
        let (engine, due) = (&self.engine, &due);
        // In one order on all nodes: nobody waits crosswise.
        let mut ended: Vec<&Outcome> = self.ended.iter().take(AT_ONCE).collect();
        ended.sort_by_key(|outcome| outcome.postback_id);
        let ended = &ended;
        let taken: Vec<Postback> = engine
            .store()
            .write(move |db| async move {
                for outcome in ended {
                    engine.delivery_settle(&db, outcome).await?;
                }
                let mut taken = Vec::new();
                for row in due {
                    if postback::take(&db, row, now, until).await? {
                        taken.push(row.clone());
                    }
                }
                Ok(taken)
            })
            .await?;
        let count = ended.len();
        self.ended.drain(..count);
        let is_busy = !self.ended.is_empty() || taken.len() == AT_ONCE;
        for postback in taken {
            let is_down = postback.down_count > 0;
            let turn = Turn { postback, until, stop: Arc::clone(&self.stop) };
            let handle = self.turns.spawn(self.engine.clone().delivery_turn(turn));
            self.down.insert(handle.id(), is_down);
        }
        Ok(is_busy)
    }

    /// Receivers that may have a turn now. Those that did not answer have few places, so that they keep nobody waiting.
    async fn due(&self) -> Result<Vec<Postback>> {
        let config = self.engine.courier().config();
        let (db, now) = (self.engine.store().read(), self.engine.now());
        let down = self.down.values().filter(|is_down| **is_down).count();
        let free = config.slots.saturating_sub(self.turns.len()).min(AT_ONCE);
        let calm = postback::due(&db, now, false, free as u64).await?;
        let free = (free - calm.len()).min(config.slots_down.saturating_sub(down));
        let mut due = postback::due(&db, now, true, free as u64).await?;
        due.extend(calm);
        Ok(due)
    }

    /// Lets messages on their way arrive and writes down what came of them.
    async fn finish(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let all = async {
            while let Some(ended) = self.turns.join_next_with_id().await {
                self.end(ended);
            }
        };
        if timeout(GRACE, all).await.is_err() {
            tracing::warn!("messages that are still on their way are sent again later");
        }
        self.turns.shutdown().await;
        while !self.ended.is_empty() {
            if let Err(error) = self.round(false).await {
                tracing::error!(
                    ?error,
                    "turns that ended could not be written down: they are sent again later"
                );
                return;
            }
        }
    }
}

impl Engine {
    /// Sends everything that is due now, to the end; gives how many messages were tried. Tests and the demo do it when they want.
    pub async fn delivery_send_due(&self) -> Result<usize> {
        let mut pump = Pump::new(self.clone());
        loop {
            let is_busy = pump.round(true).await?;
            if pump.turns.is_empty() && pump.ended.is_empty() && !is_busy {
                // What a turn made due meanwhile.
                if pump.due().await?.is_empty() {
                    return Ok(pump.tried);
                }
                continue;
            }
            if !is_busy && let Some(ended) = pump.turns.join_next_with_id().await {
                pump.end(ended);
            }
        }
    }
}
