//! The operator's console at work: leads and decisions about many, money that moves once, questions, news, rules, rates.

use serde_json::{Value, json};
use whocpa_db_test::db_test;
use whocpa_domain::Time;
use whocpa_domain::role::Role;
use whocpa_domain::user::UserLevel;
use whocpa_domain::wallet::FREEZE_HOURS;
use whocpa_store::testing::TestDb;

use crate::browser::{Browser, leads_to, network, page, person};
use crate::forms::earn;
use crate::operator::{between, operator};
use crate::public::{api, offer, owner};
use crate::support::TestApp;

const AGENT: &str = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36";

/// Leads of a webmaster on an offer of an advertiser, all pending.
async fn leads(app: &TestApp, owner: &str, count: usize) -> (i64, Vec<i64>) {
    let advertiser = person(app, UserLevel::Advertiser, "ada").await;
    let offer = offer(app, owner, advertiser).await;
    let wanda = person(app, UserLevel::Webmaster, "wanda").await;
    let key = app.state.engine.profile_key(wanda).await.expect("a key");
    api(app, &key, "/api/connection/", json!({"offer_id": offer})).await;
    let link = api(app, &key, "/api/link/", json!({"offer_id": offer})).await;
    let link = app.get(&format!("/api/link/{link}?api_key={key}")).await.json();
    let code = link["object"]["code"].as_str().expect("a code").to_owned();
    let ada = app.state.engine.profile_key(advertiser).await.expect("a key");
    let goals = app.get(&format!("/api/goal/?offer_id={offer}&api_key={ada}")).await.json();
    let mut ids = Vec::new();
    for number in 0..count {
        let click = app.call("GET", &format!("/go/{code}"), &[("user-agent", AGENT)], "").await;
        let tid = between(click.header("set-cookie"), "=", ";").to_owned();
        let lead = json!({"tid": tid, "goal_id": goals["objects"][0]["id"], "sale_id": format!("s{number}")});
        ids.push(api(app, &ada, "/api/lead/", lead).await);
    }
    (offer, ids)
}

#[db_test]
async fn leads_are_decided_one_by_one_and_together(db: TestDb) {
    let app = network(db).await;
    let owner = owner(&app).await;
    let (offer, ids) = leads(&app, &owner, 3).await;
    let olga = Browser::signed_in(&app, "olga").await;
    let list = olga.get(&format!("/operator/leads?status=0&offer_id={offer}")).await;
    let text = page(&list, 200);
    assert!(
        ids.iter().all(|id| text.contains(&format!("/operator/leads/{id}"))) && text.contains("15.00"),
        "{text}"
    );
    assert!(page(&olga.get("/operator/leads?status=x&tid=kept").await, 400).contains("value=\"kept\""));
    let path = format!("/operator/leads/{}", ids[0]);
    let form = olga.get(&path).await;
    let first = between(&form.text, "name=\"status\"", "</option>");
    assert!(first.contains("value=\"\""), "nothing is decided unless somebody chooses it: {first}");
    let wrong = olga.post(&path, "status=2&reason=&comment=Kept").await;
    assert!(
        page(&wrong, 400).contains("id=\"wrong-reason\"") && wrong.text.contains("Kept"),
        "{}",
        wrong.text
    );
    leads_to(
        &olga.post(&path, "status=2&reason=12&comment=Wrong+number").await,
        &format!("{path}?done=op-decided"),
    );
    let story = olga.get(&path).await;
    assert!(page(&story, 200).contains("Wrong number") && story.text.contains("wanda"), "{}", story.text);

    let bulk = "/operator/leads?status=0";
    let wrong = olga.post(bulk, "is_all=&status=1&comment=Kept").await;
    assert!(
        page(&wrong, 400).contains("id=\"wrong-is_all\"") && wrong.text.contains("value=\"Kept\""),
        "{}",
        wrong.text
    );
    let wrong = olga.post(bulk, &format!("lead_id[]={}&status=2&comment=Kept", ids[1])).await;
    let text = page(&wrong, 400);
    assert!(
        text.contains("id=\"wrong-reason\"") && text.contains(" checked"),
        "a refusal needs a reason: {text}"
    );
    let all = olga.post(bulk, "is_all=1&status=1&reason=40&comment=").await;
    let checked = all.header("location").to_owned();
    assert!(checked.starts_with("/operator/decisions/"), "{checked}: {}", all.text);
    let shown = olga.get(&checked).await;
    let text = page(&shown, 200);
    assert!(text.contains("the lead is decided") && text.contains("name=\"is_applied\""), "{text}");
    let lead = app.get(&format!("/api/lead/{}?api_key={owner}", ids[1])).await.json();
    assert_eq!(lead["object"]["status"], 0, "nothing is decided before it is applied");
    leads_to(&olga.post(&checked, "is_applied=1").await, &format!("{checked}?done=op-decided"));
    for id in &ids[1..] {
        let lead = app.get(&format!("/api/lead/{id}?api_key={owner}")).await.json();
        assert_eq!(lead["object"]["status"], 1, "{lead}");
    }
    assert!(page(&olga.get("/operator/decisions").await, 200).contains(&checked));
    let stats = olga.get("/operator/stats?group=webmaster&then=offer").await;
    assert!(page(&stats, 200).contains("wanda") && stats.text.contains("30.00\u{a0}USD"), "{}", stats.text);
    assert!(page(&olga.get("/operator/transfers").await, 200).contains("12.50\u{a0}USD"));
    assert!(page(&olga.get("/operator").await, 200).contains("30.00\u{a0}USD"));
}

