//! The desk where conversions wait for each other: all that wait share one transaction, and one refusal never fails
//! its neighbours (design §6).

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};

use tokio::sync::{Mutex, mpsc, oneshot};
use whocpa_domain::click::Click;
use whocpa_domain::tid::ClickId;
use whocpa_domain::{Error, Result};
use whocpa_store::click;

use super::receive::{Claim, Conversion, Verdict};
use super::resolve::resolve_all;
use crate::Engine;
use crate::click::stored_form;

/// Conversions of one transaction.
const BATCH: usize = 256;
/// Conversions that may wait; beyond it the sender is told to come again.
const QUEUE: usize = 4096;
/// Lead ids that this process reserves at once; a stop leaves those that it did not use as a gap.
const ID_BLOCK: i64 = 256;

type Waiting = (Claim, oneshot::Sender<Result<Verdict>>);

/// The queue of conversions and the one who serves it.
pub(crate) struct Desk {
    queue: mpsc::Sender<Waiting>,
    waiting: Mutex<Option<mpsc::Receiver<Waiting>>>,
}

impl Desk {
    /// A desk that nobody serves yet.
    pub fn new() -> Self {
        let (queue, waiting) = mpsc::channel(QUEUE);
        Self { queue, waiting: Mutex::new(Some(waiting)) }
    }

    /// Queues a conversion and waits for its verdict.
    pub(super) async fn receive(
        &self,
        engine: &Engine,
        conversion: Conversion,
        click_id: ClickId,
    ) -> Result<Verdict> {
        let (answer, verdict) = oneshot::channel();
        let claim = Claim { conversion, click_id, sent: engine.now(), parked_id: 0 };
        let busy = |_| Error::Unavailable("too many conversions are waiting".to_owned());
        self.queue.try_send((claim, answer)).map_err(busy)?;
        self.serve(engine).await;
        verdict.await.map_err(|_| Error::Unavailable("the conversion was not served".to_owned()))?
    }

    /// Serves the queue once: whoever comes first starts the server, which lives as long as the engine does.
    async fn serve(&self, engine: &Engine) {
        // Taken once; afterwards this is one uncontended lock.
        let Some(mut waiting) = self.waiting.lock().await.take() else { return };
        let engine = engine.weak();
        tokio::spawn(async move {
            let mut batch = Vec::with_capacity(BATCH);
            while waiting.recv_many(&mut batch, BATCH).await > 0 {
                let Some(engine) = engine.upgrade() else { return };
                serve_batch(&engine, std::mem::take(&mut batch)).await;
            }
        });
    }
}

async fn serve_batch(engine: &Engine, batch: Vec<Waiting>) {
    let (claims, answers): (Vec<Claim>, Vec<_>) = batch.into_iter().unzip();
    let verdicts = match receive_all(engine, &claims).await {
        Ok(verdicts) => verdicts.into_iter().map(Ok).collect(),
        Err(failed @ Error::Unavailable(_)) => claims.iter().map(|_| Err(failed.clone())).collect(),
        // Something in the batch cannot be written: each alone, so that only that one fails.
        Err(failed) => {
            tracing::error!(error = ?failed, count = claims.len(), "a batch of conversions failed and is tried one by one");
            let mut verdicts: Vec<Result<Verdict>> = Vec::with_capacity(claims.len());
            for claim in &claims {
                let alone = receive_all(engine, std::slice::from_ref(claim)).await;
                verdicts.push(alone.and_then(|mut verdicts| {
                    verdicts.pop().ok_or_else(|| Error::Internal("a conversion got no verdict".to_owned()))
                }));
            }
            verdicts
        }
    };
    for (answer, verdict) in answers.into_iter().zip(verdicts) {
        // A sender who has hung up may ask again: the verdict is the same.
        let _ = answer.send(verdict);
    }
}

/// Finds the clicks, then resolves and writes all conversions in one transaction.
pub(super) async fn receive_all(engine: &Engine, claims: &[Claim]) -> Result<Vec<Verdict>> {
    let (clicks, now) = (&find_clicks(engine, claims).await?, engine.now());
    let catalogue = &engine.catalogue().now_owned();
    let mut ids = engine.lead_ids().lock().await;
    let wanted = i64::try_from(claims.len()).unwrap_or(i64::MAX);
    if ids.end - ids.start < wanted {
        let block = wanted.max(ID_BLOCK);
        let first = engine.store().sequence_reserve("lead", block).await?;
        *ids = first..first + block;
    }
    let first_id = ids.start;
    // Counted even when the write fails: a commit whose answer was lost may have stored them.
    let used = &AtomicI64::new(0);
    let verdicts = engine
        .store()
        .write(move |db| async move {
            let resolved = resolve_all(&db, catalogue, claims, clicks, first_id, now).await?;
            used.fetch_max(resolved.used, Ordering::Relaxed);
            resolved.steps.write(&db).await?;
            Ok(resolved.verdicts)
        })
        .await;
    ids.start += used.load(Ordering::Relaxed);
    verdicts
}

/// The log is asked first: what it has let go of meanwhile is in the store.
async fn find_clicks(engine: &Engine, claims: &[Claim]) -> Result<BTreeMap<ClickId, Click>> {
    let mut clicks = BTreeMap::new();
    let mut stored = Vec::new();
    for claim in claims {
        let found = engine.click_log().find(claim.click_id).map_err(|e| Error::Unavailable(e.to_string()))?;
        match found.as_deref().and_then(stored_form) {
            Some(click) => drop(clicks.insert(claim.click_id, click)),
            None => stored.push(claim.click_id),
        }
    }
    clicks.extend(click::find(&engine.store().clicks(), &stored).await?);
    Ok(clicks)
}
