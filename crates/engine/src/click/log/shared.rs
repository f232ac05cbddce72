//! What the writer thread and the readers of one log share, and the reading side itself.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::queue::Queue;
use super::segment::{Segment, Stretch};
use super::space::{self, Space};
use super::{Batch, Durability, LogError, LogStats, Mark};

/// The state behind every handle of one log.
pub(super) struct Shared {
    pub space: Space,
    pub queue: Queue,
    pub segment_bytes: u64,
    pub live: Mutex<Live>,
    /// Behind the last durable record.
    pub durable: watch::Sender<Mark>,
    pub counters: Counters,
    #[cfg(test)]
    pub failures: AtomicU64,
}

/// The segments that exist, and how far they are drained.
#[derive(Default)]
pub(super) struct Live {
    segments: BTreeMap<u64, Arc<Segment>>,
    drained: Mark,
    /// Highest number that a stored mark has named: it may be higher than that of any file left.
    floor: u64,
}

/// Totals since the log was opened.
#[derive(Default)]
pub(super) struct Counters {
    durable: AtomicU64,
    unacknowledged: AtomicU64,
    groups: AtomicU64,
    sync_errors: AtomicU64,
}

impl Shared {
    pub(super) fn live(&self) -> MutexGuard<'_, Live> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn read(&self, from: Mark, max_records: usize, max_bytes: u64) -> Result<Batch, LogError> {
        let mut mark = from;
        loop {
            let Some((segment, sealed)) = self.live().at_or_after(mark.segment) else {
                return Ok(Batch::empty(from));
            };
            // Whether it is sealed was asked first: an end read before could miss what was written in
            // between.
            let (start, end) = (segment.unread_from(mark), segment.end());
            if start < end {
                if let Some(stretch) = self.stretch(&segment, start, end, max_records, max_bytes)? {
                    let next = Mark { segment: segment.number, offset: stretch.end };
                    return Ok(Batch { records: stretch.records, bytes: stretch.bytes, next });
                }
            } else if !sealed {
                return Ok(Batch::empty(from));
            }
            mark = Mark { segment: segment.number + 1, offset: 0 };
        }
    }

    pub(super) fn find(&self, id: i64) -> Result<Option<Vec<u8>>, LogError> {
        let (segments, drained) = self.live().undrained();
        for segment in segments {
            for block in segment.blocks_of(id, segment.unread_from(drained)) {
                let mut start = block.start;
                while start < block.end {
                    let Some(stretch) =
                        self.stretch(&segment, start, block.end, usize::MAX, block.end - start)?
                    else {
                        break;
                    };
                    if let Some(record) = stretch.records.iter().find(|record| record.id == id) {
                        return Ok(stretch.bytes.get(record.payload.clone()).map(<[u8]>::to_vec));
                    }
                    start = stretch.end;
                }
            }
        }
        Ok(None)
    }

    /// Reads durable records; `None` if the segment was released, and its file perhaps reused, meanwhile.
    fn stretch(
        &self,
        segment: &Segment,
        start: u64,
        end: u64,
        max_records: usize,
        max_bytes: u64,
    ) -> Result<Option<Stretch>, LogError> {
        let failure = match segment.stretch(start, end, max_records, max_bytes) {
            Ok(stretch) if !stretch.records.is_empty() => return Ok(Some(stretch)),
            Ok(_) => LogError::Corrupt { segment: segment.number, offset: start },
            Err(error) => LogError::io("read", &segment.path)(error),
        };
        if self.live().contains(segment.number) { Err(failure) } else { Ok(None) }
    }

    pub(super) fn release(&self, drained: Mark) -> Result<(), LogError> {
        let released = self.live().release(drained);
        let free = |segment: &Arc<Segment>| {
            if segment.is_abandoned() {
                space::remove(&segment.path)
            } else {
                self.space.recycle(&segment.path)
            }
        };
        // One file that cannot be freed must not keep the others.
        released.iter().map(free).fold(Ok(()), Result::and)
    }

    pub(super) fn stats(&self) -> LogStats {
        let totals = self.queue.totals();
        let (segments, pending_bytes) = {
            let live = self.live();
            (live.segments.len(), live.pending_bytes())
        };
        LogStats {
            appended: totals.accepted + totals.refused,
            durable: self.counters.durable.load(Ordering::Relaxed),
            unacknowledged: self.counters.unacknowledged.load(Ordering::Relaxed) + totals.refused,
            groups: self.counters.groups.load(Ordering::Relaxed),
            sync_errors: self.counters.sync_errors.load(Ordering::Relaxed),
            pending_bytes,
            segments,
            reserve_segments: self.space.reserve_len(),
        }
    }

    /// Fails as often as a test asked for.
    #[cfg(test)]
    pub(super) fn injected_failure(&self) -> std::io::Result<()> {
        let less = |left: u64| left.checked_sub(1);
        match self.failures.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less) {
            Ok(_) => Err(std::io::Error::other("injected")),
            Err(_) => Ok(()),
        }
    }
}

impl Live {
    pub(super) fn insert(&mut self, segment: Arc<Segment>) {
        self.segments.insert(segment.number, segment);
    }

    pub(super) fn remove(&mut self, number: u64) {
        self.segments.remove(&number);
    }

    fn contains(&self, number: u64) -> bool {
        self.segments.contains_key(&number)
    }

    /// Highest segment number.
    pub(super) fn last(&self) -> Option<u64> {
        self.segments.keys().next_back().copied()
    }

    /// Segments must have higher numbers than this.
    pub(super) fn floor(&self) -> u64 {
        self.floor
    }

    /// Behind the last record.
    pub(super) fn end(&self) -> Mark {
        let last = self.segments.values().rev().find(|segment| !segment.is_empty());
        last.map_or(Mark::default(), |segment| Mark { segment: segment.number, offset: segment.end() })
    }

    /// The first segment from `number` on, and whether it is sealed: only the last one still grows.
    fn at_or_after(&self, number: u64) -> Option<(Arc<Segment>, bool)> {
        let mut segments = self.segments.range(number..).map(|(_, segment)| segment);
        let first = segments.next()?;
        Some((Arc::clone(first), segments.next().is_some()))
    }

    fn undrained(&self) -> (Vec<Arc<Segment>>, Mark) {
        (self.segments.values().rev().cloned().collect(), self.drained)
    }

    /// Takes out the segments without undrained records. The last one stays, written or not: its number tells
    /// the next run which numbers were used, so that a stored mark never points into another content.
    fn release(&mut self, drained: Mark) -> Vec<Arc<Segment>> {
        self.floor = self.floor.max(drained.segment);
        self.drained = self.drained.max(drained).min(self.end());
        let (last, drained) = (self.last(), self.drained);
        let gone =
            |segment: &Segment| Some(segment.number) != last && segment.unread_from(drained) >= segment.end();
        self.segments.extract_if(.., |_, segment| gone(segment)).map(|(_, segment)| segment).collect()
    }

    fn pending_bytes(&self) -> u64 {
        let unread = |segment: &Arc<Segment>| segment.end().saturating_sub(segment.unread_from(self.drained));
        self.segments.values().map(unread).sum()
    }
}

impl Counters {
    pub(super) fn count(&self, verdict: Durability, records: u64) {
        let total = match verdict {
            Durability::Durable => &self.durable,
            Durability::Unacknowledged => &self.unacknowledged,
        };
        total.fetch_add(records, Ordering::Relaxed);
        self.groups.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn sync_error(&self) {
        self.sync_errors.fetch_add(1, Ordering::Relaxed);
    }
}
