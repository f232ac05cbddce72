//! The ledger's rules: by hand, by properties, and against the table in the documentation.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::lead::Decider;
use proptest::prelude::*;

const PARTIES: Parties =
    Parties { webmaster_id: 1, advertiser_id: 2, referrer_id: Some(3), currency_id: 840 };

/// Kind and owner.
type Seated = (AccountKind, i64);

fn apply(book: &mut BTreeMap<Seated, i64>, postings: &[Posting]) {
    let key = |account: Account| (account.kind, account.owner_id);
    for posting in postings {
        assert!(posting.amount > 0 && posting.debit != posting.credit);
        assert_eq!(posting.debit.currency_id, posting.credit.currency_id);
        *book.entry(key(posting.debit)).or_default() -= posting.amount;
        *book.entry(key(posting.credit)).or_default() += posting.amount;
    }
}

#[test]
fn the_life_of_a_lead_ends_with_the_money_where_it_belongs() {
    let money = LeadMoney { charge: 8, payout: 5, referral: 1 };
    let pending = LeadState::new(LeadStatus::Pending);
    let approved = LeadState::new(LeadStatus::Approved);
    let closed = LeadState { closing: Closing::Closed, ..approved };
    let mut book = BTreeMap::new();
    for (from, to) in [(None, pending), (Some(pending), approved), (Some(approved), closed)] {
        apply(&mut book, &lead_postings(PARTIES, money, from, to));
    }
    book.retain(|_, balance| *balance != 0);
    let expected = [
        ((AccountKind::WebmasterAvailable, 1), 5),
        ((AccountKind::WebmasterAvailable, 3), 1),
        ((AccountKind::AdvertiserAvailable, 2), -8),
        ((AccountKind::HouseMargin, 0), 2),
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
        referral in 0i64..100,
        margin in 0i64..1000,
    ) {
        let money = LeadMoney { charge: payout + referral + margin, payout, referral };
        let first = if is_double { LeadStatus::Double } else { LeadStatus::Pending };
        let mut state = LeadState::new(first);
        let mut book = BTreeMap::new();
        apply(&mut book, &lead_postings(PARTIES, money, None, state));
        for what in steps {
            let Some(to) = moved(state, what) else { continue };
            apply(&mut book, &lead_postings(PARTIES, money, Some(state), to));
            state = to;
            let of = |kind: AccountKind, owner: i64| book.get(&(kind, owner)).copied().unwrap_or(0);
            let earned = |owner| of(AccountKind::WebmasterHold, owner) + of(AccountKind::WebmasterAvailable, owner);
            let kept = of(AccountKind::HouseMarginHold, 0) + of(AccountKind::HouseMargin, 0);
            let is_approved = state.status == LeadStatus::Approved;
            let parts = if is_approved { (payout, referral, margin) } else { (0, 0, 0) };
            prop_assert_eq!((earned(1), earned(3), kept), parts);
            let owes = matches!(state.status, LeadStatus::Approved | LeadStatus::Pending);
            let available = of(AccountKind::AdvertiserAvailable, 2);
            prop_assert_eq!(available, if owes { -money.charge } else { 0 });
            prop_assert_eq!(book.values().sum::<i64>(), 0);
            let owing = book.iter().filter(|(_, balance)| **balance < 0);
            let is_allowed = |kind: AccountKind| kind == AccountKind::AdvertiserAvailable;
            prop_assert!(owing.map(|((kind, _), _)| *kind).all(is_allowed));
        }
    }

    /// Whatever way a lead takes, its transfers equal one move from nothing to where it stands.
    #[test]
    fn the_way_does_not_matter(
        way in prop::collection::vec((0usize..5, any::<bool>()), 1..8),
        payout in 0i64..1000,
        referral in 0i64..100,
        margin in 0i64..1000,
    ) {
        let money = LeadMoney { charge: payout + referral + margin, payout, referral };
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

    /// Whatever a lead is worth in between, and wherever it stands then: its transfers equal one move of the last amounts.
    #[test]
    fn corrections_leave_what_is_due(
        way in prop::collection::vec((0usize..5, any::<bool>(), 0i64..1000, 0i64..1000), 1..8),
    ) {
        let mut book = BTreeMap::new();
        let (mut from, mut money) = (None, LeadMoney::new(0, 0));
        for (status, closed, payout, margin) in way {
            let closing = if closed { Closing::Closed } else { Closing::Hold };
            let to = LeadState { status: LeadStatus::ALL[status], closing };
            apply(&mut book, &lead_postings(PARTIES, money, from, to));
            let next = LeadMoney::new(payout + margin, payout).with_referral(50_000);
            let postings = adjust_postings(PARTIES, money, next, to);
            apply(&mut book, &postings);
            for posting in postings {
                let owners = [posting.debit.owner_id, posting.credit.owner_id];
                let is_both = owners.contains(&PARTIES.advertiser_id) && owners.contains(&PARTIES.webmaster_id);
                prop_assert!(!is_both, "neither tells the other's part");
            }
            (from, money) = (Some(to), next);
        }
        let mut direct = BTreeMap::new();
        if let Some(last) = from {
            apply(&mut direct, &lead_postings(PARTIES, money, None, last));
        }
        book.retain(|_, balance| *balance != 0);
        direct.retain(|_, balance| *balance != 0);
        prop_assert_eq!(book, direct);
    }
}

/// The states that a lead's money knows; all refusals are one.
const STATES: [(&str, LeadState); 5] = [
    ("pending", LeadState { status: LeadStatus::Pending, closing: Closing::Hold }),
    ("approved, on hold", LeadState { status: LeadStatus::Approved, closing: Closing::Hold }),
    ("approved, closed", LeadState { status: LeadStatus::Approved, closing: Closing::Closed }),
    ("refused, on hold", LeadState { status: LeadStatus::Rejected, closing: Closing::Hold }),
    ("refused, closed", LeadState { status: LeadStatus::Rejected, closing: Closing::Closed }),
];

fn seat_name(account: Account) -> &'static str {
    match account.kind {
        AccountKind::WebmasterHold if account.owner_id == 3 => "referrer hold",
        AccountKind::WebmasterAvailable if account.owner_id == 3 => "referrer available",
        AccountKind::WebmasterHold => "webmaster hold",
        AccountKind::WebmasterAvailable => "webmaster available",
        AccountKind::AdvertiserAvailable => "advertiser available",
        AccountKind::AdvertiserCommitted => "advertiser committed",
        AccountKind::HouseMarginHold => "network margin hold",
        AccountKind::HouseMargin => "network margin",
        other => panic!("{other:?} takes no part in a lead"),
    }
}

