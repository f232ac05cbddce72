//! Requests that are sent again, and reports of actions that are somebody else's.

use serde_json::json;
use whocpa_db_test::db_test;
use whocpa_domain::user::UserLevel;
use whocpa_store::testing::TestDb;

use crate::network::Network;

const PHONE: &str = "%2B380501234567";

#[db_test]
async fn an_order_under_one_key_is_one_lead(db: TestDb) {
    let net = Network::start(db).await;
    let form = format!("offer_id={}&phone={PHONE}&name=Anna&flow=7", net.offer);
    let headers = [("x-api-key", net.webmaster.as_str()), ("idempotency-key", "order-1")];
    let first = net.app.call("POST", "/lead/add", &headers, &form).await;
    assert_eq!((first.status.as_u16(), first.json()["verdict"].clone()), (200, json!("accepted")), "{first}");
    let again = net.app.call("POST", "/lead/add", &headers, &form).await;
    assert_eq!((again.header("idempotent-replayed"), again.json()), ("true", first.json()));
    let other = net.app.call("POST", "/lead/add", &headers, &form.replace("Anna", "Boris")).await;
    assert_eq!((other.status.as_u16(), other.json()["status"].clone()), (422, json!("error")), "{other}");
    assert_eq!(net.leads().await.len(), 1);
    // Without a key nobody can know that it is the same order.
    let keyless = net.app.call("POST", "/lead/add", &headers[..1], &form).await;
    assert_eq!(keyless.json()["verdict"], json!("accepted"));
    assert_eq!(net.leads().await.len(), 2);
}

#[db_test]
async fn a_table_under_one_key_is_taken_in_once(db: TestDb) {
    let net = Network::start(db).await;
    let form = format!("csv=offer_id,phone,name%0A{0},{PHONE},Anna%0A{0},%2B380501234568,Boris", net.offer);
    let headers = [("x-api-key", net.webmaster.as_str()), ("idempotency-key", "table-1")];
    let first = net.app.call("POST", "/lead/import", &headers, &form).await;
    assert_eq!(
        (first.status.as_u16(), first.json()["verdicts"]["accepted"].clone()),
        (200, json!(2)),
        "{first}"
    );
    let again = net.app.call("POST", "/lead/import", &headers, &form).await;
    assert_eq!((again.header("idempotent-replayed"), again.json()), ("true", first.json()));
    assert_eq!(net.leads().await.len(), 2);
}

#[db_test]
async fn nobody_tries_his_way_to_anothers_lead(db: TestDb) {
    let mut net = Network::start(db).await;
    let tid = net.visit("").await;
    let told = net.report(&format!("/pb?token=TOKEN&tid={tid}&sale_id=ORD-9&amount=987.65")).await;
    assert_eq!(told.status.as_u16(), 200, "{told}");
    let first_link = net.link;
    let other = net.app.key_of(UserLevel::Webmaster, "other").await;
    let connection = net.make(&other, "connection", &format!("offer_id={}", net.offer)).await;
    net.change(&net.operator, &format!("connection/{connection}"), "status=1").await;
    net.link = net.make(&other, "link", &format!("offer_id={}", net.offer)).await;
    assert_ne!(net.link, first_link);
    let code = net.view(&other, &format!("link/{}", net.link)).await["code"].clone();
    net.code = code.as_str().expect("a code").to_owned();
    let tid = net.visit("").await;
    for amount in ["", "&amount=1", "&amount=987.65"] {
        let form = format!("kind=2&tid={tid}&goal_id={}&sale_id=ORD-9{amount}", net.goal);
        let tried = net.send(&other, "POST", "/api/simulate/", &form).await;
        assert_eq!(tried.status.as_u16(), 201, "{tried}");
        let body = tried.json();
        assert_eq!(body["verdict"], json!("duplicate: this action is known already"), "{tried}");
        assert!(body["money"].is_null() && !tried.to_string().contains("987"), "{tried}");
    }
    // The advertiser, whose lead it is, is told.
    let form = format!("kind=2&tid={tid}&goal_id={}&sale_id=ORD-9&amount=1", net.goal);
    let tried = net.send(&net.advertiser, "POST", "/api/simulate/", &form).await;
    assert!(
        tried.json()["verdict"].as_str().is_some_and(|words| words.starts_with("updated: lead ")),
        "{tried}"
    );
    let lead = format!("lead/{}", told.json()["lead_id"]);
    net.change(&net.advertiser, &lead, "status=1").await;
    net.app.clock.advance(11 * 86_400);
    assert_eq!(net.app.state.engine.lead_close_due().await.expect("a look"), 1);
    // A refused report without a visit says why to its sender only.
    net.report(
        "/pb?token=TOKEN&offer_id=OFFER&tid=undefined&sale_id=ORD-9&amount=1"
            .replace("OFFER", &net.offer.to_string())
            .as_str(),
    )
    .await;
    let orphan = net.object(&net.advertiser, "orphan").await["id"].clone();
    net.change(&net.advertiser, &format!("orphan/{orphan}"), &format!("tid={tid}")).await;
    let told = net.view(&net.advertiser, &format!("orphan/{orphan}")).await;
    assert_eq!(told["state"], json!(2), "{told}");
    assert!(told["reason"].to_string().contains("lead"), "{told}");
    let seen = net.view(&other, &format!("orphan/{orphan}")).await;
    assert_eq!(seen["reason"], json!("the advertiser is told why"));
}
