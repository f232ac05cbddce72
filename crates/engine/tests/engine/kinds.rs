//! Kinds of payment: ranges, an amount and a percentage, other rates for some visitors, tiers by the month.

use whocpa_db_test::db_test;
use whocpa_domain::lead::LeadStatus;
use whocpa_engine::geo::GeoView;
use whocpa_engine::lead::{Conversion, LeadTerms, Verdict};
use whocpa_store::testing::TestDb;

use crate::leads::{Running, running_with};
use crate::world::{USD, read, refusal, try_read};

const DAY: i64 = 86_400;

/// A goal of the offer that says this besides.
async fn goal(run: &Running, more: &[(&str, &str)]) -> i64 {
    let (offer, usd) = (run.offer_id.to_string(), USD.to_string());
    let mut form = vec![
        ("offer_id", offer.as_str()),
        ("description", "Sale"),
        ("currency_id", usd.as_str()),
        ("hold_period", "10"),
        ("is_otol", "0"),
    ];
    form.extend_from_slice(more);
    run.world.engine.goal_create(run.world.operator, read(&form)).await.expect("a goal")
}

/// The region with this name.
fn named(tree: &[GeoView], name: &str) -> Option<i64> {
    tree.iter().find_map(|row| if row.name_en == name { Some(row.id) } else { named(&row.descendants, name) })
}

/// A lead of this goal with this amount of dollars: what is said to the sender, else what it is worth to each side.
async fn worth(
    run: &Running,
    goal_id: i64,
    sale_id: &str,
    dollars: Option<i64>,
) -> Result<[String; 2], String> {
    let tid = run.click("").await.tid;
    let amount = dollars.map(|dollars| dollars * 1_000_000);
    let sale = Conversion { goal_id: Some(goal_id), amount, ..run.conversion(&tid, sale_id) };
    match run.receive(sale).await {
        Verdict::Accepted { lead_id, .. } => {
            let lead = run.world.engine.lead_view(run.world.operator, lead_id).await.expect("the lead");
            let text = |amount: Option<whocpa_domain::money::Amount>| amount.expect("an amount").to_string();
            Ok([text(lead.row.money), text(lead.row.payout)])
        }
        Verdict::Rejected { reason, .. } => Err(reason),
        other => panic!("{other:?}"),
    }
}

fn both(charge: &str, payout: &str) -> [String; 2] {
    [charge.to_owned(), payout.to_owned()]
}

#[db_test]
async fn an_amount_and_a_percentage(test: TestDb) {
    let run = running_with(test, &[]).await;
    let id = goal(&run, &[("money_type", "4"), ("charge", "1.50 + 5%"), ("payment", "1 + 4")]).await;
    let seen = run.world.engine.goal_view(run.world.operator, id).await.expect("the goal");
    assert_eq!((seen.charge.as_deref(), seen.payment.as_str()), (Some("1.50 + 5%"), "1.00 + 4%"));
    assert_eq!(worth(&run, id, "a", Some(100)).await, Ok(both("6.50", "5.00")));
    assert!(worth(&run, id, "b", None).await.is_err(), "a percentage needs a sale");
    let id_text = id.to_string();
    let form = [
        ("goal_id", id_text.as_str()),
        ("webmaster_id", &run.world.webmaster.user_id.to_string()),
        ("payment", "0.50 + 6%"),
    ]
    .map(|(name, value)| (name, value.to_owned()));
    let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let refused = run.world.engine.condition_create(run.world.operator, read(&form)).await;
    assert!(refusal(refused)[0].starts_with("charge: Must not be below payment"), "6 % are more than 5 %");
}

