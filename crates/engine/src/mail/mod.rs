//! Letters: what people are told by e-mail. A letter is a row in the transaction that caused it; a job sends it, by a lease with a
//! fence, and tries again where that may help. Nothing is written down while the network has no way out for letters.

mod compose;
mod digest;
mod failed;
mod link;
mod news;
mod send;
mod telegram;
mod text;
mod unsubscribe;
mod way;

use std::path::PathBuf;

use serde_json::{Map, Value, json};
use whocpa_domain::letter::LetterKind;
use whocpa_domain::user::UserLevel;
use whocpa_domain::{Method, Resource, Result, Scope};
use whocpa_store::Db;
use whocpa_store::letter::{self, EMAIL, Letter, TELEGRAM, WAITING};
use whocpa_store::letter_chat;
use whocpa_store::person::{self, User};

use crate::Engine;

pub use failed::FailedLetter;
pub use telegram::TelegramConfig;
pub use text::{letter_preview, letter_texts};
pub use unsubscribe::Unsubscribe;
pub(crate) use way::Mail;

/// Seconds between two letters to one person: what happens meanwhile comes together in the next one.
const PAUSE: i64 = 300;

/// How letters go out.
#[derive(Debug, Clone, Default)]
pub struct MailConfig {
    /// `smtps://user:password@host`, `smtp://host:587?tls=required`, or `file:///folder` for letters as files; empty for none.
    pub url: String,
    /// Whose letters they are: `news@network.example`.
    pub from: String,
    /// What the network is called in letters; the host of its address unless told.
    pub network: String,
    /// Folder of texts that take the place of the built-in ones: `en/payout.txt`.
    pub texts: Option<PathBuf>,
}

/// What a letter is to say: its kind and the values of its text.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    kind: LetterKind,
    /// Where it goes instead of the person's present address.
    to: Option<String>,
    values: Map<String, Value>,
}

impl Draft {
    pub fn new(kind: LetterKind) -> Self {
        Self { kind, to: None, values: Map::new() }
    }

    /// With a value as it stands.
    #[expect(clippy::needless_pass_by_value, reason = "numbers and amounts are given as they are")]
    pub fn with(mut self, name: &str, value: impl ToString) -> Self {
        self.values.insert(name.to_owned(), value.to_string().into());
        self
    }

    /// With a word of the program, `payout.paid`, which is said in the reader's language.
    pub fn word(mut self, name: &str, group: &str, word: &str) -> Self {
        self.values.insert(name.to_owned(), json!({ "word": format!("{group}.{word}") }));
        self
    }

    fn to(mut self, address: &str) -> Self {
        self.to = Some(address.to_owned());
        self
    }

    /// Whether it goes out to a person by this channel.
    fn goes(&self, user: &User, channel: i64, is_connected: bool) -> bool {
        if channel == EMAIL && self.to.is_none() {
            return is_wanted(self.kind, user, channel);
        }
        // What is for one address only opens the account, or tells of the address.
        let has_place = if channel == EMAIL { self.to.is_some() } else { self.to.is_none() && is_connected };
        has_place && is_chosen(self.kind, user, channel)
    }
}

/// Whether a person lets letters of a kind through, and may have them.
fn is_chosen(kind: LetterKind, user: &User, channel: i64) -> bool {
    let chosen = if channel == EMAIL { user.notify } else { user.notify_telegram };
    let is_let = user.is_active() || kind.is_for_waiting();
    is_let && kind.choice().is_none_or(|choice| chosen & choice.code() != 0)
}

/// The same, with an address where it takes one: asked when a letter is written, and again before it goes out.
fn is_wanted(kind: LetterKind, user: &User, channel: i64) -> bool {
    let has_address = !user.email.is_empty() && (user.is_email_confirmed || kind.is_for_unconfirmed());
    is_chosen(kind, user, channel) && (channel == TELEGRAM || has_address)
}

impl Engine {
    /// Writes a letter down, in the caller's transaction, if its reader has an address and wants such letters.
    pub(crate) async fn letter_tell(&self, db: &Db, user_id: i64, draft: &Draft) -> Result<()> {
        if !self.sends_messages() {
            return Ok(());
        }
        match person::view(db, Scope::All, user_id).await? {
            Some(user) => self.letter_to(db, &[user], draft).await,
            None => Ok(()),
        }
    }

    /// Tells the operators who may decide about this resource of this person that something waits.
    pub(crate) async fn letter_queue(
        &self,
        db: &Db,
        resource: Resource,
        user_id: i64,
        (what, id): (&str, i64),
    ) -> Result<()> {
        if !self.sends_messages() {
            return Ok(());
        }
        let Some(owner) = person::view(db, Scope::All, user_id).await? else { return Ok(()) };
        let mut readers = person::operators(db).await?;
        readers.retain(|reader| match reader.caller().may(resource, Method::Update) {
            Ok(Scope::All) => true,
            Ok(Scope::Manager(id)) => owner.manager_id == Some(id),
            _ => false,
        });
        debug_assert!(readers.iter().all(|reader| reader.level() == UserLevel::Operator));
        let draft = Draft::new(LetterKind::Queue).word("what", "queue", what);
        self.letter_to(db, &readers, &draft.with("id", id).with("who", owner.login)).await
    }

    /// Whether there is any way to write to people.
    pub(crate) fn sends_messages(&self) -> bool {
        self.mail().is_on() || self.telegram().is_on()
    }

    /// Writes a letter to each of these who wants it, by each channel by which he does.
    async fn letter_to(&self, db: &Db, users: &[User], draft: &Draft) -> Result<()> {
        let now = self.now().0;
        let connected = if self.telegram().is_on() {
            letter_chat::connected(db, &users.iter().map(|user| user.id).collect::<Vec<_>>()).await?
        } else {
            Vec::new()
        };
        let channels: Vec<i64> = [(EMAIL, self.mail().is_on()), (TELEGRAM, self.telegram().is_on())]
            .into_iter()
            .filter_map(|(channel, is_on)| is_on.then_some(channel))
            .collect();
        let mut rows = Vec::new();
        for user in users {
            for channel in channels.iter().copied() {
                if !draft.goes(user, channel, connected.contains(&user.id)) {
                    continue;
                }
                let is_urgent = draft.kind.choice().is_none();
                let last = if is_urgent { None } else { letter::last_sent(db, user.id, channel).await? };
                let date_next = last.map_or(now, |last| now.max(last + PAUSE));
                rows.push(Letter { channel, ..self.letter_row(user.id, draft, date_next)? });
            }
        }
        letter::create_many(db, &rows).await
    }

    fn letter_row(&self, user_id: i64, draft: &Draft, date_next: i64) -> Result<Letter> {
        let said = json!({ "to": draft.to, "values": draft.values }).to_string();
        Ok(Letter {
            id: 0,
            user_id,
            channel: EMAIL,
            kind: draft.kind.code(),
            values_sealed: self.vault().seal(self.rng(), &said)?,
            status: WAITING,
            try_count: 0,
            error: String::new(),
            date_created: self.now().0,
            date_next,
            date_until: 0,
            fence: 0,
            date_sent: None,
        })
    }
}
