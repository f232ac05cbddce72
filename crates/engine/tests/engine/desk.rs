//! The advertiser's side of leads: reasons, the clock of his decision, what his silence means, and the lead's story.

use std::sync::Arc;

use whocpa_db_test::db_test;
use whocpa_domain::Error;
use whocpa_domain::facts::BotMark;
use whocpa_domain::lead::{LeadIdentityKind, LeadReason, LeadStatus};
use whocpa_domain::ledger::AccountKind::{
    self, AdvertiserAvailable as Available, AdvertiserCommitted as Committed, WebmasterHold,
};
use whocpa_domain::tid::TidKeys;
use whocpa_domain::time::{DAY, HOUR};
use whocpa_engine::lead::{Conversion, LeadList, LeadView, Verdict};
use whocpa_store::testing::TestDb;
use whocpa_store::{click, secret};

use crate::leads::{Running, running_with};
use crate::world::{read, refusal};

/// What an advertiser agrees to in these tests.
const AGREED: &[(&str, &str)] = &[("decision_days", "7"), ("is_silence_approval", "1")];

async fn view(run: &Running, id: i64) -> LeadView {
    run.world.engine.lead_view(run.world.webmaster, id).await.expect("the lead")
}

fn reasons(view: &LeadView) -> Vec<(LeadReason, &str)> {
    view.events.iter().map(|event| (event.reason, event.comment.as_str())).collect()
}

/// A click with a mark, as another node has stored it; gives its tid.
async fn marked(run: &Running) -> String {
    let store = &run.world.test.store;
    let known = run.click("").await.tid;
    let keys = secret::list(&store.read(), "tid_key").await.expect("keys");
    let byte = |at: usize| u8::from_str_radix(&keys[0][at * 2..at * 2 + 2], 16).expect("hex");
    let key: Vec<u8> = (0..16).map(byte).collect();
    let keys = TidKeys::new(vec![key.try_into().expect("16 bytes")]);
    let id = keys.read(&known).expect("our tid");
    let mut row = loop {
        match click::find(&store.clicks(), &[id]).await.expect("clicks").remove(&id) {
            Some(row) => break row,
            None => tokio::time::sleep(std::time::Duration::from_millis(5)).await,
        }
    };
    (row.id, row.bot_mark) = (id + 1, BotMark::Crawler.code());
    let rows = &[row];
    let stored = store.write_clicks(move |db| async move {
        click::create(&db, "00000000000000ff", click::ClickMark::default(), rows).await
    });
    stored.await.expect("the other node's drainer");
    keys.write(id + 1)
}

#[db_test]
async fn a_refusal_owes_a_reason_that_suits_it(test: TestDb) {
    let run = running_with(test, &[]).await;
    let (engine, advertiser) = (&run.world.engine, run.world.advertiser);
    let id = run.accepted(&run.click("").await.tid, "").await;
    for (sent, told) in [
        (vec![("status", "2")], "reason: This parameter is required to refuse a lead"),
        (vec![("status", "3")], "reason: This parameter is required to refuse a lead"),
        (
            vec![("status", "3"), ("reason", "10")],
            "reason: Not a reason for \"spam\": must be one of 30, 31, 32, 50, 59",
        ),
        (
            vec![("status", "1"), ("reason", "51")],
            "reason: Not a reason for \"approved\": must be one of 40, 41, 50, 59",
        ),
        (
            vec![("status", "1"), ("reason", "61")],
            "reason: Not a reason for \"approved\": must be one of 40, 41, 50, 59",
        ),
        (vec![("status", "2"), ("reason", "59")], "comment: This parameter is required with this reason"),
        (vec![("reason", "10")], "reason: Only with a status"),
        (vec![("comment", "x")], "comment: Only with a status"),
    ] {
        assert_eq!(refusal(engine.lead_update(advertiser, id, read(&sent)).await), [told], "{sent:?}");
    }
    let long = "x".repeat(1001);
    let sent = [("status", "2"), ("reason", "10"), ("comment", long.as_str())];
    let refused = engine.lead_update(advertiser, id, read(&sent)).await;
    assert_eq!(refusal(refused), ["comment: Must be at most 1000 characters"]);

    let sent = [("status", "2"), ("reason", "10"), ("comment", "called five times")];
    for _ in 0..2 {
        engine.lead_update(advertiser, id, read(&sent)).await.expect("refuse, and the same again");
    }
    let shown = view(&run, id).await;
    assert_eq!((shown.row.reason, shown.row.substatus.as_str()), (LeadReason::NoAnswer, "called five times"));
    assert_eq!(
        reasons(&shown),
        [(LeadReason::Untold, ""), (LeadReason::NoAnswer, "called five times")],
        "the same decision again is no step"
    );
    // Another reason for the same decision explains it anew; money does not move.
    let sent = [("status", "2"), ("reason", "12")];
    engine.lead_update(advertiser, id, read(&sent)).await.expect("explain");
    let shown = view(&run, id).await;
    assert_eq!((shown.row.reason, shown.events.len()), (LeadReason::Contact, 3));
    run.books_balance().await;
    let found = engine.lead_list(run.world.webmaster, read::<LeadList>(&[("reason", "12,13")])).await;
    assert_eq!(found.expect("leads").total_count, 1);
    let none = engine.lead_list(run.world.webmaster, read::<LeadList>(&[("reason", "10")])).await;
    assert_eq!(none.expect("leads").total_count, 0);
}