#[db_test]
async fn the_advertiser_names_the_amount_within_the_range(test: TestDb) {
    let run = running_with(test, &[]).await;
    let id = goal(&run, &[("money_type", "3"), ("charge", "2 - 10"), ("payment", "1 - 8")]).await;
    assert_eq!(worth(&run, id, "a", None).await, Ok(both("2.00", "1.00")), "the lower end until it is named");
    assert_eq!(worth(&run, id, "b", Some(10)).await, Ok(both("10.00", "8.00")));
    assert_eq!(worth(&run, id, "c", Some(6)).await, Ok(both("6.00", "4.50")));
    assert!(worth(&run, id, "d", Some(11)).await.expect_err("above it").contains("not within the range"));
    // Named later, with the decision.
    let tid = run.click("").await.tid;
    let sale = |amount, status| Conversion { goal_id: Some(id), amount, status, ..run.conversion(&tid, "e") };
    let Verdict::Accepted { lead_id, .. } = run.receive(sale(None, LeadStatus::Pending)).await else {
        panic!("not accepted")
    };
    let verdict = run.receive(sale(Some(10_000_000), LeadStatus::Approved)).await;
    assert!(matches!(verdict, Verdict::Updated { status: LeadStatus::Approved, .. }), "{verdict:?}");
    let lead = run.world.engine.lead_view(run.world.webmaster, lead_id).await.expect("the lead");
    assert_eq!(lead.row.money.expect("money").to_string(), "8.00");
    let beyond = run.world.engine.lead_update(run.world.advertiser, lead_id, read(&[("amount", "11")])).await;
    assert_eq!(refusal(beyond), ["amount: amount is not within the range that the goal states"]);
    assert_eq!(run.world.engine.ledger_verify().await.expect("verify").differences, []);
}

#[db_test]
async fn lines_rate_some_visitors_and_the_lead_says_which(test: TestDb) {
    let run = running_with(test, &[("time_zone", "Europe/Kyiv")]).await;
    let engine = &run.world.engine;
    let tree = engine.geo_list(run.world.operator).await.expect("regions");
    let us = named(&tree, "United States").expect("the country");
    let lines = format!(
        r#"[{{"geo_id":{us},"charge":"20","payment":"18"}},{{"device":2,"charge":"30"}},{{"leads_from":2,"charge":"50"}}]"#
    );
    let rates = [("money_type", "1"), ("charge", "10")];
    let plain = goal(&run, &[&rates[..], &[("lines", &lines)]].concat()).await;
    assert_eq!(worth(&run, plain, "a", None).await, Ok(both("20.00", "18.00")), "a visitor from the US");
    let seen = engine.goal_view(run.world.webmaster, plain).await.expect("the goal");
    let payments: Vec<_> = seen.lines.iter().map(|line| (line.payment.as_deref(), &line.charge)).collect();
    assert_eq!(payments, [(Some("18.00"), &None), (Some("24.00"), &None), (Some("40.00"), &None)]);
    // Tiers: two approved leads of this month, then one more.
    let tiers = r#"[{"leads_from":2,"charge":"12","payment":"11"}]"#;
    let tiered = goal(&run, &[&rates[..], &[("is_auto_approve", "1"), ("lines", tiers)]].concat()).await;
    let mut found = Vec::new();
    for sale_id in ["1", "2", "3"] {
        found.push(worth(&run, tiered, sale_id, None).await.expect("a lead")[0].clone());
    }
    assert_eq!(found, ["10.00", "10.00", "12.00"]);
    let leads = engine.lead_list(run.world.operator, read(&[("sale_id", "3")])).await.expect("leads").rows;
    let LeadTerms { line, month_leads, charge, .. } =
        engine.lead_view(run.world.operator, leads[0].id).await.expect("the lead").terms;
    assert_eq!((month_leads, charge.as_deref()), (Some(2), Some("12.00")));
    assert_eq!(line.and_then(|line| line.leads_from), Some(2));
    let theirs = engine.lead_view(run.world.webmaster, leads[0].id).await.expect("the lead").terms;
    let line = theirs.line.expect("the line");
    assert_eq!((line.charge, line.payment.as_deref(), theirs.charge), (None, Some("11.00"), None));
    // The next month begins anew.
    run.world.clock.advance(31 * DAY);
    assert_eq!(worth(&run, tiered, "4", None).await.expect("a lead")[0], "10.00");
    // A condition goes on top of a line, and must be payable with each of them.
    let (webmaster, goal_id) = (run.world.webmaster.user_id.to_string(), plain.to_string());
    let form = |payment| {
        read(&[
            ("webmaster_id", webmaster.as_str()),
            ("goal_id", goal_id.as_str()),
            ("payment", payment),
            ("charge", "60"),
        ])
    };
    engine.condition_create(run.world.operator, form("19")).await.expect("a condition");
    assert_eq!(worth(&run, plain, "5", None).await, Ok(both("60.00", "19.00")));
    let lower = engine.goal_update(run.world.operator, plain, read(&[("lines", "")])).await;
    lower.expect("no line is promised to anybody");
    assert_eq!(engine.ledger_verify().await.expect("verify").differences, []);
}