/// A form's mark.
#[track_caller]
fn mark(text: &str) -> String {
    between(text, "name=\"mark\" value=\"", "\"").to_owned()
}

#[db_test]
async fn the_next_page_has_the_conditions_of_this_one(db: TestDb) {
    let app = network(db).await;
    let owner = owner(&app).await;
    leads(&app, &owner, 11).await;
    let olga = Browser::signed_in(&app, "olga").await;
    let text = olga.get("/operator/leads?status=&per_page=10").await;
    assert!(page(&text, 200).contains("?status=&#38;per_page=10&#38;page=2"), "{}", text.text);
}

#[db_test]
async fn a_payout_goes_its_way_and_is_paid_once(db: TestDb) {
    let app = network(db).await;
    owner(&app).await;
    let wanda = person(&app, UserLevel::Webmaster, "wanda").await;
    earn(&app, wanda, Time(0)).await;
    let key = app.state.engine.profile_key(wanda).await.expect("a key");
    let wallet = json!({"kind": 1, "currency_id": 840, "account": "U0123456"});
    let wallet = api(&app, &key, "/api/wallet/", wallet).await;
    let olga = Browser::signed_in(&app, "olga").await;
    leads_to(
        &olga.post(&format!("/operator/wallets/{wallet}/status"), "status=1&back=list").await,
        "/operator/wallets?done=op-decided",
    );
    app.clock.advance(FREEZE_HOURS * 3600);
    let ask = |amount: &'static str| {
        let (app, key) = (&app, &key);
        async move {
            let headers = [
                ("x-api-key", key.as_str()),
                ("content-type", "application/json"),
                ("idempotency-key", amount),
            ];
            let body = json!({"wallet_id": wallet, "currency_id": 840, "amount": amount}).to_string();
            let answer = app.call("POST", "/api/payout/", &headers, &body).await;
            answer.json()["created"].as_i64().unwrap_or_else(|| panic!("{answer}"))
        }
    };
    let (first, second) = (ask("150").await, ask("100").await);
    let olga = Browser::signed_in(&app, "olga").await;
    let path = format!("/operator/payouts/{first}");
    let shown = olga.get(&path).await;
    let text = page(&shown, 200);
    assert!(
        text.contains("U0123456") && text.contains("150.00\u{a0}USD") && text.contains("wanda"),
        "{text}"
    );
    assert!(!text.contains("name=\"reference\""), "it cannot be paid before it is approved");
    let approve = format!("status=1&mark={}", mark(text));
    for _ in 0..2 {
        leads_to(&olga.post(&path, &approve).await, &format!("{path}?done=op-decided"));
    }
    let shown = olga.get(&path).await;
    let pay = format!("status=3&mark={}&reference=", mark(page(&shown, 200)));
    assert!(page(&olga.post(&path, &pay).await, 400).contains("id=\"wrong-reference\""));
    assert!(page(&olga.post(&path, "status=3&reference=P-1").await, 400).contains("load the page again"));
    for _ in 0..2 {
        leads_to(&olga.post(&path, &format!("{pay}P-1")).await, &format!("{path}?done=op-decided"));
    }
    assert!(page(&olga.get(&path).await, 200).contains("P-1"));

    let path = format!("/operator/payouts/{second}");
    let list = olga.get("/operator/payouts").await;
    let form = format!("status=1&back=list&mark={}", mark(page(&list, 200)));
    leads_to(&olga.post(&path, &form).await, "/operator/payouts?done=op-decided");
    let batches = olga.get("/operator/batches").await;
    let form = format!("wallet_kind=1&currency_id=840&mark={}", mark(page(&batches, 200)));
    let made = olga.post("/operator/batches", &form).await;
    let batch = made.header("location").split('?').next().expect("a path").to_owned();
    assert!(batch.starts_with("/operator/batches/"), "{}", made.text);
    let file = olga.get(&format!("{batch}/file")).await;
    assert!(file.status == 200 && file.text.contains("U0123456"), "{}", file.text);
    assert!(file.header("content-type").starts_with("text/csv"));
    let shown = olga.get(&batch).await;
    let form = format!("form=all&mark={}&reference=B-1", mark(page(&shown, 200)));
    leads_to(&olga.post(&batch, &form).await, &format!("{batch}?done=op-money"));
    let paid = app.get(&format!("/api/payout/?api_key={key}")).await.json();
    let all = paid["objects"].as_array().expect("payouts");
    assert!(all.iter().all(|payout| payout["status"] == 3), "{paid}");
    assert!(page(&olga.get("/operator/balances").await, 200).contains("150.00\u{a0}USD"));
}

