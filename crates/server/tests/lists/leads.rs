//! Leads: every documented parameter and field (whocpa.md §2.5), for each side.

use std::net::IpAddr;

use serde_json::{Value, json};
use whocpa_db_test::db_test;
use whocpa_domain::lead::{LeadReason, LeadStatus};
use whocpa_domain::user::UserLevel;
use whocpa_engine::click::Visit;
use whocpa_engine::lead::{Conversion, Verdict};
use whocpa_store::testing::TestDb;

use crate::support::{Answer, TestApp};

/// An offer with two goals, a webmaster's links to it, and the keys of all sides.
struct Network {
    app: TestApp,
    operator: String,
    webmaster: String,
    advertiser: String,
    advertiser_id: i64,
    webmaster_id: i64,
    offer: i64,
    goals: [i64; 2],
    link: i64,
    code: String,
    area: i64,
}

async fn send(app: &TestApp, key: &str, method: &str, path: &str, form: &str) -> Answer {
    app.call(method, path, &[("x-api-key", key)], form).await
}

async fn make(app: &TestApp, key: &str, resource: &str, form: &str) -> i64 {
    let answer = send(app, key, "POST", &format!("/api/{resource}/"), form).await;
    assert_eq!(answer.status.as_u16(), 201, "{resource} {form}: {answer}");
    answer.json()["created"].as_i64().expect("an id")
}

async fn change(app: &TestApp, key: &str, path: &str, form: &str) {
    let answer = send(app, key, "POST", &format!("/api/{path}"), form).await;
    assert_eq!(answer.status.as_u16(), 200, "{path} {form}: {answer}");
}

async fn own_id(app: &TestApp, operator: &str, level: UserLevel) -> i64 {
    let people = send(app, operator, "GET", &format!("/api/user/?level={}", level.code()), "").await;
    people.json()["objects"][0]["id"].as_i64().expect("a person")
}

impl Network {
    async fn start(db: TestDb) -> Self {
        let app = TestApp::start(db).await;
        let operator = app.key(UserLevel::Operator).await;
        let webmaster = app.key(UserLevel::Webmaster).await;
        let advertiser = app.key(UserLevel::Advertiser).await;
        let category = make(&app, &operator, "category", "name_en=Tea&name_ru=Tea").await;
        let form = format!("name=Tea&url_redirect=https://shop.example/&categories={category}&geo=1");
        let offer = make(&app, &advertiser, "offer", &form).await;
        change(&app, &operator, &format!("offer/{offer}"), "status=2").await;
        let mut goals = [0; 2];
        for (goal, charge) in goals.iter_mut().zip(["10", "30"]) {
            let form = format!(
                "offer_id={offer}&description=Order&currency_id=840&hold_period=10&money_type=1&charge={charge}"
            );
            *goal = make(&app, &advertiser, "goal", &form).await;
        }
        let connection = make(&app, &webmaster, "connection", &format!("offer_id={offer}")).await;
        change(&app, &operator, &format!("connection/{connection}"), "status=1").await;
        let area = make(&app, &webmaster, "area", "kind=9&name=Blog").await;
        change(&app, &operator, &format!("area/{area}"), "status=1").await;
        let form = format!("offer_id={offer}&area_id={area}");
        let link = make(&app, &webmaster, "link", &form).await;
        let shown = send(&app, &webmaster, "GET", &format!("/api/link/{link}"), "").await.json();
        let code = shown["object"]["code"].as_str().expect("a code").to_owned();
        let advertiser_id = own_id(&app, &operator, UserLevel::Advertiser).await;
        let webmaster_id = own_id(&app, &operator, UserLevel::Webmaster).await;
        Self {
            app,
            operator,
            webmaster,
            advertiser,
            advertiser_id,
            webmaster_id,
            offer,
            goals,
            link,
            code,
            area,
        }
    }

    /// A visitor from an address who does what a goal pays for; gives the lead and its tid.
    async fn lead(
        &self,
        query: &str,
        ip: [u8; 4],
        goal: usize,
        sale_id: &str,
        status: LeadStatus,
    ) -> (i64, String) {
        let engine = &self.app.state.engine;
        let visit = Visit {
            query,
            ip: IpAddr::from(ip),
            ua: "Mozilla/5.0",
            referer: "https://blog.example/tea",
            languages: "uk,en",
            ..Visit::to(&self.code)
        };
        let tid = engine.click_track(visit).await.tid;
        let conversion = Conversion {
            advertiser_id: self.advertiser_id,
            tid: tid.clone(),
            goal_id: Some(self.goals[goal]),
            sale_id: sale_id.to_owned(),
            amount: None,
            status,
            reason: LeadReason::Untold,
            comment: String::new(),
            ..Conversion::default()
        };
        match engine.lead_receive(conversion).await.expect("a verdict") {
            Verdict::Accepted { lead_id, .. } => (lead_id, tid),
            other => panic!("not accepted: {other:?}"),
        }
    }

