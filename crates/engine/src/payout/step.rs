//! The steps of a payout: what an operator may do with it, and what its owner.

use whocpa_domain::payout::PayoutStatus;
use whocpa_domain::{Error, FieldErrors, Result, Time};
use whocpa_store::payout::Payout;

use super::PayoutUpdate;
use crate::Caller;

/// The payout after an operator's step; `limit` is the amount above which two of them must approve it.
pub(super) fn taken(
    caller: Caller,
    row: Payout,
    input: &PayoutUpdate,
    limit: i64,
    now: Time,
) -> Result<Payout> {
    let from = state(&row);
    let to = input.status.unwrap_or(from);
    check(&row, input, (from, to))?;
    let mut row = Payout { reference: input.reference.clone().unwrap_or(row.reference), ..row };
    if to == from {
        return Ok(row);
    }
    match to {
        PayoutStatus::Approved => approve(caller, &mut row, limit)?,
        PayoutStatus::Rejected => {
            row.reason = input.reason.clone().unwrap_or_default();
            row.status = to.code();
        }
        _ => row.status = to.code(),
    }
    row.step += 1;
    match state(&row) {
        PayoutStatus::Approved | PayoutStatus::Rejected => row.date_decided = Some(now.0),
        PayoutStatus::Paid => row.date_paid = Some(now.0),
        _ => {}
    }
    Ok(row)
}

/// Whether a step brings money nearer to its wallet: an approval, sending, paying.
pub(super) fn sends(before: &Payout, row: &Payout) -> bool {
    row.step != before.step && state(row) != PayoutStatus::Rejected
}

/// The payout after its owner's cancelling.
pub(super) fn cancelled(row: Payout, now: Time) -> Result<Payout> {
    if state(&row) != PayoutStatus::Requested || row.approver_id.is_some() {
        return Err(Error::Conflict("Only a payout that nobody has approved can be cancelled".to_owned()));
    }
    let status = PayoutStatus::Cancelled.code();
    Ok(Payout { status, step: row.step + 1, date_decided: Some(now.0), ..row })
}

fn state(row: &Payout) -> PayoutStatus {
    PayoutStatus::from_code(row.status).unwrap_or(PayoutStatus::Requested)
}

/// What is missing, and what the payout's state does not allow.
fn check(row: &Payout, input: &PayoutUpdate, (from, to): (PayoutStatus, PayoutStatus)) -> Result<()> {
    let mut errors = FieldErrors::default();
    let reason = input.reason.as_deref().unwrap_or_default();
    if to == PayoutStatus::Rejected && from != to && reason.trim().is_empty() {
        errors.add("reason", "Must be given with a rejection");
    }
    if !reason.is_empty() && (to != PayoutStatus::Rejected || from == to) {
        errors.add("reason", "Only a rejection has a reason");
    }
    let reference = input.reference.as_deref().unwrap_or(&row.reference);
    if to == PayoutStatus::Paid && reference.trim().is_empty() {
        errors.add("reference", "Must be given when it is paid");
    }
    errors.finish()?;
    if to != from && !from.may_become(to) {
        let (from, to) = (format!("{from:?}").to_lowercase(), format!("{to:?}").to_lowercase());
        return Err(Error::Conflict(format!("A {from} payout cannot become {to}")));
    }
    Ok(())
}

/// One approval, or the first of two.
fn approve(caller: Caller, row: &mut Payout, limit: i64) -> Result<()> {
    match row.approver_id {
        None => row.approver_id = Some(caller.user_id),
        Some(first) if first == caller.user_id => {
            return Err(Error::Conflict("Another operator must approve it too".to_owned()));
        }
        Some(_) => row.second_approver_id = Some(caller.user_id),
    }
    if row.amount <= limit || row.second_approver_id.is_some() {
        row.status = PayoutStatus::Approved.code();
    }
    Ok(())
}
