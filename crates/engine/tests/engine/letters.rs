//! Letters: who gets them, in which language, once, and what stands in them that nobody may forge.

use whocpa_db_test::db_test;
use whocpa_domain::user::{Notify, UserLevel};
use whocpa_domain::{Clock as _, Error, Time};
use whocpa_engine::mail::Unsubscribe;
use whocpa_engine::session::SignInFrom;
use whocpa_store::letter;
use whocpa_store::person::{self, User};
use whocpa_store::testing::TestDb;

use crate::post::{Letter, Post, Server, files, settings};
use crate::world::{START, USD, World, read};

/// Subjects of these letters, in the order of words.
fn subjects(letters: &[Letter]) -> Vec<&str> {
    let mut all: Vec<&str> = letters.iter().map(|letter| letter.subject.as_str()).collect();
    all.sort_unstable();
    all
}

#[db_test]
async fn an_answer_is_told_once_and_until_it_is_not_wanted(test: TestDb) {
    let post = Post::new(test).await;
    let (engine, webmaster) = (&post.world.engine, post.world.webmaster);
    post.card(webmaster, &[("email", "")]).await;
    post.send().await;
    post.ticket("Nobody hears").await;
    assert_eq!(post.send().await.len(), 0, "he has no address");
    post.card(webmaster, &[("email", "ivan@example.com")]).await;
    post.world.clock.advance(300);
    post.ticket("Tea & boots").await;
    let letters = post.send().await;
    let [letter] = letters.as_slice() else { panic!("{letters:?}") };
    for line in [
        "From: \"Tea network\" <news@network.example>",
        "To: ivan@example.com",
        "Auto-Submitted: auto-generated",
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
    ] {
        assert!(letter.has(line), "{line}: {letter:?}");
    }
    assert!(letter.body.contains("\"Tea & boots\" was answered"), "{}", letter.body);
    assert_eq!(post.send().await.len(), 0, "once");
    // What follows within minutes comes together.
    post.ticket("One").await;
    post.ticket("Two").await;
    assert_eq!(post.send().await.len(), 0);
    post.world.clock.advance(300);
    let letters = post.send().await;
    let [letter] = letters.as_slice() else { panic!("{letters:?}") };
    assert!(letter.body.contains("One") && letter.body.contains("Two"), "{}", letter.body);
    // In his own language.
    post.card(webmaster, &[("language", "uk")]).await;
    post.world.clock.advance(300);
    post.ticket("Три").await;
    let letters = post.send().await;
    assert_eq!(letters[0].subject, "Відповідь на ваш тікет 5");
    assert!(letters[0].body.contains("«Три»"), "{}", letters[0].body);
    // The link at the end ends them, and nobody else's link does.
    assert!(letters[0].body.contains("/ua/unsubscribe?user="), "{}", letters[0].body);
    let signature = letters[0].link("signature=");
    let choices = Notify::Ticket.code();
    let link = |user_id: i64, choices: i64, signature: &str| Unsubscribe {
        user_id,
        choices,
        signature: signature.to_owned(),
    };
    for wrong in [
        link(webmaster.user_id, choices, &"0".repeat(64)),
        link(webmaster.user_id, choices + 1, &signature),
        link(post.world.advertiser.user_id, choices, &signature),
    ] {
        assert!(matches!(engine.unsubscribe(&wrong).await, Err(Error::NotFound)), "{wrong:?}");
    }
    for _ in 0..2 {
        engine.unsubscribe(&link(webmaster.user_id, choices, &signature)).await.expect("once or twice");
    }
    post.world.clock.advance(300);
    post.ticket("Four").await;
    assert_eq!(post.send().await.len(), 0);
}

