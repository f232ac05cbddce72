//! Advances: money that a webmaster has before his leads earn it, and how it is repaid.

use crate::codes;
use crate::ledger::{Account, AccountKind, Posting, TransferKind};
use crate::money::{self, Rounding};
use crate::payout::Payee;

codes! {
    /// How far an advance is.
    pub enum AdvanceStatus {
        Open = 1 "is being repaid",
        Repaid = 2 "repaid",
    }
}

/// What is to be repaid now, micro-units: the agreed share of what leads have earned since, less what was repaid already,
/// and no more than there is and is owed. A chargeback takes nothing back that was repaid.
pub fn due(amount: i64, repaid: i64, ppm: i64, earned: i64, available: i64) -> i64 {
    let share = money::share(earned.max(0), ppm, Rounding::Down).unwrap_or(i64::MAX);
    let wanted = share.min(amount).saturating_sub(repaid);
    wanted.min(available).max(0)
}

/// What leads must have earned until an advance is repaid, micro-units: the next one is repaid by what they earn after that.
pub fn repaid_at(base: i64, amount: i64, ppm: i64) -> i64 {
    let needed =
        (i128::from(amount) * i128::from(money::MICRO) + i128::from(ppm.max(1)) - 1) / i128::from(ppm.max(1));
    i64::try_from(i128::from(base) + needed).unwrap_or(i64::MAX)
}

/// The transfer that gives an advance.
pub fn given(payee: Payee, amount: i64) -> Vec<Posting> {
    moved(
        payee,
        amount,
        (AccountKind::WebmasterAdvance, AccountKind::WebmasterAvailable),
        TransferKind::AdvanceGive,
    )
}

/// The transfer that repays a part of it.
pub fn repaid(payee: Payee, amount: i64) -> Vec<Posting> {
    moved(
        payee,
        amount,
        (AccountKind::WebmasterAvailable, AccountKind::WebmasterAdvance),
        TransferKind::AdvanceRepay,
    )
}

fn moved(
    payee: Payee,
    amount: i64,
    (from, to): (AccountKind, AccountKind),
    kind: TransferKind,
) -> Vec<Posting> {
    let account =
        |kind: AccountKind| Account { kind, owner_id: payee.webmaster_id, currency_id: payee.currency_id };
    let posting = Posting { debit: account(from), credit: account(to), amount, kind };
    if amount > 0 { vec![posting] } else { Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_share_of_later_earnings_repays() {
        assert_eq!(due(100, 0, 500_000, 80, 1_000), 40);
        assert_eq!(due(100, 40, 500_000, 80, 1_000), 0);
        assert_eq!(due(100, 40, 500_000, 300, 1_000), 60, "no more than is owed");
        assert_eq!(due(100, 0, 1_000_000, 80, 30), 30, "no more than there is");
        assert_eq!(due(100, 0, 1_000_000, 80, -5), 0);
        assert_eq!(due(100, 40, 1_000_000, 10, 1_000), 0, "after a chargeback");
    }

    proptest! {
        #[test]
        fn nobody_repays_more_than_he_owes_or_has(
            amount in 1i64..1_000_000, part in 0i64..=100, ppm in 1i64..=1_000_000,
            earned in any::<i64>(), available in any::<i64>(),
        ) {
            let repaid = amount * part / 100;
            let due = due(amount, repaid, ppm, earned, available);
            prop_assert!(due >= 0 && due <= amount - repaid && (due == 0 || due <= available));
        }
    }
}