/// The documentation's line about one change.
fn table_line((from, old): (&str, Option<LeadState>), (to, new): (&str, LeadState)) -> String {
    let money = LeadMoney { charge: 8, payout: 5, referral: 1 };
    let words = |posting: &Posting| {
        let amount = match posting.amount {
            8 => "charge",
            5 => "payout",
            1 => "referral",
            2 => "margin",
            other => panic!("{other} is no part of the charge"),
        };
        format!("{} → {}: {amount}", seat_name(posting.debit), seat_name(posting.credit))
    };
    let postings = lead_postings(PARTIES, money, old, new);
    let told: Vec<String> = postings.iter().map(words).collect();
    let kind = postings.first().map_or(String::new(), |first| format!("{:?}", first.kind));
    let told = if told.is_empty() { "nothing moves".to_owned() } else { told.join("; ") };
    format!("| {from} | {to} | {kind} | {told} |")
}

/// Each lawful change has its line in the documentation's table, and there is no other line.
#[test]
fn the_documented_table_is_what_the_rule_does() {
    let doc = include_str!("../../../../docs/money.md");
    let table = doc.split("<!-- lead table -->").nth(1).expect("the table between its marks");
    let mut wanted = vec![
        table_line(("new", None), ("pending", STATES[0].1)),
        table_line(("new", None), ("refused, on hold", STATES[3].1)),
    ];
    for (name, from) in STATES {
        for (to_name, to) in STATES {
            if (0..20).any(|what| moved(from, what) == Some(to) && from != to) {
                wanted.push(table_line((name, Some(from)), (to_name, to)));
            }
        }
    }
    let found: Vec<&str> = table.trim().lines().skip(2).collect();
    assert_eq!(found, wanted, "\n{}", wanted.join("\n"));
}

/// No side's transfers tell another's part: each of them is the whole charge, the payout, the share or the margin.
#[test]
fn an_advertiser_moves_the_charge_a_webmaster_the_payout_and_a_referrer_his_share() {
    let money = LeadMoney { charge: 8, payout: 5, referral: 1 };
    let all = LeadStatus::ALL.iter().flat_map(|status| {
        [Closing::Hold, Closing::Closed].map(|closing| LeadState { status: *status, closing })
    });
    let all: Vec<LeadState> = all.collect();
    for from in all.iter().copied().map(Some).chain([None]) {
        for to in &all {
            for posting in lead_postings(PARTIES, money, from, *to) {
                let owners = [posting.debit.owner_id, posting.credit.owner_id];
                let people = owners.iter().filter(|owner| **owner != 0).collect::<BTreeSet<_>>();
                assert!(people.len() <= 1, "{posting:?}");
                if owners.contains(&PARTIES.advertiser_id) {
                    assert_eq!(posting.amount, money.charge, "{posting:?}");
                }
                if owners.contains(&PARTIES.webmaster_id) {
                    assert_eq!(posting.amount, money.payout, "{posting:?}");
                }
                if owners.contains(&3) {
                    assert_eq!(posting.amount, money.referral, "{posting:?}");
                    assert_eq!(posting.kind, TransferKind::Referral);
                }
            }
        }
    }
}