#[db_test]
async fn what_is_committed_is_told_and_nothing_else(test: TestDb) {
    let post = Post::new(test).await;
    let (engine, webmaster, operator) = (&post.world.engine, post.world.webmaster, post.world.operator);
    post.card(operator, &[("email", "olga@example.com")]).await;
    let refused = [("kind", "1"), ("account", "U123456789"), ("currency_id", "999999")];
    assert!(engine.wallet_create(webmaster, read(&refused)).await.is_err());
    assert_eq!(post.send().await.len(), 0, "nothing was changed");
    let form = [("kind", "1"), ("account", "U12345678"), ("currency_id", "840")];
    let wallet = engine.wallet_create(webmaster, read(&form)).await.expect("a wallet");
    let letters = post.send().await;
    let all = subjects(&letters);
    assert_eq!(all, ["A new wallet of your account webmaster", "a wallet waits for a decision (1)"]);
    let frozen = START.plus(48 * 3600).to_string();
    assert!(letters.iter().any(|letter| letter.body.contains(&frozen)), "{letters:?}");
    assert!(!letters.iter().any(|letter| letter.body.contains("U12345678")), "accounts are masked");
    // Letters about money and safety come whatever was chosen.
    post.choose(webmaster, "").await;
    engine.wallet_update(operator, wallet, read(&[("status", "1")])).await.expect("approve");
    engine.wallet_update(webmaster, wallet, read(&[("name", "Mine")])).await.expect("a name");
    engine.wallet_update(webmaster, wallet, read(&[("name", "Mine")])).await.expect("the same name");
    let area =
        engine.area_create(webmaster, read(&[("kind", "1"), ("name", "Blog"), ("url", "https://a.example")]));
    let area = area.await.expect("an area");
    engine.area_update(operator, area, read(&[("status", "1")])).await.expect("approve");
    let letters = post.send().await;
    let approved = letters.iter().filter(|letter| letter.subject.ends_with("approved: payouts may go to it"));
    let changed = letters.iter().filter(|letter| letter.subject.ends_with(": changed"));
    assert_eq!((approved.count(), changed.count(), letters.len()), (1, 1, 2), "{letters:?}");
    // Decisions, where they are wanted; what waits is told to the operator after a pause.
    post.choose(webmaster, "2").await;
    let refusal = [("status", "2"), ("reason", "No such site")];
    engine.area_update(operator, area, read(&refusal)).await.expect("refuse");
    let offer = post.world.offer(1, whocpa_domain::offer::OfferStatus::Live, &[]).await;
    post.card(post.world.advertiser, &[("email", "ada@example.com")]).await;
    let asked =
        engine.connection_create(webmaster, read(&[("offer_id", &offer.to_string())])).await.expect("ask");
    engine.connection_update(post.world.advertiser, asked, read(&[("status", "1")])).await.expect("approve");
    post.world.clock.advance(300);
    let letters = post.send().await;
    let all = subjects(&letters);
    assert!(all.contains(&"Offer Tea: a webmaster asks to work with it"), "{all:?}");
    let joined = letters.iter().find(|letter| letter.has("To: ivan@example.com")).expect("two decisions");
    for part in ["Your area Blog: rejected", "No such site", "Offer Tea: you may work with it"] {
        assert!(joined.body.contains(part), "{part}: {}", joined.body);
    }
    let waiting = letters.iter().find(|letter| letter.has("To: olga@example.com")).expect("what waits");
    assert!(waiting.body.contains("an offer waits for a decision"), "{}", waiting.body);
}

#[db_test]
async fn nobody_adds_headers_by_his_name(test: TestDb) {
    let post = Post::new(test).await;
    let store = &post.world.test.store;
    let row = &User {
        email: "eve@example.com".to_owned(),
        ..User::new(UserLevel::Webmaster, "eve", "Eve\r\nBcc: all@example.com\r\n\r\nBuy", START)
    };
    let id =
        store.write(move |db| async move { person::create(&db, row.clone()).await }).await.expect("a person");
    let eve = whocpa_engine::Caller::new(whocpa_domain::Level::Webmaster, id);
    let form =
        read(&[("subject", "Hi\u{2028}Bcc: all@example.com"), ("category", "1"), ("message", "Where?")]);
    let engine = &post.world.engine;
    let ticket = engine.ticket_create(eve, form).await.expect("a ticket");
    engine.ticket_update(post.world.operator, ticket, read(&[("message", "Here")])).await.expect("an answer");
    let letters = post.send().await;
    let [letter] = letters.as_slice() else { panic!("{letters:?}") };
    assert!(!letter.head.iter().any(|line| line.starts_with("Bcc")), "{letter:?}");
    assert_eq!(letter.head.iter().filter(|line| line.starts_with("To: ")).count(), 1);
    assert!(letter.body.contains("Bcc: all@example.com"), "it is a word in the letter");
}

#[db_test]
async fn what_cannot_be_sent_waits_and_two_workers_send_it_once(test: TestDb) {
    let post = Post::new(test).await;
    post.ticket("One").await;
    let path = post.folder.path().to_owned();
    std::fs::remove_dir(&path).expect("gone");
    std::fs::write(&path, "no folder").expect("in the way");
    post.world.engine.letters_send().await.expect("a try");
    std::fs::remove_file(&path).expect("away");
    std::fs::create_dir(&path).expect("back");
    assert_eq!(post.send().await.len(), 0, "not at once");
    post.world.clock.advance(40);
    let (one, two) = (post.world.engine.clone(), post.world.engine.clone());
    let both = tokio::join!(one.letters_send(), two.letters_send());
    assert!(both.0.is_ok() && both.1.is_ok());
    assert_eq!(files(&path).len(), 1);
}

