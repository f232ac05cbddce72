//! Telegram, by a small server that speaks as the Bot API does; and what many events make one letter of.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use whocpa_db_test::db_test;
use whocpa_engine::Caller;
use whocpa_engine::mail::TelegramConfig;
use whocpa_engine::outbound::OutboundConfig;
use whocpa_store::testing::TestDb;

use crate::post::{Post, settings};
use crate::world::{World, read};

const TOKEN: &str = "123:secret-token_of-bot";

/// What the Bot API knows.
#[derive(Default)]
struct Api {
    updates: Vec<Value>,
    sent: Vec<Value>,
    /// Chats that blocked the bot.
    blocked: Vec<i64>,
    /// Answers `429` so often.
    busy: usize,
}

struct Bot {
    post: Post,
    api: Arc<Mutex<Api>>,
}

impl Bot {
    async fn new(test: TestDb) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let at = listener.local_addr().expect("an address");
        let api: Arc<Mutex<Api>> = Arc::default();
        let shared = Arc::clone(&api);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let api = Arc::clone(&shared);
                tokio::spawn(async move { serve(stream, &api).await });
            }
        });
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("file://{}", folder.path().display());
        let world = World::of(test, |config| {
            config.mail = settings(&url);
            config.telegram = TelegramConfig {
                token: TOKEN.to_owned(),
                bot: "tea_bot".to_owned(),
                api_url: format!("http://{at}"),
            };
            config.outbound = OutboundConfig {
                allow: vec!["127.0.0.0/8".parse().expect("a network")],
                ports: vec![at.port()],
                http: true,
                ..OutboundConfig::default()
            };
        });
        Self { post: Post { world: world.await, folder }, api }
    }

    /// Somebody writes to the bot.
    async fn says(&self, chat_id: i64, text: &str) {
        {
            let mut api = self.api.lock().expect("the API");
            let id = 100 + api.updates.len();
            let chat = json!({ "id": chat_id, "type": "private" });
            api.updates.push(json!({ "update_id": id, "message": { "chat": chat, "text": text } }));
        }
        self.post.world.engine.telegram_read().await.expect("read");
    }

    /// The code that opens a connection for this person.
    async fn code(&self, caller: Caller) -> String {
        let profile = self.post.world.engine.profile_view(caller, caller.user_id).await.expect("a profile");
        let url = profile.telegram_url.expect("an address");
        let code = url.strip_prefix("https://t.me/tea_bot?start=").expect("the bot's address");
        assert!(code.len() <= 64 && code.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'), "{code}");
        code.to_owned()
    }

    async fn is_linked(&self, caller: Caller) -> bool {
        let view = self.post.world.engine.profile_view(caller, caller.user_id).await.expect("a profile");
        view.is_telegram_linked
    }

    /// Sends what is due; gives chats and texts.
    async fn send(&self) -> Vec<(i64, String)> {
        self.post.world.engine.telegram_send_due().await.expect("send");
        let sent = std::mem::take(&mut self.api.lock().expect("the API").sent);
        let told = |body: Value| {
            (body["chat_id"].as_i64().expect("a chat"), body["text"].as_str().expect("a text").to_owned())
        };
        sent.into_iter().map(told).collect()
    }
}

