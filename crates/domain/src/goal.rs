//! Goals: what is paid, and how an action becomes an amount.

use crate::lead::LeadMoney;
use crate::money::{self, AMOUNT_LIMIT, Rounding};
use crate::{FieldErrors, codes};

codes! {
    /// How a goal's payment is stated (whocpa.md §2.3).
    pub enum MoneyType {
        Fixed = 1 "an amount per action",
        Percent = 2 "a percentage of the sale",
        Float = 3 "a range, named by the advertiser with each action",
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

/// The money terms of one version of a goal: immutable, chosen by the time of the action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// How the two rates below are meant.
    pub money_type: MoneyType,
    /// What the webmaster gets: micro-units per action, or parts per million of the sale.
    pub payment: i64,
    /// What the advertiser pays, in the same unit, never less than `payment`.
    pub charge: i64,
}

/// What is different for one webmaster, in the units of the goal's terms; what is not stated is the goal's own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Special {
    /// What the webmaster gets.
    pub payment: Option<i64>,
    /// What the advertiser pays.
    pub charge: Option<i64>,
    /// Days of hold.
    pub hold_period: Option<i64>,
}

/// The network's part of what an advertiser pays, in parts per million, where the operator names no other rate: the
/// webmaster gets the other 80 %, rounded down.
pub const NETWORK_SHARE: i64 = 200_000;

/// Longest hold that a goal may have, in days.
pub const HOLD_LIMIT_DAYS: i64 = 365;

impl Terms {
    /// Checks that the terms can be paid.
    pub fn check(&self, errors: &mut FieldErrors) {
        if self.payment < 0 || self.charge <= 0 {
            errors.add("charge", "Must be above zero");
        }
        if self.charge > AMOUNT_LIMIT {
            errors.add("charge", "Must be at most 1000000000");
        }
        if self.charge < self.payment {
            errors.add(
                "charge",
                "Must not be below payment: the advertiser pays for both the webmaster and the network",
            );
        }
        if self.money_type == MoneyType::Percent && self.charge > money::MICRO {
            errors.add("charge", "Must be at most 100 percent");
        }
        if self.money_type == MoneyType::Float {
            errors.add("money_type", "Float goals cannot be created yet");
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

    /// The webmaster's rate that leaves [`NETWORK_SHARE`] to the network: a fixed amount is rounded down to whole minor
    /// units of its currency, a percentage to whole parts per million. Zero when the charge is absurd.
    pub fn default_payment(money_type: MoneyType, charge: i64, digits: u8) -> i64 {
        let part = money::share(charge, money::MICRO - NETWORK_SHARE, Rounding::Down).unwrap_or(0);
        match money_type {
            MoneyType::Fixed => part - part % 10_i64.pow(6 - u32::from(digits.min(6))),
            MoneyType::Percent | MoneyType::Float => part,
        }
    }

    /// What one action is worth. `sale` is the sale's amount in micro-units of the goal's currency.
    ///
    /// The webmaster's part is rounded down, the advertiser's charge to the nearer micro-unit; the network keeps the
    /// difference, so that charge = webmaster + network to the micro (design §7).
    ///
    /// # Errors
    /// The reason in words when a percentage has no sale amount, or when an amount does not fit.
    pub fn rate(&self, sale: Option<i64>) -> Result<LeadMoney, &'static str> {
        match self.money_type {
            MoneyType::Fixed => Ok(LeadMoney { charge: self.charge, payout: self.payment }),
            MoneyType::Percent => {
                let sale = sale.ok_or("amount is required: this goal pays a percentage of the sale")?;
                let charge = money::share(sale, self.charge, Rounding::HalfUp);
                let payout = money::share(sale, self.payment, Rounding::Down);
                charge
                    .zip(payout)
                    .map(|(charge, payout)| LeadMoney { charge, payout })
                    .ok_or("amount is too large")
            }
            MoneyType::Float => Err("float goals are not payable yet"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn fixed_needs_no_sale_and_percent_does() {
        let fixed = Terms { money_type: MoneyType::Fixed, payment: 5_000_000, charge: 7_000_000 };
        assert_eq!(fixed.rate(None), Ok(LeadMoney { charge: 7_000_000, payout: 5_000_000 }));
        let percent = Terms { money_type: MoneyType::Percent, payment: 100_000, charge: 130_000 };
        assert!(percent.rate(None).is_err());
        assert_eq!(percent.rate(Some(99_990_000)), Ok(LeadMoney { charge: 12_998_700, payout: 9_999_000 }));
    }

    #[test]
    fn the_default_payment_is_rounded_down_to_what_can_be_paid() {
        assert_eq!(Terms::default_payment(MoneyType::Fixed, 9_990_000, 2), 7_990_000);
        assert_eq!(Terms::default_payment(MoneyType::Fixed, 9_990_000, 0), 7_000_000);
        assert_eq!(Terms::default_payment(MoneyType::Percent, 165_001, 2), 132_000);
    }

    proptest! {
        #[test]
        fn the_network_never_pays_on_top(sale in 0i64..i64::MAX, payment in 0i64..=1_000_000, more in 0i64..=1_000_000) {
            let charge = (payment + more).min(1_000_000);
            let terms = Terms { money_type: MoneyType::Percent, payment, charge };
            let money = terms.rate(Some(sale));
            prop_assert!(money.is_ok_and(|money| money.payout >= 0 && money.margin() >= 0));
        }
    }
}