    async fn list(&self, key: &str, query: &str) -> Vec<i64> {
        let answer = send(&self.app, key, "GET", &format!("/api/lead/?{query}"), "").await;
        assert_eq!(answer.status.as_u16(), 200, "{query}: {answer}");
        let json = answer.json();
        let objects = json["objects"].as_array().expect("objects");
        assert_eq!(json["total_count"], objects.len(), "{query}");
        objects.iter().map(|row| row["id"].as_i64().expect("an id")).collect()
    }

    async fn refused(&self, key: &str, query: &str) -> Vec<String> {
        let answer = send(&self.app, key, "GET", &format!("/api/lead/?{query}"), "").await;
        assert_eq!(answer.status.as_u16(), 400, "{query}: {answer}");
        answer.json()["error"].as_object().expect("fields").keys().cloned().collect()
    }
}

#[db_test]
async fn every_documented_field_is_there(db: TestDb) {
    let net = Network::start(db).await;
    let query = "subid1=a&subid2=b&subid3=c&subid4=d&subid5=e&keyword=green+tea";
    let (id, tid) = net.lead(query, [8, 8, 8, 8], 0, "order-1", LeadStatus::Approved).await;
    let mut expected = json!({
        "id": id, "tid": tid, "sale_id": "order-1", "type": 0, "is_closed": 0, "status": 1, "substatus": "",
        "offer_id": net.offer, "goal_id": net.goals[0], "hold_period": 10, "currency_id": 840, "date_closed": null,
        "date_approved": "2024-04-25T14:15:16Z", "date_created": "2024-04-25T14:15:16Z",
        "date_redirect": "2024-04-25T14:15:16Z", "promo_id": null, "product_id": null, "stock_id": null,
        "area_id": net.area, "deeplink_id": null, "landing_id": null, "link_id": net.link, "subid1": "a",
        "subid2": "b", "subid3": "c", "subid4": "d", "subid5": "e", "keyword": "green tea", "ip": "8.8.8.8",
        "ua": "Mozilla/5.0", "country": "US", "url_from": "https://blog.example/tea", "cookie_ttl_days": 30,
        "language": "uk", "money": "8.00", "amount": null,
    });
    // Apart from the others: the macro has a limit.
    let more = json!({"reason": 0, "contest": 0, "date_decide_until": null, "date_auto_approve": null,
        "is_overdue": false, "bot_mark": 0, "date_decided": "2024-04-25T14:15:16Z", "undecided_hours": null});
    for (name, value) in more.as_object().expect("an object") {
        expected[name] = value.clone();
    }
    let list = |key: &str| {
        let key = key.to_owned();
        let app = &net.app;
        async move { send(app, &key, "GET", "/api/lead/", "").await.json()["objects"][0].clone() }
    };
    assert_eq!(list(&net.webmaster).await, expected);
    let with = |more: &[(&str, Value)]| {
        let mut row = expected.clone();
        for (name, value) in more {
            row[name] = value.clone();
        }
        row
    };
    let (webmaster, advertiser) = (json!(net.webmaster_id), json!(net.advertiser_id));
    let theirs = with(&[("money", json!("10.00")), ("webmaster_id", webmaster.clone())]);
    assert_eq!(list(&net.advertiser).await, theirs);
    let ours = with(&[
        ("money", json!("10.00")),
        ("webmaster_id", webmaster),
        ("advertiser_id", advertiser),
        ("payout", json!("8.00")),
        ("referral", json!("0.00")),
    ]);
    assert_eq!(list(&net.operator).await, ours);
}

