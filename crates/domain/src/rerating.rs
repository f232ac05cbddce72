//! Leads that are rated anew by other terms: states, and what of one lead follows from the terms alone.

use crate::codes;
use crate::goal::{LeadFacts, Line, Special, Terms, line_of};
use crate::lead::LeadMoney;

codes! {
    /// How far a re-rating has come.
    pub enum ReratingStatus {
        Counting = 1 "being counted, nothing is moved",
        Counted = 2 "counted: it waits to be applied",
        Applying = 3 "being applied",
        Applied = 4 "applied",
        Stopped = 5 "stopped: what was applied before stays",
    }
}

impl ReratingStatus {
    /// Whether somebody works on it, or should.
    pub fn is_running(self) -> bool {
        matches!(self, Self::Counting | Self::Applying)
    }
}

/// What a lead is worth by other terms, and by which of their lines; the same question always has the same answer.
///
/// # Errors
/// In words, when the terms cannot rate it: it stays as it is then.
pub fn rated(
    (terms, lines): (Terms, &[Line]),
    special: Special,
    facts: &LeadFacts<'_>,
    sale: Option<i64>,
) -> Result<(i64, LeadMoney), &'static str> {
    let line = line_of(lines, facts);
    let base = line.map_or(terms, |line| Terms { payment: line.payment, charge: line.charge, ..terms });
    let own = base.with(special);
    // A condition was made for the terms of its time; with others it may pay on top, which nothing does.
    if !own.is_covered() {
        return Err("the webmaster's special condition would pay more than these terms charge");
    }
    Ok((line.map_or(0, |line| line.number), own.rate(sale)?))
}