#[db_test]
async fn deposits_and_advances_move_money_once(db: TestDb) {
    let app = network(db).await;
    let owner = owner(&app).await;
    let advertiser = person(&app, UserLevel::Advertiser, "ada").await;
    let wanda = person(&app, UserLevel::Webmaster, "wanda").await;
    let olga = Browser::signed_in(&app, "olga").await;
    let text = olga.get("/operator/deposits").await.text;
    let form = format!("advertiser_id={advertiser}&currency_id=840&method=5&mark={}&amount=", mark(&text));
    let wrong = olga.post("/operator/deposits", &format!("{form}much&comment=Kept")).await;
    assert!(page(&wrong, 400).contains("id=\"wrong-amount\"") && wrong.text.contains("value=\"Kept\""));
    let made = olga.post("/operator/deposits", &format!("{form}500")).await;
    let path = made.header("location").split('?').next().expect("a path").to_owned();
    assert_eq!(
        olga.post("/operator/deposits", &format!("{form}500")).await.header("location"),
        made.header("location")
    );
    let shown = olga.get(&path).await;
    let pay = format!("status=1&mark={}&reference=", mark(page(&shown, 200)));
    assert!(page(&olga.post(&path, &pay).await, 400).contains("id=\"wrong-reference\""));
    for _ in 0..2 {
        leads_to(&olga.post(&path, &format!("{pay}BANK-7")).await, &format!("{path}?done=op-money"));
    }
    let balances = app.get(&format!("/api/balance/?api_key={owner}")).await.json();
    let has = |owner: i64, amount: &str| {
        let all = balances["objects"].as_array().expect("balances");
        all.iter().any(|row| row["owner_id"] == owner && row["available"] == amount)
    };
    assert!(has(advertiser, "500.00"), "{balances}");

    let form = |amount: &str| {
        format!("webmaster_id={wanda}&currency_id=840&repay_percent=50&comment=&amount={amount}")
    };
    let wrong = olga.post("/operator/advances", &form("none")).await;
    assert!(page(&wrong, 400).contains("id=\"wrong-amount\"") && wrong.text.contains("value=\"50\""));
    let nobody = olga.post("/operator/advances", "webmaster_id=999&currency_id=840&amount=5").await;
    assert!(
        page(&nobody, 400).contains("id=\"wrong-new_webmaster\"")
            || nobody.text.contains("Webmasters not found")
    );
    let asked = olga.post("/operator/advances", &form("40")).await;
    let text = page(&asked, 200);
    assert!(
        text.contains("wanda") && text.contains("40\u{a0}USD") && text.contains("50"),
        "it says what follows: {text}"
    );
    let none = app.get(&format!("/api/advance/?api_key={owner}")).await.json();
    assert_eq!(none["total_count"], 0, "nothing has moved yet");
    let give = format!("{}&mark={}", form("40"), mark(text));
    for _ in 0..2 {
        leads_to(&olga.post("/operator/advances", &give).await, "/operator/advances?done=op-money");
    }
    let given: Value = app.get(&format!("/api/advance/?api_key={owner}")).await.json();
    assert_eq!(given["total_count"], 1, "{given}");
    assert!(page(&olga.get("/operator/advances").await, 200).contains("40.00\u{a0}USD"));
}

