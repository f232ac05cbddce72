//! Decisions about many leads at once.

use std::sync::Arc;

use whocpa_db_test::db_test;
use whocpa_domain::decision::{DECISION_DAYS, DecisionStatus, DecisionVerdict};
use whocpa_domain::input::{FileBytes, RawParams, RawValue};
use whocpa_domain::lead::{LeadReason, LeadStatus};
use whocpa_domain::time::DAY;
use whocpa_domain::way::LeadWay;
use whocpa_domain::{Error, Result};
use whocpa_engine::Caller;
use whocpa_engine::decision::{DecisionCreate, DecisionList, DecisionView};
use whocpa_engine::lead::{Conversion, Verdict};
use whocpa_store::testing::TestDb;

use crate::leads::{Running, running_with};
use crate::world::{read, refusal};

async fn leads(run: &Running, count: i64) -> Vec<i64> {
    let mut ids = Vec::new();
    for number in 0..count {
        ids.push(run.accepted(&run.click("").await.tid, &format!("sale-{number}")).await);
    }
    ids
}

fn listed(ids: &[i64]) -> String {
    ids.iter().map(i64::to_string).collect::<Vec<_>>().join(",")
}

async fn file(run: &Running, caller: Caller, text: &str, more: &[(&str, &str)]) -> Result<i64> {
    let mut raw = RawParams::default();
    raw.push("file", RawValue::File(FileBytes::new(text.as_bytes())));
    for (name, value) in more {
        raw.push(name, RawValue::Text((*value).to_owned()));
    }
    run.world.engine.decision_create(caller, raw.read::<DecisionCreate>()?).await
}

async fn view_by(run: &Running, caller: Caller, id: i64) -> Result<DecisionView> {
    run.world.engine.decision_view(caller, id, read(&[])).await
}

async fn view(run: &Running, id: i64) -> DecisionView {
    view_by(run, run.world.advertiser, id).await.expect("the decision")
}

/// The refused rows: line, lead and words.
fn refused(view: &DecisionView) -> Vec<(i64, Option<i64>, &str)> {
    let rows = view.rows.iter().filter(|row| row.verdict == DecisionVerdict::Refused);
    rows.map(|row| (row.line, row.lead_id, row.message.as_str())).collect()
}

/// Status, then rows done, approved, rejected, spam, unchanged and refused.
fn figures(view: &DecisionView) -> (DecisionStatus, [i64; 6]) {
    let row = &view.row;
    let counts = [
        row.rows_done,
        row.rows_approved,
        row.rows_rejected,
        row.rows_spam,
        row.rows_unchanged,
        row.rows_failed,
    ];
    (row.status, counts)
}

async fn status(run: &Running, lead_id: i64) -> LeadStatus {
    run.world.engine.lead_view(run.world.operator, lead_id).await.expect("the lead").row.status
}

#[db_test]
async fn a_list_is_decided_at_once_and_nobody_waits_for_a_bad_row(test: TestDb) {
    let run = running_with(test, &[]).await;
    let (engine, advertiser) = (&run.world.engine, run.world.advertiser);
    let mut ids = leads(&run, 3).await;
    engine.lead_update(advertiser, ids[2], read(&[("status", "1")])).await.expect("approve");
    run.world.clock.advance(11 * DAY);
    assert_eq!(engine.lead_close_due().await.expect("close"), 1);
    ids.push(999_999);
    let all = listed(&ids);
    let sent = [("lead_id", all.as_str()), ("status", "2"), ("reason", "10"), ("comment", "rang thrice")];
    let id = engine.decision_create(advertiser, read(&sent)).await.expect("decide");
    let shown = view(&run, id).await;
    assert_eq!(figures(&shown), (DecisionStatus::Applied, [4, 0, 2, 0, 0, 2]));
    let closed = (3, Some(ids[2]), "status: The lead is closed: its decision is final");
    assert_eq!(refused(&shown), [closed, (4, None, "lead_id: Leads not found")]);
    let decided: Vec<_> = shown.rows.iter().map(|row| (row.lead_id, row.verdict)).collect();
    assert_eq!(decided[..2], [ids[0], ids[1]].map(|id| (Some(id), DecisionVerdict::Decided)));
    let lead = engine.lead_view(run.world.webmaster, ids[0]).await.expect("the lead");
    assert_eq!((lead.row.status, lead.row.reason), (LeadStatus::Rejected, LeadReason::NoAnswer));
    let last = lead.events.last().expect("an event");
    assert_eq!((last.by.as_str(), last.comment.as_str()), ("advertiser", "rang thrice"));
    // Again: nothing changes.
    let again = engine.decision_create(advertiser, read(&sent)).await.expect("decide");
    assert_eq!(figures(&view(&run, again).await), (DecisionStatus::Applied, [4, 0, 0, 0, 2, 2]));
    run.books_balance().await;
}