#[db_test]
async fn a_worker_that_dies_is_followed_by_another_and_writes_nothing_afterwards(test: TestDb) {
    let post = Post::new(test).await;
    post.ticket("One").await;
    let (store, now) = (&post.world.test.store, post.world.clock.now());
    let due = letter::due(&store.read(), letter::EMAIL, now, 10).await.expect("letters");
    let [row] = due.as_slice() else { panic!("{due:?}") };
    let until = now.plus(120);
    let taken =
        store.write(move |db| async move { letter::take(&db, row, until).await }).await.expect("take");
    assert!(taken);
    // It dies here. While its lease lasts nobody sends the letter.
    assert_eq!(post.send().await.len(), 0);
    post.world.clock.advance(121);
    assert_eq!(post.send().await.len(), 1);
    let zombie = &letter::Letter { fence: row.fence + 1, status: letter::FAILED, ..row.clone() };
    let settled =
        store.write(move |db| async move { letter::settle(&db, zombie).await }).await.expect("settle");
    assert!(!settled, "another worker had it since");
    assert!(post.world.engine.letter_failed_list(10).await.expect("a list").is_empty());
}

fn answer(recipient: &str) -> &'static str {
    match recipient {
        line if line.contains("gone@") => "550 5.1.1 no such user",
        line if line.contains("full@") => "452 4.2.2 mailbox full",
        _ => "250 well",
    }
}

#[db_test]
async fn a_mail_server_takes_puts_off_and_refuses(test: TestDb) {
    let server = Server::start(answer).await;
    let world = World::of(test, |config| config.mail = settings(&server.url)).await;
    let post = Post { world, folder: tempfile::tempdir().expect("a folder") };
    let (engine, webmaster) = (&post.world.engine, post.world.webmaster);
    post.card(webmaster, &[("email", "ivan@example.com")]).await;
    post.ticket("One").await;
    engine.letters_send().await.expect("send");
    let (to, letter) = server.taken.lock().expect("letters")[0].clone();
    assert_eq!(to, "RCPT TO:<ivan@example.com>");
    assert!(Letter::read(&letter).body.contains("\"One\""), "{letter}");
    // Full today, not tomorrow.
    post.card(webmaster, &[("email", "full@example.com")]).await;
    post.choose(webmaster, "4").await;
    engine.letters_send().await.expect("the former address is told");
    post.world.clock.advance(300);
    post.ticket("Two").await;
    engine.letters_send().await.expect("send");
    let before = server.count();
    post.card(webmaster, &[("email", "ivan@example.com")]).await;
    post.world.clock.advance(3600);
    engine.letters_send().await.expect("send");
    let taken = server.taken.lock().expect("letters")[before..].to_vec();
    assert!(taken.iter().any(|(to, letter)| to.contains("ivan@") && letter.contains("Two")), "{taken:?}");
    // Refused for good: not tried again, told to the operator, who may have it tried anew.
    post.card(webmaster, &[("email", "gone@example.com")]).await;
    engine.letters_send().await.expect("the former address is told");
    post.world.clock.advance(300);
    post.ticket("Three").await;
    engine.letters_send().await.expect("send");
    let failed = engine.letter_failed_list(10).await.expect("a list");
    let failed: Vec<_> = failed.iter().filter(|letter| letter.kind == "ticket").collect();
    let [failed] = failed.as_slice() else { panic!("{failed:?}") };
    assert_eq!((failed.login.as_str(), failed.tries), ("webmaster", 1));
    assert!(failed.error.contains("550"), "{}", failed.error);
    post.card(webmaster, &[("email", "ivan@example.com")]).await;
    engine.letters_send().await.expect("send");
    let before = server.count();
    post.world.clock.advance(100_000);
    engine.letters_send().await.expect("send");
    assert!(
        !server.taken.lock().expect("letters")[before..].iter().any(|(_, letter)| letter.contains("Three"))
    );
    assert!(engine.letter_revive(failed.id).await.expect("revive"));
    assert!(!engine.letter_revive(failed.id).await.expect("revive"), "it is waiting");
    engine.letters_send().await.expect("send");
    assert!(
        server.taken.lock().expect("letters")[before..].iter().any(|(_, letter)| letter.contains("Three"))
    );
}

