//! Writing a letter: one text, or several that came together, with a link that ends them.

use lettre::message::header::{ContentType, Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message};
use serde_json::Value;
use whocpa_domain::letter::LetterKind;
use whocpa_domain::user::{Language, Notify};
use whocpa_domain::{Error, Result};
use whocpa_store::letter::Letter;
use whocpa_store::person::User;

use crate::Engine;
use crate::vault::fingerprint;

/// Between letters that came together.
const RULE: &str = "\n\n--------\n\n";

/// Characters of what a message is known by: 128 bits.
const ID_LENGTH: usize = 32;

/// RFC 2369.
#[derive(Clone)]
struct ListUnsubscribe(String);
/// RFC 8058.
#[derive(Clone)]
struct OneClick;
/// RFC 3834: nobody's holiday answers it.
#[derive(Clone)]
struct AutoSubmitted;

type Wrong = Box<dyn std::error::Error + Send + Sync>;

macro_rules! header {
    ($name:ident $word:literal, $self:ident => $value:expr) => {
        impl Header for $name {
            fn name() -> HeaderName {
                HeaderName::new_from_ascii_str($word)
            }
            fn parse(_: &str) -> std::result::Result<Self, Wrong> {
                Err("it is only written".into())
            }
            fn display(&$self) -> HeaderValue {
                HeaderValue::new(Self::name(), $value)
            }
        }
    };
}
header!(ListUnsubscribe "List-Unsubscribe", self => format!("<{}>", self.0));
header!(OneClick "List-Unsubscribe-Post", self => "List-Unsubscribe=One-Click".to_owned());
header!(AutoSubmitted "Auto-Submitted", self => "auto-generated".to_owned());

/// A letter whose values are there to be read.
pub(super) struct Opened {
    pub(super) kind: LetterKind,
    /// Where it goes instead of the person's present address.
    to: Option<String>,
    values: Value,
}

impl Engine {
    /// Opens a stored letter.
    ///
    /// # Errors
    /// When the vault has another key, or a newer version wrote it.
    pub(super) fn letter_open(&self, row: &Letter) -> Result<Opened> {
        let lost = || {
            Error::Internal(format!("letter {} cannot be read: is secret.key that of this database?", row.id))
        };
        let kind = LetterKind::from_code(row.kind).ok_or_else(lost)?;
        let text = self.vault().open_text(&row.values_sealed).ok_or_else(lost)?;
        let mut said: Value = serde_json::from_str(&text).map_err(|_| lost())?;
        let to = said["to"].as_str().map(str::to_owned);
        Ok(Opened { kind, to, values: said["values"].take() })
    }

    /// Subject and text of a letter.
    pub(super) fn letter_said(&self, user: &User, opened: &Opened) -> Result<(String, String)> {
        let (mail, language) = (self.mail(), language_of(user));
        let text = mail.texts.text(opened.kind, language);
        let text = text.ok_or_else(|| Error::Internal("a text is missing".to_owned()))?;
        Ok(text.fill(|name| match name {
            "name" => user.name.clone(),
            "login" => user.login.clone(),
            "network" => mail.network.clone(),
            "site" => self.base_url().to_owned(),
            name => match &opened.values[name] {
                Value::String(text) => text.clone(),
                Value::Object(said) => {
                    let word = said.get("word").and_then(Value::as_str).unwrap_or_default();
                    mail.texts.word(word, language).to_owned()
                }
                _ => String::new(),
            },
        }))
    }

    /// One letter of these, which go to one person; `rows` are they as they are stored.
    pub(super) fn letter_message(&self, user: &User, rows: &[Letter], opened: &[Opened]) -> Result<Message> {
        let (mail, language) = (self.mail(), language_of(user));
        let parts: Result<Vec<_>> = opened.iter().map(|opened| self.letter_said(user, opened)).collect();
        let (subject, mut body) = joined(parts?, language, &mail.network);
        let to = opened.iter().find_map(|opened| opened.to.as_deref()).unwrap_or(&user.email);
        let address =
            to.parse().map_err(|_| Error::field("email", "No letter can be sent to this address"))?;
        let from = mail.from.clone().ok_or_else(|| Error::Internal("letters have no sender".to_owned()))?;
        let host = from.email.domain().to_owned();
        // The same letters after a fault of ours have the same id, and others have another: their receiver's server may know it.
        let mut message = Message::builder()
            .from(from)
            .to(Mailbox::new(None, address))
            .message_id(Some(format!("<letter.{}@{host}>", message_id(rows))))
            .header(AutoSubmitted)
            .header(ContentType::TEXT_PLAIN)
            .subject(subject);
        let mut choices: Vec<Notify> = opened.iter().filter_map(|opened| opened.kind.choice()).collect();
        choices.sort_unstable();
        choices.dedup();
        if !choices.is_empty() {
            let link = self.unsubscribe_link(user.id, language, Notify::bits(&choices));
            body.push_str(&footer(language, &link));
            message = message.header(ListUnsubscribe(link)).header(OneClick);
        }
        message.body(body).map_err(|e| Error::Internal(format!("writing a letter: {e}")))
    }
}

/// What a message is known by: of these letters and no others.
fn message_id(rows: &[Letter]) -> String {
    let mut all: Vec<_> = rows.iter().map(|row| (row.id, row.date_created)).collect();
    all.sort_unstable();
    fingerprint(&format!("{all:?}")).chars().take(ID_LENGTH).collect()
}

pub(super) fn language_of(user: &User) -> Language {
    Language::from_code(&user.language).unwrap_or(Language::English)
}

/// How addresses of public pages begin in a language.
pub(super) fn prefix(language: Language) -> &'static str {
    match language {
        Language::English => "",
        Language::Russian => "/ru",
        Language::Ukrainian => "/ua",
    }
}

fn joined(mut parts: Vec<(String, String)>, language: Language, network: &str) -> (String, String) {
    if parts.len() == 1 {
        return parts.pop().unwrap_or_default();
    }
    let count = parts.len();
    let subject = match language {
        Language::English => format!("{network}: {count} messages"),
        Language::Russian => format!("{network}: сообщений — {count}"),
        Language::Ukrainian => format!("{network}: повідомлень — {count}"),
    };
    let body: Vec<String> = parts.into_iter().map(|(subject, body)| format!("{subject}\n\n{body}")).collect();
    (subject, body.join(RULE))
}

fn footer(language: Language, link: &str) -> String {
    match language {
        Language::English => format!("\n\n--\nNo more letters like this: {link}\n"),
        Language::Russian => format!("\n\n--\nБольше не получать такие письма: {link}\n"),
        Language::Ukrainian => format!("\n\n--\nБільше не отримувати таких листів: {link}\n"),
    }
}

#[cfg(test)]
mod tests {
    use whocpa_store::letter::{EMAIL, WAITING};

    use super::*;

    #[test]
    fn a_message_is_known_by_the_letters_in_it() {
        let row = |id: i64| Letter {
            id,
            user_id: 1,
            channel: EMAIL,
            kind: LetterKind::Ticket.code(),
            values_sealed: String::new(),
            status: WAITING,
            try_count: 0,
            error: String::new(),
            date_created: 100,
            date_next: 100,
            date_until: 0,
            fence: 0,
            date_sent: None,
        };
        let both = message_id(&[row(1), row(2)]);
        assert_eq!(both, message_id(&[row(2), Letter { try_count: 1, ..row(1) }]), "another try");
        assert_ne!(both, message_id(&[row(1)]), "regrouped");
        assert_eq!(both.len(), ID_LENGTH);
    }
}
