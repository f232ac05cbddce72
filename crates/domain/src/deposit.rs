//! Deposits: states, and the transfer that puts the money on the balance.

use crate::codes;
use crate::ledger::{Account, AccountKind, Posting, TransferKind};

codes! {
    /// Way of paying in.
    pub enum DepositMethod {
        Invoice = 1 "bank transfer by invoice",
        Capitalist = 2 "Capitalist",
        Usdt = 3 "USDT",
        Card = 4 "bank card",
        Manual = 5 "an operator's entry",
    }
}

codes! {
    /// How far a deposit is.
    pub enum DepositStatus {
        Waiting = 0 "waiting for the money",
        Paid = 1 "on the balance",
        Cancelled = 2 "cancelled",
    }
}

/// Days in which the money should come; a later one is confirmed all the same.
pub const DUE_DAYS: i64 = 14;

/// The transfer of a deposit that was paid.
pub fn deposit_postings(advertiser_id: i64, currency_id: i64, amount: i64) -> Vec<Posting> {
    let debit = Account { kind: AccountKind::External, owner_id: 0, currency_id };
    let credit = Account { kind: AccountKind::AdvertiserAvailable, owner_id: advertiser_id, currency_id };
    vec![Posting { debit, credit, amount, kind: TransferKind::Deposit }]
}
