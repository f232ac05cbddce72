//! The advertiser's cabinet: his pages, what he does there, and that they are nobody else's.

use serde_json::{Value, json};
use whocpa_db_test::db_test;
use whocpa_domain::user::UserLevel;
use whocpa_store::testing::TestDb;

use crate::browser::{Browser, leads_to, network, page, person};
use crate::public::{api, offer, owner};
use crate::support::TestApp;

const PAGES: [&str; 13] = [
    "/adv",
    "/adv/offers",
    "/adv/offers/new",
    "/adv/leads",
    "/adv/decisions",
    "/adv/connections",
    "/adv/integration",
    "/adv/stats",
    "/adv/stats?group=webmaster&group=country",
    "/adv/money",
    "/adv/statement",
    "/adv/postbacks",
    "/adv/tickets",
];

/// Forms; what they name is nobody's.
const FORMS: [&str; 22] = [
    "/adv/leads",
    "/adv/leads/1",
    "/adv/decisions",
    "/adv/decisions/1",
    "/adv/offers/new",
    "/adv/offers/1",
    "/adv/offers/1/status",
    "/adv/offers/1/goals",
    "/adv/goals/1",
    "/adv/offers/1/landings",
    "/adv/landings/1",
    "/adv/landings/1/status",
    "/adv/connections/1",
    "/adv/integration",
    "/adv/integration/token",
    "/adv/deposits",
    "/adv/postbacks",
    "/adv/postbacks/1",
    "/adv/postbacks/1/rehearse",
    "/adv/postbacks/1/delete",
    "/adv/deliveries/1/replay",
    "/adv/tickets",
];

#[db_test]
async fn the_cabinet_is_for_advertisers(db: TestDb) {
    let app = network(db).await;
    for (level, login) in [(UserLevel::Webmaster, "wanda"), (UserLevel::Operator, "olga")] {
        person(&app, level, login).await;
        let browser = Browser::signed_in(&app, login).await;
        for path in PAGES {
            assert_eq!(browser.get(path).await.status, 404, "{login} {path}");
        }
        for path in FORMS {
            assert_eq!(browser.post(path, "").await.status, 404, "{login} {path}");
        }
    }
    person(&app, UserLevel::Advertiser, "ada").await;
    let ada = Browser::signed_in(&app, "ada").await;
    for path in FORMS {
        let foreign = [("origin", "https://evil.test"), ("sec-fetch-site", "cross-site")];
        assert_eq!(ada.post_from(path, "", &foreign).await.status, 403, "{path}");
    }
    for path in PAGES {
        for language in ["ru", "uk", "en"] {
            ada.post("/view", &format!("language={language}&back=/adv")).await;
            let answer = ada.get(path).await;
            assert!(!page(&answer, 200).contains('\u{27e6}'), "{path} {language}: a text is missing");
        }
    }
    let wrong = ada.get("/adv/leads?d_created_from=soon&sale_id=kept").await;
    assert!(page(&wrong, 400).contains("aria-invalid") && wrong.text.contains("kept"));
}

/// The number behind this in an answer.
fn number(text: &str, mark: &str) -> i64 {
    let found =
        text.split(mark).nth(1).map(|rest| rest.chars().take_while(char::is_ascii_digit).collect::<String>());
    found.and_then(|digits| digits.parse().ok()).unwrap_or_else(|| panic!("no {mark} in {text}"))
}

/// A landing page of this offer; it is nobody else's.
async fn a_landing_is_added(ada: &Browser<'_>, boris: &Browser<'_>, path: &str) {
    let landing = "name=First&kind=1&language=en&weight=10&is_desktop_optimised=1";
    let wrong = ada.post(&format!("{path}/landings"), &format!("{landing}&url=nowhere")).await;
    assert!(page(&wrong, 400).contains("id=\"wrong-url\"") && wrong.text.contains("value=\"First\""));
    let made =
        ada.post(&format!("{path}/landings"), &format!("{landing}&url=https://tea.example/first")).await;
    leads_to(&made, &format!("{path}?done=landing-made"));
    let landing = format!("/adv/landings/{}", number(&ada.get(path).await.text, "/adv/landings/"));
    assert_eq!(boris.get(&landing).await.status, 404);
    assert_eq!(boris.post(&format!("{landing}/status"), "status=4").await.status, 404);
    page(&ada.get(&landing).await, 200);
}

