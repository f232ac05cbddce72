//! What approves a lead, and what must not.

use serde_json::json;
use whocpa_db_test::db_test;
use whocpa_store::testing::TestDb;

use crate::network::Network;

const BUYER: &str = "name=Olena&phone=0501234567";
const WEEK: i64 = 7 * 86_400;

impl Network {
    async fn rule(&self, path: &str, form: &str) {
        self.change(&self.operator, path, form).await;
    }

    /// The lead of a webmaster's order, and its tid.
    async fn ordered(&self, more: &str) -> (String, String) {
        let form = format!("api_key={}&offer_id={}&{BUYER}&{more}", self.webmaster, self.offer);
        let told = self.app.call("POST", "/lead/add", &[], &form).await.json();
        let path = format!("lead/{}", told["order_id"]);
        let lead = self.view(&self.operator, &path).await;
        (path, lead["tid"].as_str().expect("a tid").to_owned())
    }

    async fn status_of(&self, path: &str) -> i64 {
        self.view(&self.operator, path).await["status"].as_i64().expect("a status")
    }

    async fn approve_silent(&self) -> u64 {
        self.app.clock.advance(WEEK + 1);
        self.app.state.engine.lead_approve_silent().await.expect("a look")
    }
}

#[db_test]
async fn nobody_approves_his_own_orders(db: TestDb) {
    let net = Network::start(db).await;
    let (goal, offer) = (format!("goal/{}", net.goal), format!("offer/{}", net.offer));
    net.rule(&goal, "is_auto_approve=1").await;
    net.rule(&offer, "is_form=1&decision_days=7&is_silence_approval=1").await;
    let (added, tid) = net.ordered("click_id=one").await;
    let order = format!("offer_id={}&{BUYER}&sale_id=two", net.offer);
    let sent = format!("lead/{}", net.make(&net.webmaster, "lead", &order).await);
    let visit = net.visit("").await;
    net.app
        .call("POST", &format!("/form/{}", net.code), &[], &format!("tid={visit}&name=O&phone=0501234567"))
        .await;
    let (key, csv) = (&net.webmaster, "csv=offer_id,name,phone,ua%0A");
    let table = format!("api_key={key}&{csv}{},O,0501234567,Mozilla/5.0%0A", net.offer);
    net.app.call("POST", "/lead/import", &[], &table).await;
    let leads = net.leads().await;
    assert_eq!(leads.len(), 4);
    for lead in &leads {
        let view = net.view(&net.webmaster, &format!("lead/{}", lead["id"])).await;
        assert_eq!((&view["status"], &view["date_auto_approve"]), (&json!(0), &json!(null)), "{view}");
        assert!(view["events"][0]["comment"].as_str().expect("words").contains("advertiser"), "{view}");
    }
    assert_eq!(net.approve_silent().await, 0, "silence approves none of them");
    // The advertiser reports one himself: what he has agreed to holds for it.
    let told = net.report(&format!("/pb?token=TOKEN&tid={tid}&sale_id=CRM")).await.json();
    assert_eq!((&told["verdict"], &told["status"]), (&json!("updated"), &json!(1)), "{told}");
    assert_eq!((net.status_of(&added).await, net.status_of(&sent).await), (1, 0));
    let again = net.report(&format!("/pb?token=TOKEN&tid={tid}&sale_id=CRM")).await.json();
    assert_eq!(again["verdict"], json!("duplicate"));

    net.rule(&goal, "is_auto_approve=0").await;
    let (third, tid) = net.ordered("click_id=three").await;
    let told = net.report(&format!("/pb?token=TOKEN&tid={tid}")).await.json();
    assert_eq!((&told["verdict"], &told["status"]), (&json!("duplicate"), &json!(0)));
    assert_eq!(net.approve_silent().await, 1, "the one that he reported and did not decide");
    assert_eq!(net.status_of(&third).await, 1);
}

#[db_test]
async fn a_parked_decision_is_older_only_than_another_decision(db: TestDb) {
    let net = Network::start(db).await;
    net.rule(&format!("offer/{}", net.offer), "is_pixel=1").await;
    // A browser's report comes while the advertiser's approval waits for the visit.
    let late = net.late().await;
    let tid = late.tid.clone();
    let parked = net.report(&format!("/pb?token=TOKEN&tid={tid}&sale_id=A&status=approved")).await;
    assert_eq!(parked.status.as_u16(), 202, "{parked}");
    net.arrive(late).await;
    let told =
        net.app.call("POST", &format!("/px/{}.json", net.goal), &[], &format!("tid={tid}")).await.json();
    let lead = format!("lead/{}", told["lead_id"]);
    assert_eq!((net.status_of(&lead).await, net.sweep().await), (0, 1));
    assert_eq!((net.status_of(&lead).await, net.leads().await.len()), (1, 1), "it was about this lead");
    // A person decides meanwhile: that is the newer word.
    let late = net.late().await;
    let tid = late.tid.clone();
    net.report(&format!("/pb?token=TOKEN&tid={tid}&status=approved")).await;
    net.arrive(late).await;
    let told =
        net.app.call("POST", &format!("/px/{}.json", net.goal), &[], &format!("tid={tid}")).await.json();
    let lead = format!("lead/{}", told["lead_id"]);
    net.change(&net.advertiser, &lead, "status=2&reason=16").await;
    assert_eq!((net.sweep().await, net.status_of(&lead).await), (1, 2));
}

