//! A sale turns out to be worth another amount: whoever says so, in whatever state the lead is.

use whocpa_db_test::db_test;
use whocpa_domain::Error;
use whocpa_domain::input::{FileBytes, RawParams, RawValue};
use whocpa_domain::lead::{LeadEventKind, LeadStatus};
use whocpa_engine::lead::{Conversion, Verdict};
use whocpa_store::testing::TestDb;

use crate::leads::{Running, running_with};
use crate::world::{USD, read, refusal};

const DAY: i64 = 86_400;

/// A goal that pays 16 % of the sale and costs 20 %.
async fn percent(run: &Running) -> i64 {
    let (offer, usd) = (run.offer_id.to_string(), USD.to_string());
    let goal = [
        ("offer_id", offer.as_str()),
        ("description", "Sale"),
        ("currency_id", usd.as_str()),
        ("hold_period", "10"),
        ("money_type", "2"),
        ("charge", "20"),
        ("is_otol", "0"),
    ];
    run.world.engine.goal_create(run.world.advertiser, read(&goal)).await.expect("a goal")
}

/// The books are right, and hold this of the webmaster (hold, available) and the advertiser (available, committed).
async fn holds(run: &Running, expected: [&str; 4]) {
    assert_eq!(run.money().await, expected.map(str::to_owned));
    assert_eq!(run.world.engine.ledger_verify().await.expect("verify").differences, []);
}

#[db_test]
async fn a_corrected_amount_rates_the_lead_anew_wherever_it_stands(test: TestDb) {
    let run = running_with(test, &[]).await;
    let (engine, advertiser, operator) = (&run.world.engine, run.world.advertiser, run.world.operator);
    let goal_id = percent(&run).await;
    let tid = run.click("").await.tid;
    let sale = |amount: i64, status| Conversion {
        goal_id: Some(goal_id),
        amount: Some(amount * 1_000_000),
        status,
        ..run.conversion(&tid, "order-1")
    };
    let Verdict::Accepted { lead_id, .. } = run.receive(sale(100, LeadStatus::Pending)).await else {
        panic!("not accepted")
    };
    holds(&run, ["-", "-", "-20.00", "20.00"]).await;
    // Pending: it reserves less.
    let update = async |who, form: &[(&str, &str)]| engine.lead_update(who, lead_id, read(form)).await;
    update(advertiser, &[("amount", "60"), ("comment", "two of five came back")]).await.expect("correct");
    holds(&run, ["-", "-", "-12.00", "12.00"]).await;
    // By postback, together with the decision; more than before.
    let verdict = run.receive(sale(70, LeadStatus::Approved)).await;
    assert!(matches!(verdict, Verdict::Updated { status: LeadStatus::Approved, .. }), "{verdict:?}");
    holds(&run, ["11.20", "0.00", "-14.00", "0.00"]).await;
    // On hold; the same again is a retry.
    for is_first in [true, false] {
        let verdict = run.receive(sale(50, LeadStatus::Approved)).await;
        assert_eq!(matches!(verdict, Verdict::Updated { .. }), is_first, "{verdict:?}");
    }
    holds(&run, ["8.00", "0.00", "-10.00", "0.00"]).await;
    // Refused: there is nothing in the accounts, and what it is worth later is what was corrected.
    let refuse = [("status", "2"), ("reason", "10"), ("amount", "45")];
    update(advertiser, &refuse).await.expect("refuse");
    holds(&run, ["0.00", "0.00", "0.00", "0.00"]).await;
    update(advertiser, &[("status", "1"), ("amount", "40")]).await.expect("approve");
    holds(&run, ["6.40", "0.00", "-8.00", "0.00"]).await;
    run.world.clock.advance(11 * DAY);
    assert_eq!(engine.lead_close_due().await.expect("close"), 1);
    holds(&run, ["0.00", "6.40", "-8.00", "0.00"]).await;
    // Closed: only those who run the network, and they say why.
    let late = update(advertiser, &[("amount", "30")]).await;
    assert!(matches!(late, Err(Error::Conflict(_))), "{late:?}");
    let verdict = run.receive(sale(30, LeadStatus::Approved)).await;
    assert!(matches!(verdict, Verdict::Rejected { field: "amount", .. }), "{verdict:?}");
    let silent = update(operator, &[("amount", "30")]).await;
    assert_eq!(refusal(silent), ["comment: This parameter is required to correct a closed lead"]);
    update(operator, &[("amount", "30"), ("comment", "returned after the hold")]).await.expect("correct");
    holds(&run, ["0.00", "4.80", "-6.00", "0.00"]).await;
    // The story tells all of it, to each side its own part.
    for (who, expected) in [
        (run.world.webmaster, ["16.00", "9.60", "11.20", "8.00", "7.20", "6.40", "4.80"]),
        (advertiser, ["20.00", "12.00", "14.00", "10.00", "9.00", "8.00", "6.00"]),
    ] {
        let story = engine.lead_view(who, lead_id).await.expect("the lead");
        let told: Vec<String> = story
            .events
            .iter()
            .filter_map(|event| event.money.flatten().map(|money| money.to_string()))
            .collect();
        assert_eq!(told, expected);
        assert_eq!(story.row.money.expect("money").to_string(), expected[6]);
        let last = story.events.last().expect("an event");
        assert_eq!((last.kind, last.by.as_str()), (LeadEventKind::Corrected, "operator"));
    }
    let foreign = engine.lead_update(run.world.rival, lead_id, read(&[("amount", "1")])).await;
    assert!(matches!(foreign, Err(Error::NotFound)), "{foreign:?}");
}

#[db_test]
async fn a_file_corrects_amounts(test: TestDb) {
    let run = running_with(test, &[]).await;
    let (engine, advertiser) = (&run.world.engine, run.world.advertiser);
    let goal_id = percent(&run).await;
    let tid = run.click("").await.tid;
    for sale_id in ["a", "b"] {
        let sale =
            Conversion { goal_id: Some(goal_id), amount: Some(100_000_000), ..run.conversion(&tid, sale_id) };
        let verdict = run.receive(sale).await;
        assert!(matches!(verdict, Verdict::Accepted { .. }), "{verdict:?}");
    }
    let text = "sale_id;status;reason;amount\na;1;;80,5\nb;2;10;100\n";
    let mut raw = RawParams::default();
    raw.push("file", RawValue::File(FileBytes::new(text.as_bytes())));
    let id = engine.decision_create(advertiser, raw.read().expect("read")).await.expect("check");
    holds(&run, ["-", "-", "-40.00", "40.00"]).await;
    engine.decision_update(advertiser, id, read(&[("is_applied", "1")])).await.expect("apply");
    holds(&run, ["12.88", "0.00", "-16.10", "0.00"]).await;
}
