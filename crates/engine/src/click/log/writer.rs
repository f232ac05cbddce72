//! The one thread that writes: takes a group, writes it, syncs, tells the waiters, and again.
//!
//! A write or sync that fails says nothing about what is on the disk, and a retried sync may succeed without
//! having written anything (Linux drops the dirty pages of a failed one). So the segment is abandoned at its
//! last known durable byte and the next group goes to a fresh one.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use super::segment::Segment;
use super::shared::Shared;
use super::{Durability, Mark, format, space};

/// Least time between two attempts to get disk space, and between two segments when each one fails.
const RETRY: Duration = Duration::from_millis(200);

/// The writer thread's state.
pub(super) struct Writer<'a> {
    shared: &'a Shared,
    active: Option<Active>,
    next_number: u64,
    /// Until then no segment is opened: the last attempt failed, or its segment did.
    open_not_before: Option<Instant>,
    /// Until then the reserve is not refilled.
    refill_not_before: Option<Instant>,
    /// Whether appends can be made durable, as last reported.
    down: bool,
}

/// The segment being written.
struct Active {
    segment: Arc<Segment>,
    file: File,
    opened: Instant,
    /// `(offset, id)` of the records being written; kept for its memory.
    places: Vec<(u64, i64)>,
}

impl<'a> Writer<'a> {
    pub(super) fn new(shared: &'a Shared, next_number: u64) -> Writer<'a> {
        Writer {
            shared,
            active: None,
            next_number,
            open_not_before: None,
            refill_not_before: None,
            down: false,
        }
    }

    /// Runs until the queue is closed and empty.
    pub(super) fn run(mut self) {
        let shared = self.shared;
        let _abort = AbortOnExit(shared);
        let mut bytes = Vec::new();
        while let Some(group) = shared.queue.take(&mut bytes) {
            let verdict = self.commit(&mut bytes);
            shared.counters.count(verdict, group.records);
            group.settle(verdict);
            self.refill();
        }
    }

    /// Makes the records durable; they span several segments if they must.
    fn commit(&mut self, mut group: &mut [u8]) -> Durability {
        let shared = self.shared;
        while !group.is_empty() {
            let Some(active) = self.active() else {
                return Durability::Unacknowledged;
            };
            let room = shared.segment_bytes - active.segment.end();
            let (head, tail) = group.split_at_mut(format::fitting(group, room));
            group = tail;
            if head.is_empty() {
                self.active = None;
            } else if let Err(error) = active.write(head, shared) {
                self.abandon(&error);
                return Durability::Unacknowledged;
            }
        }
        Durability::Durable
    }

    /// The open segment, or the next one.
    fn active(&mut self) -> Option<&mut Active> {
        if self.active.is_none() && has_come(self.open_not_before) {
            self.open_next();
        }
        self.active.as_mut()
    }

    fn open_next(&mut self) {
        let number = self.next_number.max(self.shared.live().floor() + 1);
        // Whatever becomes of the attempt: a number stands for one content only.
        self.next_number = number + 1;
        match self.shared.space.create_segment(number) {
            Ok(fresh) => {
                let segment = Arc::new(Segment::new(number, fresh.path));
                self.shared.live().insert(Arc::clone(&segment));
                self.active =
                    Some(Active { segment, file: fresh.file, opened: Instant::now(), places: Vec::new() });
                self.open_not_before = None;
                if self.down {
                    self.down = false;
                    tracing::info!(segment = number, "click log writes again");
                }
            }
            Err(error) => {
                self.open_not_before = Some(Instant::now() + RETRY);
                self.report_down("click log has no space: clicks are not acknowledged", &error);
            }
        }
    }

    /// Leaves a segment whose write or sync failed. What is durable in it stays readable.
    fn abandon(&mut self, error: &io::Error) {
        self.shared.counters.sync_error();
        if let Some(active) = self.active.take() {
            self.open_not_before = Some(active.opened + RETRY);
            active.segment.abandon();
            if active.segment.is_empty() {
                self.shared.live().remove(active.segment.number);
                let _ = space::remove(&active.segment.path);
            }
        }
        self.report_down("click log segment abandoned after a failed write", error);
    }

    /// Once per outage: at full load it would fail thousands of times a second.
    fn report_down(&mut self, what: &str, error: &io::Error) {
        if !self.down {
            self.down = true;
            tracing::error!(%error, "{what}");
        }
    }

    /// Brings the reserve back to its size, after the waiters were told.
    fn refill(&mut self) {
        if self.shared.space.reserve_lacks() && has_come(self.refill_not_before) {
            let refilled = self.shared.space.fill_reserve();
            self.refill_not_before = refilled.is_err().then(|| Instant::now() + RETRY);
        }
    }
}

impl Active {
    /// Writes the records behind those that are there, syncs, and shows them to the readers.
    fn write(&mut self, records: &mut [u8], shared: &Shared) -> io::Result<()> {
        let number = self.segment.number;
        let start = self.segment.end();
        self.places.clear();
        format::stamp(records, number, start, |offset, id| {
            self.places.push((offset, id));
        });
        self.file.write_all_at(records, start)?;
        self.file.sync_data()?;
        #[cfg(test)]
        shared.injected_failure()?;
        let end = start + records.len() as u64;
        self.segment.extend(end, self.places.drain(..));
        shared.durable.send_replace(Mark { segment: number, offset: end });
        Ok(())
    }
}

fn has_come(time: Option<Instant>) -> bool {
    time.is_none_or(|time| Instant::now() >= time)
}

/// Should the thread panic, requests are refused instead of waiting for ever.
struct AbortOnExit<'a>(&'a Shared);

impl Drop for AbortOnExit<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            tracing::error!("click log writer panicked: clicks are no longer acknowledged");
        }
        self.0.queue.abort();
    }
}