#[db_test]
async fn news_come_to_everybody_who_may_see_them_once(test: TestDb) {
    let post = Post::new(test).await;
    let (engine, world) = (&post.world.engine, &post.world);
    post.card(world.advertiser, &[("email", "ada@example.com"), ("language", "ru")]).await;
    post.card(world.rival, &[("email", "rita@example.com")]).await;
    post.choose(world.rival, "2,4,8").await;
    post.card(world.operator, &[("email", "olga@example.com")]).await;
    let form = read(&[("header", "New terms"), ("body", "<p>From <b>Monday</b></p>")]);
    engine.news_create(world.operator, form).await.expect("news");
    engine.news_tell().await.expect("tell");
    let (one, two) = (engine.clone(), engine.clone());
    let both = tokio::join!(one.letters_spread(), two.letters_spread());
    assert!(both.0.is_ok() && both.1.is_ok());
    engine.letters_spread().await.expect("nothing more");
    let letters = post.send().await;
    let mut to: Vec<&str> =
        letters.iter().flat_map(|letter| &letter.head).filter_map(|line| line.strip_prefix("To: ")).collect();
    to.sort_unstable();
    assert_eq!(to, ["ada@example.com", "ivan@example.com"]);
    assert!(
        letters.iter().all(|letter| letter.subject == "New terms" && letter.body.contains("From Monday")),
        "{letters:?}"
    );
    // Of an offer that nobody sees, its owner only.
    post.world.clock.advance(300);
    let offer = world.offer(1, whocpa_domain::offer::OfferStatus::Review, &[]).await.to_string();
    let form = read(&[("header", "Soon"), ("body", "A word"), ("offer_id", &offer)]);
    engine.news_create(world.operator, form).await.expect("news");
    engine.news_tell().await.expect("tell");
    engine.letters_spread().await.expect("spread");
    let letters = post.send().await;
    let soon: Vec<_> = letters.iter().filter(|letter| letter.body.contains("A word")).collect();
    assert!(soon.len() == 1 && soon[0].has("To: ada@example.com"), "{letters:?}");
}

#[db_test]
async fn payouts_and_deposits_are_told(test: TestDb) {
    let post = Post::new(test).await;
    let (engine, world) = (&post.world.engine, &post.world);
    post.card(world.advertiser, &[("email", "ada@example.com")]).await;
    let form = [("amount", "100"), ("currency_id", "840"), ("method", "1")];
    let id = engine.deposit_create(world.advertiser, read(&form)).await.expect("a deposit");
    assert_eq!(post.send().await.len(), 0);
    engine
        .deposit_update(world.operator, id, read(&[("status", "1"), ("reference", "T-1")]))
        .await
        .expect("paid");
    let letters = post.send().await;
    assert_eq!(subjects(&letters), ["100.00 USD on your balance"]);
    crate::payouts::earn(world, 1, 500).await;
    let wallet = [("kind", "1"), ("account", "U12345678"), ("currency_id", "840")];
    let wallet = engine.wallet_create(world.webmaster, read(&wallet)).await.expect("a wallet");
    engine.wallet_update(world.operator, wallet, read(&[("status", "1")])).await.expect("approve");
    post.world.clock.advance(49 * 3600);
    post.send().await;
    let currency = USD.to_string();
    let form = [("currency_id", currency.as_str()), ("amount", "100")];
    let payout = engine.payout_create(world.webmaster, read(&form)).await.expect("a payout");
    let letters = post.send().await;
    assert_eq!(subjects(&letters), [format!("Payout {payout}: asked for; the money is reserved")]);
    let refusal = [("status", "4"), ("reason", "The account is closed")];
    engine.payout_update(world.operator, payout, read(&refusal)).await.expect("refuse");
    let letters = post.send().await;
    assert!(
        letters[0].body.contains("rejected; the money is available again. The account is closed"),
        "{letters:?}"
    );
}

#[db_test]
async fn a_network_without_a_way_out_writes_no_letters(test: TestDb) {
    let world = World::new(test).await;
    let post = Post { world, folder: tempfile::tempdir().expect("a folder") };
    post.card(post.world.webmaster, &[("email", "ivan@example.com")]).await;
    post.ticket("One").await;
    let due = letter::due(&post.world.test.store.read(), letter::EMAIL, Time(i64::MAX), 10).await;
    assert!(due.expect("letters").is_empty());
    let asked = post.world.engine.reset_create(&SignInFrom::default(), "webmaster");
    assert!(matches!(asked, Err(Error::Unavailable(_))));
}
