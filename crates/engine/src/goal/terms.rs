//! Money terms of goals as requests state them and answers show them.

use whocpa_domain::FieldErrors;
use whocpa_domain::goal::{MoneyType, Terms};
use whocpa_domain::input::limits::{Form, Limits};
use whocpa_domain::money::{self, Amount};

use super::GoalUpdate;

/// A rate, whatever its money type.
pub(crate) const RATE: Limits = Limits::Form(&Form {
    format: "",
    pattern: r"^[0-9]{1,10}(\.[0-9]{1,6})?$",
    longest: 17,
    wrong: |text| money::parse_micros(text).is_none().then(|| PLAIN.to_owned()),
});
/// What another text than an amount is told.
const PLAIN: &str = "Must be a plain decimal such as 12.50";

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
    let charge = rate(errors, "charge", money_type, rates.0).unwrap_or(0);
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
) -> Option<i64> {
    let text = text?;
    let (read, message) = match money_type {
        MoneyType::Fixed => (money::parse_micros(text), PLAIN),
        MoneyType::Percent => (money::parse_percent(text), "Must be a percentage from 0 to 100 such as 16.5"),
        // `Terms::check` says that there are no such goals yet.
        MoneyType::Float => (Some(1), ""),
    };
    if read.is_none() {
        errors.add(field, message);
    }
    read
}

/// Writes a rate as its money type states it.
pub(crate) fn rate_text(money_type: MoneyType, rate: i64, digits: u8) -> String {
    match money_type {
        MoneyType::Fixed => Amount { micros: rate, digits }.to_string(),
        MoneyType::Percent | MoneyType::Float => money::show_percent(rate),
    }
}