#[db_test]
async fn a_file_is_checked_before_it_is_applied(test: TestDb) {
    let run = running_with(test, &[]).await;
    let (engine, advertiser) = (&run.world.engine, run.world.advertiser);
    let ids = leads(&run, 4).await;
    let tid = engine.lead_view(advertiser, ids[2]).await.expect("the lead").row.tid;
    let text = format!(
        "lead_id;tid;sale_id;status;reason;comment;amount\n\
         {};;;approved;;;\n\
         ;;sale-1;rejected;nobody answered;rang twice;\n\
         ;{tid};;3;30;;\n\
         {};;;1;;;99.50\n\
         ;;sale-77;1;;;\n\
         {};;;later;;;\n",
        ids[0], ids[3], ids[3]
    );
    let id = file(&run, advertiser, &text, &[]).await.expect("check");
    let expected = [6, 2, 1, 1, 0, 2];
    let shown = view(&run, id).await;
    assert_eq!(figures(&shown), (DecisionStatus::Checked, expected));
    assert_eq!(
        refused(&shown),
        [
            (6, None, "sale_id: Leads not found"),
            (7, Some(ids[3]), "status: Must be approved, rejected or spam (1, 2 or 3)"),
        ]
    );
    for lead_id in &ids {
        assert_eq!(status(&run, *lead_id).await, LeadStatus::Pending, "nothing is decided by checking");
    }
    engine.decision_update(advertiser, id, read(&[("is_applied", "1")])).await.expect("apply");
    assert_eq!(figures(&view(&run, id).await), (DecisionStatus::Applied, expected));
    let decided = [LeadStatus::Approved, LeadStatus::Rejected, LeadStatus::Spam, LeadStatus::Approved];
    for (lead_id, expected) in ids.iter().zip(decided) {
        assert_eq!(status(&run, *lead_id).await, expected);
    }
    let twice = engine.decision_update(advertiser, id, read(&[("is_applied", "1")])).await;
    assert!(matches!(twice, Err(Error::Conflict(_))), "{twice:?}");
    let gone = engine.decision_delete(advertiser, id).await;
    assert!(matches!(gone, Err(Error::Conflict(_))), "what was applied stays: {gone:?}");
    run.books_balance().await;
}

#[db_test]
async fn a_long_file_goes_on_where_it_was(test: TestDb) {
    let run = running_with(test, &[]).await;
    let (engine, advertiser) = (&run.world.engine, run.world.advertiser);
    let ids = leads(&run, 30).await;
    // The leads that are there stand far apart.
    let of_number = |number: usize| ids.get(number * 7 % 1500).copied();
    let unknown = 1_000_000..;
    let rows: Vec<String> = (0..1500)
        .zip(unknown)
        .map(|(number, unknown)| format!("{},2,10", of_number(number).unwrap_or(unknown)))
        .collect();
    let text = format!("lead_id,status,reason\n{}\n", rows.join("\n"));
    let id = file(&run, advertiser, &text, &[("is_preview", "0")]).await.expect("send");
    assert_eq!(view(&run, id).await.row.status, DecisionStatus::Applying, "left to the job");
    // The worker dies in the middle: nothing tells the decision.
    for _ in 0..400 {
        tokio::select! {
            done = engine.decision_run_due() => { done.expect("run"); break }
            () = tokio::time::sleep(std::time::Duration::from_millis(15)) => {}
        }
        run.world.clock.advance(31);
    }
    let shown = view(&run, id).await;
    assert_eq!(figures(&shown), (DecisionStatus::Applied, [1500, 0, 30, 0, 0, 1470]));
    assert_eq!((shown.rows.len(), shown.rows_found), (100, 1500), "each row has its verdict, page by page");
    let decided = [("verdict", "1"), ("per_page", "50")];
    let decided = engine.decision_view(advertiser, id, read(&decided)).await.expect("the decided rows");
    assert_eq!((decided.rows.len(), decided.rows_found), (30, 30));
    for lead_id in ids {
        let lead = engine.lead_view(advertiser, lead_id).await.expect("the lead");
        assert_eq!((lead.row.status, lead.events.len()), (LeadStatus::Rejected, 2), "once");
    }
    run.books_balance().await;
    run.world.clock.advance((DECISION_DAYS + 1) * DAY);
    engine.decision_forget().await.expect("forget");
    let shown = view(&run, id).await;
    assert_eq!((figures(&shown).1, shown.rows_found), ([1500, 0, 30, 0, 0, 1470], 0), "its figures stay");
}

