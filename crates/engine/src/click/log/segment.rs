//! One segment as its readers see it: which bytes are durable, and a sparse index to find a record by id.
//!
//! Readers open the file anew for each stretch they read: a long backlog then costs no file descriptors, and
//! that is cheap next to the thousands of records a stretch holds.

use std::cmp::Ordering;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::format::{self, HEADER_BYTES, Identity, Owner, Record, Stop};
use super::{LogError, Mark};

/// Bytes of records under one entry of the index: a lookup reads one or two such blocks, and a segment of 64
/// MiB needs 24 KiB of index.
const BLOCK_BYTES: u64 = 64 * 1024;
/// Bytes read at a time when a segment is scanned.
const SCAN_BYTES: u64 = 1024 * 1024;

/// A segment file with the part of it that is known to be durable.
pub(super) struct Segment {
    pub number: u64,
    pub path: PathBuf,
    extent: Mutex<Extent>,
}

struct Extent {
    end: u64,
    blocks: Vec<Block>,
    abandoned: bool,
}

/// The ids between two offsets. They arrive almost in order, so ranges of neighbours hardly overlap.
struct Block {
    offset: u64,
    min: i64,
    max: i64,
}

/// Consecutive records, read in one go.
pub(super) struct Stretch {
    pub records: Vec<Record>,
    pub bytes: Vec<u8>,
    /// Offset behind the last of them.
    pub end: u64,
}

impl Segment {
    /// A segment without records.
    pub(super) fn new(number: u64, path: PathBuf) -> Segment {
        let extent = Extent { end: HEADER_BYTES, blocks: Vec::new(), abandoned: false };
        Segment { number, path, extent: Mutex::new(extent) }
    }

    /// Reads what an earlier run left. The first byte that is no valid record ends the segment: there the
    /// group that was being written when the process or the machine stopped is torn, or the unused rest
    /// begins.
    pub(super) fn recover(number: u64, path: PathBuf, identity: &Identity) -> Result<Segment, LogError> {
        let segment = Segment::new(number, path);
        let failed = || LogError::io("recover", &segment.path);
        let file = File::open(&segment.path).map_err(failed())?;
        let size = file.metadata().map_err(failed())?.len();
        let mut header = vec![0; to_usize(HEADER_BYTES)];
        if size < HEADER_BYTES {
            return Ok(segment);
        }
        file.read_exact_at(&mut header, 0).map_err(failed())?;
        match format::owner(&header, number, identity) {
            Owner::Ours => {}
            Owner::Foreign => return Err(LogError::Foreign(segment.path)),
            Owner::Nobody => return Ok(segment),
        }
        // A killed process leaves records that were written but not synced. They are about to be read, and
        // marks set behind them, so they must not vanish with the next power cut.
        file.sync_data().map_err(failed())?;
        loop {
            let stretch = segment.stretch(segment.end(), size, usize::MAX, SCAN_BYTES).map_err(failed())?;
            if stretch.records.is_empty() {
                return Ok(segment);
            }
            let start = segment.end() - format::RECORD_BYTES as u64;
            let places =
                stretch.records.iter().map(|record| (start + record.payload.start as u64, record.id));
            segment.extend(stretch.end, places);
        }
    }

    /// Makes the records at the given `(offset, id)` readable; they end at `end`.
    pub(super) fn extend(&self, end: u64, records: impl IntoIterator<Item = (u64, i64)>) {
        let mut extent = self.lock();
        extent.end = end;
        for (offset, id) in records {
            match extent.blocks.last_mut() {
                Some(block) if offset - block.offset < BLOCK_BYTES => {
                    block.min = block.min.min(id);
                    block.max = block.max.max(id);
                }
                _ => extent.blocks.push(Block { offset, min: id, max: id }),
            }
        }
    }

    /// Marks the file as one that failed: it is not written again, not even recycled.
    pub(super) fn abandon(&self) {
        self.lock().abandoned = true;
    }

    pub(super) fn is_abandoned(&self) -> bool {
        self.lock().abandoned
    }

    /// Offset behind the last durable record.
    pub(super) fn end(&self) -> u64 {
        self.lock().end
    }

    pub(super) fn is_empty(&self) -> bool {
        self.end() == HEADER_BYTES
    }

    /// First offset of this segment that a reader at `mark` has not seen; past every end when it is beyond
    /// the segment.
    pub(super) fn unread_from(&self, mark: Mark) -> u64 {
        match mark.segment.cmp(&self.number) {
            Ordering::Less => HEADER_BYTES,
            Ordering::Equal => mark.offset.max(HEADER_BYTES),
            Ordering::Greater => u64::MAX,
        }
    }

    /// Reads whole records of `from..to` until a limit is met, but at least one if there is one. Ends early,
    /// perhaps without any record, where the bytes do not validate.
    pub(super) fn stretch(
        &self,
        from: u64,
        to: u64,
        max_records: usize,
        max_bytes: u64,
    ) -> io::Result<Stretch> {
        let file = File::open(&self.path)?;
        let available = to.saturating_sub(from);
        let mut want = to_usize(available.min(max_bytes.max(1)));
        loop {
            let mut bytes = vec![0; want];
            file.read_exact_at(&mut bytes, from)?;
            let (records, end, stop) = format::parse(&bytes, self.number, from, max_records.max(1));
            match stop {
                Stop::Short(need) if records.is_empty() && want < need && need as u64 <= available => {
                    want = need;
                }
                _ => {
                    bytes.truncate(end);
                    return Ok(Stretch { records, bytes, end: from + end as u64 });
                }
            }
        }
    }

    /// The offsets where the index allows record `id`, from `from` on.
    pub(super) fn blocks_of(&self, id: i64, from: u64) -> Vec<Range<u64>> {
        let extent = self.lock();
        let ends = extent.blocks.iter().skip(1).map(|block| block.offset).chain([extent.end]);
        extent
            .blocks
            .iter()
            .zip(ends)
            .filter(|(block, end)| *end > from && (block.min..=block.max).contains(&id))
            .map(|(block, end)| block.offset.max(from)..end)
            .collect()
    }

    fn lock(&self) -> MutexGuard<'_, Extent> {
        self.extent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Sizes in memory are bounded by the segment size, which `LogConfig` keeps far below `usize::MAX`.
fn to_usize(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}
