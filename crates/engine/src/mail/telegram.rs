//! Letters in Telegram: a person connects a chat with the network's bot by a code that works once, and is written to there.

use std::time::Duration;

use serde_json::{Value, json};
use whocpa_domain::letter::LetterKind;
use whocpa_domain::{Error, Resource, Result, Scope};
use whocpa_store::letter_chat;
use whocpa_store::person::{self, User};

use super::Draft;
use super::compose::{Opened, language_of};
use super::way::Refused;
use crate::audit::Changes;
use crate::outbound::{Limits, Outgoing};
use crate::vault::fingerprint;
use crate::{Caller, Engine};

/// What one question to Telegram may cost.
const LIMITS: Limits =
    Limits { bytes: 256 << 10, total: Duration::from_secs(20), idle: Duration::from_secs(10) };
/// Seconds for which a code works.
const CODE_SECONDS: i64 = 3600;
/// Characters of a code's signature: 128 bits.
const SIGNATURE: usize = 32;
/// Messages of people that are read at once.
const UPDATES: usize = 50;
/// Questions for them in one round.
const BATCHES: usize = 20;
/// UTF-16 units of a message before its address: Telegram takes 4096 of both.
const LENGTH: usize = 3500;

/// How the network's bot is reached.
#[derive(Debug, Clone)]
pub struct TelegramConfig {
    /// What BotFather gave; empty for no bot.
    pub token: String,
    /// The bot's name without `@`.
    pub bot: String,
    /// Where the Bot API is.
    pub api_url: String,
}

impl Default for TelegramConfig {
    fn default() -> Self {
        let api_url = "https://api.telegram.org".to_owned();
        Self { token: String::new(), bot: String::new(), api_url }
    }
}

impl TelegramConfig {
    /// Whether there is a bot.
    pub fn is_on(&self) -> bool {
        !self.token.is_empty()
    }

    /// # Errors
    /// Naming the setting that cannot be used.
    pub(crate) fn check(&self) -> Result<()> {
        let wrong = |words: &str| Err(Error::Unavailable(format!("telegram: {words}")));
        let plain = |text: &str, more: &str| {
            !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || more.contains(c))
        };
        if self.is_on() && !plain(&self.token, ":_-") {
            return wrong("token is no token of a bot");
        }
        if self.is_on() && !plain(&self.bot, "_") {
            return wrong("bot must be the name of the bot, without @");
        }
        Ok(())
    }
}

impl Engine {
    /// The address by which a person connects his chat: it works once, for an hour. `None` without a bot.
    pub(crate) async fn telegram_url(&self, user_id: i64) -> Result<Option<String>> {
        let config = self.telegram();
        if !config.is_on() {
            return Ok(None);
        }
        let count = letter_chat::view(&self.store().read(), user_id).await?.map_or(0, |row| row.link_count);
        let end = self.now().plus(CODE_SECONDS).0;
        let signature = self.telegram_signature(user_id, end, count);
        Ok(Some(format!("https://t.me/{}?start={user_id}-{end}-{signature}", config.bot)))
    }

    fn telegram_signature(&self, user_id: i64, end: i64, count: i64) -> String {
        let whole = self.vault().mac(format!("telegram\0{user_id}\0{end}\0{count}").as_bytes());
        whole[..SIGNATURE.min(whole.len())].to_owned()
    }

