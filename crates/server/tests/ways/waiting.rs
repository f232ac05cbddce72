//! What is parked keeps what was said of it, and whose it is.

use serde_json::{Value, json};
use whocpa_db_test::db_test;
use whocpa_store::testing::TestDb;

use crate::network::Network;
use crate::support::{TestApp, generous};

const BUYER: &str = "name=Olena&phone=0501234567";

impl Network {
    async fn waiting(&self) -> Vec<Value> {
        self.list(&self.advertiser, "orphan/").await
    }

    async fn parked(&self, path: &str) {
        let answer = self.report(path).await;
        assert_eq!(answer.status.as_u16(), 202, "{path}: {answer}");
    }

    async fn send_order(&self, more: &str) -> Value {
        let form = format!("api_key={}&offer_id={}&{BUYER}&{more}", self.webmaster, self.offer);
        self.app.call("POST", "/lead/add", &[], &form).await.json()
    }
}

#[db_test]
async fn nothing_takes_a_parked_decision_back(db: TestDb) {
    let net = Network::start(db).await;
    net.change(&net.operator, &format!("offer/{}", net.offer), "is_pixel=1").await;
    let late = net.late().await;
    let tid = late.tid.clone();
    let pb = format!("/pb?token=TOKEN&tid={tid}&goal_id={}", net.goal);
    net.parked(&format!("{pb}&status=approved&amount=5&comment=paid")).await;
    let told = net.app.call("POST", &format!("/px/{}.json", net.goal), &[], &format!("tid={tid}")).await;
    assert_eq!(told.status.as_u16(), 202, "{told}");
    net.parked(&pb).await;
    let rows = net.waiting().await;
    assert_eq!(rows.len(), 2, "a browser's word is another one: {rows:?}");
    assert_eq!((&rows[1]["status"], &rows[1]["sent_count"]), (&json!(1), &json!(2)));
    assert_eq!((&rows[1]["amount"], &rows[1]["comment"]), (&json!("5.00"), &json!("paid")));
    net.arrive(late).await;
    assert_eq!(net.sweep().await, 2);
    let leads = net.leads().await;
    assert_eq!((leads.len(), &leads[0]["status"]), (1, &json!(1)), "{leads:?}");
}

#[db_test]
async fn a_decision_about_a_healed_orphan_is_heard(db: TestDb) {
    let net = Network::start(db).await;
    let pb = format!("/pb?token=TOKEN&offer_id={}&tid=undefined&sale_id=S", net.offer);
    net.parked(&format!("{pb}&status=approved")).await;
    let tid = net.visit("").await;
    let orphan = format!("orphan/{}", net.waiting().await[0]["id"]);
    net.change(&net.advertiser, &orphan, &format!("tid={tid}")).await;
    assert_eq!(net.leads().await[0]["status"], json!(1));
    net.app.clock.advance(120);
    net.parked(&format!("{pb}&status=rejected")).await;
    net.app.clock.advance(120);
    assert_eq!(net.sweep().await, 1);
    assert_eq!(net.leads().await[0]["status"], json!(2), "it is newer than the approval");
}

#[db_test]
async fn different_actions_wait_apart(db: TestDb) {
    let mut net = Network::start(db).await;
    let (first, geo) =
        (net.offer, net.view(&net.operator, &format!("offer/{}", net.offer)).await["geo"].clone());
    let category = net.make(&net.operator, "category", "name_en=Two&name_ru=Two").await;
    let geo = geo[0]["id"].as_i64().or_else(|| geo[0].as_i64()).expect("a region");
    let form = format!("name=Two&url_redirect=https://shop.example/&categories={category}&geo={geo}");
    net.offer = net.make(&net.advertiser, "offer", &form).await;
    net.change(&net.operator, &format!("offer/{}", net.offer), "status=2").await;
    net.change(&net.operator, &format!("offer/{first}"), "is_phone_tracking=1").await;
    let count = async || net.waiting().await.len();
    for offer in [first, net.offer] {
        net.parked(&format!("/pb?token=TOKEN&offer_id={offer}&tid=undefined&sale_id=S")).await;
    }
    assert_eq!(count().await, 2, "one for each offer");
    // A number that nobody can read names no action: the whole of what is said does.
    let pb = format!("/pb?token=TOKEN&offer_id={first}&phone=12");
    for (more, expected) in [("&name=A", 3), ("&name=B", 4), ("&name=B", 4), ("&name=B&status=approved", 5)] {
        net.parked(&format!("{pb}{more}")).await;
        assert_eq!(count().await, expected, "{more}");
    }
    // As long as parameters may be, in letters of four bytes each.
    let long = "%F0%9F%A6%8A".repeat(255);
    net.parked(&format!("/pb?token=TOKEN&offer_id={first}&tid={long}&goal={long}&sale_id={long}")).await;
    assert_eq!(count().await, 6);
}

