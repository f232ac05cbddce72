//! The bytes of a segment: one header, then records back to back.
//!
//! ```text
//! header  magic [8] | version u32 | segment u64 | identity [16] | crc32 u32
//! record  length u32 | crc32 u32 | id i64 | payload              (length counts id and payload)
//! ```
//!
//! All integers are little-endian. A record's checksum also covers its segment number and offset, which are
//! not stored: the stale records of a recycled segment file therefore never validate, and no zeroing is
//! needed. A length is at least 8, so zeroed space never validates either.

use std::ops::Range;

/// Bytes before the first record of a segment.
pub(super) const HEADER_BYTES: u64 = 40;
/// Bytes before the payload of a record.
pub(super) const RECORD_BYTES: usize = 16;
/// Characters of a log's identity.
pub(super) const IDENTITY_BYTES: usize = 16;

const MAGIC: [u8; 8] = *b"whoclick";
const VERSION: u32 = 1;
const ID_BYTES: usize = 8;

/// The identity of a log, as stored in each segment header.
pub(super) type Identity = [u8; IDENTITY_BYTES];

/// One record of a [`Batch`](super::Batch).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The id it was appended under.
    pub id: i64,
    /// Where its payload lies in the batch's `bytes`.
    pub payload: Range<usize>,
}

/// Whose segment a header says it is.
pub(super) enum Owner {
    /// This log's, under the expected number.
    Ours,
    /// Another log's.
    Foreign,
    /// Nobody's yet: fresh, recycled, or the header never reached the disk, and so no record did.
    Nobody,
}

/// The header of segment `segment`.
pub(super) fn header(segment: u64, identity: &Identity) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(64);
    bytes.extend_from_slice(&MAGIC);
    bytes.extend_from_slice(&VERSION.to_le_bytes());
    bytes.extend_from_slice(&segment.to_le_bytes());
    bytes.extend_from_slice(identity);
    let crc = crc32fast::hash(&bytes);
    bytes.extend_from_slice(&crc.to_le_bytes());
    bytes
}

/// Judges the header bytes found in the file of segment `segment`.
pub(super) fn owner(found: &[u8], segment: u64, identity: &Identity) -> Owner {
    let expected = header(segment, identity);
    if found == expected {
        return Owner::Ours;
    }
    let signed = found.len().saturating_sub(4);
    let (fields, crc) = found.split_at(signed);
    let intact = found.len() == expected.len() && crc == crc32fast::hash(fields).to_le_bytes();
    let ours = fields.get(20..) == Some(identity.as_slice());
    if intact && !ours { Owner::Foreign } else { Owner::Nobody }
}

/// Size of the largest record a segment of `segment_bytes` can hold.
pub(super) fn capacity(segment_bytes: u64) -> usize {
    usize::try_from(segment_bytes - HEADER_BYTES).unwrap_or(usize::MAX)
}

/// Starts a record at the end of `bytes`; the payload follows, then [`finish`].
pub(super) fn begin(bytes: &mut Vec<u8>, id: i64) {
    bytes.extend_from_slice(&[0; RECORD_BYTES - ID_BYTES]);
    bytes.extend_from_slice(&id.to_le_bytes());
}

/// Completes the record that began at `start` and runs to the end of `bytes`, all but its checksum, which
/// needs a place in a segment. False when it is larger than `limit` bytes.
pub(super) fn finish(bytes: &mut [u8], start: usize, limit: usize) -> bool {
    let size = bytes.len() - start;
    let Ok(length) = u32::try_from(size - (RECORD_BYTES - ID_BYTES)) else {
        return false;
    };
    bytes[start..start + 4].copy_from_slice(&length.to_le_bytes());
    size <= limit
}

/// Bytes of the longest run of whole records at the start of `group` that fit into `room`.
pub(super) fn fitting(group: &[u8], room: u64) -> usize {
    if group.len() as u64 <= room {
        return group.len();
    }
    let mut end = 0;
    while let Some(size) = size_at(group, end) {
        if (end + size) as u64 > room {
            break;
        }
        end += size;
    }
    end
}

/// Gives every record of `group` the checksum for its place, the first lying at `offset` of `segment`, and
/// reports each as `(offset, id)`.
pub(super) fn stamp(group: &mut [u8], segment: u64, offset: u64, mut each: impl FnMut(u64, i64)) {
    let mut start = 0;
    while let Some(size) = size_at(group, start) {
        let record = &mut group[start..start + size];
        let place = offset + start as u64;
        let crc = checksum(record, segment, place).to_le_bytes();
        record[4..8].copy_from_slice(&crc);
        each(place, id_of(record));
        start += size;
    }
}

/// Why [`parse`] stopped.
pub(super) enum Stop {
    /// The bytes are used up, or enough records were found.
    Done,
    /// The next record needs this many bytes, more than there are.
    Short(usize),
    /// What comes next is no record.
    Invalid,
}

/// The valid records at the start of `bytes`, which were read from `offset` of `segment`; at most `limit` of
/// them. Also tells where the last one ends in `bytes`.
pub(super) fn parse(bytes: &[u8], segment: u64, offset: u64, limit: usize) -> (Vec<Record>, usize, Stop) {
    let mut records = Vec::new();
    let mut start = 0;
    let stop = loop {
        if start == bytes.len() || records.len() == limit {
            break Stop::Done;
        }
        let Some(size) = size_at(bytes, start) else {
            break Stop::Short(RECORD_BYTES);
        };
        if size < RECORD_BYTES {
            break Stop::Invalid;
        }
        let Some(record) = bytes.get(start..start + size) else {
            break Stop::Short(size);
        };
        if record[4..8] != checksum(record, segment, offset + start as u64).to_le_bytes() {
            break Stop::Invalid;
        }
        records.push(Record { id: id_of(record), payload: start + RECORD_BYTES..start + size });
        start += size;
    };
    (records, start, stop)
}

/// The size the record at `start` claims to have, header included.
fn size_at(bytes: &[u8], start: usize) -> Option<usize> {
    let length = bytes.get(start..start + RECORD_BYTES)?.first_chunk()?;
    Some(u32::from_le_bytes(*length) as usize + RECORD_BYTES - ID_BYTES)
}

fn id_of(record: &[u8]) -> i64 {
    record[8..].first_chunk().map_or(0, |id| i64::from_le_bytes(*id))
}

fn checksum(record: &[u8], segment: u64, offset: u64) -> u32 {
    let mut place = [0; 20];
    place[..8].copy_from_slice(&segment.to_le_bytes());
    place[8..16].copy_from_slice(&offset.to_le_bytes());
    place[16..].copy_from_slice(&record[..4]);
    let mut crc = crc32fast::Hasher::new();
    crc.update(&place);
    crc.update(&record[8..]);
    crc.finalize()
}
