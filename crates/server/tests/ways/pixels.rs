//! Reports of browsers, and visits without a redirect.

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Request};
use serde_json::{Value, json};
use tower::ServiceExt as _;
use whocpa_db_test::db_test;
use whocpa_store::testing::TestDb;

use crate::network::{BROWSER, Network};
use crate::senders::signature;
use crate::support::{Answer, CLIENT};

impl Network {
    pub async fn take_pixels(&self) {
        self.change(&self.operator, &format!("offer/{}", self.offer), "is_pixel=1").await;
    }

    /// A picture: its code, its verdict and its headers.
    async fn picture(&self, path: &str, cookie: &str) -> (u16, String, HeaderMap) {
        let mut request = Request::builder().uri(path).header("user-agent", BROWSER);
        if !cookie.is_empty() {
            request = request.header("cookie", format!("tid_{}={cookie}", self.offer));
        }
        let mut request = request.body(Body::empty()).expect("a right request");
        request.extensions_mut().insert(ConnectInfo(CLIENT));
        let answer = self.app.router.clone().oneshot(request).await.expect("a router never fails");
        let headers = answer.headers().clone();
        assert_eq!(headers["content-type"], "image/gif", "always a picture");
        let words = headers.get("x-verdict").map_or("", |words| words.to_str().expect("letters"));
        (answer.status().as_u16(), words.to_owned(), headers)
    }

    async fn pixel(&self, query: &str, cookie: &str) -> (u16, String) {
        let (status, words, _) = self.picture(&format!("/px/{}.gif?{query}", self.goal), cookie).await;
        (status, words)
    }

    async fn script(&self, form: &str) -> Answer {
        self.app.call("POST", &format!("/px/{}.json", self.goal), &[("user-agent", BROWSER)], form).await
    }
}

#[db_test]
async fn a_browser_reports_one_action_of_its_own_click(db: TestDb) {
    let net = Network::start(db).await;
    net.change(&net.advertiser, &format!("goal/{}", net.goal), "is_auto_approve=1").await;
    let tid = net.visit("").await;
    let (status, words) = net.pixel("sale_id=A", &tid).await;
    assert!(status == 400 && words.contains("is_pixel"), "not allowed by itself: {words}");
    net.take_pixels().await;
    assert_eq!(net.pixel("sale_id=A&amount=5&x=y", &tid).await, (200, "accepted".to_owned()));
    assert_eq!(net.pixel("sale_id=B", &tid).await, (200, "duplicate".to_owned()), "one for a click");
    let id = net.leads().await[0]["id"].clone();
    let lead = net.view(&net.webmaster, &format!("lead/{id}")).await;
    assert_eq!(
        (&lead["way"], &lead["attribution"], &lead["sale_id"], &lead["type"]),
        (&json!(2), &json!(1), &json!(""), &json!(0)),
        "who could write any sale id names none"
    );
    assert_eq!(
        (&lead["status"], &lead["is_signed"]),
        (&json!(0), &json!(false)),
        "nothing approves it by itself"
    );
    let words = lead["events"][0]["comment"].as_str().expect("words");
    assert!(words.contains("browser") && words.contains("calls the sale \"A\""), "{words}");
    // The advertiser's own report of the sale is about the same lead, whatever the browser called it, and he decides.
    let decided = net.report(&format!("/pb?token=TOKEN&tid={tid}&sale_id=R&status=approved")).await.json();
    assert_eq!((&decided["verdict"], &decided["lead_id"]), (&json!("updated"), &id));
    assert_eq!(net.view(&net.webmaster, &format!("lead/{id}")).await["sale_id"], json!("R"));
    assert_eq!(net.pixel("sale_id=Z", &tid).await, (200, "duplicate".to_owned()));
    assert_eq!(net.view(&net.webmaster, &format!("lead/{id}")).await["sale_id"], json!("R"));
    // So too where a goal takes several actions of a visit: they are not counted twice.
    net.change(&net.advertiser, &format!("goal/{}", net.goal), "is_otol=0").await;
    let free = net.visit("").await;
    assert_eq!(net.pixel("sale_id=made-up", &free).await, (200, "accepted".to_owned()));
    let real = net.report(&format!("/pb?token=TOKEN&tid={free}&sale_id=REAL&status=approved")).await.json();
    assert_eq!((&real["verdict"], net.leads().await.len()), (&json!("updated"), 2));
    // The other way round.
    let other = net.visit("").await;
    let first = net.report(&format!("/pb?token=TOKEN&tid={other}&sale_id=C")).await.json();
    let told = net.script(&format!("tid={other}&sale_id=C")).await;
    assert_eq!((&told.json()["verdict"], &told.json()["lead_id"]), (&json!("duplicate"), &first["lead_id"]));
    assert_eq!(told.header("access-control-allow-origin"), "*");
    assert_eq!(net.leads().await.len(), 3);
    for (query, field) in [("", "tid"), ("tid=undefined", "tid"), ("tid=00000000000000000000x", "tid")] {
        let (status, words) = net.pixel(query, "").await;
        assert!(status == 400 && words.contains(field), "{query}: {words}");
    }
    let parked = net.script("tid=undefined").await;
    assert_eq!(parked.status.as_u16(), 400, "what anybody could write is not kept: {parked}");
    assert_eq!(net.picture("/px/999.gif", "").await.0, 404);
    for path in ["/px/x.gif", "/px/1.png", "/px/-1.gif"] {
        assert_eq!(net.app.get(path).await.status.as_u16(), 404, "{path}");
    }
    let late = net.visit("").await;
    net.app.clock.advance(31 * 86_400);
    let (status, words) = net.pixel("", &late).await;
    assert!(status == 400 && words.contains("older than the 30 days"), "{words}");
}

