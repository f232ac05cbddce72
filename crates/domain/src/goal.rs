//! Goals: what is paid, and how an action becomes an amount.

mod line;
#[cfg(test)]
mod tests;

pub use line::{GoalLine, LINE_LIMIT, LeadFacts, Line, line_of, lines_text, read_lines};

use serde::{Deserialize, Serialize};

use crate::lead::LeadMoney;
use crate::money::{self, AMOUNT_LIMIT, Amount, MICRO, Rounding};
use crate::{FieldErrors, codes};

codes! {
    /// How a goal's payment is stated (whocpa.md §2.3).
    pub enum MoneyType {
        Fixed = 1 "an amount per action: `12.50`",
        Percent = 2 "a percentage of the sale: `16.5`",
        Float = 3 "a range, named by the advertiser with each action: `1.50 - 3.40`",
        Both = 4 "an amount per action and a percentage of the sale: `1.50 + 5%`",
    }
}

codes! {
    /// What kind of action a goal pays for (whocpa.md §2.3).
    pub enum GoalCategory {
        None = 0 "uncategorised",
        Cpa = 34 "CPA",
        Cpl = 38 "CPL",
    }
}

/// What one side's rate is, as its [`MoneyType`] states it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Rate {
    /// Micro-units; parts per million for a percentage; the lower end of a range.
    pub first: i64,
    /// Parts per million beside an amount; the upper end of a range; else 0.
    pub more: i64,
}

/// The money terms of one version of a goal: immutable, chosen by the time of the action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// How the two rates below are meant.
    pub money_type: MoneyType,
    /// What the webmaster gets.
    pub payment: Rate,
    /// What the advertiser pays, never less than `payment`.
    pub charge: Rate,
}

/// What is different for one webmaster, in the units of the goal's terms; what is not stated is the goal's own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Special {
    /// What the webmaster gets.
    pub payment: Option<Rate>,
    /// What the advertiser pays.
    pub charge: Option<Rate>,
    /// Days of hold.
    pub hold_period: Option<i64>,
}

/// The network's part of what an advertiser pays, in parts per million, where the operator names no other rate: the
/// webmaster gets the other 80 %, rounded down.
pub const NETWORK_SHARE: i64 = 200_000;

/// Longest hold that a goal may have, in days.
pub const HOLD_LIMIT_DAYS: i64 = 365;

/// Longest rate in characters.
pub const RATE_LONGEST: usize = 38;
/// The form of a rate of any money type, as a regular expression.
pub const RATE_PATTERN: &str =
    r"^ *[0-9]{1,10}(\.[0-9]{1,6})? *%? *([-+] *[0-9]{1,10}(\.[0-9]{1,6})? *%? *)?$";

impl Rate {
    /// A rate of one number.
    pub fn of(first: i64) -> Self {
        Self { first, more: 0 }
    }

    /// Reads a rate as its money type states it.
    ///
    /// # Errors
    /// In words, what it must look like.
    pub fn read(money_type: MoneyType, text: &str) -> Result<Self, &'static str> {
        let text = text.trim();
        let percent = |text: &str| money::parse_percent(text.trim().trim_end_matches('%').trim_end());
        let amount = |text: &str| money::parse_micros(text.trim());
        match money_type {
            MoneyType::Fixed => amount(text).map(Self::of).ok_or("Must be a plain decimal such as 12.50"),
            MoneyType::Percent => {
                percent(text).map(Self::of).ok_or("Must be a percentage from 0 to 100 such as 16.5")
            }
            MoneyType::Float => {
                let (first, more) = text.split_once('-').unwrap_or((text, text));
                let ends = amount(first).zip(amount(more)).filter(|(first, more)| first <= more);
                let rate = ends.map(|(first, more)| Self { first, more });
                rate.ok_or("Must be a range such as 1.50 - 3.40, or one amount")
            }
            MoneyType::Both => {
                let parts = text.split_once('+');
                let parts = parts.and_then(|(first, more)| amount(first).zip(percent(more)));
                let rate = parts.map(|(first, more)| Self { first, more });
                rate.ok_or("Must be an amount and a percentage such as 1.50 + 5%")
            }
        }
    }

    /// Writes it as its money type states it, with the digits of the currency.
    pub fn text(self, money_type: MoneyType, digits: u8) -> String {
        let amount = |micros: i64| Amount { micros, digits };
        match money_type {
            MoneyType::Fixed => amount(self.first).to_string(),
            MoneyType::Percent => money::show_percent(self.first),
            MoneyType::Float if self.first == self.more => amount(self.first).to_string(),
            MoneyType::Float => format!("{} - {}", amount(self.first), amount(self.more)),
            MoneyType::Both => format!("{} + {}%", amount(self.first), money::show_percent(self.more)),
        }
    }

    /// Whether it is in no part more than another one.
    fn is_within(self, other: Self) -> bool {
        self.first <= other.first && self.more <= other.more
    }
}

