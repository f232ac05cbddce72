//! The drainer: moves the click log into the store in large batches, each with the log's mark in the same
//! transaction, so that a replay after a crash adds nothing twice (design §5.3).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::runtime::Handle;
use whocpa_domain::tid::click_ms;
use whocpa_domain::{Error, Result, Time};
use whocpa_store::Store;
use whocpa_store::click::{self, ClickMark};

use super::log::{ClickLog, Mark};
use super::record::decode;

/// Clicks of one transaction: a few milliseconds of writing, so that the store's work comes in small pieces between
/// redirects.
const BATCH_CLICKS: usize = 512;
/// Bytes of one batch, the bound of the drainer's memory.
const BATCH_BYTES: u64 = 4 << 20;
/// A batch that is not full waits this long for more: few large transactions cost less than many small ones.
const LINGER: Duration = Duration::from_millis(20);
/// Pause after a failure.
const PAUSE: Duration = Duration::from_millis(200);

/// A running drainer.
pub(crate) struct Drainer {
    stop: Arc<AtomicBool>,
    thread: std::thread::JoinHandle<()>,
}

impl Drainer {
    /// Starts draining `log` from where the store has it.
    pub async fn start(log: ClickLog, store: Store) -> Result<Self> {
        let stored = click::mark(&store.clicks(), log.identity()).await?;
        let from = to_mark(stored);
        log.release(from).map_err(|e| Error::Unavailable(e.to_string()))?;
        let stop = Arc::new(AtomicBool::new(false));
        let (stopped, handle) = (Arc::clone(&stop), Handle::current());
        // A thread of its own: reading segments blocks, and redirects must not wait for it.
        let thread = std::thread::Builder::new()
            .name("click-drain".to_owned())
            .spawn(move || handle.block_on(run(&log, &store, from, &stopped)))
            .map_err(|e| Error::Unavailable(e.to_string()))?;
        Ok(Self { stop, thread })
    }

    /// Drains what is durable now, then stops. With a store that is away it stops at once: the log keeps everything.
    pub async fn stop(self) {
        self.stop.store(true, Ordering::SeqCst);
        let joined = tokio::task::spawn_blocking(move || self.thread.join()).await;
        if !matches!(joined, Ok(Ok(()))) {
            tracing::error!(
                "the drainer of the click log ended by a panic; the log is replayed at the next start"
            );
        }
    }
}

/// Up to when all clicks of this node are stored, `now` when its log holds no other.
pub(crate) async fn complete_until(log: &ClickLog, store: &Store, now: Time) -> Result<Time> {
    let stored = to_mark(click::mark(&store.clicks(), log.identity()).await?);
    let next = log.read(stored, 1, BATCH_BYTES).map_err(|e| Error::Unavailable(e.to_string()))?;
    let first = next.iter().next().map(|(id, _)| Time(click_ms(id).div_euclid(1000)));
    Ok(first.map_or(now, |first| first.min(now)))
}

async fn run(log: &ClickLog, store: &Store, mut from: Mark, stop: &AtomicBool) {
    loop {
        let stopping = stop.load(Ordering::SeqCst);
        if !stopping {
            // Woken by the first durable click, or looks whether to stop.
            let _ = tokio::time::timeout(PAUSE, log.wait_after(from)).await;
        }
        match drain(log, store, from).await {
            Ok((next, 0)) if stopping || next == from => {
                if stopping {
                    return;
                }
            }
            Ok((next, count)) => {
                from = next;
                if count < BATCH_CLICKS && !stopping {
                    tokio::time::sleep(LINGER).await;
                }
            }
            Err(error) => {
                tracing::error!(?error, "clicks stay in the log: the store does not take them");
                if stopping {
                    return;
                }
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// Moves one batch; gives where to go on and how many clicks it had.
async fn drain(log: &ClickLog, store: &Store, from: Mark) -> Result<(Mark, usize)> {
    let batch = match log.read(from, BATCH_CLICKS, BATCH_BYTES) {
        Ok(batch) => batch,
        Err(super::log::LogError::Corrupt { .. }) => return past_damage(log, from),
        Err(error) => return Err(Error::Unavailable(error.to_string())),
    };
    let mut clicks = Vec::with_capacity(batch.records.len());
    for (id, payload) in batch.iter() {
        // A record of an unknown form stops the drain, loudly, rather than being lost: a newer version wrote it.
        clicks.push(decode(payload).map_err(|e| Error::Internal(format!("click {id} in the log: {e}")))?);
    }
    if batch.records.is_empty() {
        return Ok((batch.next, 0));
    }
    click::keep_own(&store.read(), clicks.iter_mut()).await?;
    let (clicks, mark, name) = (&clicks, from_mark(batch.next)?, log.identity());
    store.click_write(name, mark, clicks).await?;
    log.release(batch.next).map_err(|e| Error::Unavailable(e.to_string()))?;
    Ok((batch.next, batch.records.len()))
}

/// Behind a damaged place in a segment: to the next segment, as soon as there is one. Until then the writer still
/// appends to this one, and what it acknowledges must not be passed.
fn past_damage(log: &ClickLog, from: Mark) -> Result<(Mark, usize)> {
    let next = Mark { segment: from.segment + 1, offset: 0 };
    let behind = log.read(next, 1, BATCH_BYTES).map_err(|e| Error::Unavailable(e.to_string()))?;
    let place = format!("segment {} at byte {}", from.segment, from.offset);
    if behind.records.is_empty() {
        return Err(Error::Unavailable(format!("the click log is damaged in {place}, its open segment")));
    }
    tracing::error!(log.place = place, "the click log is damaged: what follows in this segment is lost");
    Ok((next, 0))
}

pub(super) fn to_mark(stored: ClickMark) -> Mark {
    Mark { segment: stored.segment.unsigned_abs(), offset: stored.place.unsigned_abs() }
}

fn from_mark(mark: Mark) -> Result<ClickMark> {
    let number = |n: u64| {
        i64::try_from(n).map_err(|_| Error::Internal("a mark of the click log is out of range".to_owned()))
    };
    Ok(ClickMark { segment: number(mark.segment)?, place: number(mark.offset)? })
}
