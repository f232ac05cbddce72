//! Letters that somebody would like to keep back, to read, or to have sent to somebody else.

use std::time::Duration;

use whocpa_db_test::db_test;
use whocpa_domain::user::UserLevel;
use whocpa_domain::{Clock as _, Scope};
use whocpa_engine::session::SignInFrom;
use whocpa_store::letter::{self, EMAIL, WAITING};
use whocpa_store::person::{self, User};
use whocpa_store::testing::TestDb;

use crate::post::{Letter, Post, files};
use crate::world::{START, read};

async fn add(post: &Post, login: &str, email: &str) -> i64 {
    let row = &User { email: email.to_owned(), ..User::new(UserLevel::Webmaster, login, login, START) };
    let created =
        post.world.test.store.write(move |db| async move { person::create(&db, row.clone()).await });
    created.await.expect("a person")
}

/// The webmaster has not confirmed his address.
async fn doubt(post: &Post) {
    let id = post.world.webmaster.user_id;
    let written = post.world.test.store.write(move |db| async move {
        let row = person::view(&db, Scope::All, id).await?.expect("the webmaster");
        person::update(&db, User { is_email_confirmed: false, ..row }).await
    });
    written.await.expect("unconfirmed");
}

/// Links are sent behind the answer's back: waits for so many letters.
async fn letters(post: &Post, count: usize) -> Vec<Letter> {
    let mut all = Vec::new();
    for _ in 0..200 {
        all.extend(post.send().await);
        if all.len() >= count {
            return all;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{all:?}")
}

fn to(letters: &[Letter]) -> Vec<&str> {
    let lines = letters.iter().flat_map(|letter| &letter.head);
    let mut all: Vec<&str> = lines.filter_map(|line| line.strip_prefix("To: ")).collect();
    all.sort_unstable();
    all
}

#[db_test]
async fn a_login_that_is_somebodys_address_keeps_no_letter_back(test: TestDb) {
    let post = Post::new(test).await;
    add(&post, "victor@example.com", "thief@example.com").await;
    add(&post, "victor", "Victor@example.com").await;
    post.world.engine.reset_create(&SignInFrom::default(), "Victor@Example.com").expect("a link");
    let sent = letters(&post, 2).await;
    assert_eq!(to(&sent), ["Victor@example.com", "thief@example.com"]);
    assert!(sent.iter().all(|letter| !letter.body.contains("Hello victor")), "no free text");
}

#[db_test]
async fn a_link_does_not_wait_for_news(test: TestDb) {
    let post = Post::new(test).await;
    let (store, now, user_id) =
        (&post.world.test.store, post.world.clock.now(), post.world.webmaster.user_id);
    let row = |kind: i64, date_next: i64| letter::Letter {
        id: 0,
        user_id,
        channel: EMAIL,
        kind,
        values_sealed: String::new(),
        status: WAITING,
        try_count: 0,
        error: String::new(),
        date_created: now.0,
        date_next,
        date_until: 0,
        fence: 0,
        date_sent: None,
    };
    let mut rows: Vec<_> = (0..30).map(|_| row(17, now.0 - 100)).collect();
    rows.push(row(1, now.0));
    let rows = &rows;
    store.write(move |db| async move { letter::create_many(&db, rows).await }).await.expect("letters");
    let due = letter::due(&store.read(), EMAIL, now, 20).await.expect("letters");
    assert_eq!((due.len(), due[0].kind, due[1].kind), (20, 1, 17));
}

#[db_test]
async fn an_address_that_nobody_confirmed_gets_links_only(test: TestDb) {
    let post = Post::new(test).await;
    doubt(&post).await;
    let form = [("kind", "1"), ("account", "U12345678"), ("currency_id", "840")];
    post.world.engine.wallet_create(post.world.webmaster, read(&form)).await.expect("a wallet");
    post.card(post.world.webmaster, &[("email", "other@example.com")]).await;
    assert_eq!(to(&post.send().await), Vec::<&str>::new());
    // Its owner may still be let in again.
    post.world.engine.reset_create(&SignInFrom::default(), "webmaster").expect("a link");
    assert_eq!(to(&letters(&post, 1).await), ["other@example.com"]);
}

#[db_test]
async fn a_changed_password_is_told_where_its_owner_was(test: TestDb) {
    let post = Post::new(test).await;
    let webmaster = post.world.webmaster;
    post.card(webmaster, &[("email", "thief@example.com"), ("password", "another horse")]).await;
    post.card(webmaster, &[("email", "third@example.com")]).await;
    let sent = post.send().await;
    let told = sent.iter().find(|letter| letter.subject.contains("password")).expect("a letter");
    assert!(told.has("To: ivan@example.com"), "{sent:?}");
}

#[db_test]
async fn what_is_not_wanted_any_more_is_not_sent(test: TestDb) {
    let post = Post::new(test).await;
    post.ticket("One").await;
    post.choose(post.world.webmaster, "").await;
    assert_eq!(post.send().await.len(), 0);
    post.choose(post.world.webmaster, "4").await;
    assert_eq!(post.send().await.len(), 0, "it is done with");
    post.ticket("Two").await;
    doubt(&post).await;
    assert_eq!(post.send().await.len(), 0);
    post.ticket("Three").await;
    assert!(post.world.engine.letter_failed_list(10).await.expect("a list").is_empty());
}

#[db_test]
async fn letters_grow_old(test: TestDb) {
    let post = Post::new(test).await;
    let engine = &post.world.engine;
    post.ticket("One").await;
    post.world.clock.advance(3 * 24 * 3600 + 1);
    assert_eq!(post.send().await.len(), 0);
    let failed = engine.letter_failed_list(10).await.expect("a list");
    assert!(failed.len() == 1 && failed[0].error == "It is too old", "{failed:?}");
    assert!(engine.letter_revive(failed[0].id).await.expect("revive"));
    assert_eq!(post.send().await.len(), 1, "an operator wants it");
    #[cfg(unix)]
    for path in files(post.folder.path()) {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(path).expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    // A link is of no use once it has ended.
    engine.reset_create(&SignInFrom::default(), "webmaster").expect("a link");
    let mut waiting = 0;
    for _ in 0..200 {
        let due = letter::due(&post.world.test.store.read(), EMAIL, post.world.clock.now(), 10).await;
        waiting = due.expect("letters").len();
        if waiting > 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(waiting, 1);
    post.world.clock.advance(3600);
    assert_eq!(post.send().await.len(), 0);
}
