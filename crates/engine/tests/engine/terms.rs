//! Leads that come when their offer takes no more visitors: judged by the terms that their click carries.

use whocpa_db_test::db_test;
use whocpa_domain::click::ClickReason;
use whocpa_domain::lead::{LeadReason, LeadStatus};
use whocpa_domain::terms::LateRule;
use whocpa_domain::time::DAY;
use whocpa_engine::lead::{Conversion, LeadView, Verdict};
use whocpa_store::testing::TestDb;

use crate::leads::{Running, running_with};
use crate::world::{read, refusal};

async fn change(run: &Running, pairs: &[(&str, &str)]) {
    let world = &run.world;
    world.engine.offer_update(world.advertiser, run.offer_id, read(pairs)).await.expect("change the offer");
}

async fn view(run: &Running, id: i64) -> LeadView {
    run.world.engine.lead_view(run.world.webmaster, id).await.expect("the lead")
}

#[db_test]
async fn a_late_lead_is_judged_by_what_its_click_carries(test: TestDb) {
    let run = running_with(test, &[]).await;
    let (engine, clock) = (&run.world.engine, &run.world.clock);
    let before = run.click("").await.tid;
    change(&run, &[("late_rule", "1")]).await;
    let unpaid = [run.click("").await.tid, run.click("").await.tid, run.click("").await.tid];
    change(&run, &[("late_rule", "2"), ("late_days", "7")]).await;
    let young = [run.click("").await.tid, run.click("").await.tid];
    change(&run, &[("late_rule", "0")]).await;
    let paid = run.click("").await.tid;
    // While it runs, everything is paid.
    let in_time = run.accepted(&unpaid[0], "").await;
    assert_eq!(view(&run, in_time).await.row.status, LeadStatus::Pending);
    change(&run, &[("is_stopped", "1")]).await;
    clock.advance(7 * DAY);
    let mut told = Vec::new();
    for tid in [&before, &unpaid[1], &young[0], &paid] {
        let lead = view(&run, run.accepted(tid, "").await).await;
        told.push((lead.row.status, lead.row.reason, lead.late_terms.map(|terms| terms.version)));
    }
    let pending = |version| (LeadStatus::Pending, LeadReason::Untold, version);
    let refused = (LeadStatus::Rejected, LeadReason::Late, Some(1));
    assert_eq!(told, [pending(None), refused, pending(Some(2)), pending(Some(3))]);
    clock.advance(1);
    let late = run.accepted(&young[1], "").await;
    let lead = view(&run, late).await;
    assert_eq!((lead.row.status, lead.row.reason), (LeadStatus::Rejected, LeadReason::Late));
    let words = &lead.events[0].comment;
    assert!(words.contains("version 2") && words.contains("within 7 days"), "{words}");
    assert_eq!((lead.events.len(), lead.events[0].by.as_str()), (1, "network"));
    let trace = lead.click.trace.expect("the click's trace");
    assert!(trace.iter().any(|step| step.detail.ends_with("2:2:7")), "{trace:?}");
    let theirs = engine.lead_view(run.world.advertiser, late).await.expect("the lead");
    assert!(theirs.click.trace.is_none(), "advertisers do not read clicks");
    run.books_balance().await;
    // The webmaster sees what held when, and may contest; the advertiser may pay all the same.
    let offer = engine.offer_view(run.world.webmaster, run.offer_id).await.expect("the offer");
    let versions: Vec<(i64, LateRule, i64)> =
        offer.late_terms.iter().map(|terms| (terms.version, terms.late_rule, terms.late_days)).collect();
    assert_eq!(versions, [(3, LateRule::Paid, 0), (2, LateRule::Young, 7), (1, LateRule::Unpaid, 0)]);
    engine.lead_update(run.world.advertiser, late, read(&[("status", "1")])).await.expect("pay");
    // An advertiser who reports it as approved pays it.
    let approved = Conversion { status: LeadStatus::Approved, ..run.conversion(&unpaid[2], "") };
    let Verdict::Accepted { lead_id, status, .. } = run.receive(approved).await else { panic!("accepted") };
    assert_eq!(status, LeadStatus::Approved);
    assert_eq!(view(&run, lead_id).await.events.len(), 2);
    // It goes on: what held is no matter then.
    change(&run, &[("is_stopped", "0")]).await;
    run.books_balance().await;
}

#[db_test]
async fn what_was_reported_before_the_stop_is_paid_when_its_visit_is_found(test: TestDb) {
    let run = running_with(test, &[("late_rule", "1")]).await;
    let (engine, world) = (&run.world.engine, &run.world);
    let tid = run.click("").await.tid;
    // Its sender lost the visit, named it after the stop.
    let lost = Conversion { offer_id: run.offer_id, ..run.conversion("{tid}", "early") };
    let Verdict::Parked { id, .. } = run.receive(lost).await else { panic!("parked") };
    world.clock.advance(DAY);
    change(&run, &[("is_stopped", "1")]).await;
    world.clock.advance(DAY);
    engine.orphan_update(world.advertiser, id, read(&[("tid", &tid)])).await.expect("name the visit");
    engine.lead_match_parked().await.expect("match");
    let found = engine.lead_list(world.webmaster, read(&[("tid", &tid)])).await.expect("leads");
    assert_eq!(found.rows.len(), 1);
    assert_eq!(found.rows[0].status, LeadStatus::Pending);
}

#[db_test]
async fn a_cap_that_is_reached_is_a_stop(test: TestDb) {
    let caps = r#"[{"measure": 2, "period": 4, "limit": "1"}]"#;
    let run = running_with(test, &[("caps", caps), ("late_rule", "1")]).await;
    let (first, second) = (run.click("").await.tid, run.click("").await.tid);
    assert_eq!(view(&run, run.accepted(&first, "").await).await.row.status, LeadStatus::Pending);
    assert_eq!(run.click("").await.reason, ClickReason::Capped);
    let lead = view(&run, run.accepted(&second, "").await).await;
    assert_eq!((lead.row.status, lead.row.reason), (LeadStatus::Rejected, LeadReason::Late));
    assert!(lead.events[0].comment.contains("cap"), "{}", lead.events[0].comment);
}

#[db_test]
async fn terms_that_say_nothing_are_refused(test: TestDb) {
    let run = running_with(test, &[]).await;
    let (engine, world) = (&run.world.engine, &run.world);
    for (pairs, told) in [
        (vec![("late_rule", "2")], "late_days: Must be given with late_rule 2"),
        (vec![("late_days", "5")], "late_days: Only with late_rule 2"),
    ] {
        let wrong = engine.offer_update(world.advertiser, run.offer_id, read(&pairs)).await;
        assert_eq!(refusal(wrong), [told]);
    }
    let theirs = engine.offer_update(world.rival, run.offer_id, read(&[("late_rule", "1")])).await;
    assert!(theirs.is_err());
    let offer = engine.offer_view(world.webmaster, run.offer_id).await.expect("the offer");
    assert!(offer.late_terms.is_empty());
}
