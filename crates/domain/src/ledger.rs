//! The ledger's rules: accounts, and which transfers each change of a lead makes (design §7).
//!
//! A transfer takes a positive amount out of one account (debit) and puts it into another of the same currency
//! (credit). A balance is credits minus debits, so all balances of a currency always sum to zero, and an unbalanced
//! entry cannot be written down. Nothing is ever changed: a wrong transfer is reversed by another.

use crate::codes;
use crate::lead::{Closing, LeadMoney, LeadState, LeadStatus};

codes! {
    /// Kind of account. The owner is a webmaster, an advertiser, or the house.
    pub enum AccountKind {
        WebmasterHold = 10 "webmaster: confirmed, waiting for the end of the hold",
        WebmasterAvailable = 11 "webmaster: free to be paid out",
        WebmasterReserved = 12 "webmaster: in a payout that is under way",
        WebmasterAdvance = 13 "webmaster: money advanced by the network",
        AdvertiserAvailable = 20 "advertiser: prepaid, below zero when he owes",
        AdvertiserCommitted = 21 "advertiser: reserved for pending leads",
        HouseMarginHold = 30 "network: its part of leads on hold",
        HouseMargin = 31 "network: its part of closed leads",
        HouseReferral = 32 "network: owed to referrers",
        HouseRounding = 33 "network: remainders of divisions",
        HouseFx = 34 "network: currency exchange",
        HouseChargeback = 35 "network: losses by chargeback",
        External = 40 "outside world: deposits and payouts",
    }
}

impl AccountKind {
    /// Whether accounts of this kind belong to the network itself (owner 0).
    pub fn is_house(self) -> bool {
        self.code() >= Self::HouseMarginHold.code()
    }
}

codes! {
    /// Why a transfer was made.
    pub enum TransferKind {
        LeadReserve = 1 "a pending lead reserves its charge",
        LeadApprove = 2 "an approved lead moves to hold",
        LeadClose = 3 "a closed lead becomes available",
        LeadRefuse = 4 "a refused lead gives its charge back",
        LeadReopen = 5 "a reopened lead moves back to hold",
        Deposit = 20 "an advertiser's deposit",
    }
}

codes! {
    /// What a transfer's cause id counts.
    pub enum CauseKind {
        Lead = 1 "a lead event: the lead's id and the event's number",
        Manual = 2 "an operator's entry",
    }
}

/// One account: a kind, its owner (0 for the house), a currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Account {
    /// Kind of account.
    pub kind: AccountKind,
    /// User id of the owner, 0 for the house.
    pub owner_id: i64,
    /// Currency of every amount in it.
    pub currency_id: i64,
}

/// A transfer that a rule asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Posting {
    /// Taken from here.
    pub debit: Account,
    /// Put in here; the same currency.
    pub credit: Account,
    /// Micro-units, above zero.
    pub amount: i64,
    /// Why.
    pub kind: TransferKind,
}

/// The parties of a lead and the currency of its goal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parties {
    /// Who is paid.
    pub webmaster_id: i64,
    /// Who pays.
    pub advertiser_id: i64,
    /// Currency of all of the lead's transfers.
    pub currency_id: i64,
}

/// Where a lead's charge sits: the webmaster's part and the network's.
fn seats(state: Option<LeadState>) -> (AccountKind, AccountKind) {
    use AccountKind as K;
    match state.map(|state| (state.status, state.closing)) {
        Some((LeadStatus::Pending, _)) => (K::AdvertiserCommitted, K::AdvertiserCommitted),
        Some((LeadStatus::Approved, Closing::Hold)) => (K::WebmasterHold, K::HouseMarginHold),
        Some((LeadStatus::Approved, Closing::Closed)) => (K::WebmasterAvailable, K::HouseMargin),
        Some((LeadStatus::Rejected | LeadStatus::Spam | LeadStatus::Double, _)) | None => {
            (K::AdvertiserAvailable, K::AdvertiserAvailable)
        }
    }
}

