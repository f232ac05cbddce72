//! What can go wrong when the click log is opened, read or released.
//!
//! Appending has no error type: an append is durable or it is not, see [`super::Durability`].

use std::io;
use std::path::{Path, PathBuf};

/// Why an operation of the click log failed.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The operating system refused; `action` says what was tried.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried, as a verb: "open", "read" …
        action: &'static str,
        /// The file or folder it was tried on.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// Another process has this log open; two writers would overwrite each other.
    #[error("click log {} is in use by another process", .0.display())]
    Locked(PathBuf),
    /// The identity is not 16 lower-case hex characters.
    #[error("{0:?} is not a click log identity (16 hex characters)")]
    Identity(String),
    /// A segment carries the identity of another log: its marks would be mistaken for ours.
    #[error("segment {} belongs to another click log", .0.display())]
    Foreign(PathBuf),
    /// The configured segment size cannot hold a header and a useful record, or is not addressable.
    #[error("segments of {0} bytes are not supported (4 KiB to 1 GiB)")]
    SegmentBytes(u64),
    /// A record that was once durable no longer validates: the disk lost or changed it. A reader that must go
    /// on after raising the alarm continues at the next segment, `Mark { segment: segment + 1, offset: 0 }`.
    #[error("click log segment {segment} is damaged at byte {offset}")]
    Corrupt {
        /// Number of the damaged segment.
        segment: u64,
        /// Byte where validation failed.
        offset: u64,
    },
}

impl LogError {
    /// For `map_err`: names the attempt that failed.
    pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> LogError {
        let path = path.to_path_buf();
        move |source| LogError::Io { action, path, source }
    }
}