#[db_test]
async fn one_action_is_paid_once_whatever_its_goal_says_by_then(db: TestDb) {
    let net = Network::start(db).await;
    let goal = format!("goal/{}", net.goal);
    for (first, then) in [(1, 0), (0, 1)] {
        net.rule(&goal, &format!("is_otol={first}")).await;
        let visit = net.visit("").await;
        let (lead, tid) = net.ordered(&format!("click_id=own-{first}&tid={visit}")).await;
        net.rule(&goal, &format!("is_otol={then}")).await;
        let told =
            net.report(&format!("/pb?token=TOKEN&tid={tid}&sale_id=S-{first}&status=approved")).await.json();
        assert_eq!(told["verdict"], json!("updated"), "{first} then {then}: {told}");
        assert_eq!((net.status_of(&lead).await, net.leads().await.len()), (1, 1 + usize::from(first == 0)));
    }
    // Two sales of one visit while the goal takes several; a third one when it takes one.
    net.rule(&goal, "is_otol=0").await;
    let tid = net.visit("").await;
    for sale in ["X", "Y"] {
        let told = net.report(&format!("/pb?token=TOKEN&tid={tid}&sale_id={sale}")).await.json();
        assert_eq!((&told["verdict"], &told["status"]), (&json!("accepted"), &json!(0)));
    }
    net.rule(&goal, "is_otol=1").await;
    let told = net.report(&format!("/pb?token=TOKEN&tid={tid}&sale_id=Z")).await.json();
    assert_eq!((&told["verdict"], &told["status"]), (&json!("accepted"), &json!(4)), "{told}");
}

#[db_test]
async fn a_report_at_the_moment_of_a_decision_keeps_it(db: TestDb) {
    let net = Network::start(db).await;
    for number in 0..24 {
        let (lead, tid) = net.ordered(&format!("click_id=c{number}")).await;
        let (decide, report) =
            (format!("/api/{lead}"), format!("/pb?token=TOKEN&tid={tid}&sale_id=S{number}"));
        let (decided, reported) = tokio::join!(
            net.send(&net.advertiser, "POST", &decide, "status=1&reason=40"),
            net.report(&report),
        );
        assert!(decided.status.is_success() && reported.status.is_success(), "{decided} {reported}");
        let view = net.view(&net.operator, &lead).await;
        assert_eq!(
            (&view["status"], &view["sale_id"], view["events"].as_array().map(Vec::len)),
            (&json!(1), &json!(format!("S{number}")), Some(2)),
            "{view}"
        );
        net.change(&net.advertiser, &lead, "status=2&reason=16").await;
    }
    let sums = net.app.state.engine.ledger_sum().await.expect("the sum");
    assert!(sums.iter().all(|(_, micros)| *micros == 0), "{sums:?}");
}

#[db_test]
async fn a_corrected_amount_is_heard_in_any_spelling(db: TestDb) {
    let net = Network::start(db).await;
    let tid = net.visit("").await;
    let pb = format!("/pb?token=TOKEN&tid={tid}&sale_id=A&status=approved&amount=");
    let told = net.report(&format!("{pb}10&currency=USD")).await.json();
    assert_eq!(told["verdict"], json!("accepted"), "{told}");
    for (amount, verdict) in [
        ("10&currency=usd", "duplicate"),
        ("20&currency=USD", "updated"),
        ("20&currency=usd", "duplicate"),
        ("20", "duplicate"),
        ("15", "updated"),
        // A fixed sum is paid: one in another currency says nothing of it.
        ("20&currency=EUR", "duplicate"),
    ] {
        let told = net.report(&format!("{pb}{amount}")).await.json();
        assert_eq!(told["verdict"], json!(verdict), "{amount}: {told}");
    }
}

#[db_test]
async fn the_audit_tells_what_a_report_changed(db: TestDb) {
    let net = Network::start(db).await;
    let (lead, tid) = net.ordered("click_id=one").await;
    let visit = net.visit("").await;
    let bare = net.report(&format!("/pb?token=TOKEN&tid={visit}")).await.json()["lead_id"].clone();
    let entries = async |path: &str| {
        let id = path.trim_start_matches("lead/");
        net.list(&net.operator, &format!("audit/?resource=lead&object_id={id}")).await
    };
    let api = async |form: String| net.send(&net.advertiser, "POST", "/api/lead/", &form).await.json();
    for (form, verdict, count) in [
        (format!("tid={tid}&sale_id=CRM"), "duplicate", 2),
        (format!("tid={tid}&sale_id=CRM"), "duplicate", 2),
        (format!("tid={tid}&sale_id=CRM&status=1"), "updated", 3),
    ] {
        assert_eq!(api(form.clone()).await["verdict"], json!(verdict), "{form}");
        assert_eq!(entries(&lead).await.len(), count, "{form}");
    }
    let told = entries(&lead).await;
    assert_eq!((&told[0]["method"], &told[0]["changes"]["status"]), (&json!("update"), &json!([0, 1])));
    assert_eq!(
        (&told[1]["method"], &told[1]["changes"]),
        (&json!("update"), &json!({"sale_id": ["", "CRM"]}))
    );
    // A buyer who becomes known is told of, without anything of him.
    let order = format!("offer_id={}&{BUYER}&tid={visit}", net.offer);
    let told = net.send(&net.webmaster, "POST", "/api/lead/", &order).await.json();
    assert_eq!((&told["verdict"], &told["created"]), (&json!("duplicate"), &bare));
    let told = entries(&format!("lead/{bare}")).await;
    assert_eq!((told.len(), &told[0]["changes"]), (1, &json!({"is_buyer_known": [false, true]})));
}
