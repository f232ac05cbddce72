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
        WebmasterAdvance = 13 "webmaster: advanced by the network, below zero by what he owes",
        AdvertiserAvailable = 20 "advertiser: prepaid, below zero when he owes",
        AdvertiserCommitted = 21 "advertiser: reserved for pending leads",
        HouseMarginHold = 30 "network: its part of leads on hold",
        HouseMargin = 31 "network: its part of closed leads",
        HouseReferral = 32 "network: owed to referrers; unused, their shares are in their own accounts",
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
        LeadAdjust = 6 "a lead is worth another amount than before",
        Referral = 8 "a referrer's share of a lead, to where the lead's payout goes",
        PayoutReserve = 10 "a payout was asked for",
        PayoutReturn = 11 "a payout was rejected or cancelled",
        PayoutPay = 12 "a payout was paid",
        PayoutFee = 13 "the fee of a payout that was paid",
        PayoutExchange = 14 "a payout in another currency: out of the one, into the other",
        Deposit = 20 "an advertiser's deposit",
        AdvanceGive = 30 "an advance to a webmaster",
        AdvanceRepay = 31 "a part of an advance is repaid",
    }
}

codes! {
    /// What a transfer's cause id counts.
    pub enum CauseKind {
        Lead = 1 "a lead event: the lead's id and the event's number",
        Manual = 2 "an operator's entry",
        Deposit = 3 "a deposit: its id and its step",
        Payout = 4 "a payout: its id and its step",
        Advance = 7 "an advance: its id and its step",
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
    /// Who brought the webmaster, while that is paid for.
    pub referrer_id: Option<i64>,
    /// Currency of all of the lead's transfers.
    pub currency_id: i64,
}

/// Where a lead's charge sits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Seat {
    /// Whole, with the advertiser.
    Advertiser(AccountKind),
    /// Shared: the webmaster's part (his referrer's is in the same kind of account), and the network's.
    Shared(AccountKind, AccountKind),
}

fn seat(state: Option<LeadState>) -> Seat {
    use AccountKind as K;
    match state.map(|state| (state.status, state.closing)) {
        Some((LeadStatus::Pending, _)) => Seat::Advertiser(K::AdvertiserCommitted),
        Some((LeadStatus::Approved, Closing::Hold)) => Seat::Shared(K::WebmasterHold, K::HouseMarginHold),
        Some((LeadStatus::Approved, Closing::Closed)) => Seat::Shared(K::WebmasterAvailable, K::HouseMargin),
        Some((LeadStatus::Rejected | LeadStatus::Spam | LeadStatus::Double, _)) | None => {
            Seat::Advertiser(K::AdvertiserAvailable)
        }
    }
}

/// The kind of all transfers of one change but the referrer's.
fn kind_of(from: Option<LeadState>, to: LeadState) -> TransferKind {
    match (from.map(|state| state.closing), to.status, to.closing) {
        (Some(Closing::Closed), _, Closing::Hold) => TransferKind::LeadReopen,
        (_, LeadStatus::Pending, _) => TransferKind::LeadReserve,
        (_, LeadStatus::Approved, Closing::Hold) => TransferKind::LeadApprove,
        (_, LeadStatus::Approved, Closing::Closed) => TransferKind::LeadClose,
        _ => TransferKind::LeadRefuse,
    }
}

/// The transfers of a lead's change from one state to another; `from` is `None` for a new lead. The table of all
/// changes stands in `docs/money.md`.
///
/// One rule for all changes: a state decides where the charge sits, a change moves it from the old seat to the new
/// one. So whatever way a lead takes, its transfers add up to where it stands.
///
/// Between an advertiser and a webmaster the network's account stands in the middle: an advertiser's transfer is the
/// whole charge, a webmaster's is his payout, a referrer's his share, and none can tell another's part from it.
pub fn lead_postings(
    parties: Parties,
    money: LeadMoney,
    from: Option<LeadState>,
    to: LeadState,
) -> Vec<Posting> {
    let kind = kind_of(from, to);
    let currency_id = parties.currency_id;
    let of = |owner_id: i64| move |kind: AccountKind| Account { kind, owner_id, currency_id };
    let (advertiser, webmaster, network) = (of(parties.advertiser_id), of(parties.webmaster_id), of(0));
    let referrer = of(parties.referrer_id.unwrap_or(0));
    let (payout, referral) = ((money.payout, kind), (money.referral, TransferKind::Referral));
    let charge = (money.charge, kind);
    let moves = match (seat(from), seat(Some(to))) {
        (Seat::Advertiser(old), Seat::Advertiser(new)) => vec![(advertiser(old), advertiser(new), charge)],
        (Seat::Advertiser(old), Seat::Shared(earned, kept)) => vec![
            (advertiser(old), network(kept), charge),
            (network(kept), webmaster(earned), payout),
            (network(kept), referrer(earned), referral),
        ],
        (Seat::Shared(earned, kept), Seat::Advertiser(new)) => vec![
            (webmaster(earned), network(kept), payout),
            (referrer(earned), network(kept), referral),
            (network(kept), advertiser(new), charge),
        ],
        (Seat::Shared(earned, kept), Seat::Shared(to_earned, to_kept)) => vec![
            (webmaster(earned), webmaster(to_earned), payout),
            (referrer(earned), referrer(to_earned), referral),
            (network(kept), network(to_kept), (money.margin(), kind)),
        ],
    };
    moves
        .into_iter()
        .filter(|(debit, credit, (amount, _))| debit != credit && *amount > 0)
        .map(|(debit, credit, (amount, kind))| Posting { debit, credit, amount, kind })
        .collect()
}

/// The transfers by which a lead that stays where it is becomes worth another amount: the differences of both sides, between
/// the accounts in which they sit. A refused lead has nothing in them.
///
/// So the lead's transfers add up to one move of the new amounts from nothing to where it stands.
pub fn adjust_postings(parties: Parties, old: LeadMoney, new: LeadMoney, state: LeadState) -> Vec<Posting> {
    let currency_id = parties.currency_id;
    let of = |owner_id: i64| move |kind: AccountKind| Account { kind, owner_id, currency_id };
    let (advertiser, webmaster, network) = (of(parties.advertiser_id), of(parties.webmaster_id), of(0));
    let referrer = of(parties.referrer_id.unwrap_or(0));
    let available = advertiser(AccountKind::AdvertiserAvailable);
    let (charge, payout) = (new.charge - old.charge, new.payout - old.payout);
    let (kind, referral) = (TransferKind::LeadAdjust, new.referral - old.referral);
    // From, to, and how much; below zero the other way round.
    let moves = match seat(Some(state)) {
        Seat::Advertiser(seat) => vec![(available, advertiser(seat), charge, kind)],
        Seat::Shared(earned, kept) => vec![
            (available, network(kept), charge, kind),
            (network(kept), webmaster(earned), payout, kind),
            (network(kept), referrer(earned), referral, TransferKind::Referral),
        ],
    };
    let moves = moves.into_iter().filter(|(debit, credit, amount, _)| debit != credit && *amount != 0);
    moves
        .map(|(debit, credit, amount, kind)| {
            let (debit, credit) = if amount > 0 { (debit, credit) } else { (credit, debit) };
            Posting { debit, credit, amount: amount.abs(), kind }
        })
        .collect()
}

#[cfg(test)]
mod tests;