#[db_test]
async fn an_offer_is_made_and_sent_on_review(db: TestDb) {
    let app = network(db).await;
    let owner = owner(&app).await;
    for login in ["ada", "boris"] {
        person(&app, UserLevel::Advertiser, login).await;
    }
    let (ada, boris) = (Browser::signed_in(&app, "ada").await, Browser::signed_in(&app, "boris").await);
    let category = api(&app, &owner, "/api/category/", json!({"name_en": "Tea", "name_ru": "Tea"})).await;
    let geo = app.get("/api/geo/").await.json()["objects"][0]["id"].clone();
    let form = format!(
        "name=Green+tea&categories={category}&geo={geo}&is_pixel=1&traffic_allowed=1&traffic_allowed=3"
    );
    let wrong = ada.post("/adv/offers/new", &format!("{form}&url_redirect=nowhere")).await;
    let text = page(&wrong, 400);
    assert!(text.contains("id=\"wrong-url_redirect\"") && text.contains("value=\"Green tea\""), "{text}");
    assert!(text.contains(&format!("value=\"{category}\" checked")), "what was ticked stays: {text}");
    let form = format!("{form}&url_redirect=https://tea.example/?a=1");
    let made = ada.post("/adv/offers/new", &form).await;
    let id = number(made.header("location"), "/adv/offers/");
    let path = format!("/adv/offers/{id}");
    assert!(page(&ada.get(&path).await, 200).contains("https://tea.example/?a=1"));
    for path in [path.clone(), format!("{path}/goals"), format!("{path}/landings")] {
        assert_eq!(boris.get(&path).await.status, 404, "{path}");
        assert_eq!(boris.post(&path, "name=Stolen").await.status, 404, "{path}");
    }

    let goal = "description=An+order&money_type=1&currency_id=840&hold_period=7&is_active=1&is_otol=1";
    let wrong = ada.post(&format!("{path}/goals"), &format!("{goal}&charge=much")).await;
    assert!(page(&wrong, 400).contains("id=\"wrong-charge\"") && wrong.text.contains("value=\"An order\""));
    let made = ada.post(&format!("{path}/goals"), &format!("{goal}&charge=15")).await;
    leads_to(&made, &format!("{path}?done=goal-made"));
    let shown = ada.get(&path).await;
    let goal = number(page(&shown, 200), "/adv/goals/");
    assert!(shown.text.contains("15.00") || shown.text.contains("15\u{a0}USD"), "{}", shown.text);
    let goal = format!("/adv/goals/{goal}");
    assert_eq!(boris.get(&goal).await.status, 404);
    let changed = "description=An+order&money_type=1&charge=16&hold_period=9&is_active=1";
    leads_to(&ada.post(&goal, changed).await, &format!("{goal}?done=saved"));
    let shown = ada.get(&goal).await;
    assert!(
        page(&shown, 200).contains("value=\"9\"")
            && !shown
                .text
                .contains("id=\"field-is_otol\" name=\"is_otol\" type=\"checkbox\" value=\"1\" checked")
    );

    a_landing_is_added(&ada, &boris, &path).await;

    let saved = "name=Black+tea&url_redirect=https://tea.example/&cookie_ttl_days=30&decision_days=3&phone_double_days=0&late_rule=0&late_days=";
    let wrong = ada.post(&path, saved).await;
    assert!(
        page(&wrong, 400).contains("id=\"wrong-categories\""),
        "a list of which nothing is ticked: {}",
        wrong.text
    );
    let saved = format!("{saved}&categories={category}&geo={geo}");
    leads_to(&ada.post(&path, &saved).await, &format!("{path}?done=saved"));
    let shown = ada.get(&path).await;
    assert!(
        page(&shown, 200).contains("Black tea")
            && shown.text.contains("name=\"is_pixel\" type=\"checkbox\" value=\"1\" aria"),
        "what is not ticked is taken away"
    );
    assert_eq!(boris.post(&format!("{path}/status"), "status=1").await.status, 404);
    leads_to(&ada.post(&format!("{path}/status"), "status=1").await, &format!("{path}?done=saved"));
    let offers = app.get(&format!("/api/offer/?id={id}&api_key={owner}")).await.json()["objects"][0].clone();
    assert_eq!(offers["status"], 1, "it is on review: {offers}");
    assert!(page(&ada.get("/adv/offers?status=1").await, 200).contains("Black tea"));
}

