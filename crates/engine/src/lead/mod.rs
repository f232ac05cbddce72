//! Leads: what came of clicks.
//!
//! ```text
//! /pb ─► receive ─► desk (waiting conversions share one transaction)
//!                     └─► resolve (pure) ─► lead + events + transfers, committed ─► verdict
//! ```
//!
//! A decision (`update`) and the end of the hold (`close`) go through the same `steps`: one state change is one
//! numbered event and the transfers of `domain::ledger`.

mod close;
mod desk;
mod list;
mod receive;
mod resolve;
mod steps;
mod update;

pub(crate) use desk::Desk;
pub use list::{LeadEventView, LeadList, LeadRow, LeadView};
pub use receive::{Conversion, Verdict};
pub use update::LeadUpdate;
