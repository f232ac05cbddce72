//! What links in letters lead to: a new password, a confirmed address, no more letters.

use std::path::Path;
use std::time::Duration;

use whocpa_db_test::db_test;
use whocpa_domain::user::UserLevel;
use whocpa_engine::Caller;
use whocpa_engine::mail::MailConfig;
use whocpa_store::testing::TestDb;

use crate::browser::{Browser, leads_to, page, person};
use crate::support::{TestApp, generous};

/// A network that writes its letters into a folder.
async fn network(db: TestDb, folder: &Path) -> TestApp {
    let mut config = TestApp::config(&db);
    config.base_url = "https://cpa.test".to_owned();
    config.mail = MailConfig {
        url: format!("file://{}", folder.display()),
        from: "news@cpa.test".to_owned(),
        ..MailConfig::default()
    };
    let mut app = TestApp::start_from(db, config, generous()).await;
    app.router = whocpa::app::router(&app.state);
    app
}

async fn card(app: &TestApp, id: i64, pairs: &[(&str, &str)]) {
    let mut raw = whocpa_domain::input::RawParams::default();
    for (name, value) in pairs {
        raw.push(name, whocpa_domain::input::RawValue::Text((*value).to_owned()));
    }
    let input = raw.read().expect("a card");
    app.state.engine.user_update(Caller::SYSTEM, id, input).await.expect("a card");
}

/// The text of the letters that go out now, quoted-printable undone as far as links need it. Links are sent behind the answer's
/// back, so this waits until there are so many.
async fn letters(app: &TestApp, folder: &Path, count: usize) -> Vec<String> {
    for _ in 0..200 {
        app.state.engine.letters_send().await.expect("send");
        let files: Vec<_> =
            std::fs::read_dir(folder).expect("a folder").map(|file| file.expect("a file").path()).collect();
        if files.len() >= count {
            let mut all = Vec::new();
            for path in files {
                all.push(
                    std::fs::read_to_string(&path)
                        .expect("a letter")
                        .replace("=\r\n", "")
                        .replace("=3D", "="),
                );
                std::fs::remove_file(path).expect("read");
            }
            return all;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("no {count} letters came");
}

fn link<'a>(letter: &'a str, begin: &str) -> &'a str {
    let start = letter.find(begin).unwrap_or_else(|| panic!("no {begin} in {letter}"));
    let rest = &letter[start..];
    &rest[..rest.find(char::is_whitespace).unwrap_or(rest.len())]
}

#[db_test]
async fn a_forgotten_password_is_replaced_once(db: TestDb) {
    let folder = tempfile::tempdir().expect("a folder");
    let app = network(db, folder.path()).await;
    let id = person(&app, UserLevel::Webmaster, "wanda").await;
    card(&app, id, &[("email", "Wanda@example.com")]).await;
    let home = Browser::signed_in(&app, "wanda").await;
    let key = app.state.engine.profile_key(id).await.expect("a key");
    let thief = Browser::new(&app);
    assert!(page(&thief.get("/sign-in").await, 200).contains("href=\"/reset\""));
    page(&thief.get("/ru/reset").await, 200);
    // The same is said of everybody.
    let mut said = Vec::new();
    for who in ["nobody", "nobody@example.com", "wanda"] {
        said.push(page(&thief.post("/reset", &format!("who={who}")).await, 200).to_owned());
    }
    assert!(said[0].contains("If there is such an account") && said[0] == said[1] && said[1] == said[2]);
    let letter = letters(&app, folder.path(), 1).await.remove(0);
    let url = link(&letter, "https://cpa.test/reset/");
    let path = url.strip_prefix("https://cpa.test").expect("our address").to_owned();
    assert_eq!(path.len(), "/reset/".len() + 32);
    let token = path.rsplit('/').next().expect("a token");
    // Opening it changes nothing; a weak password uses nothing up.
    page(&thief.get(&path).await, 200);
    let weak = thief.post(&path, "password=12345678").await;
    assert!(page(&weak, 400).contains("role=\"alert\"") || weak.text.contains("wrong"), "{}", weak.text);
    page(&thief.get("/reset/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa").await, 404);
    let done = thief.post(&path, "password=another+horse&revoke_keys=1").await;
    leads_to(&done, "/sign-in?done=reset");
    page(&thief.get(&path).await, 404);
    page(&thief.post(&path, "password=third+horse").await, 404);
    // All sessions are over, keys too, and the owner is told.
    leads_to(&home.get("/account").await, "/sign-in?next=%2Faccount");
    assert_eq!(app.get(&format!("/api/profile?api_key={key}")).await.status, 401);
    assert_eq!(home.sign_in("wanda", "correct horse").await.status, 401);
    leads_to(&home.sign_in("wanda", "another horse").await, "/pub");
    let told = letters(&app, folder.path(), 1).await.remove(0);
    assert!(told.contains("To: Wanda@example.com") && told.contains("by a link from a letter"), "{told}");
    assert!(!told.contains(token));
}

