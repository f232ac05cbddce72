//! Orders that webmasters send: `/lead/add` and the API, buyers' data, and one telephone number as one lead.

use serde_json::{Value, json};
use whocpa_db_test::db_test;
use whocpa_store::testing::TestDb;

use crate::network::Network;
use crate::support::Answer;

const NAME: &str = "Olena+Kovalenko";
const PHONE: &str = "%2B38+%28050%29+123-45-67";

impl Network {
    async fn add(&self, form: &str) -> Answer {
        let form = format!("api_key={}&offer_id={}&{form}", self.webmaster, self.offer);
        self.app.call("POST", "/lead/add", &[], &form).await
    }

    async fn order(&self, key: &str, form: &str) -> Answer {
        self.send(key, "POST", "/api/lead/", form).await
    }

    async fn lead(&self, key: &str, id: &Value) -> Value {
        self.view(key, &format!("lead/{id}")).await
    }

    async fn track_by_phone(&self) {
        let form = "is_phone_tracking=1&phone_double_days=30";
        self.change(&self.operator, &format!("offer/{}", self.offer), form).await;
    }
}

#[db_test]
async fn landings_send_orders_as_their_scripts_do(db: TestDb) {
    let net = Network::start(db).await;
    let aff_id = net.object(&net.webmaster, "profile").await["aff_id"].clone();
    let form = format!(
        "aff_id={aff_id}&click_id=binom-1&phone={PHONE}&name={NAME}&ip=8.8.8.8&sub1=vsl&sub2=Empty&sub3=Empty&\
         sub4=Empty&sub5=main_vsl_form&comment=after+six&flow=7"
    );
    let first = net.add(&form).await;
    let id = first.json()["order_id"].clone();
    let told = json!({"status": "accepted", "order_id": id, "verdict": "accepted", "ignored": ["flow"]});
    assert_eq!((first.status.as_u16(), first.json()), (200, told));
    let again = net.add(&form).await.json();
    assert_eq!(
        (&again["status"], &again["order_id"], &again["verdict"]),
        (&json!("accepted"), &id, &json!("duplicate"))
    );
    let older =
        format!("api_key={}&offer_id={}&{form}", net.webmaster, net.offer).replace("binom-1", "binom-2");
    let older = net.app.call("POST", "/lead/new_send_lead.php", &[], &older).await;
    assert_eq!(older.json()["status"], "accepted", "the older address: {older}");

    let lead = net.lead(&net.webmaster, &id).await;
    assert_eq!(
        (&lead["way"], &lead["attribution"], &lead["order_id"]),
        (&json!(5), &json!(5), &json!("binom-1"))
    );
    assert_eq!(
        (&lead["subid1"], &lead["subid2"], &lead["subid5"]),
        (&json!("vsl"), &json!(""), &json!("main_vsl_form"))
    );
    assert_eq!((&lead["ip"], &lead["country"]), (&json!("8.8.8.8"), &json!("US")));
    assert_eq!(
        lead["buyer"],
        json!({"phone": "+380*******67", "quantity": 0, "price": ""}),
        "masked for him"
    );
    for key in [&net.advertiser, &net.operator] {
        let buyer = net.lead(key, &id).await["buyer"].clone();
        assert_eq!((&buyer["phone"], &buyer["name"]), (&json!("+380501234567"), &json!("Olena Kovalenko")));
        assert_eq!(
            (&buyer["comment"], &buyer["phone_typed"]),
            (&json!("after six"), &json!("+38 (050) 123-45-67"))
        );
        let found = net.list(key, "lead/?phone=%2B380501234567").await;
        assert_eq!(found.len(), 2);
        assert!(net.list(key, "lead/?phone=%2B380501234568").await.is_empty());
    }
    let refused = net.send(&net.webmaster, "GET", "/api/lead/?phone=%2B380501234567", "").await;
    assert_eq!(
        refused.to_string(),
        r#"400 {"error":{"phone":["Only advertisers and operators may use this"]}}"#
    );
    // Nothing of the buyer stands in the audit; the advertiser reports by the tid, with an id of his own.
    let audit = net.send(&net.operator, "GET", "/api/audit/", "").await;
    assert!(
        !audit.text.contains("Olena") && !audit.text.contains("1234567") && !audit.text.contains("after six")
    );
    let tid = lead["tid"].as_str().expect("a tid");
    let decided =
        net.report(&format!("/pb?token=TOKEN&tid={tid}&sale_id=CRM-9&status=approved")).await.json();
    assert_eq!((&decided["verdict"], &decided["lead_id"]), (&json!("updated"), &id));
    let once_more = net.report(&format!("/pb?token=TOKEN&tid={tid}&status=approved")).await.json();
    assert_eq!((&once_more["verdict"], &once_more["lead_id"]), (&json!("duplicate"), &id));
    assert_eq!(net.lead(&net.advertiser, &id).await["sale_id"], "CRM-9");
    assert_eq!(net.leads().await.len(), 2);
}

