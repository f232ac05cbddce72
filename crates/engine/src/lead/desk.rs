//! The desk where conversions wait for each other: all that wait share one transaction, and one refusal never fails
//! its neighbours (design §6).

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};

use tokio::sync::{Mutex, Notify, mpsc, oneshot};
use whocpa_domain::click::Click;
use whocpa_domain::tid::ClickId;
use whocpa_domain::{Error, Result};
use whocpa_store::click;

use super::receive::{Claim, Verdict};
use super::resolve::{Known, resolve_all};
use crate::Engine;
use crate::click::stored_form;
use crate::open::WeakEngine;

/// Conversions of one transaction.
const BATCH: usize = 256;
/// Conversions that may wait; beyond it the sender is told to come again.
const QUEUE: usize = 4096;
/// Lead ids that this process reserves at once; a stop leaves those that it did not use as a gap.
const ID_BLOCK: i64 = 1024;

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
    pub(super) async fn receive(&self, engine: &Engine, claim: Claim) -> Result<Verdict> {
        let (answer, verdict) = oneshot::channel();
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
            let mut next = take(&engine, &mut waiting).await;
            while let Some((engine_now, batch)) = next {
                let writing = &Notify::new();
                // While a batch is committed, the next one is taken and what it needs is read.
                let take_next = async {
                    writing.notified().await;
                    take(&engine, &mut waiting).await
                };
                ((), next) = tokio::join!(serve_batch(engine_now, batch, writing), take_next);
            }
        });
    }
}

/// Conversions that share a transaction, with what they need to know.
struct Batch {
    claims: Vec<Claim>,
    answers: Vec<oneshot::Sender<Result<Verdict>>>,
    known: Result<Known>,
}

/// The next conversions, as soon as there are any; none once the engine is gone.
async fn take(engine: &WeakEngine, waiting: &mut mpsc::Receiver<Waiting>) -> Option<(Engine, Batch)> {
    let mut batch = Vec::with_capacity(BATCH);
    if waiting.recv_many(&mut batch, BATCH).await == 0 {
        return None;
    }
    let engine = engine.upgrade()?;
    let (claims, answers): (Vec<Claim>, Vec<_>) = batch.into_iter().unzip();
    let known = known(&engine, &claims).await;
    Some((engine, Batch { claims, answers, known }))
}