/// The transfers of a lead's change from one state to another; `from` is `None` for a new lead.
///
/// One rule for all changes: a state decides where both parts of the charge sit, a change moves them from the old
/// seats to the new ones. So whatever way a lead takes, its transfers add up to where it stands.
pub fn lead_postings(
    parties: Parties,
    money: LeadMoney,
    from: Option<LeadState>,
    to: LeadState,
) -> Vec<Posting> {
    let (old_webmaster, old_margin) = seats(from);
    let (new_webmaster, new_margin) = seats(Some(to));
    let kind = match (from.map(|state| state.closing), to.status, to.closing) {
        (Some(Closing::Closed), _, Closing::Hold) => TransferKind::LeadReopen,
        (_, LeadStatus::Pending, _) => TransferKind::LeadReserve,
        (_, LeadStatus::Approved, Closing::Hold) => TransferKind::LeadApprove,
        (_, LeadStatus::Approved, Closing::Closed) => TransferKind::LeadClose,
        _ => TransferKind::LeadRefuse,
    };
    let account = |kind: AccountKind| {
        let owner_id = match kind {
            kind if kind.is_house() => 0,
            AccountKind::AdvertiserAvailable | AccountKind::AdvertiserCommitted => parties.advertiser_id,
            _ => parties.webmaster_id,
        };
        Account { kind, owner_id, currency_id: parties.currency_id }
    };
    let moves = if (old_webmaster, new_webmaster) == (old_margin, new_margin) {
        vec![(old_webmaster, new_webmaster, money.charge)]
    } else {
        vec![(old_webmaster, new_webmaster, money.payout), (old_margin, new_margin, money.margin())]
    };
    moves
        .into_iter()
        .filter(|(debit, credit, amount)| debit != credit && *amount > 0)
        .map(|(debit, credit, amount)| Posting {
            debit: account(debit),
            credit: account(credit),
            amount,
            kind,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::lead::Decider;
    use proptest::prelude::*;

    const PARTIES: Parties = Parties { webmaster_id: 1, advertiser_id: 2, currency_id: 840 };

    fn apply(book: &mut BTreeMap<AccountKind, i64>, postings: &[Posting]) {
        for posting in postings {
            assert!(posting.amount > 0 && posting.debit != posting.credit);
            assert_eq!(posting.debit.currency_id, posting.credit.currency_id);
            *book.entry(posting.debit.kind).or_default() -= posting.amount;
            *book.entry(posting.credit.kind).or_default() += posting.amount;
        }
    }

    #[test]
    fn the_life_of_a_lead_ends_with_the_money_where_it_belongs() {
        let money = LeadMoney { charge: 7, payout: 5 };
        let pending = LeadState::new(LeadStatus::Pending);
        let approved = LeadState::new(LeadStatus::Approved);
        let closed = LeadState { closing: Closing::Closed, ..approved };
        let mut book = BTreeMap::new();
        for (from, to) in [(None, pending), (Some(pending), approved), (Some(approved), closed)] {
            apply(&mut book, &lead_postings(PARTIES, money, from, to));
        }
        book.retain(|_, balance| *balance != 0);
        let expected = [
            (AccountKind::WebmasterAvailable, 5),
            (AccountKind::AdvertiserAvailable, -7),
            (AccountKind::HouseMargin, 2),
        ];
        assert_eq!(book, BTreeMap::from(expected));
    }

    /// What may happen to a lead: a decision of a party, one of an operator, the end of the hold, a reopening.
    fn moved(state: LeadState, what: usize) -> Option<LeadState> {
        let (kind, status) = (what / 5, LeadStatus::ALL[what % 5]);
        match kind {
            0 => state.decide(status, Decider::Party).ok(),
            1 => state.decide(status, Decider::Operator).ok(),
            2 => state.close().ok(),
            _ => state.reopen().ok(),
        }
    }

    proptest! {
        /// Whatever is decided in whatever order: the webmaster never has more than the lead is worth, and has it only
        /// while the lead is approved; the advertiser never pays more than the charge, and pays it for nothing else.
        #[test]
        fn no_sequence_of_decisions_makes_money(
            is_double in any::<bool>(),
            steps in prop::collection::vec(0usize..20, 0..24),
            payout in 0i64..1000,
            margin in 0i64..1000,
        ) {
            let money = LeadMoney { charge: payout + margin, payout };
            let first = if is_double { LeadStatus::Double } else { LeadStatus::Pending };
            let mut state = LeadState::new(first);
            let mut book = BTreeMap::new();
            apply(&mut book, &lead_postings(PARTIES, money, None, state));
            for what in steps {
                let Some(to) = moved(state, what) else { continue };
                apply(&mut book, &lead_postings(PARTIES, money, Some(state), to));
                state = to;
                let of = |kind: AccountKind| book.get(&kind).copied().unwrap_or(0);
                let earned = of(AccountKind::WebmasterHold) + of(AccountKind::WebmasterAvailable);
                let kept = of(AccountKind::HouseMarginHold) + of(AccountKind::HouseMargin);
                let is_approved = state.status == LeadStatus::Approved;
                prop_assert_eq!((earned, kept), if is_approved { (payout, margin) } else { (0, 0) });
                let owes = matches!(state.status, LeadStatus::Approved | LeadStatus::Pending);
                let available = of(AccountKind::AdvertiserAvailable);
                prop_assert_eq!(available, if owes { -money.charge } else { 0 });
                prop_assert_eq!(book.values().sum::<i64>(), 0);
                let owing = book.iter().filter(|(_, balance)| **balance < 0);
                let is_allowed = |kind: AccountKind| kind == AccountKind::AdvertiserAvailable;
                prop_assert!(owing.map(|(kind, _)| *kind).all(is_allowed));
            }
        }

        /// Whatever way a lead takes, its transfers equal one move from nothing to where it stands.
        #[test]
        fn the_way_does_not_matter(
            way in prop::collection::vec((0usize..5, any::<bool>()), 1..8),
            payout in 0i64..1000,
            margin in 0i64..1000,
        ) {
            let money = LeadMoney { charge: payout + margin, payout };
            let mut book = BTreeMap::new();
            let mut from = None;
            for (status, closed) in way {
                let closing = if closed { Closing::Closed } else { Closing::Hold };
                let to = LeadState { status: LeadStatus::ALL[status], closing };
                apply(&mut book, &lead_postings(PARTIES, money, from, to));
                from = Some(to);
            }
            let mut direct = BTreeMap::new();
            if let Some(last) = from {
                apply(&mut direct, &lead_postings(PARTIES, money, None, last));
            }
            prop_assert_eq!(book.values().sum::<i64>(), 0);
            book.retain(|_, balance| *balance != 0);
            direct.retain(|_, balance| *balance != 0);
            prop_assert_eq!(book, direct);
        }
    }
}
