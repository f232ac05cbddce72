//! Payouts: states, what a payout costs, and the transfers of each step.

use std::collections::BTreeMap;

use crate::codes;
use crate::ledger::{Account, AccountKind, Posting, TransferKind};
use crate::money::{self, MICRO, Rounding};
use crate::wallet::WalletKind;

codes! {
    /// How far a payout is.
    pub enum PayoutStatus {
        Requested = 0 "asked for; the money is reserved",
        Approved = 1 "approved, waiting to be sent",
        Sending = 2 "handed to the way of payment",
        Paid = 3 "paid",
        Rejected = 4 "rejected; the money is available again",
        Cancelled = 5 "cancelled by its owner; the money is available again",
    }
}

impl PayoutStatus {
    /// The word in types of events: `payout.paid`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Approved => "approved",
            Self::Sending => "sending",
            Self::Paid => "paid",
            Self::Rejected => "rejected",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether nothing can happen to it any more.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Paid | Self::Rejected | Self::Cancelled)
    }

    /// Whether an operator may move it to `to`. A payment that came back is rejected while it is being sent.
    pub fn may_become(self, to: Self) -> bool {
        match to {
            Self::Approved => self == Self::Requested,
            Self::Sending => self == Self::Approved,
            Self::Paid => matches!(self, Self::Approved | Self::Sending),
            Self::Rejected => !self.is_final(),
            Self::Requested | Self::Cancelled => false,
        }
    }
}

/// What a way of payment costs and takes. Amounts are in units of the balance that is paid out, whatever its currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PayoutTerms {
    /// Least amount of a payout, micro-units.
    pub amount_min: i64,
    /// Fixed part of the fee, micro-units.
    pub fee: i64,
    /// Further part of the fee: parts per million of the amount.
    pub fee_ppm: i64,
}

impl PayoutTerms {
    /// Unless the network says otherwise: at least 30, no fee.
    pub const USUAL: Self = Self { amount_min: 30 * MICRO, fee: 0, fee_ppm: 0 };

    /// The fee of a payout, rounded up to what the currency can pay: the way of payment keeps no less. `None` when it does
    /// not fit in 64 bits.
    pub fn fee_of(&self, amount: i64, digits: u8) -> Option<i64> {
        let share = money::share(amount, self.fee_ppm, Rounding::HalfUp)?;
        let fee = self.fee.checked_add(share)?;
        let unit = minor_unit(digits);
        match fee.checked_rem(unit)? {
            0 => Some(fee),
            rest => fee.checked_add(unit - rest),
        }
    }
}

/// What each way of payment costs, above what amount a second operator must approve, and when days begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PayoutRules {
    terms: [PayoutTerms; WalletKind::ALL.len()],
    /// Above this a second operator must approve too, micro-units of the balance.
    pub second_approval: i64,
    /// The same by the letters of a currency, where it has a limit of its own.
    pub second_by_currency: BTreeMap<String, i64>,
    /// The zone in which scheduled payouts are due, an IANA name.
    pub time_zone: String,
}

impl Default for PayoutRules {
    fn default() -> Self {
        Self {
            terms: [PayoutTerms::USUAL; WalletKind::ALL.len()],
            second_approval: 1_000 * MICRO,
            second_by_currency: BTreeMap::new(),
            time_zone: "UTC".to_owned(),
        }
    }
}

impl PayoutRules {
    /// What a way of payment costs and takes.
    pub fn of(&self, kind: WalletKind) -> PayoutTerms {
        let at = WalletKind::ALL.iter().position(|other| *other == kind);
        at.and_then(|at| self.terms.get(at)).copied().unwrap_or(PayoutTerms::USUAL)
    }

    /// Above what amount of this currency a second operator must approve.
    pub fn second_of(&self, currency: &str) -> i64 {
        self.second_by_currency.get(currency).copied().unwrap_or(self.second_approval)
    }

    /// Changes what a way of payment costs and takes.
    pub fn set(&mut self, kind: WalletKind, terms: PayoutTerms) {
        for (other, place) in WalletKind::ALL.iter().zip(&mut self.terms) {
            if *other == kind {
                *place = terms;
            }
        }
    }
}

/// Micro-units in the smallest amount that a currency can pay.
pub fn minor_unit(digits: u8) -> i64 {
    10_i64.pow(6 - u32::from(digits.min(6)))
}

/// Who is paid, and in which currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Payee {
    /// User id.
    pub webmaster_id: i64,
    /// Of the balance.
    pub currency_id: i64,
}

/// What arrives in another currency than the balance's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrives {
    /// The currency that the wallet takes.
    pub currency_id: i64,
    /// Micro-units of it.
    pub amount: i64,
}