async fn serve_batch(engine: Engine, batch: Batch, written: &Notify) {
    let Batch { claims, answers, known } = batch;
    let result = match &known {
        Ok(known) => write_all(&engine, &claims, known, written).await,
        Err(failed) => Err(failed.clone()),
    };
    // Also when nothing was written.
    written.notify_one();
    let verdicts = match result {
        Ok(verdicts) => verdicts.into_iter().map(Ok).collect(),
        Err(failed @ Error::Unavailable(_)) => claims.iter().map(|_| Err(failed.clone())).collect(),
        // Something in the batch cannot be written: each alone, so that only that one fails.
        Err(failed) => {
            tracing::error!(error = ?failed, count = claims.len(), "a batch of conversions failed and is tried one by one");
            let mut verdicts: Vec<Result<Verdict>> = Vec::with_capacity(claims.len());
            for claim in &claims {
                let alone = receive_all(&engine, std::slice::from_ref(claim)).await;
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
    let known = known(engine, claims).await?;
    write_all(engine, claims, &known, &Notify::new()).await
}

/// What would become of a conversion: all of it is tried, and nothing stays.
pub(super) async fn try_one(engine: &Engine, claim: &Claim) -> Result<Verdict> {
    let claims = std::slice::from_ref(claim);
    let known = &known(engine, claims).await?;
    let (now, verdict) = (engine.now(), &std::sync::Mutex::new(None));
    let tried = engine
        .store()
        .write(move |db| async move {
            // No lead has this number, and none gets it.
            let mut resolved = resolve_all(&db, known, claims, i64::MAX - 1, now).await?;
            if let Ok(mut place) = verdict.lock() {
                *place = resolved.verdicts.pop();
            }
            Err::<(), _>(Error::Conflict("only tried".to_owned()))
        })
        .await;
    let verdict = verdict.lock().ok().and_then(|mut place| place.take());
    match (tried, verdict) {
        (Err(Error::Conflict(_)), Some(verdict)) => Ok(verdict),
        (Err(other), _) => Err(other),
        (Ok(()), _) => Err(Error::Internal("a trial was written".to_owned())),
    }
}

/// What these conversions need to know and no transaction has to read.
pub(super) async fn known(engine: &Engine, claims: &[Claim]) -> Result<Known> {
    let clicks = find_clicks(engine, claims).await?;
    let sent = claims.first().map_or_else(|| engine.now(), |claim| claim.sent);
    let db = engine.store().read();
    let mut known = Known::read(&db, engine.catalogue().now_owned(), clicks, sent).await?;
    known.place(|country| engine.facts().geo_ids(country));
    if claims.iter().any(|claim| !claim.conversion.currency.is_empty()) {
        known.read_currencies(&db).await?;
    }
    Ok(known)
}

/// Resolves and writes all conversions in one transaction; tells `written` when only the commit is left.
async fn write_all(
    engine: &Engine,
    claims: &[Claim],
    known: &Known,
    written: &Notify,
) -> Result<Vec<Verdict>> {
    let now = engine.now();
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
            let resolved = resolve_all(&db, known, claims, first_id, now).await?;
            used.fetch_max(resolved.used, Ordering::Relaxed);
            resolved.steps.write(&db).await?;
            resolved.phones.write(&db).await?;
            for noted in resolved.noted {
                let told = (noted.id, &noted.told);
                engine.note_object(&db, noted.caller, noted.resource, told, noted.changes).await?;
            }
            written.notify_one();
            Ok(resolved.verdicts)
        })
        .await;
    ids.start += used.load(Ordering::Relaxed);
    drop(ids);
    if verdicts.is_ok() {
        engine.caps_follow(&known.offer_ids().collect::<Vec<i64>>()).await;
    }
    verdicts
}

impl Engine {
    /// Leads of these offers were written: a cap that they reach stops visitors from here on, one that they leave takes
    /// them again.
    pub(crate) async fn caps_follow(&self, offer_ids: &[i64]) {
        let offers = &self.catalogue().now_owned().offers;
        if offer_ids.iter().any(|id| offers.get(id).is_some_and(|offer| offer.counts_leads())) {
            self.catalogue_follow().await;
        }
    }

    /// The click of a tid.
    ///
    /// # Errors
    /// [`Error::Invalid`] on `tid` for one that is not known.
    pub(crate) async fn click_of_tid(&self, tid: &str) -> Result<Click> {
        let unknown = || Error::field("tid", "Clicks not found");
        let click_id = self.tid_keys().read(tid.trim()).map_err(|_| unknown())?;
        let found = self.click_log().find(click_id).map_err(|e| Error::Unavailable(e.to_string()))?;
        if let Some(click) = found.as_deref().and_then(stored_form) {
            return Ok(click);
        }
        click::find(&self.store().clicks(), &[click_id]).await?.remove(&click_id).ok_or_else(unknown)
    }
}

/// The log is asked first: what it has let go of meanwhile is in the store.
pub(super) async fn find_clicks(engine: &Engine, claims: &[Claim]) -> Result<BTreeMap<ClickId, Click>> {
    let mut clicks = BTreeMap::new();
    let mut stored = Vec::new();
    for claim in claims.iter().filter(|claim| claim.click_id != 0) {
        let found = engine.click_log().find(claim.click_id).map_err(|e| Error::Unavailable(e.to_string()))?;
        match found.as_deref().and_then(stored_form) {
            Some(click) => drop(clicks.insert(claim.click_id, click)),
            None => stored.push(claim.click_id),
        }
    }
    click::keep_own(&engine.store().read(), clicks.values_mut()).await?;
    clicks.extend(click::find(&engine.store().clicks(), &stored).await?);
    Ok(clicks)
}