/// Leads of Ada's offer that Wanda brought: their ids.
async fn leads(app: &TestApp, count: usize) -> (i64, Vec<i64>) {
    let owner = owner(app).await;
    let advertiser = person(app, UserLevel::Advertiser, "ada").await;
    let webmaster = person(app, UserLevel::Webmaster, "wanda").await;
    person(app, UserLevel::Advertiser, "boris").await;
    let id = offer(app, &owner, advertiser).await;
    let engine = &app.state.engine;
    let wanda = engine.profile_key(webmaster).await.expect("a key");
    let ada = engine.profile_key(advertiser).await.expect("a key");
    api(app, &wanda, "/api/connection/", json!({"offer_id": id})).await;
    let link = api(app, &wanda, "/api/link/", json!({"offer_id": id})).await;
    let code =
        app.get(&format!("/api/link/?id={link}&api_key={wanda}")).await.json()["objects"][0]["code"].clone();
    let goal =
        app.get(&format!("/api/goal/?offer_id={id}&api_key={ada}")).await.json()["objects"][0]["id"].clone();
    let agent =
        [("user-agent", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36")];
    let mut made = Vec::new();
    for number in 0..count {
        let click = app.call("GET", &format!("/go/{}", code.as_str().expect("a code")), &agent, "").await;
        let cookie = click.header("set-cookie").to_owned();
        let tid = cookie.split('=').nth(1).and_then(|rest| rest.split(';').next()).expect("a tid");
        let lead = json!({"tid": tid, "goal_id": goal, "sale_id": format!("order-{number}")});
        made.push(api(app, &ada, "/api/lead/", lead).await);
    }
    (id, made)
}

#[db_test]
async fn leads_are_decided_one_and_many(db: TestDb) {
    let app = network(db).await;
    let (_, ids) = leads(&app, 4).await;
    let (ada, boris) = (Browser::signed_in(&app, "ada").await, Browser::signed_in(&app, "boris").await);
    let desk = ada.get("/adv/leads?status=0").await;
    assert!(page(&desk, 200).contains("order-3") && desk.text.contains("15.00\u{a0}USD"), "{}", desk.text);
    assert!(page(&ada.get("/adv").await, 200).contains(&format!("/adv/leads/{}", ids[0])));

    let one = format!("/adv/leads/{}", ids[0]);
    assert_eq!(boris.get(&one).await.status, 404);
    assert_eq!(boris.post(&one, "status=1").await.status, 404);
    let wrong = ada.post(&one, "status=2&reason=&comment=kept").await;
    assert!(
        page(&wrong, 400).contains("id=\"wrong-reason\"") && wrong.text.contains("value=\"kept\""),
        "{}",
        wrong.text
    );
    leads_to(&ada.post(&one, "status=2&reason=10&comment=&amount=").await, &format!("{one}?done=decided"));

    let two = format!("lead_id={}&lead_id={}", ids[1], ids[2]);
    let wrong = ada.post("/adv/leads?status=0", &format!("{two}&status=2&reason=&comment=kept")).await;
    let text = page(&wrong, 400);
    assert!(text.contains("id=\"wrong-reason\"") && text.contains("value=\"kept\""), "{text}");
    assert!(text.contains(&format!("value=\"{}\" checked", ids[1])), "the choice stays: {text}");
    let none = ada.post("/adv/leads", "status=1&reason=&comment=").await;
    page(&none, 400);
    let made = ada.post("/adv/leads?status=0", &format!("{two}&status=1&reason=&comment=")).await;
    let path = made.header("location").split('?').next().expect("a path").to_owned();
    let shown = ada.get(&path).await;
    assert!(page(&shown, 200).contains(&format!("/adv/leads/{}", ids[2])), "{}", shown.text);
    assert_eq!(boris.get(&path).await.status, 404);
    assert_eq!(boris.post(&path, "is_stopped=1").await.status, 404);
    let stolen = boris.post("/adv/leads", &format!("lead_id={}&status=1", ids[3])).await;
    let path = stolen.header("location").to_owned();
    assert!(path.is_empty() || boris.get(&path).await.text.contains("class=\"tag bad\""), "{}", stolen.text);

    let body = format!(
        "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"d.csv\"\r\nContent-Type: text/csv\r\n\r\nlead_id;status;reason\r\n{};rejected;11\r\n\r\n--x--\r\n",
        ids[3]
    );
    let headers = [
        ("origin", "https://cpa.test"),
        ("sec-fetch-site", "same-origin"),
        ("content-type", "multipart/form-data; boundary=x"),
    ];
    let made = ada.post_from("/adv/decisions", &body, &headers).await;
    let path = made.header("location").split('?').next().expect("a path").to_owned();
    assert!(path.starts_with("/adv/decisions/"), "{}", made.text);
    assert!(page(&ada.get(&path).await, 200).contains("name=\"is_applied\""), "it waits to be applied");
    leads_to(&ada.post(&path, "is_applied=1").await, &format!("{path}?done=saved"));
    let key = app.state.engine.profile_key(number_of(&app, "ada").await).await.expect("a key");
    let listed = app.get(&format!("/api/lead/?api_key={key}")).await.json();
    let status = |id: i64| {
        let rows = listed["objects"].as_array().expect("leads");
        rows.iter().find(|row| row["id"] == id).map_or(Value::Null, |row| row["status"].clone())
    };
    assert_eq!(ids.iter().map(|id| status(*id)).collect::<Vec<_>>(), [2, 1, 1, 2], "{listed}");
}

/// The user id behind a login.
async fn number_of(app: &TestApp, login: &str) -> i64 {
    let owner = app.state.engine.profile_key(1).await.expect("the owner's key");
    let people = app.get(&format!("/api/user/?api_key={owner}&per_page=100")).await.json();
    let all = people["objects"].as_array().expect("people").clone();
    all.iter().find(|row| row["login"] == login).and_then(|row| row["id"].as_i64()).expect("a person")
}

#[db_test]
async fn webmasters_deposits_and_integration(db: TestDb) {
    let app = network(db).await;
    let (offer, ids) = leads(&app, 1).await;
    let (ada, boris) = (Browser::signed_in(&app, "ada").await, Browser::signed_in(&app, "boris").await);
    let list = ada.get("/adv/connections").await;
    let connection = format!("/adv/connections/{}", number(page(&list, 200), "action=\"/adv/connections/"));
    assert!(list.text.contains(&format!("/adv/offers/{offer}")));
    assert_eq!(boris.post(&connection, "status=1").await.status, 404);
    let wrong = ada.post(&connection, "status=2&reason=").await;
    assert!(page(&wrong, 400).contains("id=\"wrong-reason\""), "{}", wrong.text);
    leads_to(&ada.post(&connection, "status=2&reason=No").await, "/adv/connections?done=decided");

    let money = ada.get("/adv/money").await;
    let mark =
        page(&money, 200).split("name=\"mark\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
    let form = format!("mark={}&currency_id=840&method=1", mark.expect("a mark"));
    let wrong = ada.post("/adv/deposits", &format!("{form}&amount=much&comment=kept")).await;
    assert!(page(&wrong, 400).contains("id=\"wrong-amount\"") && wrong.text.contains("value=\"kept\""));
    let made = ada.post("/adv/deposits", &format!("{form}&amount=100")).await;
    let path = made.header("location").split('?').next().expect("a path").to_owned();
    assert!(page(&ada.get(&path).await, 200).contains("100.00\u{a0}USD"));
    assert_eq!(boris.get(&path).await.status, 404);
    leads_to(
        &ada.post("/adv/deposits", &format!("{form}&amount=100")).await,
        &format!("{path}?done=deposit-made"),
    );
    assert_eq!(page(&ada.get("/adv/money").await, 200).matches("href=\"/adv/deposits/").count(), 1);

    let shown = ada.get("/adv/integration").await;
    let token =
        page(&shown, 200).split("token=").nth(1).and_then(|rest| rest.split('&').next()).expect("a token");
    assert!(token.len() > 10 && shown.text.contains("/px/"), "{}", shown.text);
    let key = app.state.engine.profile_key(number_of(&app, "ada").await).await.expect("a key");
    let lead = app.get(&format!("/api/lead/?id={}&api_key={key}", ids[0])).await.json()["objects"][0].clone();
    let tid = lead["tid"].as_str().expect("a tid");
    let wrong = ada.post("/adv/integration", "tid=&goal_id=&sale_id=kept").await;
    assert!(
        page(&wrong, 400).contains("id=\"wrong-tid\"") && wrong.text.contains("value=\"kept\""),
        "{}",
        wrong.text
    );
    let tried = ada.post("/adv/integration", &format!("tid={tid}&sale_id=new&status=&amount=")).await;
    assert!(page(&tried, 200).contains("class=\"story\""), "{}", tried.text);
    leads_to(&ada.post("/adv/integration/token", "").await, "/adv/integration?done=token-made");
    assert!(!page(&ada.get("/adv/integration").await, 200).contains(token), "another one");
}