#[db_test]
async fn what_is_no_order_says_why(db: TestDb) {
    let net = Network::start(db).await;
    let good = format!("phone={PHONE}&name={NAME}");
    for (form, expected) in [
        ("name=x".to_owned(), r#"400 {"error":{"phone":["This parameter is required"]},"status":"error"}"#),
        (
            format!("name={NAME}&phone=%2B48512345678"),
            r#"400 {"error":{"phone":["Must be a telephone number of UA"]},"status":"error"}"#,
        ),
        (
            format!("name={NAME}&phone=12345"),
            r#"400 {"error":{"phone":["Must be a telephone number"]},"status":"error"}"#,
        ),
        (
            format!("{good}&aff_id=1"),
            r#"400 {"error":{"aff_id":["Must be that of your own account"]},"status":"error"}"#,
        ),
        (
            format!("{good}&ip=here"),
            r#"400 {"error":{"ip":["Must be an address such as 203.0.113.7"]},"status":"error"}"#,
        ),
        (format!("{good}&tid=nothing"), r#"400 {"error":{"tid":["Clicks not found"]},"status":"error"}"#),
        (
            format!("{good}&quantity=0&price=x"),
            r#"400 {"error":{"price":["Must be a plain decimal such as 12.50"]},"status":"error"}"#,
        ),
    ] {
        let answer = net.add(&form).await;
        assert_eq!(answer.to_string(), expected, "{form}");
    }
    let no_key = net.app.call("POST", "/lead/add", &[], &format!("offer_id={}&{good}", net.offer)).await;
    assert_eq!(no_key.to_string(), r#"401 {"error":"Unauthorized","status":"error"}"#);
    let theirs = net
        .app
        .call("POST", "/lead/add", &[], &format!("api_key={}&offer_id={}&{good}", net.advertiser, net.offer))
        .await;
    assert_eq!(theirs.status.as_u16(), 403, "{theirs}");
    net.change(&net.operator, &format!("offer/{}", net.offer), "status=3&reason=x").await;
    let stopped = net.add(&good).await;
    assert_eq!(
        stopped.to_string(),
        r#"400 {"error":{"offer_id":["No orders are taken: the offer is stopped"]},"status":"error"}"#
    );
    assert!(net.leads().await.is_empty());
}

#[db_test]
async fn each_side_sends_leads_by_the_api(db: TestDb) {
    let net = Network::start(db).await;
    let buyer = format!("name={NAME}&phone=0501234567&quantity=2&price=49.9&address=Kyiv");
    let order = net
        .order(
            &net.webmaster,
            &format!("offer_id={}&{buyer}&sale_id=a&link_id={}&subid1=s", net.offer, net.link),
        )
        .await;
    let id = order.json()["created"].clone();
    let told =
        json!({"created": id, "verdict": "accepted", "reason": "", "status": 0, "first_lead_id": null});
    assert_eq!((order.status.as_u16(), order.json()), (201, told));
    let lead = net.lead(&net.advertiser, &id).await;
    assert_eq!((&lead["way"], &lead["link_id"], &lead["subid1"]), (&json!(8), &json!(net.link), &json!("s")));
    assert_eq!((&lead["buyer"]["quantity"], &lead["buyer"]["price"]), (&json!(2), &json!("49.90")));
    // The webmaster's own visit; then the advertiser and the operator report the same action of it.
    let tid = net.visit("").await;
    let order = net.order(&net.webmaster, &format!("offer_id={}&{buyer}&tid={tid}", net.offer)).await.json();
    for key in [&net.advertiser, &net.operator] {
        let report = net.order(key, &format!("tid={tid}&status=1&sale_id=CRM")).await.json();
        assert_eq!(report["created"], order["created"], "{report}");
    }
    let parked = net.order(&net.advertiser, "tid=undefined").await.json();
    assert_eq!(parked["verdict"], "parked");
    for (key, form, field) in [
        (&net.webmaster, format!("offer_id={}&{buyer}&status=1", net.offer), "status"),
        (&net.webmaster, format!("offer_id=999&{buyer}"), "offer_id"),
        (&net.webmaster, format!("offer_id={}&{buyer}&link_id=999", net.offer), "link_id"),
        (&net.webmaster, format!("offer_id={}&{buyer}&area_id=999", net.offer), "area_id"),
        (&net.webmaster, format!("offer_id={}&{buyer}&webmaster_id=1", net.offer), "webmaster_id"),
        (&net.advertiser, "sale_id=1".to_owned(), "tid"),
        (&net.operator, format!("offer_id={}&{buyer}&webmaster_id=999", net.offer), "webmaster_id"),
    ] {
        let answer = net.order(key, &form).await;
        assert!(
            answer.status.as_u16() == 400 && answer.json()["error"][field].is_array(),
            "{form}: {answer}"
        );
    }
    let by_operator = format!("offer_id={}&{buyer}&webmaster_id={}", net.offer, net.webmaster_id);
    assert_eq!(net.order(&net.operator, &by_operator).await.status.as_u16(), 201);
}

#[db_test]
async fn one_telephone_number_is_one_lead(db: TestDb) {
    let net = Network::start(db).await;
    net.track_by_phone().await;
    let forms: Vec<String> =
        (0..16).map(|number| format!("name={NAME}&phone=0501234567&click_id=c{number}")).collect();
    let answers = at_once(&net, &forms).await;
    let pending = answers.iter().filter(|answer| answer["verdict"] == "accepted").count();
    assert_eq!(pending, 16, "all are stored");
    let leads = net.leads().await;
    let paid: Vec<&Value> = leads.iter().filter(|lead| lead["status"] == json!(0)).collect();
    assert_eq!((leads.len(), paid.len()), (16, 1), "one is paid");
    for double in leads.iter().filter(|lead| lead["status"] == json!(4)) {
        let view = net.lead(&net.webmaster, &double["id"]).await;
        assert_eq!((&view["first_lead_id"], &view["money"]), (&paid[0]["id"], &json!("0.00")));
    }
    // A refused lead holds its number no more.
    let refuse = format!("lead/{}", paid[0]["id"]);
    net.change(&net.advertiser, &refuse, "status=2&reason=10").await;
    let next = net.add(&format!("name={NAME}&phone=0501234567&click_id=next")).await.json();
    assert_eq!(net.lead(&net.operator, &next["order_id"]).await["status"], json!(0));
    // A call centre knows the number only.
    let called =
        net.report(&format!("/pb?token=TOKEN&offer_id={}&phone=050+123+45+67&sale_id=CALL", net.offer)).await;
    let lead = net.lead(&net.operator, &called.json()["lead_id"]).await;
    assert_eq!((&lead["id"], &lead["status"]), (&next["order_id"], &json!(0)), "{called}");
    let unknown = net.report(&format!("/pb?token=TOKEN&offer_id={}&phone=0509999999", net.offer)).await;
    assert_eq!(unknown.status.as_u16(), 202, "{unknown}");
    net.change(&net.operator, &format!("offer/{}", net.offer), "is_phone_tracking=0").await;
    let refused = net.report(&format!("/pb?token=TOKEN&offer_id={}&phone=0501234567", net.offer)).await;
    assert!(refused.status.as_u16() == 400 && refused.text.contains("does not track by phone"), "{refused}");
}

#[db_test]
async fn a_number_is_one_lead_by_every_path(db: TestDb) {
    let net = Network::start(db).await;
    net.track_by_phone().await;
    let goal = format!("goal/{}", net.goal);
    let status = async |told: &Value| net.lead(&net.operator, &told["order_id"]).await["status"].clone();
    // Several orders of one visit and number, where a goal takes several actions of a visit.
    net.change(&net.advertiser, &goal, "is_otol=0").await;
    let tid = net.visit("").await;
    let mut statuses = Vec::new();
    for id in ["B0", "B1", "B2"] {
        let form = format!("name={NAME}&phone=0501111111&tid={tid}&click_id={id}");
        statuses.push(status(&net.add(&form).await.json()).await);
    }
    assert_eq!(statuses, [json!(0), json!(4), json!(4)]);
    // The number of a lead that the advertiser reported first becomes known by the order of its visit.
    net.change(&net.advertiser, &goal, "is_otol=1").await;
    let tid = net.visit("").await;
    let told = net.report(&format!("/pb?token=TOKEN&tid={tid}&sale_id=R")).await.json();
    let order = net.add(&format!("name={NAME}&phone=0502222222&tid={tid}")).await.json();
    assert_eq!((&order["verdict"], &order["order_id"]), (&json!("duplicate"), &told["lead_id"]));
    let other = net.add(&format!("name={NAME}&phone=0502222222&click_id=other")).await.json();
    let double = net.lead(&net.operator, &other["order_id"]).await;
    assert_eq!((&double["status"], &double["first_lead_id"]), (&json!(4), &told["lead_id"]), "{other}");
    // A report of the double's own visit pays it no more than the order did.
    let tid = double["tid"].as_str().expect("a tid");
    let told = net.report(&format!("/pb?token=TOKEN&tid={tid}&sale_id=D&status=approved")).await.json();
    assert_eq!(
        (&told["verdict"], &told["lead_id"], &told["status"]),
        (&json!("duplicate"), &double["id"], &json!(4)),
        "{told}"
    );
    assert_eq!(net.leads().await.len(), 5);
}

/// All of these orders at one moment.
async fn at_once(net: &Network, forms: &[String]) -> Vec<Value> {
    let mut tasks = tokio::task::JoinSet::new();
    for form in forms {
        let (router, form) =
            (net.app.router.clone(), format!("api_key={}&offer_id={}&{form}", net.webmaster, net.offer));
        tasks.spawn(async move { crate::network::post(router, "/lead/add", form).await });
    }
    tasks.join_all().await
}