#[db_test]
async fn questions_are_answered_and_news_are_written(db: TestDb) {
    let app = network(db).await;
    let owner = owner(&app).await;
    let wanda_id = person(&app, UserLevel::Webmaster, "wanda").await;
    let key = app.state.engine.profile_key(wanda_id).await.expect("a key");
    let question = json!({"subject": "<b>Why</b>", "message": "<b>Tell me</b>"});
    let id = api(&app, &key, "/api/ticket/", question).await;
    let olga = Browser::signed_in(&app, "olga").await;
    let operators = app.get(&format!("/api/user/?level=3&api_key={owner}")).await.json();
    let olga_id = operators["objects"][0]["id"].clone();
    let path = format!("/operator/tickets/{id}");
    let list = olga.get("/operator/tickets").await;
    assert!(page(&list, 200).contains(&path) && !list.text.contains("<b>Why"));
    let shown = olga.get(&path).await;
    assert!(page(&shown, 200).contains("Tell me") && !shown.text.contains("<b>Tell"));
    let long = "a".repeat(10_001);
    let wrong = olga.post(&path, &format!("form=answer&message={long}&is_internal=1")).await;
    assert!(
        page(&wrong, 400).contains("id=\"wrong-message\"")
            && wrong.text.contains("<option value=\"1\" selected>")
    );
    leads_to(
        &olga.post(&path, "form=answer&message=Because&is_internal=").await,
        &format!("{path}?done=saved"),
    );
    leads_to(
        &olga.post(&path, "form=answer&message=Between+us&is_internal=1").await,
        &format!("{path}?done=saved"),
    );
    let wanda = Browser::signed_in(&app, "wanda").await;
    let seen = wanda.get(&format!("/pub/tickets/{id}")).await;
    assert!(page(&seen, 200).contains("Because") && !seen.text.contains("Between us"));
    leads_to(
        &olga.post(&path, "form=settings&status=3&priority=4&category=2&operator_id=").await,
        &format!("{path}?done=saved"),
    );
    assert!(page(&olga.get("/operator/tickets?status=3&priority=4").await, 200).contains(&path));

    // A manager does not see the other operators, and still leaves the ticket with whom it is.
    let mary_id = operator(&app, Role::Manager, "mary").await;
    api(&app, &owner, &format!("/api/user/{wanda_id}"), json!({"manager_id": mary_id})).await;
    api(&app, &owner, &format!("/api/ticket/{id}"), json!({"operator_id": olga_id})).await;
    let mary = Browser::signed_in(&app, "mary").await;
    let seen = mary.get(&path).await;
    assert!(page(&seen, 200).contains(&format!("<option value=\"{olga_id}\" selected>")), "{}", seen.text);
    assert!(seen.text.contains(&format!("<option value=\"{mary_id}\">mary")));

    let wrong = olga.post("/operator/news/new", "header=&body=Kept&type=1&is_important=0").await;
    assert!(page(&wrong, 400).contains("id=\"wrong-header\"") && wrong.text.contains("Kept"));
    let body = "<p>Tea</p><script>alert(1)</script>";
    let made =
        olga.post("/operator/news/new", &format!("header=Tea+news&type=1&is_important=1&body={body}")).await;
    let path = made.header("location").split('?').next().expect("a path").to_owned();
    assert!(path.starts_with("/operator/news/"), "{}", made.text);
    let shown = olga.get(&path).await;
    assert!(page(&shown, 200).contains("Tea") && !shown.text.contains("alert(1)"));
    let date = between(&shown.text, "name=\"date_start\" type=\"text\" value=\"", "\"").to_owned();
    let form = format!(
        "header=Coffee+news&type=1&is_important=0&body=<p>Coffee</p>&offer_id=&img=&date_start={date}&date_end="
    );
    leads_to(&olga.post(&path, &form).await, &format!("{path}?done=saved"));
    assert!(page(&wanda.get("/news").await, 200).contains("Coffee news"));
    leads_to(&olga.post(&format!("{path}/delete"), "").await, "/operator/news?done=op-gone");
    assert!(!wanda.get("/news").await.text.contains("Coffee news"));
}