    /// Reads what people wrote to the bot: codes that connect a chat, and `/stop`.
    pub async fn telegram_read(&self) -> Result<()> {
        if !self.telegram().is_on() {
            return Ok(());
        }
        let mut offset = 0;
        for batch in 0..=BATCHES {
            let asked =
                json!({ "offset": offset, "limit": UPDATES, "timeout": 0, "allowed_updates": ["message"] });
            let (status, answer) = match self.telegram_ask("getUpdates", &asked).await {
                Ok(answer) => answer,
                Err(refused) => {
                    tracing::warn!(why = refused.why, "messages to the bot could not be read");
                    return Ok(());
                }
            };
            if status != 200 {
                tracing::warn!(status, "messages to the bot could not be read");
                return Ok(());
            }
            if batch == BATCHES {
                // This question confirmed what was handled; the next round goes on.
                return Ok(());
            }
            let updates = answer["result"].as_array().cloned().unwrap_or_default();
            for update in &updates {
                // What was handled is confirmed by the next question.
                offset = update["update_id"].as_i64().unwrap_or(offset) + 1;
                let message = &update["message"];
                let (chat, text) = (message["chat"]["id"].as_i64(), message["text"].as_str());
                if let (Some(chat_id), Some(text), Some("private")) =
                    (chat, text, message["chat"]["type"].as_str())
                {
                    self.telegram_message(chat_id, text.trim()).await?;
                }
            }
            if updates.is_empty() {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Does what somebody wrote to the bot. Strangers get no answer: nobody makes the bot talk.
    async fn telegram_message(&self, chat_id: i64, text: &str) -> Result<()> {
        if text == "/stop" {
            let db = self.store().read();
            let people = letter_chat::of_chat(&db, chat_id).await?;
            for user_id in &people {
                self.telegram_unlink(Caller::SYSTEM, *user_id).await?;
            }
            if let Some(first) = people.first()
                && let Some(user) = person::view(&db, Scope::All, *first).await?
            {
                self.telegram_answer(chat_id, &user, "telegram.stopped").await;
            }
            return Ok(());
        }
        let Some(code) = text.strip_prefix("/start ") else { return Ok(()) };
        if let Some(user) = self.telegram_link(chat_id, code.trim()).await? {
            self.telegram_answer(chat_id, &user, "telegram.linked").await;
        }
        Ok(())
    }

    /// Connects a chat by a code; `None` for one that does not work.
    async fn telegram_link(&self, chat_id: i64, code: &str) -> Result<Option<User>> {
        let mut parts = code.splitn(3, '-');
        let mut number = || parts.next().and_then(|part| part.parse::<i64>().ok());
        let (Some(user_id), Some(end)) = (number(), number()) else { return Ok(None) };
        let given = fingerprint(parts.next().unwrap_or_default());
        let now = self.now();
        if end < now.0 || end > now.plus(CODE_SECONDS).0 {
            return Ok(None);
        }
        // Of hashes the time of a comparison tells nothing.
        let fits = |count: i64| fingerprint(&self.telegram_signature(user_id, end, count)) == given;
        let fits = &fits;
        // Strangers open no transaction that writes.
        let count = letter_chat::view(&self.store().read(), user_id).await?.map_or(0, |row| row.link_count);
        if !fits(count) {
            return Ok(None);
        }
        self.store()
            .write(move |db| async move {
                let found = person::view_for_update(&db, Scope::All, user_id).await?.filter(User::is_active);
                let Some(user) = found else { return Ok(None) };
                let count = letter_chat::view(&db, user_id).await?.map_or(0, |row| row.link_count);
                if !fits(count) || !letter_chat::link(&db, user_id, count, chat_id, now).await? {
                    return Ok(None);
                }
                let draft = Draft::new(LetterKind::Telegram).with("date", now);
                self.letter_proven(&db, &user, draft).await?;
                let changes = Changes::updated(&user, &user).also("telegram", "connected".into());
                self.note(&db, Caller::SYSTEM, Resource::User, user_id, changes).await?;
                Ok(Some(user))
            })
            .await
    }

    /// Ends messages in Telegram for a person who blocked the bot or said so.
    async fn telegram_unlink(&self, caller: Caller, user_id: i64) -> Result<()> {
        self.store()
            .write(move |db| async move {
                let Some(user) = person::view_for_update(&db, Scope::All, user_id).await? else {
                    return Ok(());
                };
                if !letter_chat::unlink(&db, user_id).await? {
                    return Ok(());
                }
                let changes = Changes::updated(&user, &user).also("telegram", "disconnected".into());
                self.note(&db, caller, Resource::User, user_id, changes).await
            })
            .await
    }

    async fn telegram_answer(&self, chat_id: i64, user: &User, word: &str) {
        let text = self.mail().texts.word(word, language_of(user)).replace("{network}", &self.mail().network);
        let sent = self.telegram_ask("sendMessage", &message(chat_id, &text)).await;
        if let Err(refused) = sent {
            tracing::warn!(why = refused.why, "an answer in Telegram did not go out");
        }
    }

    /// Sends letters to one person as one message, in short form: what their subjects say.
    pub(super) async fn telegram_send(
        &self,
        user: &User,
        opened: &[Opened],
    ) -> std::result::Result<(), Refused> {
        let broken = |_| Refused::for_good("It could not be written");
        let found = letter_chat::view(&self.store().read(), user.id).await;
        let found = found.map_err(|_| Refused::for_now("The database did not answer"))?;
        let Some(chat_id) = found.and_then(|row| row.chat_id) else {
            return Err(Refused::for_good("No chat is connected"));
        };
        let mut lines = Vec::with_capacity(opened.len());
        for letter in opened {
            lines.push(self.letter_said(user, letter).map_err(broken)?.0);
        }
        let text = shortened(&lines.join("\n"), LENGTH) + "\n" + self.base_url();
        let (status, answer) = self.telegram_ask("sendMessage", &message(chat_id, &text)).await?;
        let why =
            format!("Telegram answers {status}: {}", answer["description"].as_str().unwrap_or_default());
        match status {
            200 => Ok(()),
            _ if is_gone(status, &why) => {
                if let Err(error) = self.telegram_unlink(Caller::SYSTEM, user.id).await {
                    tracing::warn!(?error, "a chat could not be disconnected");
                }
                Err(Refused::for_good(&why))
            }
            // It is the message that is refused, not who reads it.
            400 => Err(Refused::for_good(&why)),
            _ => Err(Refused::for_now(&why)),
        }
    }

    async fn telegram_ask(&self, method: &str, body: &Value) -> std::result::Result<(u16, Value), Refused> {
        let config = self.telegram();
        // The token stands in the address, so the address stands in no error and no log.
        let url = format!("{}/bot{}/{method}", config.api_url.trim_end_matches('/'), config.token);
        let headers = [("content-type".to_owned(), "application/json".to_owned())];
        let outgoing = Outgoing { url: &url, headers: &headers, body: Some(body.to_string()) };
        let answer = self.outbound().send(outgoing, LIMITS).await;
        let answer = answer.map_err(|error| Refused::for_now(&error.to_string()))?;
        Ok((answer.status, serde_json::from_slice(&answer.body).unwrap_or(Value::Null)))
    }
}

fn message(chat_id: i64, text: &str) -> Value {
    json!({ "chat_id": chat_id, "text": text, "link_preview_options": { "is_disabled": true } })
}

/// Whether nobody reads there any more: he blocked the bot, or the chat is gone.
fn is_gone(status: u16, why: &str) -> bool {
    let why = why.to_ascii_lowercase();
    let is_named = ["chat not found", "user is deactivated"].iter().any(|words| why.contains(words));
    status == 403 || (status == 400 && is_named)
}

/// The beginning of a text, in the units that Telegram counts.
fn shortened(text: &str, most: usize) -> String {
    let mut units = 0;
    let fits = |letter: &char| {
        units += letter.len_utf16();
        units <= most
    };
    text.chars().take_while(fits).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_as_telegram_counts() {
        assert_eq!(shortened("tea", 4), "tea");
        assert_eq!(shortened("🍵🍵🍵", 5), "🍵🍵");
        assert_eq!(shortened("чай", 2), "ча");
    }

    #[test]
    fn a_chat_ends_where_nobody_reads_it() {
        assert!(is_gone(403, "Forbidden: bot was blocked by the user"));
        assert!(is_gone(400, "Bad Request: chat not found"));
        assert!(is_gone(400, "Bad Request: user is deactivated"));
        assert!(!is_gone(400, "Bad Request: message text is empty"));
        assert!(!is_gone(429, "chat not found"));
    }
}
