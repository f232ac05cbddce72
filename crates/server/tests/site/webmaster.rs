//! The webmaster's cabinet: his pages, what he does there, and that they are nobody else's.

use serde_json::{Value, json};
use whocpa_db_test::db_test;
use whocpa_domain::Time;
use whocpa_domain::user::UserLevel;
use whocpa_domain::wallet::FREEZE_HOURS;
use whocpa_store::testing::TestDb;

use crate::browser::{Browser, leads_to, network, page, person};
use crate::forms::earn;
use crate::public::{api, offer, owner};
use crate::support::TestApp;

const PAGES: [&str; 15] = [
    "/pub",
    "/pub/links",
    "/pub/links/new",
    "/pub/leads",
    "/pub/stats",
    "/pub/stats?group=offer",
    "/pub/money",
    "/pub/postbacks",
    "/pub/tickets",
    "/pub/areas",
    "/pub/domains",
    "/pub/promos",
    "/pub/referrals",
    "/pub/statement",
    "/pub/payouts",
];

/// Forms; what they name is nobody's.
const FORMS: [&str; 20] = [
    "/pub/links/new",
    "/pub/links/1",
    "/pub/links/1/delete",
    "/pub/leads/1/contest",
    "/pub/wallets",
    "/pub/wallets/1/delete",
    "/pub/payouts",
    "/pub/payouts/new",
    "/pub/payouts/1/cancel",
    "/pub/postbacks",
    "/pub/postbacks/1",
    "/pub/postbacks/1/delete",
    "/pub/deliveries/1/replay",
    "/pub/tickets",
    "/pub/areas",
    "/pub/areas/1",
    "/pub/areas/1/delete",
    "/pub/domains",
    "/pub/domains/1/delete",
    "/pub/postbacks/1/rehearse",
];

#[db_test]
async fn the_cabinet_is_for_webmasters(db: TestDb) {
    let app = network(db).await;
    for (level, login) in [(UserLevel::Advertiser, "ada"), (UserLevel::Operator, "olga")] {
        person(&app, level, login).await;
        let browser = Browser::signed_in(&app, login).await;
        for path in PAGES {
            assert_eq!(browser.get(path).await.status, 404, "{login} {path}");
        }
        for path in FORMS {
            assert_eq!(browser.post(path, "").await.status, 404, "{login} {path}");
        }
    }
    let guest = Browser::new(&app);
    assert_eq!(
        guest.get("/pub/leads?status=1").await.header("location"),
        "/sign-in?next=%2Fpub%2Fleads%3Fstatus%3D1"
    );
    person(&app, UserLevel::Webmaster, "wanda").await;
    let wanda = Browser::signed_in(&app, "wanda").await;
    for path in FORMS {
        let foreign = [("origin", "https://evil.test"), ("sec-fetch-site", "cross-site")];
        assert_eq!(wanda.post_from(path, "", &foreign).await.status, 403, "{path}");
        assert_eq!(wanda.post_from(path, "", &[]).await.status, 403, "{path}");
    }
    for path in [
        "/pub/leads?d_created_from=soon&subid1=kept",
        "/pub/stats?from=soon&subid1=kept",
        "/pub/statement?lead_id=kept",
    ] {
        let answer = wanda.get(path).await;
        assert!(page(&answer, 400).contains("aria-invalid") && answer.text.contains("kept"), "{path}");
    }
    for path in PAGES {
        for language in ["ru", "uk", "en"] {
            wanda.post("/view", &format!("language={language}&back=/pub")).await;
            let answer = wanda.get(path).await;
            assert!(!page(&answer, 200).contains('\u{27e6}'), "{path} {language}: a text is missing");
        }
    }
}

