//! Reports that name no visit: both sides see them, their sender mends them, time ends them.

use serde_json::{Value, json};
use whocpa_db_test::db_test;
use whocpa_store::testing::TestDb;

use crate::network::Network;

#[db_test]
async fn an_orphan_is_seen_by_both_sides_and_healed_by_its_sender(db: TestDb) {
    let net = Network::start(db).await;
    let pb = format!("/pb?token=TOKEN&offer_id={}&sale_id=S-77&amount=12.5&tid=", net.offer);
    for tid in ["%7Btid%7D", "undefined", "974efaa86716e372442ab44c8a3f563b"] {
        assert_eq!(net.report(&format!("{pb}{tid}")).await.status.as_u16(), 202, "{tid}");
    }
    net.report(&format!("{pb}undefined")).await;
    let rows = net.list(&net.advertiser, "orphan/").await;
    let kinds: Vec<&Value> = rows.iter().map(|row| &row["kind"]).collect();
    assert_eq!(kinds, [&json!(4), &json!(5), &json!(2)], "newest first");
    assert_eq!((&rows[1]["sent_count"], &rows[1]["sale_id"]), (&json!(2), &json!("S-77")));
    assert_eq!((&rows[0]["amount"], &rows[0]["state"]), (&json!("12.50"), &json!(0)));
    // A webmaster of the offer sees that they are there, and nothing of the advertiser's business.
    let seen = net.list(&net.webmaster, "orphan/?kind=2").await;
    assert_eq!(seen.len(), 1);
    assert!(seen[0].get("sale_id").is_none() && seen[0].get("tid").is_none(), "{}", seen[0]);
    assert!(!seen[0].to_string().contains("S-77"));
    let id = rows[2]["id"].clone();
    let path = format!("/api/orphan/{id}");
    for (key, form, status) in [
        (&net.webmaster, "is_open=0", 403),
        (&net.advertiser, "tid=nothing", 400),
        (&net.advertiser, "tid=00000000000000000000x", 400),
    ] {
        assert_eq!(net.send(key, "POST", &path, form).await.status.as_u16(), status, "{form}");
    }
    let tid = net.visit("subid1=healed").await;
    net.change(&net.advertiser, &format!("orphan/{id}"), &format!("tid={tid}")).await;
    let healed = net.view(&net.advertiser, &format!("orphan/{id}")).await;
    assert_eq!(healed["state"], json!(1), "{healed}");
    let lead = net.view(&net.webmaster, &format!("lead/{}", healed["lead_id"])).await;
    assert_eq!((&lead["subid1"], &lead["attribution"]), (&json!("healed"), &json!(6)));
    assert_eq!(lead["parked"]["reason"], healed["reason"]);
    let again = net.send(&net.advertiser, "POST", &path, &format!("tid={tid}")).await;
    assert_eq!(again.status.as_u16(), 409, "{again}");
    // Another advertiser's visit is none.
    let dropped = format!("orphan/{}", rows[1]["id"]);
    net.change(&net.operator, &dropped, "is_open=0").await;
    assert_eq!(net.view(&net.advertiser, &dropped).await["state"], json!(4));
    net.app.clock.advance(31 * 86_400);
    assert_eq!(net.app.state.engine.lead_expire_parked().await.expect("a sweep"), 1);
    let states: Vec<Value> =
        net.list(&net.operator, "orphan/").await.into_iter().map(|row| row["state"].clone()).collect();
    assert_eq!(states, [json!(3), json!(4), json!(1)]);
    // Its time is over: it waits again when its action is told again, or for a visit that is named.
    let expired = format!("/api/orphan/{}", rows[0]["id"]);
    let again = net.send(&net.advertiser, "POST", &expired, "is_open=1").await;
    assert_eq!(again.status.as_u16(), 409, "{again}");
    net.report(&format!("{pb}974efaa86716e372442ab44c8a3f563b")).await;
    assert_eq!(net.app.state.engine.lead_expire_parked().await.expect("a sweep"), 0, "it waits from now on");
    let rows = net.list(&net.advertiser, "orphan/?state=0").await;
    assert_eq!((rows.len(), &rows[0]["sent_count"]), (1, &json!(2)), "{rows:?}");
}