impl Terms {
    /// Whether the webmaster never gets more than the advertiser pays, whatever the sale.
    pub fn is_covered(&self) -> bool {
        self.payment.is_within(self.charge)
    }

    /// Checks that the terms can be paid.
    pub fn check(&self, errors: &mut FieldErrors) {
        let Rate { first, more } = self.charge;
        let is_money = |rate: i64| (0..=AMOUNT_LIMIT).contains(&rate);
        if self.payment.first < 0 || self.payment.more < 0 || first < 0 || first.max(more) <= 0 {
            errors.add("charge", "Must be above zero");
        }
        if !is_money(first) || self.money_type == MoneyType::Float && !is_money(more) {
            errors.add("charge", "Must be at most 1000000000");
        }
        if !self.is_covered() {
            errors.add(
                "charge",
                "Must not be below payment: the advertiser pays for both the webmaster and the network",
            );
        }
        let share = match self.money_type {
            MoneyType::Percent => first,
            MoneyType::Both => more,
            MoneyType::Fixed | MoneyType::Float => 0,
        };
        if share > MICRO {
            errors.add("charge", "Must be at most 100 percent");
        }
    }

    /// These terms with what a special condition changes.
    #[must_use]
    pub fn with(self, special: Special) -> Self {
        Self {
            money_type: self.money_type,
            payment: special.payment.unwrap_or(self.payment),
            charge: special.charge.unwrap_or(self.charge),
        }
    }

    /// The webmaster's rate that leaves [`NETWORK_SHARE`] to the network: amounts are rounded down to whole minor units of
    /// their currency, percentages to whole parts per million. Zero when the charge is absurd.
    pub fn default_payment(money_type: MoneyType, charge: Rate, digits: u8) -> Rate {
        let part = |rate: i64| money::share(rate, MICRO - NETWORK_SHARE, Rounding::Down).unwrap_or(0);
        let amount = |rate: i64| part(rate) - part(rate) % 10_i64.pow(6 - u32::from(digits.min(6)));
        let Rate { first, more } = charge;
        match money_type {
            MoneyType::Fixed => Rate::of(amount(first)),
            MoneyType::Percent => Rate::of(part(first)),
            MoneyType::Float => Rate { first: amount(first), more: amount(more) },
            MoneyType::Both => Rate { first: amount(first), more: part(more) },
        }
    }

    /// What one action is worth. `sale` is the sale's amount in micro-units of the goal's currency; for a range it is what
    /// the advertiser pays for the action, and its lower end as long as he has not named it.
    ///
    /// The webmaster's part is rounded down, the advertiser's charge to the nearer micro-unit; the network keeps the
    /// difference, so that charge = webmaster + network to the micro (design §7).
    ///
    /// # Errors
    /// The reason in words when a percentage has no sale amount, or when an amount does not fit.
    pub fn rate(&self, sale: Option<i64>) -> Result<LeadMoney, &'static str> {
        let too_large = "amount is too large";
        let shares = |charge: i64, payment: i64| {
            let sale = sale.ok_or("amount is required: this goal pays a percentage of the sale")?;
            let charge = money::share(sale, charge, Rounding::HalfUp);
            charge.zip(money::share(sale, payment, Rounding::Down)).ok_or(too_large)
        };
        let (charge, payout) = match self.money_type {
            MoneyType::Fixed => (self.charge.first, self.payment.first),
            MoneyType::Percent => shares(self.charge.first, self.payment.first)?,
            MoneyType::Both => {
                let (charge, payout) = shares(self.charge.more, self.payment.more)?;
                let whole = |fixed: i64, share: i64| fixed.checked_add(share).ok_or(too_large);
                (whole(self.charge.first, charge)?, whole(self.payment.first, payout)?)
            }
            MoneyType::Float => {
                let charge = sale.unwrap_or(self.charge.first);
                if !(self.charge.first..=self.charge.more).contains(&charge) {
                    return Err("amount is not within the range that the goal states");
                }
                (charge, self.part_of(charge))
            }
        };
        Ok(LeadMoney::new(charge, payout))
    }

    /// The webmaster's part of a charge within the range: as far up his own range as the charge is up its, rounded down.
    fn part_of(&self, charge: i64) -> i64 {
        let span = |rate: Rate| i128::from(rate.more) - i128::from(rate.first);
        let (above, all) = (i128::from(charge) - i128::from(self.charge.first), span(self.charge));
        let part = if all == 0 { 0 } else { above * span(self.payment) / all };
        self.payment.first.saturating_add(i64::try_from(part).unwrap_or(0))
    }
}