#[db_test]
async fn links_end_and_are_few(db: TestDb) {
    let folder = tempfile::tempdir().expect("a folder");
    let app = network(db, folder.path()).await;
    let id = person(&app, UserLevel::Advertiser, "ada").await;
    card(&app, id, &[("email", "ada@example.com"), ("language", "uk")]).await;
    let browser = Browser::new(&app);
    // By the address, in any case of letters.
    page(&browser.post("/ua/reset", "who=ADA@Example.com").await, 200);
    let letter = letters(&app, folder.path(), 1).await.remove(0);
    assert!(letter.contains("base64"), "a letter in Ukrainian");
    // An hour later it works no longer, nor after another address was entered.
    let engine = &app.state.engine;
    let token = |text: &str| {
        use base64::Engine as _;
        let body = text.split_once("\r\n\r\n").expect("a body").1.replace("\r\n", "");
        let bytes = base64::engine::general_purpose::STANDARD.decode(body).expect("base64");
        let text = String::from_utf8(bytes).expect("UTF-8");
        link(&text, "https://cpa.test/ua/reset/").rsplit('/').next().expect("a token").to_owned()
    };
    let first = token(&letter);
    assert!(engine.reset_view(&first).await.expect("a look"));
    app.clock.advance(3601);
    assert!(!engine.reset_view(&first).await.expect("a look"));
    page(&browser.post("/reset", "who=ada").await, 200);
    let second = token(&letters(&app, folder.path(), 1).await.remove(0));
    card(&app, id, &[("email", "other@example.com")]).await;
    assert!(!engine.reset_view(&second).await.expect("a look"));
    let told = letters(&app, folder.path(), 1).await.remove(0);
    assert!(told.contains("To: ada@example.com"), "the former address is told: {told}");
    // One address asks five times, one person gets three links an hour.
    app.clock.advance(3601);
    for _ in 0..5 {
        page(&browser.post("/reset", "who=ada").await, 200);
    }
    let refused = browser.post("/reset", "who=ada").await;
    assert!(page(&refused, 429).contains("Too many letters from your address"));
    assert_eq!(letters(&app, folder.path(), 3).await.len(), 3);
    tokio::time::sleep(Duration::from_millis(300)).await;
    engine.letters_send().await.expect("send");
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 0);
}