async fn serve(mut stream: TcpStream, api: &Mutex<Api>) -> Option<()> {
    let mut bytes = Vec::new();
    loop {
        let mut piece = [0; 4096];
        let count = stream.read(&mut piece).await.ok().filter(|count| *count > 0)?;
        bytes.extend_from_slice(&piece[..count]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head
            .lines()
            .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
        if body.len() < length.unwrap_or(0) {
            continue;
        }
        let path = head.split(' ').nth(1)?.to_owned();
        let (status, answer) = answer(&path, &serde_json::from_str(body).ok()?, api);
        let answer = answer.to_string();
        let head = format!(
            "HTTP/1.1 {status} x\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            answer.len()
        );
        stream.write_all((head + &answer).as_bytes()).await.ok()?;
        bytes.clear();
    }
}

fn answer(path: &str, asked: &Value, api: &Mutex<Api>) -> (u16, Value) {
    let mut api = api.lock().expect("the API");
    if path == format!("/bot{TOKEN}/getUpdates") {
        let offset = asked["offset"].as_i64().unwrap_or(0);
        if offset > 0 {
            api.updates.retain(|update| update["update_id"].as_i64() >= Some(offset));
        }
        return (200, json!({ "ok": true, "result": api.updates }));
    }
    if path != format!("/bot{TOKEN}/sendMessage") {
        return (404, json!({ "ok": false, "description": "Not Found" }));
    }
    let chat = asked["chat_id"].as_i64().unwrap_or(0);
    if api.blocked.contains(&chat) {
        return (403, json!({ "ok": false, "description": "Forbidden: bot was blocked by the user" }));
    }
    if api.busy > 0 {
        api.busy -= 1;
        return (
            429,
            json!({ "ok": false, "description": "Too Many Requests", "parameters": { "retry_after": 5 } }),
        );
    }
    api.sent.push(asked.clone());
    (200, json!({ "ok": true, "result": {} }))
}

#[db_test]
async fn a_chat_is_connected_by_a_code_that_works_once(test: TestDb) {
    let bot = Bot::new(test).await;
    let webmaster = bot.post.world.webmaster;
    // Strangers and what they make up get no answer.
    let code = bot.code(webmaster).await;
    let other = code.replacen(&webmaster.user_id.to_string(), &bot.post.world.rival.user_id.to_string(), 1);
    for text in [
        "hello",
        "/start",
        "/start x",
        "/start 1-2-3",
        &format!("/start {other}"),
        &format!("/start {code}0"),
    ] {
        bot.says(7, text).await;
    }
    assert!(bot.send().await.is_empty());
    assert!(!bot.is_linked(webmaster).await);
    bot.says(7, &format!("/start {code}")).await;
    assert!(bot.is_linked(webmaster).await);
    let sent = bot.send().await;
    assert!(sent.len() == 1 && sent[0].0 == 7 && sent[0].1.contains("come here from now on"), "{sent:?}");
    bot.says(8, &format!("/start {code}")).await;
    assert!(bot.send().await.is_empty(), "once");
    // What he is written of comes there too, in short, and nothing that opens the account.
    bot.post.card(webmaster, &[("language", "ru")]).await;
    bot.post.ticket("Tea").await;
    let sent = bot.send().await;
    assert!(sent.len() == 1 && sent[0].1.starts_with("Ответ на ваш тикет 1\n"), "{sent:?}");
    let from = whocpa_engine::session::SignInFrom::default();
    bot.post.world.engine.reset_create(&from, "webmaster").expect("a link");
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    assert!(bot.send().await.is_empty());
    // Choices of its own.
    let engine = &bot.post.world.engine;
    engine
        .profile_update(webmaster, webmaster.user_id, read(&[("notify_telegram", "8")]))
        .await
        .expect("a choice");
    bot.post.world.clock.advance(300);
    bot.post.ticket("Boots").await;
    assert!(bot.send().await.is_empty());
    // An hour later a code works no longer.
    let late = bot.code(webmaster).await;
    bot.post.world.clock.advance(3601);
    bot.says(9, &format!("/start {late}")).await;
    assert!(bot.send().await.is_empty());
    // He ends it in the chat; or on the page.
    bot.says(7, "/stop").await;
    assert!(!bot.is_linked(webmaster).await);
    assert_eq!(bot.send().await.len(), 1);
    bot.says(7, &format!("/start {}", bot.code(webmaster).await)).await;
    assert!(bot.is_linked(webmaster).await);
    engine
        .profile_update(webmaster, webmaster.user_id, read(&[("is_telegram_linked", "0")]))
        .await
        .expect("end");
    assert!(!bot.is_linked(webmaster).await);
}

#[db_test]
async fn another_password_ends_the_chat_and_the_codes(test: TestDb) {
    let bot = Bot::new(test).await;
    let webmaster = bot.post.world.webmaster;
    bot.post.card(webmaster, &[("email", "ivan@example.com")]).await;
    let early = bot.code(webmaster).await;
    bot.post.card(webmaster, &[("password", "another horse")]).await;
    bot.says(7, &format!("/start {early}")).await;
    assert!(!bot.is_linked(webmaster).await, "it was given before");
    bot.post.send().await;
    bot.says(7, &format!("/start {}", bot.code(webmaster).await)).await;
    assert!(bot.is_linked(webmaster).await);
    let letters = bot.post.send().await;
    let [letter] = letters.as_slice() else { panic!("{letters:?}") };
    assert!(letter.subject.contains("Telegram") && letter.has("To: ivan@example.com"), "{letter:?}");
    let late = bot.code(webmaster).await;
    bot.post.card(webmaster, &[("password", "a third horse")]).await;
    assert!(!bot.is_linked(webmaster).await);
    bot.says(7, &format!("/start {late}")).await;
    assert!(!bot.is_linked(webmaster).await);
}

#[db_test]
async fn a_bot_that_is_blocked_is_silent_and_one_that_is_busy_waits(test: TestDb) {
    let bot = Bot::new(test).await;
    let webmaster = bot.post.world.webmaster;
    bot.says(7, &format!("/start {}", bot.code(webmaster).await)).await;
    bot.send().await;
    bot.api.lock().expect("the API").busy = 1;
    bot.post.ticket("One").await;
    assert!(bot.send().await.is_empty());
    bot.post.world.clock.advance(60);
    assert_eq!(bot.send().await.len(), 1, "later");
    bot.api.lock().expect("the API").blocked.push(7);
    bot.post.world.clock.advance(300);
    bot.post.ticket("Two").await;
    assert!(bot.send().await.is_empty());
    assert!(!bot.is_linked(webmaster).await);
    let failed = bot.post.world.engine.letter_failed_list(10).await.expect("a list");
    assert!(
        failed.len() == 1 && failed[0].error.contains("403") && !failed[0].error.contains("secret"),
        "{failed:?}"
    );
}

#[db_test]
async fn the_day_before_comes_in_the_morning_of_ones_own_zone(test: TestDb) {
    let post = Post::new(test).await;
    let (engine, webmaster) = (&post.world.engine, post.world.webmaster);
    // 2023-11-14T22:13:20Z is 00:13 of the 15th in Kyiv.
    post.card(webmaster, &[("time_zone", "Europe/Kyiv")]).await;
    post.choose(webmaster, "64").await;
    engine.letters_digest().await.expect("begin");
    assert_eq!(post.send().await.len(), 0);
    post.world.clock.advance(9 * 3600);
    engine.letters_digest().await.expect("the day on which he chose it");
    assert_eq!(post.send().await.len(), 0);
    post.world.clock.advance(22 * 3600);
    engine.letters_digest().await.expect("before eight");
    assert_eq!(post.send().await.len(), 0);
    post.world.clock.advance(3600);
    for _ in 0..3 {
        engine.letters_digest().await.expect("eight");
    }
    let letters = post.send().await;
    let [letter] = letters.as_slice() else { panic!("{letters:?}") };
    assert_eq!(letter.subject, "2023-11-15: 0 leads, 0");
    assert!(letter.body.contains("2023-11-15 (Europe/Kyiv) in numbers"), "{}", letter.body);
    assert!(letter.has("List-Unsubscribe-Post: List-Unsubscribe=One-Click"));
}
