//! The click log: an append-only log of opaque records that answers when a record is durable.
//!
//! A click is appended here before its visitor is redirected, and a drainer moves the log into the store in
//! large batches. The log knows nothing of clicks: a record is an id and bytes.
//!
//! ```text
//! append ─► queue ─► writer thread ─► segment files ─► read, find ─► the store
//!             ▲   one fdatasync per group   ▲   recycled by release ◄─┘
//!         all requests that came         preallocated
//!         during the last sync           reserve
//! ```
//!
//! Promises:
//!
//! * `Durable` means the record survives a crash of the process and of the machine, and will be read.
//! * `Unacknowledged` means it may or may not be read; the caller goes on without it.
//! * A record is read at most once by a reader that follows [`Batch::next`], also across restarts.
//! * Segment numbers only grow, so a stored [`Mark`] stays meaningful for as long as the folder exists.
//! * An append waits for nothing but the commit of its own group.
//!
//! Stopping the process after a failed sync is the usual alternative; here visitors must still be redirected.

mod error;
mod format;
mod queue;
mod segment;
mod shared;
mod space;
#[cfg(test)]
mod tests;
mod writer;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use tokio::sync::watch;

pub use self::error::LogError;
pub use self::format::Record;
use self::queue::Queue;
use self::segment::Segment;
use self::shared::{Live, Shared};
use self::space::Space;
use self::writer::Writer;

/// How a click log is kept.
#[derive(Debug, Clone)]
pub struct LogConfig {
    /// Its folder; created if missing, locked while open.
    pub dir: PathBuf,
    /// Size of a segment file in bytes, 4 KiB to 1 GiB. Existing segments keep theirs.
    pub segment_bytes: u64,
    /// Preallocated spare segments: the space that is left for clicks when the disk is full.
    pub reserve_segments: usize,
    /// Bytes that may wait for the writer; beyond it appends are unacknowledged at once.
    pub queue_bytes: usize,
}

impl LogConfig {
    /// Segments of 64 MiB, two of them in reserve, a queue of 16 MiB.
    #[must_use]
    pub fn new(dir: impl Into<PathBuf>) -> LogConfig {
        LogConfig { dir: dir.into(), segment_bytes: 64 << 20, reserve_segments: 2, queue_bytes: 16 << 20 }
    }
}

/// A position in the log, ordered as the log is. The default lies before everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Mark {
    /// Number of the segment, from 1.
    pub segment: u64,
    /// Byte in its file.
    pub offset: u64,
}

/// What became of an append.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "an unacknowledged record may be lost"]
pub enum Durability {
    /// On the disk: it will be read, whatever crashes.
    Durable,
    /// Not known to be on the disk.
    Unacknowledged,
}

/// Consecutive durable records.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    /// The records in log order; empty when nothing durable follows.
    pub records: Vec<Record>,
    /// Holds the payloads the records point into.
    pub bytes: Vec<u8>,
    /// Where to read on; commit it together with the records.
    pub next: Mark,
}

impl Batch {
    fn empty(next: Mark) -> Batch {
        Batch { next, ..Batch::default() }
    }

    /// Where each record begins, with its id and payload: it lies before a mark when its place does.
    pub fn places(&self) -> impl Iterator<Item = (Mark, i64, &[u8])> {
        let begin = self.next.offset.saturating_sub(self.bytes.len() as u64);
        let at = move |record: &Record| {
            let offset = begin + record.payload.start.saturating_sub(format::RECORD_BYTES) as u64;
            Mark { segment: self.next.segment, offset }
        };
        self.records.iter().map(move |record| (at(record), record.id, &self.bytes[record.payload.clone()]))
    }

    /// Id and payload of each record.
    pub fn iter(&self) -> impl Iterator<Item = (i64, &[u8])> {
        self.records.iter().map(|record| (record.id, &self.bytes[record.payload.clone()]))
    }
}

/// Figures of one log, counted since it was opened unless said otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogStats {
    /// Appends that were tried. Those still waiting are neither durable nor unacknowledged yet.
    pub appended: u64,
    /// Appends answered `Durable`.
    pub durable: u64,
    /// Appends answered `Unacknowledged`.
    pub unacknowledged: u64,
    /// Groups settled; `durable / groups` is how many clicks share a sync.
    pub groups: u64,
    /// Writes and syncs that failed, each costing its segment.
    pub sync_errors: u64,
    /// Bytes of durable records not released yet, those of earlier runs included.
    pub pending_bytes: u64,
    /// Segment files in use now.
    pub segments: usize,
    /// Spare files in reserve now; fewer than configured means the disk is full.
    pub reserve_segments: usize,
}

/// A handle to an open click log; clones share it. The last one closes it.
#[derive(Clone)]
pub struct ClickLog(Arc<Handle>);