#[db_test]
async fn every_way_at_once_is_one_lead(db: TestDb) {
    let net = Network::start(db).await;
    net.take_pixels().await;
    for round in 0..4 {
        let tid = net.visit("").await;
        let pixel = format!("/px/{}.gif?tid={tid}&sale_id=S{round}", net.goal);
        let own = format!("/pb?token=TOKEN&tid={tid}&sale_id=S{round}");
        let form = format!("tid={tid}&sale_id=S{round}");
        let api = format!("tid={tid}&sale_id=S{round}");
        let (_, told, ..) = tokio::join!(
            net.picture(&pixel, ""),
            net.report(&own),
            net.script(&form),
            net.send(&net.advertiser, "POST", "/api/lead/", &api),
            net.picture(&pixel, ""),
        );
        assert!(told.status.is_success(), "{told}");
        assert_eq!(net.list(&net.operator, &format!("lead/?tid={tid}")).await.len(), 1, "round {round}");
    }
}

#[db_test]
async fn a_signed_pixel_is_as_good_as_a_postback(db: TestDb) {
    let net = Network::start(db).await;
    net.change(&net.advertiser, &format!("goal/{}", net.goal), "is_auto_approve=1").await;
    let profile = format!("profile/{}", net.advertiser_id);
    net.change(&net.advertiser, &profile, "rotate_postback_secret=1").await;
    let secret = net.object(&net.advertiser, "profile").await["postback_secret"].clone();
    let secret = secret.as_str().expect("a secret");
    let goal = net.goal.to_string();
    let tid = net.visit("").await;
    let good = signature(secret, &[("sale_id", "A"), ("goal_id", &goal)]);
    assert_eq!(net.pixel(&format!("sale_id=A&sign={good}"), &tid).await, (200, "accepted".to_owned()));
    let lead = net.leads().await[0].clone();
    let lead = net.view(&net.operator, &format!("lead/{}", lead["id"])).await;
    assert_eq!((&lead["is_signed"], &lead["status"]), (&json!(true), &json!(1)));
    // The same words are no second lead, whoever sends them; those of another goal do not fit.
    let other = net.visit("").await;
    assert_eq!(net.pixel(&format!("sale_id=A&sign={good}"), &other).await, (200, "duplicate".to_owned()));
    let second = net.new_goal("alias=second").await;
    let (status, words, _) = net.picture(&format!("/px/{second}.gif?sale_id=A&sign={good}"), &other).await;
    assert!(status == 400 && words.contains("does not fit"), "{words}");
    let bare = signature(secret, &[("goal_id", &goal)]);
    let (status, words) = net.pixel(&format!("sign={bare}"), &other).await;
    assert!(status == 400 && words.contains("every visitor"), "{words}");
    assert_eq!(net.leads().await.len(), 1);
}

