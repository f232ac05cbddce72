//! Words and rules of a CPA affiliate network; pure: no async, no I/O, no clock of its own.
//!
//! * An **advertiser** publishes an **offer** with paid **goals**.
//! * A **webmaster** sends visitors through a tracked **link**; each visit is a **click** with a `tid`.
//! * A paid action is a **lead**: pending, then approved or refused, on **hold**, at last **closed**.
//! * Money moves between accounts by **transfers** in integer micro-units; nothing ever changes a balance directly.
//!
//! Every other crate takes its words from here, so that one search finds a thing in all layers.

// Money is counted in integers (design §7).
#![deny(clippy::float_arithmetic)]

pub mod access;
pub mod advance;
pub mod alias;
pub mod area;
pub mod audit;
pub mod buyer;
pub mod cap;
pub mod click;
pub mod clock;
pub mod connection;
pub mod cover;
pub mod decision;
pub mod deeplink;
pub mod deposit;
pub mod error;
pub mod export;
pub mod facts;
pub mod feed;
pub mod geo;
pub mod goal;
pub mod hex;
pub mod image;
pub mod input;
pub mod key;
pub mod landing;
pub mod language;
pub mod lead;
pub mod ledger;
pub mod letter;
pub mod material;
pub mod moderation;
pub mod money;
pub mod news;
pub mod offer;
pub mod offer_figure;
pub mod orphan;
pub mod parked;
pub mod payday;
pub mod payout;
pub mod postback;
pub mod promo;
pub mod quality;
pub mod rate;
pub mod referral;
pub mod rerating;
pub mod role;
pub mod rotation;
pub mod schedule;
pub mod sort;
pub mod stat;
pub mod targeting;
pub mod template;
pub mod terms;
pub mod text;
pub mod ticket;
pub mod tid;
pub mod time;
pub mod trace;
pub mod user;
pub mod view;
pub mod wallet;
pub mod way;

pub use access::{Access, Level, Method, Resource, Scope};
pub use clock::{Clock, ManualClock, SystemClock};
pub use error::{Error, FieldErrors, Result};
pub use input::{Input, Page, PerPage, Walk, WalkPlace};
pub use time::Time;

/// For the macros of this crate.
#[doc(hidden)]
pub use serde;