/// Whatever happens to a parked report at the same moment, it becomes one lead.
#[db_test]
async fn a_report_that_is_settled_and_swept_at_once_is_one_lead(db: TestDb) {
    let net = Network::start(db).await;
    let engine = &net.app.state.engine;
    for round in 1..=12 {
        let late = net.late().await;
        let pb = format!("/pb?token=TOKEN&tid={}&sale_id=R{round}", late.tid);
        assert_eq!(net.report(&pb).await.status.as_u16(), 202);
        let orphan = format!("orphan/{}", net.list(&net.advertiser, "orphan/?state=0").await[0]["id"]);
        let other = net.visit("").await;
        net.arrive(late).await;
        if round % 2 == 0 {
            let (path, named) = (format!("/api/{orphan}"), format!("tid={other}"));
            let named = net.send(&net.advertiser, "POST", &path, &named);
            let (named, swept) = tokio::join!(named, engine.lead_match_parked());
            assert!([200, 409].contains(&named.status.as_u16()), "{named}");
            swept.expect("a sweep");
        } else {
            let decided = format!("{pb}&status=approved");
            let (_, swept) = tokio::join!(net.report(&decided), engine.lead_match_parked());
            swept.expect("a sweep");
        }
        net.app.clock.advance(120);
        net.sweep().await;
        let leads = net.leads().await;
        let of_sale: Vec<&Value> =
            leads.iter().filter(|lead| lead["sale_id"] == format!("R{round}")).collect();
        assert_eq!(of_sale.len(), 1, "round {round}: {of_sale:?}");
        assert_eq!(of_sale[0]["status"], json!(round % 2), "round {round}: the decision is kept");
        let orphan = net.view(&net.operator, &orphan).await;
        assert_eq!(orphan["state"], json!(1), "{orphan}");
    }
}

#[db_test]
async fn a_call_may_come_before_its_order(db: TestDb) {
    let net = Network::start(db).await;
    net.change(&net.operator, &format!("offer/{}", net.offer), "is_phone_tracking=1").await;
    let called = format!("/pb?token=TOKEN&offer_id={}&phone=0501234567&status=approved", net.offer);
    assert_eq!(net.report(&called).await.status.as_u16(), 202);
    let order = format!("api_key={}&offer_id={}&name=O&phone=%2B380501234567", net.webmaster, net.offer);
    let order = net.app.call("POST", "/lead/add", &[], &order).await.json();
    let lead = format!("lead/{}", order["order_id"]);
    assert_eq!(net.view(&net.operator, &lead).await["status"], json!(0));
    net.app.clock.advance(120);
    assert_eq!(net.app.state.engine.lead_match_parked().await.expect("a sweep"), 1);
    assert_eq!(net.view(&net.operator, &lead).await["status"], json!(1), "the call was about it");
    let orphan = net.object(&net.advertiser, "orphan").await;
    assert_eq!((&orphan["state"], &orphan["lead_id"]), (&json!(1), &order["order_id"]), "{orphan}");
    assert_eq!(net.leads().await.len(), 1);
}

#[db_test]
async fn a_lead_belongs_to_the_first_click_where_the_offer_says_so(db: TestDb) {
    let net = Network::start(db).await;
    let rules = "is_pixel=1&is_phone_tracking=1&phone_double_days=30";
    net.change(&net.operator, &format!("offer/{}", net.offer), rules).await;
    let order = format!("api_key={}&offer_id={}&name=O&phone=0501234567", net.webmaster, net.offer);
    let mut orders = Vec::new();
    for id in ["one", "two"] {
        let made = net.app.call("POST", "/lead/add", &[], &format!("{order}&click_id={id}")).await.json();
        orders.push(made["order_id"].clone());
    }
    // The second order is a double: a call is about the first one, by either rule.
    for rule in [1, 2] {
        net.change(&net.operator, &format!("offer/{}", net.offer), &format!("attribution={rule}")).await;
        let call = format!("/pb?token=TOKEN&offer_id={}&phone=0501234567&status=approved", net.offer);
        assert_eq!(net.report(&call).await.json()["lead_id"], orders[0], "rule {rule}");
    }
    assert_eq!(net.view(&net.operator, &format!("lead/{}", orders[0])).await["status"], json!(1));
    // The cookie of the first visit stays, unless it is none of ours.
    let first = net.visit("").await;
    let go = format!("/go/{}", net.code);
    for (tid, stays) in [(first.as_str(), true), ("made-up", false)] {
        let cookie = format!("tid_{}={tid}", net.offer);
        let answer = net.app.call("GET", &go, &[("cookie", cookie.as_str())], "").await;
        assert_eq!(answer.headers.contains_key("set-cookie"), !stays, "{tid}");
    }
    let cookie = format!("tid_{}={first}", net.offer);
    let headers = [("cookie", cookie.as_str())];
    let told = net.app.call("POST", &format!("/px/{}.json", net.goal), &headers, "").await.json();
    let lead = net.view(&net.webmaster, &format!("lead/{}", told["lead_id"])).await;
    assert_eq!((&lead["tid"], &lead["attribution"]), (&json!(first), &json!(7)), "{told}");
}
