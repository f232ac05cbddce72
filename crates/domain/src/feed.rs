//! Product feeds: how an advertiser's goods come in by the thousand.

use crate::codes;

codes! {
    /// How a feed is written.
    pub enum FeedFormat {
        Auto = 0 "found out from its beginning",
        Yml = 1 "YML: XML with yml_catalog",
        Csv = 2 "CSV with a row of headings",
    }
}

codes! {
    /// How the last run of a feed went.
    pub enum FeedStatus {
        Waiting = 0 "waits for its run",
        Running = 1 "running",
        Finished = 2 "finished: read to its end",
        Failed = 3 "failed",
        Stopped = 4 "stopped",
    }
}

/// Goods that one feed may have.
pub const FEED_ROWS: i64 = 1_000_000;
/// Most bytes of an uploaded feed, compressed or not.
pub const FEED_UPLOAD_BYTES: usize = 20 << 20;
/// Most bytes of a feed, unpacked.
pub const FEED_BYTES: u64 = 512 << 20;
/// Errors of rows that are kept for reading; their number is exact.
pub const FEED_ERRORS: i64 = 200;
