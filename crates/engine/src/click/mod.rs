//! Clicks: decided on the catalogue in memory, durable in the log before the answer, drained into the store behind
//! it (design §5).
//!
//! ```text
//! visit ─► decide (pure) ─► log (one fsync for all who wait) ─► answer
//!                             └─► drain ─► store, in large batches with the log's mark
//! ```

mod address;
mod agent;
mod caps;
mod crawler;
mod decide;
mod drain;
mod facts;
mod ids;
mod list;
pub mod log;
mod networks;
mod query;
mod recent;
mod record;
mod shown;
mod simulate;
mod track;

pub(crate) use address::device_word;
pub use caps::{CapKey, Claim, Spent};
pub(crate) use caps::{ClickCaps, CountKey};
pub use decide::{BackOwner, Decision, decide};
pub(crate) use drain::{Drainer, complete_until};
pub use facts::ClickConfig;
pub(crate) use facts::FactSource;
pub(crate) use ids::NodeIds;
pub use list::ClickList;
pub use shown::{ClickRow, ClickStep, ClickView};
pub(crate) use shown::{steps, told};
pub(crate) use simulate::Simulated;
pub use track::{Tracked, Visit};

/// A click as the log holds it.
pub(crate) fn stored_form(payload: &[u8]) -> Option<whocpa_domain::click::Click> {
    record::decode(payload).ok()
}