#[db_test]
async fn visits_are_reported_without_a_redirect(db: TestDb) {
    let net = Network::start(db).await;
    net.take_pixels().await;
    let script = net.app.get("/t.js").await;
    assert!(script.text.len() < 2048 && script.header("content-type").starts_with("text/javascript"));
    let path = format!("/t/{}?subid1=direct&gclid=G", net.code);
    let headers = [("user-agent", BROWSER), ("content-type", "text/plain;charset=UTF-8")];
    let told = net.app.call("POST", &path, &headers, "https://blog.example/post").await;
    assert_eq!(told.header("access-control-allow-origin"), "*");
    assert!(!told.headers.contains_key("set-cookie"), "the page keeps it, where it may");
    let tid = told.json()["tid"].as_str().expect("a tid").to_owned();
    assert_eq!((&told.json()["offer_id"], &told.json()["days"]), (&json!(net.offer), &json!(30)));
    let lead = net.script(&format!("tid={tid}")).await.json();
    let lead = net.view(&net.webmaster, &format!("lead/{}", lead["lead_id"])).await;
    assert_eq!(
        (&lead["way"], &lead["subid1"], &lead["url_from"]),
        (&json!(3), &json!("direct"), &json!("https://blog.example/post"))
    );
    let unknown = net.app.call("POST", "/t/nothing", &headers, "x").await;
    assert_eq!(unknown.json(), json!({"tid": null, "reason": "no link has this code"}));
    let long = net.app.call("POST", &path, &headers, &"x".repeat(5000)).await;
    assert_eq!(long.status.as_u16(), 413);

    let (status, words, headers) = net.picture(&format!("/t/{}.gif?subid1=noscript", net.code), "").await;
    assert_eq!((status, words.as_str()), (200, "sent to the offer"));
    let cookie = headers["set-cookie"].to_str().expect("letters").to_owned();
    let tid = cookie.split(['=', ';']).nth(1).expect("a tid");
    assert_eq!(net.pixel("", tid).await, (200, "accepted".to_owned()));
    assert_eq!(net.picture("/t/nothing.gif", "").await.0, 404);
    let ways: Vec<Value> = net.leads().await.into_iter().map(|lead| lead["subid1"].clone()).collect();
    assert_eq!(ways, [json!("noscript"), json!("direct")]);
}

#[db_test]
async fn impressions_are_counted_by_link(db: TestDb) {
    let net = Network::start(db).await;
    let path = format!("/i/{}.gif?random=1", net.code);
    for _ in 0..3 {
        let (status, _, headers) = net.picture(&path, "").await;
        assert_eq!((status, headers.contains_key("set-cookie")), (200, false));
    }
    assert_eq!(net.picture("/i/nothing.gif", "").await.0, 404);
    let engine = &net.app.state.engine;
    engine.impressions_store().await.expect("counted");
    net.picture(&path, "").await;
    engine.impressions_store().await.expect("counted");
    let link = net.view(&net.webmaster, &format!("link/{}", net.link)).await;
    assert_eq!(link["impressions"], json!(4));
    assert_eq!(net.list(&net.operator, "link/").await[0]["impressions"], json!(4));
    assert!(net.list(&net.operator, "lead/").await.is_empty());
}
