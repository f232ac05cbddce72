//! Tables and SQL on two databases. All SQL of the product is in this crate, and nothing of the query library
//! leaves it: functions take a [`Db`] and a [`Scope`] and give plain rows.
//!
//! * [`Store::read`] is for looking; [`Store::write`] is the one door for changing: it begins `IMMEDIATE` on SQLite
//!   and tries lost races again on PostgreSQL. Its closure must not touch the network.
//! * Clicks have a database of their own ([`Store::clicks`]): a second file on SQLite, the same server on PostgreSQL.
//!   No transaction writes both (design §11).
//! * One file per table: the row, and its functions in the order list, view, update, create, delete.

// Money is counted in integers (design §7).
#![deny(clippy::float_arithmetic)]

mod bulk;
mod connect;
mod db;
mod fold;
mod migrate;
mod seed;

pub mod account;
pub mod advance;
pub mod api_key;
pub mod area;
pub mod audit;
pub mod balance;
pub mod buyer;
pub mod cap;
pub mod category;
pub mod change;
pub mod claim;
pub mod click;
mod click_copy;
pub mod condition;
pub mod connection;
pub mod cover;
pub mod currency;
pub mod decision;
pub mod delivery;
pub mod deposit;
pub mod domain;
pub mod event;
pub mod export;
pub mod feed;
pub mod finding;
pub mod forward;
pub mod geo;
pub mod goal;
pub mod image;
pub mod impression;
pub mod journal;
pub mod landing;
pub mod lead;
pub mod lead_count;
pub mod lead_event;
pub mod ledger;
pub mod letter;
pub mod letter_chat;
pub mod letter_digest;
pub mod letter_token;
pub mod link;
mod listing;
mod material;
pub mod news;
pub mod node;
pub mod offer;
pub mod offer_figure;
pub mod offer_terms;
pub mod parked_lead;
pub mod payout;
pub mod payout_batch;
pub mod person;
pub mod phone_claim;
pub mod postback;
pub mod product;
pub mod promo;
pub mod rate;
pub mod referral;
pub mod rerating;
pub mod rule;
pub mod second_factor;
pub mod secret;
pub mod sequence;
pub mod session;
pub mod statement;
pub mod stats;
pub mod stock;
#[cfg(feature = "testing")]
pub mod testing;
pub mod ticket;
pub mod transfer;
pub mod wallet;

pub use connect::{Store, StoreConfig};
pub use db::{Backend, Db, Paging, Rows};
pub use migrate::MigrationState;
pub use whocpa_domain::Scope;