#[db_test]
async fn who_may_decide_about_many_leads(test: TestDb) {
    let run = running_with(test, &[]).await;
    let (engine, world) = (&run.world.engine, &run.world);
    let ids = leads(&run, 1).await;
    let all = listed(&ids);
    let sent = [("lead_id", all.as_str()), ("status", "1")];
    let theirs = engine.decision_create(world.webmaster, read(&sent)).await;
    assert!(matches!(theirs, Err(Error::Forbidden)), "{theirs:?}");
    // Another advertiser's lead is one that is not there.
    let id = engine.decision_create(world.rival, read(&sent)).await.expect("a decision about nothing");
    let shown = view_by(&run, world.rival, id).await.expect("his decision");
    assert_eq!(refused(&shown), [(1, None, "lead_id: Leads not found")]);
    let by_sale = file(&run, world.rival, "sale_id;status\nsale-0;1\n", &[("is_preview", "0")]).await;
    let shown = view_by(&run, world.rival, by_sale.expect("sent")).await.expect("his decision");
    assert_eq!(refused(&shown), [(2, None, "sale_id: Leads not found")]);
    assert_eq!(status(&run, ids[0]).await, LeadStatus::Pending);
    assert!(matches!(view_by(&run, world.advertiser, id).await, Err(Error::NotFound)));
    assert!(matches!(engine.decision_delete(world.advertiser, id).await, Err(Error::NotFound)));
    let mine = engine.decision_list(world.advertiser, read::<DecisionList>(&[])).await.expect("decisions");
    assert_eq!(mine.total_count, 0);
    let every = engine.decision_list(world.operator, read::<DecisionList>(&[])).await.expect("decisions");
    assert_eq!(every.total_count, 2);
    for (pairs, told) in [
        (vec![("status", "1")], "lead_id: Either lead_id or file must be given"),
        (vec![("lead_id", "1")], "status: This parameter is required"),
        (vec![("lead_id", "1"), ("status", "2")], "reason: This parameter is required to refuse a lead"),
        (vec![("lead_id", ""), ("status", "1")], "lead_id: Must not be empty"),
    ] {
        let refused = engine.decision_create(world.advertiser, read(&pairs)).await;
        assert_eq!(refusal(refused), [told], "{pairs:?}");
    }
    let refused = file(&run, world.advertiser, "a;b\n1;2\n", &[]).await;
    assert_eq!(refusal(refused), ["file: The first row must hold the headings: status not found"]);
    let refused = file(&run, world.advertiser, "lead_id;status;comment\n1;1;a\0b\n", &[]).await;
    assert_eq!(refusal(refused), ["file: The file is no text"]);

    let checked =
        file(&run, world.advertiser, &format!("lead_id;status\n{all};1\n"), &[]).await.expect("check");
    // The leads' histories would name somebody who did not decide.
    let theirs = engine.decision_update(world.operator, checked, read(&[("is_applied", "1")])).await;
    assert_eq!(refusal(theirs), ["is_applied: Only who sent the decision may apply it"]);
    engine.decision_delete(world.advertiser, checked).await.expect("put away");
    assert!(matches!(view_by(&run, world.advertiser, checked).await, Err(Error::NotFound)));
}

#[db_test]
async fn what_waits_too_long_or_too_often_is_not_applied(test: TestDb) {
    let run = running_with(test, &[]).await;
    let (engine, advertiser) = (&run.world.engine, run.world.advertiser);
    let ids = leads(&run, 1).await;
    let text = format!("lead_id;status\n{};1\n", ids[0]);
    let mut checked = Vec::new();
    for _ in 0..50 {
        checked.push(file(&run, advertiser, &text, &[]).await.expect("check"));
    }
    let more = file(&run, advertiser, &text, &[]).await;
    assert!(matches!(more, Err(Error::Conflict(_))), "{more:?}");
    run.world.clock.advance((DECISION_DAYS + 1) * DAY);
    for _ in 0..5 {
        engine.decision_forget().await.expect("forget");
    }
    let late = engine.decision_update(advertiser, checked[0], read(&[("is_applied", "1")])).await;
    assert!(matches!(late, Err(Error::Conflict(_))), "{late:?}");
    assert_eq!(view(&run, checked[0]).await.row.status, DecisionStatus::Stopped);
    assert_eq!(status(&run, ids[0]).await, LeadStatus::Pending);
    file(&run, advertiser, &text, &[]).await.expect("there is room again");
}

#[db_test]
async fn what_its_owner_may_not_do_any_more_is_stopped(test: TestDb) {
    let run = running_with(test, &[]).await;
    let (engine, advertiser) = (&run.world.engine, run.world.advertiser);
    let ids = leads(&run, 1).await;
    let text = "lead_id,status\n".to_owned() + &format!("{},1\n", ids[0]) + &"9999999,1\n".repeat(1001);
    let id = file(&run, advertiser, &text, &[("is_preview", "0")]).await.expect("send");
    let blocked = [("status", "2")];
    engine.user_update(run.world.operator, advertiser.user_id, read(&blocked)).await.expect("block");
    engine.decision_run_due().await.expect("run");
    let shown = view_by(&run, run.world.operator, id).await.expect("the decision");
    assert_eq!(figures(&shown), (DecisionStatus::Stopped, [0; 6]));
    assert_eq!(status(&run, ids[0]).await, LeadStatus::Pending);
}

