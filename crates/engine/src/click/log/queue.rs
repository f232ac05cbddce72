//! Where requests meet the writer: one shared buffer for the group being collected, and one cell per group
//! that all its requests wait on.
//!
//! While the writer makes one group durable the next one gathers here, so the group grows with the load and
//! no timer is needed. A request costs one short lock, its own bytes, and no allocation.

use std::mem;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::{Durability, format};

/// The records waiting for the writer.
pub(super) struct Queue {
    gathering: Mutex<Gathering>,
    arrived: Condvar,
    /// Bytes after which further records are refused: memory stays bounded while the disk hangs.
    limit_bytes: usize,
    /// Size of the largest record a segment can hold.
    record_bytes: usize,
}

struct Gathering {
    bytes: Vec<u8>,
    /// End of the last complete record. Bytes behind it were left by an encoder that panicked or wrote too
    /// much.
    end: usize,
    records: u64,
    group: Arc<Group>,
    writer_sleeps: bool,
    closed: bool,
    totals: Totals,
}

/// Appends since the log was opened.
#[derive(Clone, Copy, Default)]
pub(super) struct Totals {
    /// Taken into a group.
    pub accepted: u64,
    /// Turned away: log closed, buffer full, or record too large.
    pub refused: u64,
}

impl Queue {
    pub(super) fn new(limit_bytes: usize, record_bytes: usize) -> Queue {
        let gathering = Gathering {
            bytes: Vec::new(),
            end: 0,
            records: 0,
            group: Arc::default(),
            writer_sleeps: false,
            closed: false,
            totals: Totals::default(),
        };
        Queue { gathering: Mutex::new(gathering), arrived: Condvar::new(), limit_bytes, record_bytes }
    }

    /// Adds a record to the group being collected; `None` if it is refused.
    pub(super) fn push(&self, id: i64, encode: impl FnOnce(&mut Vec<u8>)) -> Option<Arc<Group>> {
        let mut guard = self.lock();
        let gathering = &mut *guard;
        if gathering.closed || gathering.end >= self.limit_bytes {
            gathering.totals.refused += 1;
            return None;
        }
        gathering.bytes.truncate(gathering.end);
        format::begin(&mut gathering.bytes, id);
        encode(&mut gathering.bytes);
        if !format::finish(&mut gathering.bytes, gathering.end, self.record_bytes) {
            gathering.totals.refused += 1;
            return None;
        }
        gathering.end = gathering.bytes.len();
        gathering.records += 1;
        gathering.totals.accepted += 1;
        let group = Arc::clone(&gathering.group);
        let wake = mem::take(&mut gathering.writer_sleeps);
        drop(guard);
        if wake {
            self.arrived.notify_one();
        }
        Some(group)
    }

    /// Waits for records and moves them into `bytes`; `None` when the log is closed and everything was taken.
    pub(super) fn take(&self, bytes: &mut Vec<u8>) -> Option<Taken> {
        bytes.clear();
        let mut gathering = self.lock();
        while gathering.end == 0 {
            if gathering.closed {
                return None;
            }
            gathering.writer_sleeps = true;
            gathering = self.arrived.wait(gathering).unwrap_or_else(PoisonError::into_inner);
        }
        gathering.writer_sleeps = false;
        mem::swap(bytes, &mut gathering.bytes);
        bytes.truncate(mem::take(&mut gathering.end));
        Some(Taken { records: mem::take(&mut gathering.records), group: mem::take(&mut gathering.group) })
    }

    /// Refuses all further records and lets the writer finish.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.arrived.notify_one();
    }

    /// Refuses all further records and drops those that wait: nobody is left to write them.
    pub(super) fn abort(&self) {
        let mut gathering = self.lock();
        gathering.closed = true;
        gathering.end = 0;
        mem::take(&mut gathering.group).settle(Durability::Unacknowledged);
    }

    pub(super) fn totals(&self) -> Totals {
        self.lock().totals
    }

    /// A panicking encoder poisons the lock and leaves nothing broken: what it wrote lies behind `end`.
    fn lock(&self) -> MutexGuard<'_, Gathering> {
        self.gathering.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A group in the writer's hands. Dropped without a verdict (the writer panicked) it is unacknowledged, so
/// that no request waits for ever.
pub(super) struct Taken {
    pub records: u64,
    group: Arc<Group>,
}

impl Taken {
    /// Tells every request of the group.
    pub(super) fn settle(self, verdict: Durability) {
        self.group.settle(verdict);
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        self.group.settle(Durability::Unacknowledged);
    }
}

/// What the requests of one group wait on.
///
/// The writer wakes one of them, and that one wakes the rest. A wake from a thread outside the runtime is
/// dear (it goes through the runtime's shared queue), one from a worker is cheap: measured, this costs a
/// third less CPU per append than waking all from the writer. A woken request that is dropped before it runs
/// hands its wake on. All requests belong on runtimes that keep running: one that stood still could hold up
/// its group.
#[derive(Default)]
pub(super) struct Group {
    verdict: AtomicU8,
    settled: Notify,
}

const OPEN: u8 = 0;
const DURABLE: u8 = 1;
const UNACKNOWLEDGED: u8 = 2;

impl Group {
    /// Resolves when the writer has settled the group.
    pub(super) async fn verdict(&self) -> Durability {
        loop {
            // Created before the look at the verdict, it also hears of one that comes in between.
            let settled = self.settled.notified();
            match self.verdict.load(Ordering::Acquire) {
                DURABLE => return Durability::Durable,
                UNACKNOWLEDGED => return Durability::Unacknowledged,
                _ => settled.await,
            }
            self.settled.notify_waiters();
        }
    }

    /// The first verdict stands.
    fn settle(&self, verdict: Durability) {
        let verdict = match verdict {
            Durability::Durable => DURABLE,
            Durability::Unacknowledged => UNACKNOWLEDGED,
        };
        if self.verdict.compare_exchange(OPEN, verdict, Ordering::Release, Ordering::Relaxed).is_ok() {
            self.settled.notify_one();
        }
    }
}