#[db_test]
async fn lines_that_cannot_be_paid_are_refused(test: TestDb) {
    let run = running_with(test, &[]).await;
    let (engine, id) = (&run.world.engine, run.goal_id);
    let change = async |who, lines: &str| match try_read(&[("lines", lines)]) {
        Ok(input) => engine.goal_update(who, id, input).await,
        Err(error) => Err(error),
    };
    let operator = run.world.operator;
    for (lines, message) in [
        (r#"[{"device":2,"charge":"5","payment":"6"}]"#, "[0].charge: Must not be below payment"),
        (r#"[{"charge":"5"}]"#, "[0].geo_id: A line must be for some visitors only"),
        (r#"[{"device":2}]"#, "[0].charge: This parameter is required"),
        (r#"[{"device":2,"charge":"1 - 2"}]"#, "[0].charge: Must be a plain decimal"),
        (r#"[{"geo_id":999999999,"charge":"5"}]"#, "[0].geo_id: Must be a country"),
        (r#"[{"landing_id":999999,"charge":"5"}]"#, "[0].landing_id: Landings not found"),
        (r#"[{"leads_from":-1,"charge":"5"}]"#, "[0].leads_from: Must be from 0"),
        (r#"[{"device":2,"charge":"5"},{"device":2,"charge":"6"}]"#, "[1].leads_from: Another line"),
        (r#"[{"device":2,"charge":"5","more":1}]"#, "[0]"),
    ] {
        let told = refusal(change(operator, lines).await);
        assert!(told[0].starts_with(&format!("lines: {message}")), "{lines}: {told:?}");
    }
    let told = refusal(change(run.world.advertiser, r#"[{"device":2,"charge":"5","payment":"4"}]"#).await);
    assert_eq!(told, ["lines: [0].payment: Only an operator may set this"]);
    // What an operator agreed on stays when the advertiser states his side anew.
    change(operator, r#"[{"device":2,"charge":"5","payment":"4.50"}]"#).await.expect("a line");
    let below = refusal(change(run.world.advertiser, r#"[{"device":2,"charge":"4.40"}]"#).await);
    assert!(below[0].starts_with("lines: [0].charge: Must not be below payment"), "{below:?}");
    change(run.world.advertiser, r#"[{"device":2,"charge":"7"}]"#).await.expect("more");
    let seen = engine.goal_view(operator, id).await.expect("the goal");
    assert_eq!(
        (seen.lines[0].payment.as_deref(), seen.lines[0].charge.as_deref()),
        (Some("4.50"), Some("7.00"))
    );
    let other = engine.goal_update(operator, id, read(&[("money_type", "2"), ("charge", "5")])).await;
    assert_eq!(refusal(other), ["lines: This parameter is required with another money_type"]);
    // No condition with which one of the lines could not be paid.
    let (webmaster, goal_id) = (run.world.webmaster.user_id.to_string(), id.to_string());
    let form = [("webmaster_id", webmaster.as_str()), ("goal_id", goal_id.as_str()), ("payment", "8")];
    let refused = refusal(engine.condition_create(operator, read(&form)).await);
    assert!(refused[0].starts_with("payment: With it a line of the goal would pay"), "{refused:?}");
}