#[db_test]
async fn a_sale_that_was_named_later_is_found(test: TestDb) {
    let run = running_with(test, &[]).await;
    let (engine, advertiser) = (&run.world.engine, run.world.advertiser);
    let tid = run.click("").await.tid;
    let browser = Conversion { way: LeadWay::Pixel, ..run.conversion(&tid, "") };
    let Verdict::Accepted { lead_id, .. } = run.receive(browser).await else { panic!("not accepted") };
    let named = run.receive(run.conversion(&tid, "late-1")).await;
    assert!(matches!(named, Verdict::Duplicate { lead_id: same, .. } if same == lead_id), "{named:?}");
    let text = "order id;status\nlate-1;1\n";
    let id = file(&run, advertiser, text, &[("is_preview", "0")]).await.expect("send");
    assert_eq!(figures(&view(&run, id).await), (DecisionStatus::Applied, [1, 1, 0, 0, 0, 0]));
    let listed = engine.lead_list(advertiser, read(&[("sale_id", "late-1")])).await.expect("leads");
    assert_eq!(listed.rows.iter().map(|row| row.id).collect::<Vec<_>>(), [lead_id]);
    let theirs = engine.lead_list(run.world.rival, read(&[("sale_id", "late-1")])).await.expect("leads");
    assert_eq!(theirs.total_count, 0);
}

#[db_test]
async fn the_history_of_a_lead_has_an_end(test: TestDb) {
    let run = running_with(test, &[]).await;
    let (engine, advertiser) = (&run.world.engine, run.world.advertiser);
    let id = leads(&run, 1).await[0];
    let mut refused = None;
    for number in 0..100 {
        let pairs = [("status", "2"), ("reason", if number % 2 == 0 { "10" } else { "11" })];
        if let Err(error) = engine.lead_update(advertiser, id, read(&pairs)).await {
            refused = Some((number, error));
            break;
        }
    }
    let (number, error) = refused.expect("an end");
    assert!(matches!(error, Error::Conflict(_)) && number == 49, "{number} {error:?}");
    let told = Conversion { status: LeadStatus::Approved, ..run.conversion("", "sale-0") };
    let tid = engine.lead_view(advertiser, id).await.expect("the lead").row.tid;
    let told = run.receive(Conversion { tid, ..told }).await;
    assert!(matches!(&told, Verdict::Rejected { reason, .. } if reason.contains("too often")), "{told:?}");
    // The same again is a retry, and the network can end it.
    let same = [("status", "2"), ("reason", "10")];
    engine.lead_update(advertiser, id, read(&same)).await.expect("nothing changes");
    engine.lead_update(run.world.operator, id, read(&[("status", "1")])).await.expect("approve");
    let lead = engine.lead_view(run.world.webmaster, id).await.expect("the lead");
    assert_eq!((lead.row.status, lead.events.len()), (LeadStatus::Approved, 51));
    run.books_balance().await;
}

#[db_test]
async fn two_decisions_at_once_leave_whole_leads(test: TestDb) {
    let run = Arc::new(running_with(test, &[("decision_days", "1"), ("is_silence_approval", "1")]).await);
    let ids = leads(&run, 20).await;
    run.world.clock.advance(2 * DAY);
    let all = listed(&ids);
    let mut tasks = tokio::task::JoinSet::new();
    for pairs in [
        vec![("status", "1")],
        vec![("status", "2"), ("reason", "11")],
        vec![("status", "3"), ("reason", "30")],
    ] {
        let (run, all) = (Arc::clone(&run), all.clone());
        tasks.spawn(async move {
            let sent = [vec![("lead_id", all.as_str())], pairs].concat();
            run.world.engine.decision_create(run.world.advertiser, read(&sent)).await.map(drop)
        });
    }
    let silence = Arc::clone(&run);
    tasks.spawn(async move { silence.world.engine.lead_approve_silent().await.map(drop) });
    while let Some(done) = tasks.join_next().await {
        done.expect("no panic").expect("decided");
    }
    run.world.engine.decision_run_due().await.expect("nothing is left");
    for id in ids {
        let lead = run.world.engine.lead_view(run.world.operator, id).await.expect("the lead");
        let numbers: Vec<i64> = lead.events.iter().map(|event| event.number).collect();
        assert_eq!(numbers, (1..).take(numbers.len()).collect::<Vec<i64>>());
        assert_ne!(lead.row.status, LeadStatus::Pending);
    }
    run.books_balance().await;
}