#[db_test]
async fn a_parked_order_is_its_webmasters_order(db: TestDb) {
    let net = Network::start(db).await;
    let mut late = net.late().await;
    let told = net.send_order(&format!("tid={}&click_id=own", late.tid)).await;
    let id = net.waiting().await[0]["id"].clone();
    let parked = json!({"status": "accepted", "order_id": null, "orphan_id": id, "verdict": "parked"});
    assert_eq!(told, parked, "no number that a lead may have");
    let order = format!("offer_id={}&{BUYER}&tid={}&sale_id=other", net.offer, late.tid);
    let told = net.send(&net.webmaster, "POST", "/api/lead/", &order).await.json();
    assert_eq!((&told["created"], &told["verdict"]), (&json!(null), &json!("parked")), "{told}");
    assert_ne!(told["orphan_id"], id, "another order of the same visit");
    let entry = net.list(&net.operator, "audit/?resource=orphan").await.remove(0);
    assert_eq!((&entry["object_id"], &entry["method"]), (&told["orphan_id"], &json!("create")));
    net.change(&net.operator, &format!("orphan/{}", told["orphan_id"]), "is_open=0").await;

    let tid = late.tid.clone();
    net.arrive(late).await;
    let lead = net.send_order(&format!("tid={tid}&click_id=own")).await["order_id"].clone();
    assert_eq!(net.sweep().await, 1);
    let view = net.view(&net.webmaster, &format!("lead/{lead}")).await;
    assert_eq!((net.leads().await.len(), &view["order_id"], &view["way"]), (1, &json!("own"), &json!(5)));

    // A visit that was another webmaster's.
    late = net.late().await;
    net.send_order(&format!("tid={}&click_id=stolen", late.tid)).await;
    late.row.webmaster_id = net.advertiser_id;
    net.arrive(late).await;
    assert_eq!((net.sweep().await, net.leads().await.len()), (1, 1));
    let refused = net.waiting().await.remove(0);
    assert_eq!(refused["state"], json!(2), "{refused}");
    assert!(refused["reason"].as_str().expect("words").contains("webmaster's clicks"), "{refused}");
}

#[db_test]
async fn an_order_that_cannot_be_a_lead_makes_no_click(db: TestDb) {
    let net = Network::start(db).await;
    let before = net.app.state.engine.click_log_stats().appended;
    let refused = net.send_order("goal_id=999").await;
    assert_eq!(refused["error"], json!({"goal_id": ["Goals not found"]}));
    net.change(&net.operator, &format!("goal/{}", net.goal), "money_type=2&charge=10").await;
    let refused = net.send_order("click_id=one").await;
    assert!(refused["error"]["amount"].is_array(), "{refused}");
    assert_eq!(net.app.state.engine.click_log_stats().appended, before);
}

#[db_test]
async fn an_order_whose_click_is_not_durable_is_not_accepted(db: TestDb) {
    let mut config = TestApp::config(&db);
    config.log_segment_bytes = 4096;
    let net = Network::start_in(TestApp::start_from(db, config, generous()).await).await;
    // More than a segment of this log holds.
    let label = "%F0%9F%A6%8A".repeat(100);
    let subs = format!("&sub1={label}&sub2={label}&sub3={label}&sub4={label}&sub5={label}");
    let form = format!("api_key={}&offer_id={}&{BUYER}{subs}", net.webmaster, net.offer);
    let answer = net.app.call("POST", "/lead/add", &[], &form).await;
    assert_eq!(answer.status.as_u16(), 503, "{answer}");
    assert!(net.leads().await.is_empty() && net.waiting().await.is_empty());
    assert_eq!(net.send_order("click_id=short").await["verdict"], json!("accepted"));
}

#[db_test]
async fn what_names_a_lead_is_told_as_it_is_compared(db: TestDb) {
    let net = Network::start(db).await;
    let lead = format!("lead/{}", net.send_order("").await["order_id"]);
    let tid = net.view(&net.operator, &lead).await["tid"].clone();
    let report = format!("/pb?token=TOKEN&tid={}&sale_id=CRM", tid.as_str().expect("a tid"));
    assert_eq!(net.report(&report).await.json()["verdict"], json!("duplicate"));
    let view = net.view(&net.advertiser, &lead).await;
    assert_eq!((&view["sale_id"], &view["identity"]["kind"]), (&json!("CRM"), &json!(2)));
    assert_eq!(view["identity"]["value"], tid, "the sale id became known later");
}
