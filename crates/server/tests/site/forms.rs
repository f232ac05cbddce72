//! What all forms of the cabinets do: say every refusal, make one thing of a double click, read days and amounts as their
//! reader writes them.

use whocpa_db_test::db_test;
use whocpa_domain::Time;
use whocpa_domain::ledger::{Account, AccountKind, CauseKind, Posting, TransferKind};
use whocpa_domain::user::UserLevel;
use whocpa_store::testing::TestDb;
use whocpa_store::transfer::{self, Cause};

use crate::browser::{Browser, leads_to, network, page, person};
use crate::public::{offer, owner};
use crate::support::TestApp;

/// 400 dollars that somebody earned at this moment.
pub async fn earn(app: &TestApp, webmaster_id: i64, at: Time) {
    let account = |kind, owner_id| Account { kind, owner_id, currency_id: 840 };
    let debit = account(AccountKind::External, 0);
    let credit = account(AccountKind::WebmasterAvailable, webmaster_id);
    let legs = vec![Posting { debit, credit, amount: 400_000_000, kind: TransferKind::LeadClose }];
    let groups = &[(Cause { kind: CauseKind::Manual, id: 1, number: 1 }, legs)];
    let earned = app.db.store.write(move |db| async move { transfer::create(&db, groups, at).await });
    earned.await.expect("transfers");
}

#[db_test]
async fn the_builder_makes_a_link_to_the_offer_that_was_asked_for(db: TestDb) {
    let app = network(db).await;
    let owner = owner(&app).await;
    let advertiser = person(&app, UserLevel::Advertiser, "ada").await;
    let id = offer(&app, &owner, advertiser).await;
    person(&app, UserLevel::Webmaster, "wanda").await;
    let wanda = Browser::signed_in(&app, "wanda").await;
    for asked in [id, id + 1] {
        let builder = wanda.get(&format!("/pub/links/new?offer_id={asked}")).await;
        assert!(page(&builder, 200).contains("You are not connected with"), "{asked}: {}", builder.text);
        assert!(builder.text.contains(&format!("/offers/{asked}\"")), "where he asks for it");
    }
    wanda.post(&format!("/offers/{id}/connect"), "comment=").await;
    let builder = wanda.get(&format!("/pub/links/new?offer_id={id}")).await;
    assert!(page(&builder, 200).contains(&format!("<option value=\"{id}\" selected>")), "{}", builder.text);
    assert!(!builder.text.contains("You are not connected"));
    // Where nothing is asked for, nothing is chosen.
    let builder = wanda.get("/pub/links/new").await;
    let first =
        page(&builder, 200).split("name=\"offer_id\"").nth(1).and_then(|rest| rest.split("<option").nth(1));
    assert!(first.is_some_and(|option| option.starts_with(" value=\"\" selected")), "{}", builder.text);
    let other = wanda.get(&format!("/pub/links/new?offer_id={}", id + 1)).await;
    assert!(
        page(&other, 200).contains("You are not connected")
            && !other.text.contains(&format!("value=\"{id}\" selected"))
    );
}

#[db_test]
async fn every_refusal_is_said(db: TestDb) {
    let app = network(db).await;
    let owner = owner(&app).await;
    let advertiser = person(&app, UserLevel::Advertiser, "ada").await;
    let id = offer(&app, &owner, advertiser).await;
    person(&app, UserLevel::Webmaster, "wanda").await;
    let wanda = Browser::signed_in(&app, "wanda").await;
    wanda.post(&format!("/offers/{id}/connect"), "comment=").await;
    // Fields that the page does not show.
    let made = wanda.post("/pub/links/new", &format!("mark=a&offer_id={id}&promo_id=999999")).await;
    assert!(page(&made, 400).contains("promo_id: Promos not found"), "{}", made.text);
    for (path, said) in [
        ("/pub/stats?device=abc", "Device: "),
        ("/pub/leads?nonsense=1", "nonsense: Unknown parameter"),
        ("/pub/promos?nonsense=1", "nonsense: Unknown parameter"),
        ("/pub/statement?nonsense=1", "nonsense: Unknown parameter"),
    ] {
        let answer = wanda.get(path).await;
        assert!(page(&answer, 400).contains(&format!("role=\"alert\">{said}")), "{path}: {}", answer.text);
    }
    // One that it shows is said once, there.
    let answer = wanda.get("/pub/leads?d_created_from=soon").await;
    assert!(
        page(&answer, 400).contains("id=\"wrong-d_created_from\"") && !answer.text.contains("role=\"alert\"")
    );
}

