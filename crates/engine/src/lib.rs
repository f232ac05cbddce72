//! The operations of the network. API, web pages and jobs are three doors to the same operations, so that a rule
//! is written once.
//!
//! An operation is named `noun_verb` with the five verbs in the product's order: list, view, update, create,
//! delete. Each begins with [`Caller::may`], passes the scope that it gets down to the store, and does all of its
//! writing in one transaction. One file per resource declares the parameters, the fields and the operations.

// Money is counted in integers (design §7).
#![deny(clippy::float_arithmetic)]

mod auth;
mod catalogue;
mod check;
mod config;
mod key_use;
mod material;
mod open;
mod password;
mod phone;
mod rng;
mod routing;
mod throttle;
mod token;
mod vault;

pub mod advance;
pub mod area;
pub mod audit;
pub mod balance;
pub mod batch;
pub mod category;
pub mod claim;
pub mod click;
pub mod condition;
pub mod connection;
pub mod cover;
pub mod currency;
pub mod decision;
pub mod deeplink;
pub mod delivery;
pub mod deposit;
mod device;
pub mod doctor;
pub mod document;
pub mod domain;
pub mod event;
pub mod export;
pub mod feed;
pub mod geo;
pub mod goal;
pub mod image;
mod impression;
pub mod job;
pub mod kept;
pub mod key;
pub mod landing;
pub mod lead;
pub mod ledger;
pub mod link;
pub mod mail;
pub mod news;
pub mod offer;
pub mod orphan;
pub mod outbound;
pub mod payout;
pub mod postback;
pub mod product;
pub mod profile;
pub mod promo;
pub mod quality;
pub mod rate;
pub mod referral;
pub mod registration;
pub mod rerating;
mod rescue;
pub mod reset;
pub mod second_factor;
pub mod session;
mod sign_in;
pub mod simulate;
pub mod soon;
pub mod stat;
pub mod stock;
pub mod ticket;
pub mod transfer;
pub mod user;
pub mod wallet;

pub use config::EngineConfig;
pub use open::Engine;
pub use password::password_hash;
pub use rng::Rng;
pub use whocpa_domain::access::Caller;
pub use whocpa_store::{Paging, Rows};
