//! Leads, events and transfers that are stored together.

use std::collections::BTreeSet;

use whocpa_db_test::db_test;
use whocpa_domain::ledger::{Account, AccountKind, CauseKind, Posting, TransferKind};
use whocpa_domain::{Error, Scope};
use whocpa_store::lead::{self, Lead, Record};
use whocpa_store::lead_event::{self, LeadEvent};
use whocpa_store::testing::TestDb;
use whocpa_store::transfer::{self, Cause};
use whocpa_store::{Store, account, balance};

use crate::rows::{NOW, USD, network};

const STRANGE: [&str; 9] = [
    "",
    "NULL",
    "{a,b}",
    "\"double\" and 'single'",
    "back\\slash \\\" at the end \\",
    " leading and trailing ",
    "\t\r\n\u{1}\u{10ffff}",
    "Привіт 你好 🦊",
    "'; DROP TABLE lead; -- $1 ?1",
];

/// The network's lead again with other texts, and its event.
async fn strange(store: &Store, id: i64, text: &str) -> (Lead, LeadEvent) {
    let lead = lead::view(&store.read(), Scope::All, 1).await.expect("read").expect("a lead");
    let event = lead_event::list(&store.read(), Scope::All, 1).await.expect("read").remove(0);
    let text = text.to_owned();
    let lead = Lead {
        id,
        otol_click_id: None,
        natural_key: text.clone(),
        sale_id: text.clone(),
        amount: (id % 2 == 0).then_some(i64::MAX),
        ua: text.clone(),
        ..lead
    };
    (lead, LeadEvent { lead_id: id, reason: text, ..event })
}

#[db_test]
async fn strange_texts_survive_and_are_found(db: TestDb) {
    network(&db.store).await;
    let (mut leads, mut events) = (Vec::new(), Vec::new());
    for (id, text) in (2..).zip(STRANGE) {
        let (lead, event) = strange(&db.store, id, text).await;
        leads.push(lead);
        events.push(event);
    }
    let (new, described) = (leads.as_slice(), events.as_slice());
    let stored = db.store.write(move |db| async move {
        lead::create(&db, Record { new, buyers: &[], events: described, told: &[], postings: &[] }, NOW).await
    });
    stored.await.expect("store leads");
    let keys = &STRANGE.map(str::to_owned);
    let find = |click_ids: &'static [i64]| {
        db.store.write(move |db| async move { lead::same_actions(&db, keys, click_ids).await })
    };
    assert_eq!(find(&[]).await.expect("find"), leads);
    assert_eq!(find(&[7]).await.expect("find").len(), leads.len() + 1, "and the one that holds the click");
    for event in &events {
        let stored = lead_event::list(&db.store.read(), Scope::All, event.lead_id).await.expect("read");
        assert_eq!(stored, std::slice::from_ref(event));
    }
}

#[db_test]
async fn a_lead_that_was_changed_meanwhile_is_not_written_over(db: TestDb) {
    network(&db.store).await;
    let row = &lead::view(&db.store.read(), Scope::All, 1).await.expect("read").expect("a lead");
    let read = row.event_count;
    for (is_first, event_count) in [(true, read), (false, read)] {
        let changed = &Lead { event_count: event_count + 1, ..row.clone() };
        let done = db.store.write(move |db| async move { lead::update(&db, changed.clone(), read).await });
        assert_eq!(done.await.is_ok(), is_first);
    }
}

#[db_test]
async fn an_account_of_a_transaction_that_failed_is_made_again(db: TestDb) {
    network(&db.store).await;
    let account = |kind| Account { kind, owner_id: 0, currency_id: USD };
    let (debit, credit) = (account(AccountKind::External), account(AccountKind::HouseMargin));
    let wanted = &BTreeSet::from([debit, credit]);
    let failed = db.store.write(move |db| async move {
        account::ensure(&db, wanted).await?;
        Err::<(), _>(Error::Internal("the power went".to_owned()))
    });
    assert!(failed.await.is_err());
    for number in 1..=2 {
        let cause = Cause { kind: CauseKind::Manual, id: 1, number };
        let legs = vec![Posting { debit, credit, amount: 5, kind: TransferKind::Deposit }];
        let groups = &[(cause, legs)];
        let moved = db.store.write(move |db| async move { transfer::create(&db, groups, NOW).await });
        moved.await.expect("transfer");
    }
    let balances = balance::list(&db.store.read(), Scope::All).await.expect("balances");
    let margin = balances.iter().find(|balance| balance.account == credit).map(|balance| balance.micros);
    assert_eq!(margin, Some(10));
}
