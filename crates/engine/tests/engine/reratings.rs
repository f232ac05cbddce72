//! Leads rated anew by other terms: counted first, applied once, and the same whenever it is asked.

use whocpa_db_test::db_test;
use whocpa_domain::Error;
use whocpa_domain::lead::LeadEventKind;
use whocpa_domain::rerating::ReratingStatus;
use whocpa_engine::rerating::{ReratingStory, ReratingView};
use whocpa_store::testing::TestDb;

use crate::leads::{Running, running_with};
use crate::world::{read, refusal};

const DAY: i64 = 86_400;

async fn begin(run: &Running, more: &[(&str, &str)]) -> i64 {
    let goal_id = run.goal_id.to_string();
    let mut form =
        vec![("goal_id", goal_id.as_str()), ("d_created_from", "2020-01-01"), ("reason", "agreed in March")];
    form.extend_from_slice(more);
    run.world.engine.rerating_create(run.world.operator, read(&form)).await.expect("a re-rating")
}

async fn view(run: &Running, id: i64) -> ReratingStory {
    run.world.engine.rerating_view(run.world.operator, id, read(&[])).await.expect("the re-rating")
}

async fn apply(run: &Running, id: i64) -> Result<(), Error> {
    run.world.engine.rerating_update(run.world.operator, id, read(&[("is_applied", "1")])).await
}

fn counted(row: &ReratingView) -> (ReratingStatus, [i64; 3], [String; 4]) {
    let sums = [row.charge_before, row.charge_after, row.payout_before, row.payout_after];
    (row.status, [row.leads, row.leads_changed, row.leads_failed], sums.map(|sum| sum.to_string()))
}

async fn holds(run: &Running, expected: [&str; 4]) {
    assert_eq!(run.money().await, expected.map(str::to_owned));
    assert_eq!(run.world.engine.ledger_verify().await.expect("verify").differences, []);
}

/// One lead of each kind: pending, approved, closed, refused.
async fn four(run: &Running) -> Vec<i64> {
    let (engine, operator, advertiser) = (&run.world.engine, run.world.operator, run.world.advertiser);
    let mut ids = Vec::new();
    for sale_id in ["pending", "approved", "closed", "refused"] {
        let tid = run.click("").await.tid;
        ids.push(run.accepted(&tid, sale_id).await);
    }
    for id in &ids[1..3] {
        engine.lead_update(advertiser, *id, read(&[("status", "1")])).await.expect("approve");
    }
    engine.lead_update(advertiser, ids[3], read(&[("status", "2"), ("reason", "10")])).await.expect("refuse");
    run.world.clock.advance(11 * DAY);
    engine.lead_close_due().await.expect("close");
    engine
        .lead_update(operator, ids[1], read(&[("is_closed", "0"), ("status", "1"), ("reason", "50")]))
        .await
        .expect("reopen");
    ids
}