#[db_test]
async fn programs_that_tell_no_reason_are_heard(test: TestDb) {
    let run = running_with(test, &[]).await;
    let tid = run.click("").await.tid;
    let id = run.accepted(&tid, "a").await;
    let refused = Conversion { status: LeadStatus::Rejected, ..run.conversion(&tid, "a") };
    let verdict = run.receive(refused.clone()).await;
    assert_eq!(verdict, Verdict::Updated { lead_id: id, status: LeadStatus::Rejected });
    assert_eq!(view(&run, id).await.row.reason, LeadReason::Untold);
    // The reason comes later, by the same way, once.
    let explained = Conversion { reason: LeadReason::Declined, ..refused };
    let verdict = run.receive(explained.clone()).await;
    assert_eq!(verdict, Verdict::Updated { lead_id: id, status: LeadStatus::Rejected });
    let verdict = run.receive(explained).await;
    assert_eq!(verdict, Verdict::Duplicate { lead_id: id, status: LeadStatus::Rejected });
    let shown = view(&run, id).await;
    assert_eq!((shown.row.reason, shown.events.len()), (LeadReason::Declined, 3));
    run.books_balance().await;
}

#[db_test]
async fn silence_approves_what_was_agreed_and_nothing_else(test: TestDb) {
    let run = running_with(test, AGREED).await;
    let (engine, clock) = (&run.world.engine, &run.world.clock);
    let id = run.accepted(&run.click("").await.tid, "").await;
    let promised = view(&run, id).await.row;
    assert_eq!(promised.date_decide_until.map(|at| at.0 - promised.date_created.0), Some(7 * DAY));
    assert_eq!(promised.date_auto_approve, promised.date_decide_until);
    assert!(!promised.is_overdue);

    // The advertiser thinks better of it: later leads only.
    let offer = [("decision_days", "0"), ("is_silence_approval", "0")];
    engine.offer_update(run.world.advertiser, run.offer_id, read(&offer)).await.expect("agree on nothing");
    let later = run.accepted(&run.click("").await.tid, "").await;
    let later_row = view(&run, later).await.row;
    assert_eq!((later_row.date_decide_until, later_row.date_auto_approve), (None, None));

    assert_eq!(engine.lead_approve_silent().await.expect("look"), 0, "not yet");
    clock.advance(7 * DAY + 1);
    let overdue = engine.lead_list(run.world.advertiser, read::<LeadList>(&[("is_overdue", "1")])).await;
    let overdue = overdue.expect("leads");
    assert_eq!((overdue.total_count, overdue.rows[0].id, overdue.rows[0].is_overdue), (1, id, true));
    let others = engine.lead_list(run.world.advertiser, read::<LeadList>(&[("is_overdue", "0")])).await;
    assert_eq!(others.expect("leads").rows[0].id, later);

    assert_eq!(engine.lead_approve_silent().await.expect("approve"), 1);
    assert_eq!(engine.lead_approve_silent().await.expect("approve"), 0, "once");
    let shown = view(&run, id).await;
    assert_eq!((shown.row.status, shown.row.reason), (LeadStatus::Approved, LeadReason::Silence));
    assert!(!shown.row.is_overdue);
    let last = shown.events.last().expect("an event");
    assert_eq!(last.by, "network");
    assert!(last.comment.contains("decision_days"), "{}", last.comment);
    assert_eq!(run.money().await, ["8.00", "0.00", "-20.00", "10.00"].map(str::to_owned));
    // The advertiser may still correct it until the hold is over.
    let sent = [("status", "2"), ("reason", "16")];
    engine.lead_update(run.world.advertiser, id, read(&sent)).await.expect("correct");
    assert_eq!(engine.lead_approve_silent().await.expect("approve"), 0, "a decided lead is left alone");
    run.books_balance().await;
}