#[db_test]
async fn terms_rules_and_rates_are_kept(db: TestDb) {
    let app = network(db).await;
    let owner = owner(&app).await;
    let (offer, _) = leads(&app, &owner, 0).await;
    let goals = app.get(&format!("/api/goal/?offer_id={offer}&api_key={owner}")).await.json();
    let goal = goals["objects"][0]["id"].clone();
    let people = app.get(&format!("/api/user/?search=wanda&api_key={owner}")).await.json();
    let wanda = people["objects"][0]["id"].clone();
    let olga = Browser::signed_in(&app, "olga").await;
    let form = format!("webmaster_id={wanda}&goal_id={goal}&description=Kept&payment=");
    let wrong = olga.post("/operator/conditions", &format!("{form}much")).await;
    assert!(
        page(&wrong, 400).contains("id=\"wrong-payment\"") && wrong.text.contains("Kept"),
        "{}",
        wrong.text
    );
    let made = olga.post("/operator/conditions", &format!("{form}13")).await;
    let path = made.header("location").split('?').next().expect("a path").to_owned();
    assert!(page(&olga.get(&path).await, 200).contains("12.50"), "the goal's own stands beside it");
    let form = "payment=14&charge=&hold_period=&description=&date_end=";
    leads_to(&olga.post(&path, form).await, &format!("{path}?done=saved"));
    assert!(page(&olga.get("/operator/conditions").await, 200).contains("14.00"));
    leads_to(&olga.post(&format!("{path}/delete"), "").await, "/operator/conditions?done=op-gone");

    let wrong = olga.post("/operator/rules", "name=Kept&kind=1&source=1&action=1&limit_percent=").await;
    assert!(
        page(&wrong, 400).contains("id=\"wrong-limit_percent\"") && wrong.text.contains("value=\"Kept\"")
    );
    let rule = "name=Fast&kind=1&source=1&action=1&limit_percent=20&seconds=&min_leads=&window_hours=";
    leads_to(&olga.post("/operator/rules", rule).await, "/operator/rules?done=op-made");
    let list = olga.get("/operator/rules").await;
    let path = format!("/operator/rules/{}", between(page(&list, 200), "href=\"/operator/rules/", "\""));
    let form = "name=Faster&action=2&limit_percent=30&seconds=5&min_leads=10&window_hours=12&is_active=0";
    leads_to(&olga.post(&path, form).await, &format!("{path}?done=saved"));
    assert!(page(&olga.get("/operator/rules?is_active=0").await, 200).contains("Faster"));

    let wrong = olga.post("/operator/rates", "base_id=840&currency_id=978&value=none&comment=Kept").await;
    assert!(
        page(&wrong, 400).contains("id=\"wrong-value\"") && wrong.text.contains("value=\"Kept\""),
        "{}",
        wrong.text
    );
    let made =
        olga.post("/operator/rates", "base_id=978&currency_id=840&value=1.1&comment=Bank&date_end=").await;
    leads_to(&made, "/operator/currencies?done=op-made");
    assert!(page(&olga.get("/operator/currencies").await, 200).contains("Bank"));
    let form = "id=10777&code=GOLD&digits=4&name_en=Gold&name_ru=";
    let wrong = olga.post("/operator/currencies/all", form).await;
    assert!(page(&wrong, 400).contains("id=\"wrong-name_ru\"") && wrong.text.contains("value=\"GOLD\""));
    let form = "id=10777&code=GOLD&digits=4&name_en=Gold&name_ru=Gold";
    leads_to(&olga.post("/operator/currencies/all", form).await, "/operator/currencies/all?done=op-made");
    leads_to(
        &olga.post("/operator/currencies/10777", "is_active=0").await,
        "/operator/currencies/all?done=saved",
    );
}
