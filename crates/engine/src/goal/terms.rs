//! Money terms of goals as requests state them and answers show them.

use serde::Serialize;
use whocpa_domain::goal::{Line, MoneyType, RATE_LONGEST, RATE_PATTERN, Rate, Terms, lines_text};
use whocpa_domain::input::limits::{Form, Limits};
use whocpa_domain::{Error, FieldErrors, Result, Time};

use whocpa_store::goal::{Goal, GoalVersion};
use whocpa_store::{Db, condition};

use super::GoalUpdate;

/// A rate, whatever its money type.
pub(crate) const RATE: Limits = Limits::Form(&Form {
    format: "",
    pattern: RATE_PATTERN,
    longest: RATE_LONGEST,
    wrong: |text| {
        let is_rate = MoneyType::ALL.iter().any(|kind| Rate::read(*kind, text).is_ok());
        (!is_rate).then(|| "Must be a plain decimal such as 12.50, or what money_type says".to_owned())
    },
});

/// The terms after an update. A rate of another money type means nothing, so none is carried over.
pub(super) fn changed_terms(errors: &mut FieldErrors, old: Terms, input: &GoalUpdate, digits: u8) -> Terms {
    let rates = (input.charge.as_ref(), input.payment.as_ref());
    let money_type = input.money_type.unwrap_or(old.money_type);
    if money_type != old.money_type {
        return new_terms(errors, money_type, rates, digits);
    }
    let terms = Terms {
        money_type,
        charge: rate(errors, "charge", money_type, rates.0).unwrap_or(old.charge),
        payment: rate(errors, "payment", money_type, rates.1).unwrap_or(old.payment),
    };
    checked(errors, terms)
}

/// Terms from nothing but `(charge, payment)` as they were sent.
pub(super) fn new_terms(
    errors: &mut FieldErrors,
    money_type: MoneyType,
    rates: (Option<&String>, Option<&String>),
    digits: u8,
) -> Terms {
    if rates.0.is_none() {
        errors.add("charge", "This parameter is required with another money_type");
    }
    let charge = rate(errors, "charge", money_type, rates.0).unwrap_or_default();
    let payment = rate(errors, "payment", money_type, rates.1);
    let terms = Terms {
        money_type,
        charge,
        payment: payment.unwrap_or_else(|| Terms::default_payment(money_type, charge, digits)),
    };
    checked(errors, terms)
}

/// Checks terms whose rates could be read; a message about a rate that could not would only repeat.
fn checked(errors: &mut FieldErrors, terms: Terms) -> Terms {
    let readable = ["charge", "payment"].iter().all(|name| !errors.messages().contains_key(*name));
    if readable {
        terms.check(errors);
    }
    terms
}

/// Reads a rate as its money type states it.
pub(crate) fn rate(
    errors: &mut FieldErrors,
    field: &str,
    money_type: MoneyType,
    text: Option<&String>,
) -> Option<Rate> {
    match Rate::read(money_type, text?) {
        Ok(rate) => Some(rate),
        Err(message) => {
            errors.add(field, message);
            None
        }
    }
}

/// The goal's own terms and those of its lines.
pub(crate) fn every(terms: Terms, lines: &[Line]) -> impl Iterator<Item = Terms> {
    let of = move |line: &Line| Terms { payment: line.payment, charge: line.charge, ..terms };
    std::iter::once(terms).chain(lines.iter().map(of))
}

/// A version of terms that counts from now.
pub(super) fn version(
    goal_id: i64,
    (terms, lines): (Terms, &[Line]),
    hold_period: i64,
    now: Time,
) -> GoalVersion {
    GoalVersion {
        id: 0,
        goal_id,
        date_from: now.0,
        date_recorded: now.0,
        money_type: terms.money_type.code(),
        payment: terms.payment.first,
        charge: terms.charge.first,
        hold_period,
        payment_more: terms.payment.more,
        charge_more: terms.charge.more,
        lines: lines_text(lines),
    }
}

/// New terms must be payable together with each special condition of the goal, now or later.
pub(super) async fn keeps_promises(
    db: &Db,
    goal_id: i64,
    (terms, lines): (Terms, &[Line]),
    old: MoneyType,
    now: Time,
) -> Result<()> {
    for (_, version) in condition::of_goal(db, goal_id, now).await? {
        let special = version.special();
        let has_rates = special.payment.is_some() || special.charge.is_some();
        if terms.money_type != old && has_rates {
            let message = "The goal has special conditions, which are stated otherwise: an operator must end them first";
            return Err(Error::field("money_type", message));
        }
        if every(terms, lines).any(|terms| !terms.with(special).is_covered()) {
            let message =
                "A special condition promises a webmaster more than that: an operator must end it first";
            return Err(Error::field("charge", message));
        }
    }
    Ok(())
}

/// What the audit tells of a goal: the row, and the terms that are in force.
#[derive(Serialize)]
pub(super) struct Audited<'a> {
    #[serde(flatten)]
    row: &'a Goal,
    version_id: i64,
    money_type: i64,
    payment: i64,
    charge: i64,
    payment_more: i64,
    charge_more: i64,
    lines: &'a str,
    hold_period: i64,
}

impl<'a> Audited<'a> {
    pub fn new(row: &'a Goal, version: &'a GoalVersion) -> Self {
        Self {
            row,
            version_id: version.id,
            money_type: version.money_type,
            payment: version.payment,
            charge: version.charge,
            payment_more: version.payment_more,
            charge_more: version.charge_more,
            lines: &version.lines,
            hold_period: version.hold_period,
        }
    }
}