#[db_test]
async fn a_link_brings_a_lead_whose_story_is_told(db: TestDb) {
    let app = network(db).await;
    let owner = owner(&app).await;
    let advertiser = person(&app, UserLevel::Advertiser, "ada").await;
    let id = offer(&app, &owner, advertiser).await;
    person(&app, UserLevel::Webmaster, "wanda").await;
    person(&app, UserLevel::Webmaster, "boris").await;
    let (wanda, boris) = (Browser::signed_in(&app, "wanda").await, Browser::signed_in(&app, "boris").await);
    wanda.post(&format!("/offers/{id}/connect"), "comment=").await;
    let wrong = wanda.post("/pub/links/new", &format!("mark=a&offer_id={id}&url_traffback=nowhere")).await;
    assert!(page(&wrong, 400).contains("aria-invalid"));
    let made = wanda.post("/pub/links/new", &format!("mark=a&offer_id={id}&name=First&subid1=google")).await;
    let path = made.header("location").split('?').next().expect("a path").to_owned();
    assert!(path.starts_with("/pub/links/"), "{path}: {}", made.text);
    let shown = wanda.get(&path).await;
    let code = page(&shown, 200).split("/go/").nth(1).and_then(|rest| rest.split('<').next());
    let code = code.expect("its address").to_owned();
    assert_eq!(boris.get(&path).await.status, 404, "another's link is nowhere");
    assert_eq!(boris.post(&format!("{path}/delete"), "").await.status, 404);
    let tried = wanda.get(&format!("{path}/try?country=UA&device=android&query=subid2%3Db")).await;
    assert!(page(&tried, 200).contains("class=\"story\""), "{}", tried.text);
    assert_eq!(boris.get(&format!("{path}/try")).await.status, 404);
    leads_to(
        &wanda.post(&path, "name=Second&subid1=bing&url_traffback=").await,
        &format!("{path}?done=saved"),
    );

    let agent =
        [("user-agent", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36")];
    let click = app.call("GET", &format!("/go/{code}"), &agent, "").await;
    let tid =
        click.header("set-cookie").split('=').nth(1).and_then(|rest| rest.split(';').next()).expect("a tid");
    let engine = &app.state.engine;
    let ada = engine.profile_key(advertiser).await.expect("a key");
    let goal =
        app.get(&format!("/api/goal/?offer_id={id}&api_key={ada}")).await.json()["objects"][0]["id"].clone();
    let lead = api(
        &app,
        &ada,
        "/api/lead/",
        json!({"tid": tid, "goal_id": goal, "sale_id": "\"><script>alert(1)</script>"}),
    )
    .await;
    let listed = wanda.get("/pub/leads").await;
    assert!(page(&listed, 200).contains(&format!("/pub/leads/{lead}")) && listed.text.contains("12.50"));
    let story = wanda.get(&format!("/pub/leads/{lead}")).await;
    assert!(page(&story, 200).contains("class=\"story\"") && story.text.contains(tid), "{}", story.text);
    assert!(!story.text.contains("<script>alert"));
    assert_eq!(boris.get(&format!("/pub/leads/{lead}")).await.status, 404);
    api(&app, &ada, &format!("/api/lead/{lead}"), json!({"status": 1})).await;
    let today = wanda.get("/pub").await;
    assert!(page(&today, 200).contains("12.50"), "it is on hold: {}", today.text);
    let days = wanda.get("/pub/stats").await;
    assert!(days.text.contains("data-chart"));
    let cell =
        page(&days, 200).split("href=\"/pub/leads?cell=").nth(1).and_then(|rest| rest.split('"').next());
    let cell = cell.expect("leads of a row").replace("&#38;", "&");
    let leads = wanda.get(&format!("/pub/leads?cell={cell}")).await;
    assert!(page(&leads, 200).contains(&format!("/pub/leads/{lead}")), "{cell}");
    let days = wanda.get("/pub/stats?group=weekday").await;
    assert!(page(&days, 200).contains("day</th>"), "{}", days.text);
    wanda.post("/view", "language=uk&back=/pub").await;
    let states = wanda.get("/pub/stats?group=status").await;
    assert!(!page(&states, 200).contains(">approved<"), "{}", states.text);
    wanda.post("/view", "language=en&back=/pub").await;
    assert!(page(&wanda.get("/pub/stats?group=status").await, 200).contains(">approved<"));
    let twice = wanda.get("/pub/stats?group=offer&group=country").await;
    assert!(page(&twice, 200).contains("<option value=\"country\" selected>"), "{}", twice.text);
    assert!(page(&wanda.get("/pub/leads?status=2").await, 200).contains("class=\"empty\""));
    leads_to(&wanda.post(&format!("{path}/delete"), "").await, "/pub/links?done=link-gone");
}

#[db_test]
async fn money_postbacks_and_questions(db: TestDb) {
    let app = network(db).await;
    person(&app, UserLevel::Webmaster, "wanda").await;
    person(&app, UserLevel::Webmaster, "boris").await;
    let (wanda, boris) = (Browser::signed_in(&app, "wanda").await, Browser::signed_in(&app, "boris").await);
    let wallet = "kind=1&currency_id=840&account=nothing";
    assert!(page(&wanda.post("/pub/wallets", wallet).await, 400).contains("wrong"));
    let made =
        wanda.post("/pub/postbacks", "mark=a&name=Mine&url=https://tracker.example/?cid={subid1}").await;
    assert!(page(&made, 200).contains("whsec_"), "{}", made.text);
    let list = wanda.get("/pub/postbacks").await;
    assert!(list.text.contains("tracker.example") && !list.text.contains("whsec_"), "it is shown once");
    let path = list.text.split("href=\"/pub/postbacks/").nth(1).and_then(|rest| rest.split('"').next());
    let path = format!("/pub/postbacks/{}", path.expect("a link"));
    assert_eq!(wanda.get(&path).await.status, 200);
    assert_eq!(boris.get(&path).await.status, 404);
    let wrong = wanda.post(&path, "name=Kept&url=").await;
    assert!(page(&wrong, 400).contains("aria-invalid") && wrong.text.contains("Kept"));
    let rehearsed = wanda.post(&format!("{path}/rehearse"), "event=1").await;
    assert!(page(&rehearsed, 200).contains("tracker.example"), "{}", rehearsed.text);
    assert_eq!(boris.post(&format!("{path}/rehearse"), "event=1").await.status, 404);
    leads_to(&wanda.post(&path, "status=2").await, &format!("{path}?done=saved"));
    let paused = wanda.get(&path).await;
    assert!(
        paused.text.contains("value=\"1\"") && paused.text.contains("tracker.example"),
        "it can be resumed"
    );

    let asked = wanda
        .post("/pub/tickets", "mark=a&subject=\"><script>alert(1)</script>&category=1&message=<b>Why</b>")
        .await;
    let path = asked.header("location").split('?').next().expect("a path").to_owned();
    let shown = wanda.get(&path).await;
    assert!(
        page(&shown, 200).contains("Why")
            && !shown.text.contains("<b>Why")
            && !shown.text.contains("<script>alert")
    );
    assert_eq!(boris.get(&path).await.status, 404);
    leads_to(&wanda.post(&path, "message=More").await, &format!("{path}?done=saved"));
    leads_to(&wanda.post(&path, "status=3").await, &format!("{path}?done=saved"));
    assert!(page(&wanda.get("/pub/tickets").await, 200).contains(&path));
}

#[db_test]
async fn areas_domains_and_referrals(db: TestDb) {
    let app = network(db).await;
    let id = person(&app, UserLevel::Webmaster, "wanda").await;
    person(&app, UserLevel::Webmaster, "boris").await;
    let (wanda, boris) = (Browser::signed_in(&app, "wanda").await, Browser::signed_in(&app, "boris").await);
    let wrong = wanda.post("/pub/areas", "kind=1&name=Kept&url=").await;
    assert!(page(&wrong, 400).contains("id=\"wrong-url\"") && wrong.text.contains("value=\"Kept\""));
    leads_to(
        &wanda.post("/pub/areas", "kind=1&name=Blog&url=https://blog.example/").await,
        "/pub/areas?done=area-made",
    );
    let list = wanda.get("/pub/areas").await;
    let area = page(&list, 200).split("href=\"/pub/areas/").nth(1).and_then(|rest| rest.split('"').next());
    let path = format!("/pub/areas/{}", area.expect("its page"));
    assert!(page(&wanda.get(&path).await, 200).contains("https://blog.example/"));
    assert_eq!(boris.get(&path).await.status, 404);
    assert_eq!(boris.post(&path, "name=Stolen").await.status, 404);
    assert_eq!(boris.post(&format!("{path}/delete"), "").await.status, 404);
    let changed = "kind=2&name=Search&url=&comment=";
    leads_to(&wanda.post(&path, changed).await, &format!("{path}?done=saved"));
    leads_to(&wanda.post(&format!("{path}/delete"), "").await, "/pub/areas?done=area-gone");
    let line = format!("href=\"{path}\"");
    assert!(
        !page(&wanda.get("/pub/areas").await, 200).contains(&line),
        "what was removed is not among the others"
    );
    assert!(page(&wanda.get("/pub/areas?status=3").await, 200).contains(&line));
    let gone = wanda.get(&path).await;
    assert!(
        page(&gone, 200).contains("Search") && !gone.text.contains("action=\"/pub/areas"),
        "{}",
        gone.text
    );

    let wrong = wanda.post("/pub/domains", "name=no+domain").await;
    assert!(page(&wrong, 400).contains("id=\"wrong-name\"") && wrong.text.contains("no domain"));
    leads_to(&wanda.post("/pub/domains", "name=go.wanda.example").await, "/pub/domains?done=domain-made");
    assert!(page(&wanda.get("/pub/domains").await, 200).contains("go.wanda.example"));
    assert!(!page(&boris.get("/pub/domains").await, 200).contains("go.wanda.example"));

    let own = wanda.get("/pub/referrals").await;
    let number = page(&own, 200).split(";ref=").nth(1).and_then(|rest| rest.split('<').next());
    let brought = format!(
        "level=1&login=newcomer&name=Newcomer&password=correct+horse&email=n@b.example&about=blogs&ref={}",
        number.expect("his number")
    );
    page(&Browser::new(&app).post("/register", &brought).await, 200);
    let own = wanda.get("/pub/referrals").await;
    let path = page(&own, 200).split("href=\"/pub/referrals/").nth(1).and_then(|rest| rest.split('"').next());
    let path = format!("/pub/referrals/{}", path.unwrap_or_else(|| panic!("{id} brought him: {}", own.text)));
    page(&wanda.get(&path).await, 200);
    assert_eq!(boris.get(&path).await.status, 404);
}

/// A webmaster with 400 dollars and a wallet that can be paid to: his key and the wallet's number.
async fn payable(app: &TestApp) -> (String, Value) {
    let owner = owner(app).await;
    let id = person(app, UserLevel::Webmaster, "wanda").await;
    earn(app, id, Time(0)).await;
    let wanda = Browser::signed_in(app, "wanda").await;
    let wrong = wanda.post("/pub/wallets", "kind=1&currency_id=840&account=nothing&holder=W+Doe").await;
    let text = page(&wrong, 400);
    assert!(text.contains("id=\"wrong-account\"") && text.contains("value=\"nothing\""), "{text}");
    assert!(text.contains("value=\"W Doe\"") && text.contains("<option value=\"840\" selected>"), "{text}");
    leads_to(
        &wanda.post("/pub/wallets", "kind=1&currency_id=840&account=U0123456").await,
        "/pub/money?done=wallet-made",
    );
    let key = app.state.engine.profile_key(id).await.expect("a key");
    let wallet = app.get(&format!("/api/wallet/?api_key={key}")).await.json()["objects"][0]["id"].clone();
    api(app, &owner, &format!("/api/wallet/{wallet}"), json!({"status": 1})).await;
    app.clock.advance(FREEZE_HOURS * 3600);
    (key, wallet)
}

#[db_test]
async fn a_payout_is_asked_for_once(db: TestDb) {
    let app = network(db).await;
    person(&app, UserLevel::Webmaster, "boris").await;
    let (key, wallet) = payable(&app).await;
    let (wanda, boris) = (Browser::signed_in(&app, "wanda").await, Browser::signed_in(&app, "boris").await);
    let money = wanda.get("/pub/money").await;
    assert!(page(&money, 200).contains("400.00\u{a0}USD"), "{}", money.text);
    let form = format!("currency_id=840&wallet_id={wallet}&amount=");
    let wrong = wanda.post("/pub/payouts/new", &format!("{form}much&comment=kept")).await;
    assert!(page(&wrong, 400).contains("id=\"wrong-amount\"") && wrong.text.contains("value=\"kept\""));
    assert!(
        page(&wanda.post("/pub/payouts/new", &format!("{form}1")).await, 400).contains("id=\"wrong-amount\"")
    );
    let stolen = boris.post("/pub/payouts/new", &format!("{form}150")).await;
    assert!(stolen.status.is_client_error(), "{}", stolen.status);
    // Nothing is asked for before it was said what it gives.
    let all = wanda.post("/pub/payouts/new", &form).await;
    assert!(page(&all, 200).contains("name=\"amount\" value=\"400.00\""), "{}", all.text);
    assert!(all.text.contains("name=\"amount_paid_min\" value=\"400.00\""), "{}", all.text);
    wanda.post("/view", "language=ru&back=/pub").await;
    let russian = wanda.post("/pub/payouts/new", &format!("{form}1+50,5")).await;
    assert!(page(&russian, 200).contains("150,50\u{a0}USD"), "{}", russian.text);
    assert!(russian.text.contains("value=\"150.50\""), "{}", russian.text);
    wanda.post("/view", "language=en&back=/pub").await;
    let shown = wanda.post("/pub/payouts/new", &format!("{form}150")).await;
    let mark =
        page(&shown, 200).split("name=\"mark\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
    let form = format!("mark={}&{form}", mark.expect("a mark"));
    let stolen = boris.post("/pub/payouts", &format!("{form}150")).await;
    assert!(stolen.status.is_client_error(), "{}", stolen.status);
    let less = wanda.post("/pub/payouts", &format!("{form}150&amount_paid_min=151")).await;
    assert!(page(&less, 400).contains("only 150.00 would arrive"), "{}", less.text);
    for _ in 0..2 {
        leads_to(&wanda.post("/pub/payouts", &format!("{form}150")).await, "/pub/money?done=payout-asked");
    }
    assert_eq!(
        wanda.post("/pub/payouts", &format!("{form}200")).await.status,
        400,
        "another one under its mark"
    );
    let payouts = app.get(&format!("/api/payout/?api_key={key}")).await.json();
    assert_eq!(payouts["total_count"], 1, "{payouts}");
    let payout = payouts["objects"][0]["id"].clone();
    let money = wanda.get("/pub/money").await;
    assert!(page(&money, 200).contains("250.00\u{a0}USD") && money.text.contains("150.00\u{a0}USD"));
    for path in [format!("/pub/payouts/{payout}/cancel"), format!("/pub/wallets/{wallet}/delete")] {
        assert_eq!(boris.post(&path, "").await.status, 404, "{path}");
    }
    leads_to(
        &wanda.post(&format!("/pub/payouts/{payout}/cancel"), "").await,
        "/pub/money?done=payout-cancelled",
    );
    assert!(page(&wanda.get("/pub/money").await, 200).contains("400.00\u{a0}USD"));
    leads_to(&wanda.post(&format!("/pub/wallets/{wallet}/delete"), "").await, "/pub/money?done=wallet-gone");
    let listed = wanda.get("/pub/payouts").await;
    assert!(
        page(&listed, 200).contains("150.00\u{a0}USD") && listed.text.contains("Capitalist"),
        "{}",
        listed.text
    );
    assert!(page(&wanda.get("/pub/payouts?status=3").await, 200).contains("class=\"empty\""));
    assert!(!page(&boris.get("/pub/payouts").await, 200).contains("150.00"));
}