#[db_test]
async fn a_marked_click_is_never_approved_by_silence(test: TestDb) {
    let run = running_with(test, AGREED).await;
    let id = run.accepted(&marked(&run).await, "").await;
    let shown = view(&run, id).await.row;
    assert!(shown.date_decide_until.is_some() && shown.date_auto_approve.is_none());
    run.world.clock.advance(30 * DAY);
    assert_eq!(run.world.engine.lead_approve_silent().await.expect("look"), 0);
    let shown = view(&run, id).await;
    assert!(shown.row.is_overdue, "the clock of the decision runs all the same");
    assert_eq!((shown.row.bot_mark, shown.click.bot_mark), (BotMark::Crawler, BotMark::Crawler));
}

#[db_test]
async fn decisions_and_silence_at_once_decide_once(test: TestDb) {
    let run = Arc::new(running_with(test, AGREED).await);
    let mut ids = Vec::new();
    for number in 0..12 {
        ids.push(run.accepted(&run.click("").await.tid, &number.to_string()).await);
    }
    run.world.clock.advance(8 * DAY);
    let mut tasks = tokio::task::JoinSet::new();
    for id in ids.clone() {
        for sent in [vec![("status", "1")], vec![("status", "2"), ("reason", "11")]] {
            let run = Arc::clone(&run);
            tasks.spawn(async move {
                run.world.engine.lead_update(run.world.advertiser, id, read(&sent)).await.expect("decide");
                0
            });
        }
    }
    for _ in 0..3 {
        let run = Arc::clone(&run);
        tasks.spawn(async move { run.world.engine.lead_approve_silent().await.expect("approve") });
    }
    while let Some(done) = tasks.join_next().await {
        done.expect("no panic");
    }
    for id in ids {
        let shown = view(&run, id).await;
        let numbers: Vec<i64> = shown.events.iter().map(|event| event.number).collect();
        let expected: Vec<i64> = (1..).take(numbers.len()).collect();
        assert_eq!(numbers, expected, "no step is lost or written over");
        let silences = shown.events.iter().filter(|event| event.reason == LeadReason::Silence).count();
        assert!(silences <= 1, "{:?}", reasons(&shown));
        assert_ne!(shown.row.status, LeadStatus::Pending);
    }
    run.books_balance().await;
}

