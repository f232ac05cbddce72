//! Signing in and out, and what keeps strangers from it (trust, harm 5).

use totp_rs::{Builder, Secret};
use whocpa_db_test::db_test;
use whocpa_domain::user::UserLevel;
use whocpa_store::testing::TestDb;

use crate::browser::{Browser, PASSWORD, leads_to, network, page, person};

const SESSION: &str = "__Host-session";

#[db_test]
async fn a_person_signs_in_and_out(db: TestDb) {
    let app = network(db).await;
    person(&app, UserLevel::Webmaster, "wanda").await;
    let browser = Browser::new(&app);
    leads_to(&browser.get("/account").await, "/sign-in?next=%2Faccount");
    assert!(page(&browser.get("/sign-in").await, 200).contains("name=\"password\""));
    let refused = browser.sign_in("wanda", "wrong horse").await;
    assert!(page(&refused, 401).contains("Login or password is not right"));
    assert!(!refused.text.contains("wrong horse"), "a password is not sent back");
    let nobody = browser.sign_in("nobody", "wrong horse").await;
    assert_eq!(nobody.text.replace("nobody", "wanda"), refused.text, "nobody learns who has an account");

    browser.set(SESSION, "preset");
    let answer =
        browser.post("/sign-in", "login=%20WANDA%20&password=correct+horse&next=/account/keys").await;
    leads_to(&answer, "/account/keys");
    let cookie = answer
        .headers
        .get_all("set-cookie")
        .iter()
        .find_map(|line| line.to_str().ok().filter(|line| line.starts_with(SESSION)).map(str::to_owned));
    let cookie = cookie.expect("a session");
    for part in ["; Path=/", "; HttpOnly", "; SameSite=Lax", "; Secure"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    let token = browser.cookie(SESSION).expect("a session");
    assert!(token.len() == 32 && token != "preset");
    let own = browser.get("/account").await;
    assert!(page(&own, 200).contains("wanda"));
    assert_eq!(own.header("cache-control"), "no-store");

    leads_to(&browser.post("/sign-out", "").await, "/sign-in?done=signed-out");
    browser.set(SESSION, &token);
    leads_to(&browser.get("/account").await, "/sign-in?next=%2Faccount");
}

#[db_test]
async fn nobody_is_led_elsewhere_after_signing_in(db: TestDb) {
    let app = network(db).await;
    person(&app, UserLevel::Advertiser, "ada").await;
    for next in ["//evil.example", "https://evil.example/", "/%5Cevil.example"] {
        let browser = Browser::new(&app);
        let form = format!("login=ada&password=correct+horse&next={next}");
        leads_to(&browser.post("/sign-in", &form).await, "/adv");
    }
}

#[db_test]
async fn other_sites_send_no_forms(db: TestDb) {
    let app = network(db).await;
    person(&app, UserLevel::Webmaster, "wanda").await;
    let browser = Browser::signed_in(&app, "wanda").await;
    let forms = [
        ("/account", "name=x"),
        ("/account/password", "current_password=correct+horse&password=another+horse"),
        ("/account/keys", "name=x&rights=read"),
        ("/account/session/end", ""),
        ("/account/security/app", ""),
        ("/sign-in", "login=wanda&password=correct+horse"),
        ("/sign-out", ""),
        ("/view", "theme=dark&back=/"),
    ];
    let senders: [&[(&str, &str)]; 5] = [
        &[("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")],
        &[("origin", "https://evil.example")],
        &[("origin", "null")],
        &[("origin", "https://cpa.test.evil.example"), ("sec-fetch-site", "same-site")],
        // No browser keeps quiet about it.
        &[],
    ];
    for (path, form) in forms {
        for headers in senders {
            let answer = browser.post_from(path, form, headers).await;
            assert_eq!(answer.status, 403, "{path} {headers:?}: {}", answer.text);
        }
    }
    assert!(page(&browser.get("/account").await, 200).contains("value=\"wanda\""), "nothing was changed");
}

#[db_test]
async fn guessing_is_slow_and_keeps_no_owner_out(db: TestDb) {
    let app = network(db).await;
    person(&app, UserLevel::Webmaster, "wanda").await;
    let home = Browser::signed_in(&app, "wanda").await;
    let thief = Browser::new(&app);
    let mut tried = 0;
    while thief.sign_in("wanda", "wrong horse").await.status == 401 {
        tried += 1;
        assert!(tried < 50, "nothing stops the guessing");
    }
    assert_eq!(tried, 10);
    let late = thief.sign_in("wanda", PASSWORD).await;
    assert!(page(&late, 429).contains("Too many tries"), "the right one is not told from a wrong one either");
    // Not from another address either, and a made-up mark of a browser helps nobody.
    thief.set("__Host-device", "1.aaaaaaaaaaaaaaaa.00000000000000000000000000000000");
    assert_eq!(thief.sign_in("wanda", PASSWORD).await.status, 429);
    home.post("/sign-out", "").await;
    leads_to(&home.sign_in("wanda", PASSWORD).await, "/pub");
    // A try grows back after a while.
    app.clock.advance(181);
    assert_eq!(thief.sign_in("wanda", "wrong horse").await.status, 401);
    assert_eq!(thief.sign_in("wanda", "wrong horse").await.status, 429);
}

#[db_test]
async fn an_address_has_so_many_tries_over_all_accounts(db: TestDb) {
    let app = network(db).await;
    person(&app, UserLevel::Webmaster, "wanda").await;
    let home = Browser::signed_in(&app, "wanda").await;
    home.post("/sign-out", "").await;
    let thief = Browser::new(&app);
    let mut statuses = Vec::new();
    for number in 0..32 {
        statuses.push(thief.sign_in(&format!("name{number}"), "wrong horse").await.status.as_u16());
    }
    assert_eq!(statuses.iter().filter(|status| **status == 401).count(), 30, "{statuses:?}");
    assert_eq!(statuses[31], 429);
    leads_to(&home.sign_in("wanda", PASSWORD).await, "/pub");
    assert_eq!(Browser::new(&app).sign_in("wanda", PASSWORD).await.status, 429);
}

#[db_test]
async fn fifty_sessions_are_open_at_most(db: TestDb) {
    let app = network(db).await;
    person(&app, UserLevel::Webmaster, "wanda").await;
    let (first, second) = (Browser::signed_in(&app, "wanda").await, Browser::signed_in(&app, "wanda").await);
    let mut last = Browser::new(&app);
    for _ in 0..49 {
        last = Browser::signed_in(&app, "wanda").await;
    }
    assert_eq!(first.get("/account").await.status, 303, "the oldest is over");
    assert_eq!(second.get("/account").await.status, 200);
    assert_eq!(last.get("/account").await.status, 200);
}

#[db_test]
async fn a_sign_in_under_way_does_not_outlive_the_password(db: TestDb) {
    let app = network(db).await;
    let id = person(&app, UserLevel::Webmaster, "wanda").await;
    // Both hash for a while and then write, in one order or the other: in neither of them a session is left.
    let thief = Browser::new(&app);
    let rescue = app.state.engine.account_rescue("wanda", "another horse".to_owned(), false);
    let (_, rescued) = tokio::join!(thief.sign_in("wanda", PASSWORD), rescue);
    assert_eq!(rescued.expect("a new password"), id);
    assert_eq!(thief.get("/account").await.status, 303);
}

#[db_test]
async fn sessions_end_by_time_and_by_not_being_used(db: TestDb) {
    let app = network(db).await;
    person(&app, UserLevel::Webmaster, "wanda").await;
    person(&app, UserLevel::Operator, "olga").await;
    let (wanda, olga) = (Browser::signed_in(&app, "wanda").await, Browser::signed_in(&app, "olga").await);
    app.clock.advance(12 * 3600 - 1);
    assert_eq!(olga.get("/account").await.status, 200);
    app.clock.advance(12 * 3600);
    assert_eq!(olga.get("/account").await.status, 303, "half a day unused");
    for _ in 0..29 {
        app.clock.advance(86_400);
        assert_eq!(wanda.get("/account").await.status, 200);
    }
    app.clock.advance(86_400);
    assert_eq!(wanda.get("/account").await.status, 303, "a month, used or not");
    let idle = Browser::signed_in(&app, "wanda").await;
    app.clock.advance(7 * 86_400);
    assert_eq!(idle.get("/account").await.status, 303, "a week unused");
}

#[db_test]
async fn a_blocked_account_is_out_at_once(db: TestDb) {
    let app = network(db).await;
    let id = person(&app, UserLevel::Webmaster, "wanda").await;
    let browser = Browser::signed_in(&app, "wanda").await;
    app.state.engine.user_delete(whocpa_engine::Caller::SYSTEM, id).await.expect("blocked");
    assert_eq!(browser.get("/account").await.status, 303);
    assert_eq!(browser.sign_in("wanda", PASSWORD).await.status, 401);
}

/// What the app shows now.
fn code(secret: &str, seconds: i64) -> String {
    let secret = Secret::try_from_base32(secret).expect("base 32");
    let totp = Builder::new().with_secret(secret).build().expect("a secret");
    totp.generate(u64::try_from(seconds).expect("after 1970")).to_string()
}

async fn use_up_codes(thief: &Browser<'_>, login: &str) {
    let mut statuses = Vec::new();
    for _ in 0..3 {
        thief.sign_in(login, PASSWORD).await;
        for _ in 0..5 {
            statuses.push(thief.post("/sign-in/code", "code=123456").await.status.as_u16());
        }
    }
    assert!(statuses.contains(&429), "{statuses:?}");
}

#[db_test]
async fn a_second_factor_asks_for_codes_that_work_once(db: TestDb) {
    let app = network(db).await;
    person(&app, UserLevel::Advertiser, "ada").await;
    let home = Browser::signed_in(&app, "ada").await;
    let there = Browser::signed_in(&app, "ada").await;
    let begun = home.post("/account/security/app", "password=wrong+horse").await;
    assert!(page(&begun, 400).contains("Wrong password"));
    let begun = home.post("/account/security/app", "password=correct+horse").await;
    leads_to(&begun, "/account/security/app");
    let shown = home.get("/account/security/app").await;
    let secret = page(&shown, 200).split("class=\"long\">").nth(1).and_then(|rest| rest.split('<').next());
    let secret = secret.expect("the secret").to_owned();
    assert!(shown.text.contains("src=\"data:image/svg+xml,"), "and its picture");
    let now = || app.state.engine.now().0;
    let wrong = home.post("/account/security/app/confirm", "code=000000").await;
    assert!(page(&wrong, 400).contains("Wrong code"));
    let first = code(&secret, now());
    let on = home.post("/account/security/app/confirm", &format!("code={first}")).await;
    let recovery: Vec<String> = page(&on, 200)
        .split("<li><code>")
        .skip(1)
        .filter_map(|rest| rest.split('<').next().map(str::to_owned))
        .collect();
    assert_eq!(recovery.len(), 10);
    assert_eq!(home.get("/account").await.status, 200);
    assert_eq!(there.get("/account").await.status, 303, "no code was asked for there");

    let other = Browser::new(&app);
    leads_to(&other.sign_in("ada", PASSWORD).await, "/sign-in/code?next=");
    assert_eq!(other.get("/account").await.status, 303, "a password alone opens nothing");
    let stale = other.cookie("__Host-code").expect("a session that waits");
    other.set(SESSION, &stale);
    assert_eq!(other.get("/account").await.status, 303, "nor does its token");
    let again = other.post("/sign-in/code", &format!("code={first}")).await;
    assert!(page(&again, 401).contains("used already"), "a code works once");
    app.clock.advance(30);
    let answer = other.post("/sign-in/code", &format!("code={}", code(&secret, now()))).await;
    leads_to(&answer, "/adv");
    assert_ne!(other.cookie(SESSION), Some(stale), "a new token");
    assert_eq!(other.get("/account").await.status, 200);

    // A recovery code instead of the app, once, in whatever way it is written.
    let lost = Browser::new(&app);
    lost.sign_in("ada", PASSWORD).await;
    let typed = recovery[0].to_uppercase().replace('-', "+");
    leads_to(&lost.post("/sign-in/code", &format!("code={typed}")).await, "/adv");
    let thief = Browser::new(&app);
    thief.sign_in("ada", PASSWORD).await;
    assert_eq!(thief.post("/sign-in/code", &format!("code={typed}")).await.status, 401);
    for _ in 0..3 {
        assert_eq!(thief.post("/sign-in/code", "code=123456").await.status, 401);
    }
    leads_to(&thief.post("/sign-in/code", "code=123456").await, "/sign-in");
    leads_to(&thief.get("/sign-in/code").await, "/sign-in");

    // Whoever knows the password uses up the codes of strangers, not those of a browser that is known.
    app.clock.advance(600);
    use_up_codes(&thief, "ada").await;
    app.clock.advance(30);
    other.post("/sign-out", "").await;
    leads_to(&other.sign_in("ada", PASSWORD).await, "/sign-in/code?next=");
    let answer = other.post("/sign-in/code", &format!("code={}", code(&secret, now()))).await;
    leads_to(&answer, "/adv");

    let off = home.post("/account/security/app/remove", "factor_password=x&password=wrong+horse").await;
    assert!(page(&off, 400).contains("Wrong password"));
    let off = home.post("/account/security/app/remove", "password=correct+horse").await;
    leads_to(&off, "/account/security?done=factor-off");
    leads_to(&Browser::new(&app).sign_in("ada", PASSWORD).await, "/adv");
}
