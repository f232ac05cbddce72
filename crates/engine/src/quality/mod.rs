//! The quality of traffic: rules that everybody whom they touch can read, and what they found.
//!
//! ```text
//! rule (a limit on a share) ─► a job counts the leads and clicks of each source ─► finding
//!                              └── mark: listed · notify: a ticket too · pause: the catalogue of clicks leaves it out
//! ```

mod check;
pub mod finding;
pub mod rule;