/// The transfers of a payout's step: into the reserve when it is asked for, back when nothing comes of it, out of the
/// network when it is paid. Between them nothing moves.
///
/// What is paid in another currency goes through the network's `fx` accounts: out of the one, into the other. So each
/// currency sums to zero by itself, and what the network gave for what is in them.
pub fn payout_postings(
    payee: Payee,
    (amount, fee): (i64, i64),
    arrives: Option<Arrives>,
    to: PayoutStatus,
) -> Vec<Posting> {
    use AccountKind as K;
    let account = |kind: K, currency_id: i64| {
        let owner_id = if kind.is_house() { 0 } else { payee.webmaster_id };
        Account { kind, owner_id, currency_id }
    };
    let own = payee.currency_id;
    let (available, reserved, out) = (K::WebmasterAvailable, K::WebmasterReserved, K::External);
    let paid = match arrives {
        None => vec![(reserved, out, own, amount - fee, TransferKind::PayoutPay)],
        Some(Arrives { currency_id, amount: arriving }) => vec![
            (reserved, K::HouseFx, own, amount - fee, TransferKind::PayoutExchange),
            (K::HouseFx, reserved, currency_id, arriving, TransferKind::PayoutExchange),
            (reserved, out, currency_id, arriving, TransferKind::PayoutPay),
        ],
    };
    let moves = match to {
        PayoutStatus::Requested => vec![(available, reserved, own, amount, TransferKind::PayoutReserve)],
        PayoutStatus::Rejected | PayoutStatus::Cancelled => {
            vec![(reserved, available, own, amount, TransferKind::PayoutReturn)]
        }
        PayoutStatus::Paid => [paid, vec![(reserved, out, own, fee, TransferKind::PayoutFee)]].concat(),
        PayoutStatus::Approved | PayoutStatus::Sending => Vec::new(),
    };
    moves
        .into_iter()
        .filter(|(.., amount, _)| *amount > 0)
        .map(|(debit, credit, currency_id, amount, kind)| Posting {
            debit: account(debit, currency_id),
            credit: account(credit, currency_id),
            amount,
            kind,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PAYEE: Payee = Payee { webmaster_id: 1, currency_id: 840 };

    #[test]
    fn a_fee_is_rounded_up_to_what_can_be_paid() {
        let terms = PayoutTerms { amount_min: 0, fee: 500_000, fee_ppm: 12_345 };
        assert_eq!(terms.fee_of(10_000_000, 2), Some(630_000));
        assert_eq!(terms.fee_of(10_000_000, 6), Some(623_450));
        assert_eq!(terms.fee_of(10_000_000, 0), Some(1_000_000));
        assert_eq!(PayoutTerms::USUAL.fee_of(i64::MAX, 2), Some(0));
        assert_eq!(PayoutTerms { fee: i64::MAX, ..terms }.fee_of(1, 2), None);
    }

    #[test]
    fn final_states_stay() {
        for from in PayoutStatus::ALL {
            for to in PayoutStatus::ALL {
                if from.is_final() {
                    assert!(!from.may_become(*to), "{from:?} {to:?}");
                }
            }
        }
        assert!(PayoutStatus::Requested.may_become(PayoutStatus::Approved));
        assert!(!PayoutStatus::Requested.may_become(PayoutStatus::Paid), "nobody has approved it");
        assert!(PayoutStatus::Sending.may_become(PayoutStatus::Rejected), "it came back");
    }

    proptest! {
        /// Whatever becomes of it: nothing stays reserved, and the webmaster gave all of it or none.
        #[test]
        fn a_payout_ends_with_nothing_reserved(
            steps in prop::collection::vec(0usize..6, 1..12),
            amount in 1i64..1_000_000_000,
            fee in 0i64..1_000_000_000,
            arriving in prop::option::of(1i64..1_000_000_000),
        ) {
            let fee = fee.min(amount - 1);
            let arrives = arriving.map(|amount| Arrives { currency_id: 643, amount });
            let mut book: BTreeMap<(AccountKind, i64), i64> = BTreeMap::new();
            let mut post = |to| {
                for posting in payout_postings(PAYEE, (amount, fee), arrives, to) {
                    assert_eq!(posting.debit.currency_id, posting.credit.currency_id);
                    for (account, sign) in [(posting.debit, -1), (posting.credit, 1)] {
                        *book.entry((account.kind, account.currency_id)).or_default() += sign * posting.amount;
                    }
                }
                book.clone()
            };
            let mut status = PayoutStatus::Requested;
            post(status);
            for to in steps {
                let to = PayoutStatus::ALL[to];
                let is_cancel = status == PayoutStatus::Requested && to == PayoutStatus::Cancelled;
                if status.may_become(to) || is_cancel {
                    status = to;
                    let book = post(status);
                    let of = |kind: AccountKind| book.get(&(kind, 840)).copied().unwrap_or(0);
                    let other = |kind: AccountKind| book.get(&(kind, 643)).copied().unwrap_or(0);
                    let taken = if matches!(status, PayoutStatus::Rejected | PayoutStatus::Cancelled) { 0 } else { amount };
                    let reserved = if status.is_final() { 0 } else { amount };
                    let out = if status == PayoutStatus::Paid { amount } else { 0 };
                    prop_assert_eq!(of(AccountKind::WebmasterAvailable), -taken);
                    prop_assert_eq!(of(AccountKind::WebmasterReserved), reserved);
                    prop_assert_eq!(of(AccountKind::External) + of(AccountKind::HouseFx), out);
                    let is_paid = i64::from(status == PayoutStatus::Paid);
                    prop_assert_eq!(other(AccountKind::WebmasterReserved), 0);
                    prop_assert_eq!(other(AccountKind::External), arriving.unwrap_or(0) * is_paid);
                    prop_assert_eq!(other(AccountKind::HouseFx), -other(AccountKind::External));
                }
            }
        }
    }
}