#[db_test]
async fn every_parameter_finds_what_it_says(db: TestDb) {
    let net = Network::start(db).await;
    let clock_step = |seconds| net.app.clock.advance(seconds);
    let (one, tid) =
        net.lead("subid1=a&subid2=x&keyword=Green+tea", [8, 8, 8, 8], 0, "s1", LeadStatus::Approved).await;
    clock_step(3600);
    let (two, _) = net.lead("subid1=b&subid3=y", [8, 8, 8, 8], 1, "s2", LeadStatus::Pending).await;
    clock_step(86_400);
    let (three, other_tid) =
        net.lead("subid4=z&subid5=w", [5, 255, 255, 1], 1, "", LeadStatus::Rejected).await;
    // The hold of all is over: the decided ones close.
    clock_step(20 * 86_400);
    net.app.state.engine.lead_close_due().await.expect("close");
    let key = net.webmaster.as_str();
    let goal = net.goals[1];
    for (query, ids) in [
        (String::new(), vec![three, two, one]),
        (format!("id={one},{three}"), vec![three, one]),
        (format!("tid={tid}"), vec![one]),
        (format!("tid[]={tid}&tid[]={other_tid}"), vec![three, one]),
        (format!("tid={tid}&id={two}"), vec![]),
        ("sale_id=s1,s2".to_owned(), vec![two, one]),
        (format!("offer_id={}", net.offer), vec![three, two, one]),
        (format!("goal_id={goal}"), vec![three, two]),
        ("status=0,2".to_owned(), vec![three, two]),
        ("closed=1".to_owned(), vec![three, one]),
        ("closed=0".to_owned(), vec![two]),
        ("type=1".to_owned(), vec![]),
        ("d_created_from=2024-04-25T15:00:00".to_owned(), vec![three, two]),
        ("d_created_to=2024-04-25".to_owned(), vec![two, one]),
        ("d_created_from=2024-04-26&d_created_to=2024-04-26".to_owned(), vec![three]),
        ("d_approved_from=2024-04-25&d_approved_to=2024-04-25T14:15:16".to_owned(), vec![one]),
        ("d_closed_from=2024-05-16".to_owned(), vec![three, one]),
        ("d_closed_to=2024-05-15".to_owned(), vec![]),
        ("currency_id=840".to_owned(), vec![three, two, one]),
        ("currency_id=978".to_owned(), vec![]),
        ("money_from=8&currency_id=840".to_owned(), vec![two, one]),
        ("money_from=8.01&money_to=24&currency_id=840".to_owned(), vec![two]),
        ("money_to=0&currency_id=840".to_owned(), vec![three]),
        (format!("link_id={}", net.link), vec![three, two, one]),
        ("link_id=999999".to_owned(), vec![]),
        (format!("area_id={}", net.area), vec![three, two, one]),
        ("country=us".to_owned(), vec![two, one]),
        ("subid1=a,b".to_owned(), vec![two, one]),
        ("subid2=x".to_owned(), vec![one]),
        ("subid3=y".to_owned(), vec![two]),
        ("subid4=z".to_owned(), vec![three]),
        ("subid5=w&subid4=z".to_owned(), vec![three]),
        ("keyword=GREEN".to_owned(), vec![one]),
        ("sort=id".to_owned(), vec![one, two, three]),
        ("sort=date_created".to_owned(), vec![one, two, three]),
        ("sort=-date_closed&closed=1".to_owned(), vec![three, one]),
        ("sort=money&currency_id=840".to_owned(), vec![three, one, two]),
    ] {
        assert_eq!(net.list(key, &query).await, ids, "{query}");
    }
    for (key, query, ids) in [
        (&net.operator, format!("webmaster_id={}", net.webmaster_id), vec![three, two, one]),
        (&net.operator, format!("advertiser_id={}", net.webmaster_id), vec![]),
        (&net.operator, format!("link_id={}&status=0", net.link), vec![two]),
        (&net.advertiser, "webmaster_id=999999".to_owned(), vec![]),
        // The same sum means what the caller sees: 10 and 30 are paid, 8 and 24 are earned.
        (&net.advertiser, "money_from=24&currency_id=840".to_owned(), vec![two]),
    ] {
        assert_eq!(net.list(key, &query).await, ids, "{query}");
    }
}

#[db_test]
async fn a_wrong_parameter_is_named(db: TestDb) {
    let net = Network::start(db).await;
    let cut = "tid=0sag8rpj00404kgvp";
    for (key, query, fields) in [
        (&net.webmaster, "webmaster_id=1", vec!["webmaster_id"]),
        (&net.webmaster, "advertiser_id=1", vec!["advertiser_id"]),
        (&net.advertiser, "advertiser_id=1", vec!["advertiser_id"]),
        (&net.webmaster, cut, vec!["tid"]),
        (&net.webmaster, "country=USA", vec!["country"]),
        (&net.webmaster, "money_from=1", vec!["currency_id"]),
        (&net.webmaster, "money_from=2&money_to=1&currency_id=840", vec!["money_to"]),
        (&net.webmaster, "sort=money&currency_id=840,978", vec!["currency_id"]),
        (&net.webmaster, "sort=date_closed", vec!["sort"]),
        (&net.webmaster, "sort=name", vec!["sort"]),
        (&net.webmaster, "status=5&closed=2&type=7", vec!["closed", "status", "type"]),
        (&net.webmaster, "subid6=x&is_closed=1", vec!["is_closed", "subid6"]),
        (
            &net.webmaster,
            "d_created_from=2024-02-01&d_created_to=2024-01-01&d_closed_from=2024-02-01&d_closed_to=2024-01-01",
            vec!["d_closed_to", "d_created_to"],
        ),
    ] {
        assert_eq!(net.refused(key, query).await, fields, "{query}");
    }
}

#[db_test]
async fn a_decision_is_in_the_audit(db: TestDb) {
    let net = Network::start(db).await;
    let (id, _) = net.lead("", [8, 8, 8, 8], 0, "s1", LeadStatus::Pending).await;
    change(&net.app, &net.advertiser, &format!("lead/{id}"), "status=2&reason=12&comment=wrong+number").await;
    let entries = send(&net.app, &net.operator, "GET", "/api/audit/?resource=lead", "").await.json();
    let entry = &entries["objects"][0];
    assert_eq!((&entry["object_id"], &entry["user_id"]), (&json!(id), &json!(net.advertiser_id)));
    let changes = entry["changes"].to_string();
    assert!(changes.contains("wrong number"), "{entry}");
    assert_eq!(entries["total_count"], 1, "what a postback does stands in the lead's events");
    assert!(net.app.state.engine.lead_count_fold().await.expect("fold") > 0);
    assert_eq!(net.list(&net.webmaster, "status=2").await, [id]);
}