#[db_test]
async fn each_side_reads_its_own_side_of_the_story(test: TestDb) {
    let run = running_with(test, AGREED).await;
    let engine = &run.world.engine;
    let tid = run.click("").await.tid;
    let id = run.accepted(&tid, "order-7").await;
    engine.lead_update(run.world.advertiser, id, read(&[("status", "1")])).await.expect("approve");
    let second = run.accepted(&tid, "order-8").await;

    let mine = view(&run, id).await;
    assert_eq!((mine.click.tid.as_str(), mine.click.country.as_str()), (tid.as_str(), "US"));
    assert_eq!((mine.terms.payment.as_deref(), mine.terms.charge.as_deref()), (Some("8.00"), None));
    assert_eq!((mine.identity.kind, mine.identity.value.as_str()), (LeadIdentityKind::Sale, "order-7"));
    assert_eq!((mine.identity.rule, mine.identity.first_lead_id), (None, None));
    assert_eq!((mine.hold.days, mine.hold.is_over), (10, false));
    assert_eq!(mine.hold.date_end.0 - mine.hold.date_from.0, 10 * DAY);
    assert!(mine.parked.is_none());
    let amounts = |view: &LeadView| -> Vec<(i64, AccountKind, String)> {
        let all = view.transfers.as_deref().unwrap_or_default();
        all.iter().map(|row| (row.event_number, row.account, row.amount.to_string())).collect()
    };
    assert_eq!(amounts(&mine), [(2, WebmasterHold, "8.00".to_owned())]);

    let theirs = engine.lead_view(run.world.advertiser, id).await.expect("the lead");
    assert_eq!((theirs.terms.payment.as_deref(), theirs.terms.charge.as_deref()), (None, Some("10.00")));
    // One sum for each step: the webmaster's part and the network's are not told apart.
    let expected = [(1, Available, "-10.00"), (1, Committed, "10.00"), (2, Committed, "-10.00")];
    assert_eq!(amounts(&theirs), expected.map(|(n, account, sum)| (n, account, sum.to_owned())));
    let text = serde_json::to_string(&theirs).expect("JSON");
    assert!(!text.contains("8.00") && !text.contains("\"payout\""), "{text}");
    let text = serde_json::to_string(&mine).expect("JSON");
    assert!(!text.contains("10.00") && !text.contains("charge"), "{text}");

    let all = engine.lead_view(run.world.operator, id).await.expect("the lead");
    assert_eq!((all.terms.payment.as_deref(), all.terms.charge.as_deref()), (Some("8.00"), Some("10.00")));
    assert_eq!(amounts(&all).len(), 5);
    assert!(matches!(engine.lead_view(run.world.rival, id).await, Err(Error::NotFound)));

    let double = view(&run, second).await;
    assert_eq!((double.row.status, double.row.reason), (LeadStatus::Double, LeadReason::SecondAction));
    assert_eq!(double.identity.rule, Some(LeadReason::SecondAction));
    assert_eq!(
        (double.identity.first_lead_id, double.identity.date_first),
        (Some(id), Some(mine.row.date_created))
    );
}

#[db_test]
async fn everybody_sees_how_long_leads_wait(test: TestDb) {
    let run = running_with(test, AGREED).await;
    let (engine, clock) = (&run.world.engine, &run.world.clock);
    let old = run.accepted(&run.click("").await.tid, "").await;
    clock.advance(40 * DAY);
    let mut ids = Vec::new();
    for number in 0..10 {
        ids.push(run.accepted(&run.click("").await.tid, &number.to_string()).await);
    }
    clock.advance(3 * HOUR);
    let young = run.accepted(&run.click("").await.tid, "").await;
    for id in &ids {
        engine.lead_update(run.world.advertiser, *id, read(&[("status", "1")])).await.expect("approve");
    }
    let list = async |pairs: &[(&str, &str)]| -> Vec<i64> {
        let found = engine.lead_list(run.world.webmaster, read::<LeadList>(pairs)).await.expect("leads");
        found.rows.iter().map(|row| row.id).collect()
    };
    assert_eq!(list(&[("undecided_hours", "0")]).await, [young, old]);
    assert_eq!(list(&[("undecided_hours", "3")]).await, [old]);
    assert_eq!(list(&[("undecided_hours", "3"), ("status", "1")]).await, Vec::<i64>::new());
    assert_eq!(list(&[("status", "0"), ("sort", "date_decide_until")]).await, [old, young]);
    let sorted =
        engine.lead_list(run.world.webmaster, read::<LeadList>(&[("sort", "date_decide_until")])).await;
    assert!(sorted.is_err(), "decided leads wait for nothing");
    let row = view(&run, old).await.row;
    assert_eq!((row.undecided_hours, row.date_decided), (Some(40 * 24 + 3), None));
    let row = view(&run, ids[0]).await.row;
    assert_eq!((row.undecided_hours, row.date_decided), (None, Some(engine.now())));
    engine.offer_figures().await.expect("figures");
    let shown = engine.offer_view(run.world.webmaster, run.offer_id).await.expect("the offer");
    let told = shown.decision_hours.map(|hours| hours.to_string());
    assert_eq!((shown.undecided, told.as_deref()), (2, Some("3.00")));
    assert_eq!(
        shown.date_undecided,
        Some(view(&run, old).await.row.date_created),
        "older than the other figures"
    );
}