#[db_test]
async fn counted_then_applied_once(test: TestDb) {
    let run = running_with(test, &[]).await;
    let (engine, operator, advertiser) = (&run.world.engine, run.world.operator, run.world.advertiser);
    let ids = four(&run).await;
    holds(&run, ["8.00", "8.00", "-30.00", "10.00"]).await;
    engine
        .goal_update(operator, run.goal_id, read(&[("charge", "15"), ("payment", "9.50")]))
        .await
        .expect("terms");

    let first = begin(&run, &[]).await;
    let seen = view(&run, first).await;
    let sums = ["30.00", "45.00", "24.00", "28.50"].map(str::to_owned);
    assert_eq!(counted(&seen.row), (ReratingStatus::Counted, [4, 4, 0], sums));
    assert_eq!((seen.rows_found, seen.rows[0].webmaster_id), (1, run.world.webmaster.user_id));
    assert_eq!(
        (seen.rows[0].payout_before.to_string(), seen.rows[0].payout_after.to_string()),
        ("24.00".into(), "28.50".into())
    );
    holds(&run, ["8.00", "8.00", "-30.00", "10.00"]).await;
    // The same question has the same answer, to the bit.
    run.world.clock.advance(60);
    let second = begin(&run, &[]).await;
    let again = view(&run, second).await;
    assert_eq!((&again.row.checksum, counted(&again.row)), (&seen.row.checksum, counted(&seen.row)));

    apply(&run, first).await.expect("apply");
    let done = view(&run, first).await.row;
    assert_eq!((done.status, done.leads_applied), (ReratingStatus::Applied, 4));
    assert_eq!(done.checksum_applied, done.checksum, "what was counted is what was done");
    holds(&run, ["9.50", "9.50", "-45.00", "15.00"]).await;
    let twice = apply(&run, first).await;
    assert!(matches!(twice, Err(Error::Conflict(_))), "{twice:?}");
    // The other one finds nothing to move any more.
    apply(&run, second).await.expect("apply");
    let none = view(&run, second).await.row;
    assert_eq!((none.status, none.leads_applied), (ReratingStatus::Applied, 0));
    holds(&run, ["9.50", "9.50", "-45.00", "15.00"]).await;

    // It stands in the story, for each side with its own amount, and names the version.
    for (who, before, after) in [(run.world.webmaster, "8.00", "9.50"), (advertiser, "10.00", "15.00")] {
        let story = engine.lead_view(who, ids[2]).await.expect("the lead");
        let money: Vec<String> = story
            .events
            .iter()
            .filter_map(|event| event.money.flatten().map(|money| money.to_string()))
            .collect();
        assert_eq!(money, [before, after]);
        let last = story.events.last().expect("an event");
        assert_eq!((last.kind, last.comment.as_str()), (LeadEventKind::Rerated, "agreed in March"));
        assert_eq!(story.goal_version_id, done.goal_version_id);
    }
    // A refused lead that is approved later is worth what the new terms say.
    engine
        .lead_update(operator, ids[3], read(&[("is_closed", "0"), ("status", "1"), ("reason", "50")]))
        .await
        .expect("approve");
    holds(&run, ["19.00", "9.50", "-60.00", "15.00"]).await;
    // And back by the first version: less than before.
    let leads = engine.goal_view(operator, run.goal_id).await.expect("the goal");
    assert_eq!(leads.payment, "9.50");
    engine
        .goal_update(operator, run.goal_id, read(&[("charge", "10"), ("payment", "8")]))
        .await
        .expect("terms");
    let back = begin(&run, &[]).await;
    apply(&run, back).await.expect("apply");
    holds(&run, ["16.00", "8.00", "-40.00", "10.00"]).await;
}

#[db_test]
async fn only_the_leads_that_were_asked_for(test: TestDb) {
    let run = running_with(test, &[]).await;
    let (engine, operator) = (&run.world.engine, run.world.operator);
    let tid = run.click("").await.tid;
    run.accepted(&tid, "early").await;
    engine.goal_update(operator, run.goal_id, read(&[("charge", "20")])).await.expect("terms");
    run.world.clock.advance(DAY);
    let later = run.click("").await.tid;
    run.accepted(&later, "late").await;
    let of = async |more: &[(&str, &str)]| {
        let id = begin(&run, more).await;
        view(&run, id).await.row.leads
    };
    assert_eq!(of(&[]).await, 2);
    assert_eq!(of(&[("d_created_to", "2023-11-14")]).await, 1);
    for (form, message) in [
        (vec![("goal_version_id", "999999")], "goal_version_id: Not a version of this goal's terms"),
        (vec![("d_created_to", "2019-01-01")], "d_created_to: Must be later than d_created_from"),
    ] {
        let goal_id = run.goal_id.to_string();
        let mut all = vec![("goal_id", goal_id.as_str()), ("d_created_from", "2020-01-01"), ("reason", "x")];
        all.extend(form);
        assert_eq!(refusal(engine.rerating_create(operator, read(&all)).await), [message]);
    }
    for who in [run.world.advertiser, run.world.webmaster] {
        let refused = engine.rerating_list(who, read(&[])).await;
        assert!(matches!(refused, Err(Error::Forbidden)));
    }
}
