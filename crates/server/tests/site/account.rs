//! A person's own account: card, password, sessions, keys; and what strangers wrote stays words.

use url::form_urlencoded::byte_serialize;
use whocpa_db_test::db_test;
use whocpa_domain::user::UserLevel;
use whocpa_engine::Caller;
use whocpa_engine::user::UserCreate;
use whocpa_store::testing::TestDb;

use crate::browser::{Browser, PASSWORD, leads_to, network, page, person};

const PAGES: [&str; 4] = ["/", "/account", "/account/security", "/account/keys"];
const POLYGLOT: &str = "\"'><script>alert(1)</script><img src=x onerror=alert(2)>";

#[db_test]
async fn pages_are_in_the_language_of_their_reader(db: TestDb) {
    let app = network(db).await;
    person(&app, UserLevel::Webmaster, "wanda").await;
    let guest = Browser::new(&app);
    for (path, lang, word) in [("/", "en", "Sign in"), ("/ru", "ru", "Войти"), ("/ua", "uk", "Увійти")]
    {
        let answer = guest.get(path).await;
        assert!(page(&answer, 200).contains(word), "{path}");
        assert!(answer.text.contains(&format!("<html lang=\"{lang}\"")), "{path}");
        assert_eq!(answer.header("content-language"), lang);
    }
    assert!(guest.get("/ru/sign-in").await.text.contains("Вход"));
    let wanda = Browser::signed_in(&app, "wanda").await;
    leads_to(&wanda.post("/view", "language=ru&back=/account").await, "/account");
    assert!(page(&wanda.get("/account").await, 200).contains("Часовой пояс"));
    let wrong = wanda.post("/account/password", "current_password=correct+horse&password=short").await;
    assert!(page(&wrong, 400).contains("Не меньше 8 символов"), "what operations say is translated too");
    leads_to(&guest.post("/view", "theme=dark&back=/ru").await, "/ru");
    assert!(guest.get("/ru").await.text.contains("data-theme=\"dark\""));
    leads_to(&guest.post("/view", "theme=x&density=compact&back=//evil.example").await, "/");
    let plain = guest.get("/").await;
    assert!(!plain.text.contains("data-theme") && plain.text.contains("data-density=\"compact\""));
}