#[db_test]
async fn days_are_those_of_the_reader(db: TestDb) {
    let app = network(db).await;
    let id = person(&app, UserLevel::Webmaster, "wanda").await;
    // Half past midnight of the tenth in Kyiv.
    earn(&app, id, Time::parse("2026-01-09T22:30:00Z").expect("a moment")).await;
    let wanda = Browser::signed_in(&app, "wanda").await;
    let key = app.state.engine.profile_key(id).await.expect("a key");
    let headers = [("x-api-key", key.as_str()), ("content-type", "application/json")];
    let moved =
        app.call("POST", &format!("/api/profile/{id}"), &headers, r#"{"time_zone":"Europe/Kyiv"}"#).await;
    assert!(moved.status.is_success(), "{moved}");
    for (days, is_there) in [
        ("d_created_from=2026-01-10&d_created_to=2026-01-10", true),
        ("d_created_from=2026-01-10&d_created_to=", true),
        ("d_created_from=&d_created_to=2026-01-09", false),
        ("d_created_from=2026-01-11&d_created_to=", false),
    ] {
        let shown = wanda.get(&format!("/pub/statement?{days}")).await;
        assert_eq!(page(&shown, 200).contains("400.00\u{a0}USD"), is_there, "{days}: {}", shown.text);
    }
    let shown = wanda.get("/pub/statement?d_created_to=2026-01-09").await;
    assert!(shown.text.contains("value=\"2026-01-09\""), "what was typed stays: {}", shown.text);
}

#[db_test]
async fn a_double_click_makes_one_postback(db: TestDb) {
    let app = network(db).await;
    person(&app, UserLevel::Webmaster, "wanda").await;
    let wanda = Browser::signed_in(&app, "wanda").await;
    let shown = wanda.get("/pub/postbacks").await;
    let mark =
        page(&shown, 200).split("name=\"mark\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
    let mark = mark.expect("a mark").to_owned();
    let form = "name=Mine&url=https://tracker.example/?cid={subid1}";
    let wrong = wanda.post("/pub/postbacks", &format!("mark={mark}&name=Mine&url=nowhere")).await;
    assert!(page(&wrong, 400).contains("id=\"wrong-url\""), "a refused form keeps no mark: {}", wrong.text);
    let secrets: Vec<String> = [
        wanda.post("/pub/postbacks", &format!("mark={mark}&{form}")).await,
        wanda.post("/pub/postbacks", &format!("mark={mark}&{form}")).await,
    ]
    .iter()
    .map(|answer| {
        let secret = page(answer, 200).split("whsec_").nth(1).and_then(|rest| rest.split('<').next());
        secret.expect("a secret: the browser shows the last answer").to_owned()
    })
    .collect();
    assert_eq!(secrets[0], secrets[1]);
    let list = wanda.get("/pub/postbacks").await;
    assert_eq!(page(&list, 200).matches("href=\"/pub/postbacks/").count(), 1, "{}", list.text);
    for mark in ["", "a b", &"a".repeat(256), "\u{456}"] {
        let answer = wanda.post("/pub/postbacks", &format!("mark={mark}&{form}")).await;
        assert!(page(&answer, 400).contains("load the page again"), "{mark}: {}", answer.text);
    }
}

#[db_test]
async fn a_pause_keeps_the_address(db: TestDb) {
    let app = network(db).await;
    person(&app, UserLevel::Webmaster, "wanda").await;
    let wanda = Browser::signed_in(&app, "wanda").await;
    let form = "mark=a&name=Mine&url=https://tracker.example/?cid={subid1}%26t={is_test}";
    page(&wanda.post("/pub/postbacks", form).await, 200);
    let list = wanda.get("/pub/postbacks").await;
    let path =
        page(&list, 200).split("href=\"/pub/postbacks/").nth(1).and_then(|rest| rest.split('"').next());
    let path = format!("/pub/postbacks/{}", path.expect("a link"));
    let shown = wanda.get(&path).await;
    assert!(!page(&shown, 200).contains("has no macro is_test"), "{}", shown.text);
    let wrong = wanda.post(&path, "status=9").await;
    assert!(page(&wrong, 400).contains("tracker.example"), "{}", wrong.text);
    leads_to(&wanda.post(&path, "status=2").await, &format!("{path}?done=saved"));
    leads_to(&wanda.post(&path, "url=https://tracker.example/").await, &format!("{path}?done=saved"));
    assert!(page(&wanda.get(&path).await, 200).contains("has no macro is_test"));
}

#[db_test]
async fn the_address_of_a_form_leads_to_its_page(db: TestDb) {
    let app = network(db).await;
    person(&app, UserLevel::Webmaster, "wanda").await;
    let wanda = Browser::signed_in(&app, "wanda").await;
    for (form, shown) in [
        ("/pub/wallets", "/pub/money"),
        ("/pub/payouts/new?page=2", "/pub/money?page=2"),
        ("/pub/leads/7/contest", "/pub/leads/7"),
        ("/pub/postbacks/7/rehearse?page=2", "/pub/postbacks/7?page=2"),
        ("/account/password", "/account/security"),
        ("/account/security/app/confirm", "/account/security/app"),
    ] {
        leads_to(&wanda.get(form).await, shown);
    }
}
