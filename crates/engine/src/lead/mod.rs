//! Leads: what came of clicks.
//!
//! ```text
//! /pb ─► receive ─► desk (waiting conversions share one transaction)
//!                     └─► resolve (pure) ─► lead + events + transfers, committed ─► verdict
//! ```
//!
//! A decision (`update`) and the end of the hold (`close`) go through the same `steps`: one state change is one
//! numbered event and the transfers of `domain::ledger`.

mod again;
mod bare;
mod buyer;
mod choice;
mod close;
mod contest;
mod count;
mod desk;
mod form;
mod goal;
mod hold;
mod import;
mod late;
mod list;
mod noted;
mod order;
mod parked;
mod phones;
mod pixel;
mod rating;
mod receive;
mod resolve;
mod shown;
mod silence;
mod simulate;
mod steps;
mod story;
mod update;

pub use buyer::BuyerView;
pub(crate) use desk::Desk;
pub use form::OrderForm;
pub use hold::HoldDay;
pub use import::{ImportLine, LINES_LIMIT};
pub use list::LeadList;
pub use order::{LeadCreate, LeadCreated, OrderSent};
pub(crate) use parked::PARKED_DAYS;
pub use pixel::PixelGoal;
pub(crate) use rating::{Ratings, Version};
pub use receive::{Conversion, Order, Verdict};
pub use shown::LeadRow;
pub(crate) use steps::{Actor, Rerated, Steps, Why};
pub use story::{
    LeadClick, LeadEventView, LeadHold, LeadIdentity, LeadParked, LeadTerms, LeadTransfer, LeadView,
};
pub use update::LeadUpdate;
pub(crate) use update::{actor, check_why, decidable};