struct Handle {
    shared: Arc<Shared>,
    identity: String,
    writer: Mutex<Option<JoinHandle<()>>>,
}

impl ClickLog {
    /// Opens the log, or creates it under `identity` (16 lower-case hex characters; ignored if it exists).
    /// Reads all segments once to find where each ends, about a second per gigabyte not drained. Blocks.
    ///
    /// # Errors
    /// [`LogError::Locked`] while another process has it open; otherwise what is wrong with the
    /// configuration, the folder or a file in it. A full disk is no error: appends are then unacknowledged
    /// until there is space.
    pub fn open(config: &LogConfig, identity: &str) -> Result<ClickLog, LogError> {
        if !(4 << 10..=1 << 30).contains(&config.segment_bytes) {
            return Err(LogError::SegmentBytes(config.segment_bytes));
        }
        let space = Space::open(config, identity)?;
        let mut live = Live::default();
        for (number, path) in space.segments()? {
            live.insert(Arc::new(Segment::recover(number, path, space.identity())?));
        }
        if let Err(error) = space.fill_reserve() {
            tracing::error!(%error, "click log cannot fill its reserve");
        }
        // Nothing is appended behind what an earlier run wrote: its torn tail is not ours to judge.
        let next_number = live.last().map_or(1, |last| last + 1);
        let identity = space.identity().iter().copied().map(char::from).collect();
        let shared = Arc::new(Shared {
            space,
            queue: Queue::new(config.queue_bytes, format::capacity(config.segment_bytes)),
            segment_bytes: config.segment_bytes,
            durable: watch::Sender::new(live.end()),
            live: Mutex::new(live),
            counters: shared::Counters::default(),
            #[cfg(test)]
            failures: 0.into(),
        });
        let writers = Arc::clone(&shared);
        let writer = thread::Builder::new()
            .name("click-log".to_owned())
            .spawn(move || Writer::new(&writers, next_number).run())
            .map_err(LogError::io("start the writer of", &config.dir))?;
        Ok(ClickLog(Arc::new(Handle { shared, identity, writer: Mutex::new(Some(writer)) })))
    }

    /// Names this log among all of a network: the store keeps its drained mark under it.
    #[must_use]
    pub fn identity(&self) -> &str {
        &self.0.identity
    }

    /// Appends one record and resolves when it is durable or known not to be. `encode` appends the payload to
    /// the buffer it is given, which holds other records too: it must touch nothing else, and be quick, for
    /// it runs under the queue's lock. Dropping the future does not take the record back.
    pub async fn append(&self, id: i64, encode: impl FnOnce(&mut Vec<u8>)) -> Durability {
        match self.0.shared.queue.push(id, encode) {
            Some(group) => group.verdict().await,
            None => Durability::Unacknowledged,
        }
    }

    /// Reads durable records behind `from`: at most `max_records` and about `max_bytes`, but at least one if
    /// there is one. Blocks on the disk; an empty batch leaves the mark where it was.
    ///
    /// # Errors
    /// [`LogError::Corrupt`] if the disk changed what was durable; [`LogError::Io`] if it cannot be read.
    pub fn read(&self, from: Mark, max_records: usize, max_bytes: u64) -> Result<Batch, LogError> {
        self.0.shared.read(from, max_records, max_bytes)
    }

    /// Resolves when [`read`](Self::read) from `from` has something to give. Does not resolve because of a
    /// close.
    pub async fn wait_after(&self, from: Mark) {
        let mut durable = self.0.shared.durable.subscribe();
        // It fails only when the sender is gone, and `self` keeps it.
        let _ = durable.wait_for(|end| *end > from).await;
    }

    /// Tells that everything before `drained` is durably in the store. Segments that hold nothing else become
    /// spare, or are deleted when the reserve is full. Lower marks than before change nothing.
    ///
    /// # Errors
    /// [`LogError::Io`] if a file cannot be renamed or deleted; the mark counts all the same, and the file is
    /// met again by the next open.
    pub fn release(&self, drained: Mark) -> Result<(), LogError> {
        self.0.shared.release(drained)
    }

    /// The payload of the durable, unreleased record `id`. Reads about 64 KiB of the log; blocks on the disk.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn find(&self, id: i64) -> Result<Option<Vec<u8>>, LogError> {
        self.0.shared.find(id)
    }

    /// Current figures. Cheap.
    #[must_use]
    pub fn stats(&self) -> LogStats {
        self.0.shared.stats()
    }

    /// Commits what waits and stops the writer; later appends are unacknowledged. Reading goes on. Blocks for
    /// the length of a sync or two.
    pub fn close(&self) {
        self.0.close();
    }
}

impl Handle {
    fn close(&self) {
        self.shared.queue.close();
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(writer) = writer {
            // A panic was reported where it happened.
            let _ = writer.join();
        }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.close();
    }
}