#[db_test]
async fn an_address_is_confirmed_by_who_reads_what_comes_there(db: TestDb) {
    let folder = tempfile::tempdir().expect("a folder");
    let app = network(db, folder.path()).await;
    let stranger = Browser::new(&app);
    let form = "level=1&login=wanda&password=correct+horse&name=Wanda&email=wanda@example.com&about=blogs";
    page(&stranger.post("/register", form).await, 200);
    let letter = letters(&app, folder.path(), 1).await.remove(0);
    let path =
        link(&letter, "https://cpa.test/confirm/").strip_prefix("https://cpa.test").expect("ours").to_owned();
    let asked = stranger.get(&path).await;
    assert!(page(&asked, 200).contains(&format!("action=\"{path}\"")));
    let engine = &app.state.engine;
    let card_of = async || {
        let search = whocpa_domain::input::RawParams::default();
        let all = engine.user_list(Caller::SYSTEM, search.read().expect("all")).await.expect("people");
        all.rows.into_iter().find(|user| user.login == "wanda").expect("wanda").id
    };
    let id = card_of().await;
    card(&app, id, &[("status", "1")]).await;
    let told = letters(&app, folder.path(), 1).await.remove(0);
    assert!(told.contains("Your account is open"), "{told}");
    let browser = Browser::signed_in(&app, "wanda").await;
    assert!(page(&browser.get("/account").await, 200).contains("is not confirmed"));
    assert!(page(&stranger.post(&path, "").await, 200).contains("the address is confirmed"));
    page(&stranger.post(&path, "").await, 404);
    assert!(!page(&browser.get("/account").await, 200).contains("is not confirmed"));
    // Another address: the former one is told, the new one is asked.
    let form = "email=new@example.com&current_password=correct+horse";
    leads_to(&browser.post("/account", form).await, "/account?done=saved");
    let both = letters(&app, folder.path(), 2).await;
    assert!(both.iter().any(|letter| letter.contains("To: wanda@example.com")));
    assert!(
        both.iter().any(|letter| letter.contains("To: new@example.com") && letter.contains("/confirm/")),
        "{both:?}"
    );
    assert!(page(&browser.get("/account").await, 200).contains("is not confirmed"));
    leads_to(&browser.post("/account/confirm", "").await, "/account?done=confirmation");
    assert_eq!(letters(&app, folder.path(), 1).await.len(), 1);
    // Choices.
    leads_to(&browser.post("/account/letters", "notify=1&notify=4").await, "/account?done=saved");
    let own = browser.get("/account").await;
    assert_eq!(page(&own, 200).matches(" checked").count(), 2);
    leads_to(&browser.post("/account/letters", "").await, "/account?done=saved");
    assert_eq!(page(&browser.get("/account").await, 200).matches(" checked").count(), 0);
}

#[db_test]
async fn letters_end_by_one_click_and_by_nothing_less(db: TestDb) {
    let folder = tempfile::tempdir().expect("a folder");
    let app = network(db, folder.path()).await;
    let id = person(&app, UserLevel::Webmaster, "wanda").await;
    card(&app, id, &[("email", "wanda@example.com")]).await;
    let engine = &app.state.engine;
    let operator = Caller::SYSTEM;
    let mut raw = whocpa_domain::input::RawParams::default();
    for (name, value) in [("header", "Terms"), ("body", "New")] {
        raw.push(name, whocpa_domain::input::RawValue::Text(value.to_owned()));
    }
    engine.news_create(operator, raw.read().expect("news")).await.expect("news");
    engine.news_tell().await.expect("tell");
    engine.letters_spread().await.expect("spread");
    let letter = letters(&app, folder.path(), 1).await.remove(0);
    assert!(letter.contains("List-Unsubscribe-Post: List-Unsubscribe=One-Click"));
    let text = letter.split_once("\r\n\r\n").expect("a body").1;
    let path = link(text, "https://cpa.test/unsubscribe?")
        .strip_prefix("https://cpa.test")
        .expect("ours")
        .to_owned();
    let browser = Browser::new(&app);
    let chosen = async || {
        let own = engine
            .profile_view(Caller::new(whocpa_domain::Level::Webmaster, id), id)
            .await
            .expect("a profile");
        own.notify.len()
    };
    let all = chosen().await;
    assert!(page(&browser.get(&path).await, 200).contains("news of the network"));
    assert_eq!(chosen().await, all, "looking ends nothing");
    page(&browser.get(&format!("{path}0")).await, 404);
    page(&browser.post_from(&format!("{path}0"), "", &[]).await, 404);
    // As a mail program does it: with no word about where it comes from.
    let done = browser.post_from(&path, "List-Unsubscribe=One-Click", &[]).await;
    assert!(page(&done, 200).contains("Done"));
    assert_eq!(chosen().await, all - 1);
    // And the button of the page.
    page(&browser.post(&path, "").await, 200);
    assert_eq!(chosen().await, all - 1);
}