#[db_test]
async fn nothing_that_people_wrote_runs(db: TestDb) {
    let app = network(db).await;
    let input = UserCreate::new(UserLevel::Advertiser, "ada", POLYGLOT, PASSWORD);
    app.state.engine.user_create(Caller::SYSTEM, input).await.expect("an account");
    let browser = Browser::signed_in(&app, "ada").await;
    let typed: String = byte_serialize(POLYGLOT.as_bytes()).collect();
    let key = format!("name={typed}&rights=read");
    assert_eq!(browser.post("/account/keys", &key).await.status, 200);
    let pages = PAGES.map(str::to_owned).into_iter();
    let pages = pages.chain(PAGES.map(|path| format!("{path}?done={typed}&next={typed}")));
    for path in pages {
        let answer = browser.get(&path).await;
        let text = page(&answer, 200);
        assert!(!text.contains("<script>") && !text.contains("<img src=x"), "{path}: {text}");
        assert!(!text.contains(" style=") && !text.contains("javascript:"), "{path}");
        let policy = answer.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self'"), "{policy}");
        assert!(!policy.contains("unsafe") && policy.contains("frame-ancestors 'none'"), "{policy}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert!(answer.header("strict-transport-security").starts_with("max-age=31536000"));
    }
    let refused = browser.post("/account", &format!("name=x&email={typed}")).await;
    assert!(page(&refused, 400).contains("&#60;script") || refused.text.contains("&lt;script"));
    assert!(!refused.text.contains("<script>"));
}

#[db_test]
async fn a_card_is_changed_with_errors_next_to_fields(db: TestDb) {
    let app = network(db).await;
    person(&app, UserLevel::Webmaster, "wanda").await;
    let browser = Browser::signed_in(&app, "wanda").await;
    let form =
        "name=Wanda+W&email=&telegram=wanda&phone=&site=&language=en&time_zone=Europe/Kyiv&current_password=";
    leads_to(&browser.post("/account", form).await, "/account?done=saved");
    let shown = browser.get("/account?done=saved").await;
    assert!(page(&shown, 200).contains("Saved.") && shown.text.contains("value=\"Wanda W\""));
    let wrong = browser.post("/account", &form.replace("name=Wanda+W", "name=")).await;
    let text = page(&wrong, 400);
    assert!(text.contains("aria-invalid=\"true\"") && text.contains("Must not be empty"), "{text}");
    let email = form.replace("email=", "email=wanda@cpa.test");
    assert!(page(&browser.post("/account", &email).await, 400).contains("required to change the password"));
    let proven = email.replace("current_password=", "current_password=correct+horse");
    leads_to(&browser.post("/account", &proven).await, "/account?done=saved");
}

#[db_test]
async fn a_new_password_ends_other_sessions(db: TestDb) {
    let app = network(db).await;
    let id = person(&app, UserLevel::Webmaster, "wanda").await;
    let (here, there) = (Browser::signed_in(&app, "wanda").await, Browser::signed_in(&app, "wanda").await);
    let form = "current_password=wrong+horse&password=another+horse";
    assert!(page(&here.post("/account/password", form).await, 400).contains("Wrong password"));
    let form = "current_password=correct+horse&password=another+horse";
    leads_to(&here.post("/account/password", form).await, "/account/security?done=password");
    assert_eq!(here.get("/account").await.status, 200);
    assert_eq!(there.get("/account").await.status, 303, "who knew the old one is out");
    assert_eq!(there.sign_in("wanda", PASSWORD).await.status, 401);
    leads_to(&there.sign_in("wanda", "another horse").await, "/pub");
    let engine = &app.state.engine;
    let key = engine.profile_key(id).await.expect("a key");
    let with_key = async |key: &str| app.get(&format!("/api/area/?api_key={key}")).await.status.as_u16();
    assert_eq!(with_key(&key).await, 200, "keys stay unless asked");
    let form = "current_password=another+horse&password=fourth+horse&revoke_keys=1";
    leads_to(&there.post("/account/password", form).await, "/account/security?done=password-keys");
    let fresh = engine.profile_key(id).await.expect("a new key");
    assert_eq!((with_key(&key).await, with_key(&fresh).await), (401, 200));
    let rescued = engine.account_rescue("WANDA", "third horse".to_owned(), true).await;
    rescued.expect("those who run the machine find a way back");
    assert_eq!(with_key(&fresh).await, 401, "and everybody else is out");
    assert_eq!(there.get("/account").await.status, 303);
    leads_to(&there.sign_in("wanda", "third horse").await, "/pub");
}

#[db_test]
async fn sessions_are_listed_and_ended_by_their_owner(db: TestDb) {
    let app = network(db).await;
    person(&app, UserLevel::Webmaster, "wanda").await;
    person(&app, UserLevel::Webmaster, "boris").await;
    let (here, there) = (Browser::signed_in(&app, "wanda").await, Browser::signed_in(&app, "wanda").await);
    let boris = Browser::signed_in(&app, "boris").await;
    let shown = here.get("/account/security").await;
    let ids: Vec<&str> = page(&shown, 200)
        .split("/account/session/")
        .skip(1)
        .filter_map(|rest| rest.split("/end").next().filter(|id| id.parse::<i64>().is_ok()))
        .collect();
    assert_eq!(ids.len(), 2, "{}", shown.text);
    assert!(shown.text.contains("203.0.113.9") && shown.text.contains("This one"));
    let path = format!("/account/session/{}/end", ids[0]);
    assert_eq!(boris.post(&path, "").await.status, 404, "another's session is nowhere");
    leads_to(&here.post(&path, "").await, "/account/security?done=session-ended");
    assert_eq!(there.get("/account").await.status, 303);
    there.sign_in("wanda", PASSWORD).await;
    leads_to(&here.post("/account/session/end", "").await, "/account/security?done=sessions-ended");
    assert_eq!(there.get("/account").await.status, 303);
    assert_eq!(here.get("/account").await.status, 200);
}

#[db_test]
async fn keys_are_made_shown_and_revoked(db: TestDb) {
    let app = network(db).await;
    let id = person(&app, UserLevel::Webmaster, "wanda").await;
    let browser = Browser::signed_in(&app, "wanda").await;
    let own = app.state.engine.profile_key(id).await.expect("a key");
    assert!(page(&browser.get("/account/keys").await, 200).contains(&own));
    let made = browser.post("/account/keys", "name=tracker&rights=read&networks=&date_expires=").await;
    let key = page(&made, 200).split("class=\"long\">").nth(1).and_then(|rest| rest.split('<').next());
    let key = key.expect("the new key").to_owned();
    assert_eq!(app.get(&format!("/api/area/?api_key={key}")).await.status, 200);
    let list = browser.get("/account/keys").await;
    assert!(list.text.contains("tracker") && !list.text.contains(&key), "it is shown once");
    let wrong = browser.post("/account/keys", "name=&rights=read&networks=nowhere").await;
    assert!(page(&wrong, 400).contains("aria-invalid"), "{}", wrong.text);
    let revoke = list.text.split("/account/key/").nth(2).and_then(|rest| rest.split('"').next());
    let path = format!("/account/key/{}", revoke.expect("a button"));
    leads_to(&browser.post(&path, "").await, "/account/keys?done=key-revoked");
    assert_eq!(app.get(&format!("/api/area/?api_key={key}")).await.status, 401);
}

#[db_test]
async fn the_reference_shows_its_reader_his_key(db: TestDb) {
    let app = network(db).await;
    let id = person(&app, UserLevel::Webmaster, "wanda").await;
    let own = app.state.engine.profile_key(id).await.expect("a key");
    let path = "/apidocs/pub/reference/lead/list";
    let guest = app.get(path).await;
    assert!(guest.text.contains("YOUR_KEY") && guest.header("cache-control") != "no-store");
    let browser = Browser::signed_in(&app, "wanda").await;
    let answer = browser.get(path).await;
    assert!(!page(&answer, 200).contains("YOUR_KEY"));
    assert!(answer.text.contains(&format!("value=\"{own}\"")), "at the top");
    assert!(answer.text.contains(&format!("X-Api-Key: <span data-key>{own}")), "and in the examples");
    assert_eq!(answer.header("cache-control"), "no-store");
}

#[db_test]
async fn the_first_operator_is_made_once(db: TestDb) {
    let mut app = network(db).await;
    app.state = app.state.clone().with_setup_token("open".to_owned());
    app.router = whocpa::app::router(&app.state);
    let browser = Browser::new(&app);
    assert_eq!(browser.get("/setup/other").await.status, 404);
    assert!(page(&browser.get("/setup/open").await, 200).contains("name=\"login\""));
    let short = browser.post("/setup/open", "login=olga&name=Olga&password=short").await;
    assert!(page(&short, 400).contains("at least 8 characters") && short.text.contains("value=\"olga\""));
    let made = browser.post("/setup/open", "login=olga&name=Olga&password=correct+horse").await;
    assert!(page(&made, 200).contains("/sign-in"));
    assert_eq!(browser.get("/setup/open").await.status, 404);
    leads_to(&browser.sign_in("olga", PASSWORD).await, "/operator");
}
