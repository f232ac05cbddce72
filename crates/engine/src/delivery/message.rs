//! One message: an event as its receiver wants it, signed.

use std::borrow::Cow;
use std::collections::BTreeSet;

use url::Url;
use whocpa_domain::alias::AD_CLICK_IDS;
use whocpa_domain::lead::LeadStatus;
use whocpa_domain::postback::{
    AnswerRules, BodyTemplate, MASK, POSTBACK_MACROS, PostbackFormat, PostbackKind, PostbackUrl, Value,
    masked,
};
use whocpa_domain::template::UrlMacro;
use whocpa_domain::user::UserLevel;
use whocpa_domain::{Error, Result, Time};
use whocpa_store::event::Event;
use whocpa_store::postback::Postback;

use super::facts::Facts;
use super::forward::rules;
use super::load::{Said, Voice};
use super::own::{own_event_id, words};
use super::sign::{secret_bytes, signature};
use crate::Engine;

/// A postback, opened and read: what it takes to write its messages.
pub(super) struct Form {
    pub postback: Postback,
    kind: PostbackKind,
    url: PostbackUrl,
    /// The same address for the log.
    shown: PostbackUrl,
    body: Option<(PostbackFormat, BodyTemplate)>,
    headers: Vec<(String, String)>,
    secrets: Vec<Vec<u8>>,
    /// What is read of its answers.
    pub rules: Option<AnswerRules>,
    /// The host that it is sent to.
    pub host: String,
}

/// A message that can be sent.
pub(super) struct Message {
    pub url: String,
    /// The address without its secrets and without what is the buyer's.
    pub shown: String,
    pub headers: Vec<(String, String)>,
    pub body: Option<String>,
    /// Macros without a value.
    pub empty: String,
}

impl Form {
    /// Opens a postback.
    ///
    /// # Errors
    /// [`Error::Internal`] when it was sealed with another key.
    pub fn open(engine: &Engine, postback: Postback) -> Result<Self> {
        let kind = PostbackKind::from_code(postback.kind).unwrap_or(PostbackKind::Get);
        Self::at(engine, (kind, &postback.url_sealed.clone()), postback)
    }

    /// Opens the question for leads of an advertiser's system.
    pub fn poll(engine: &Engine, postback: Postback) -> Result<Self> {
        Self::at(engine, (PostbackKind::Get, &postback.poll_url_sealed.clone()), postback)
    }

    fn at(engine: &Engine, (kind, url_sealed): (PostbackKind, &str), postback: Postback) -> Result<Self> {
        let text = |sealed: &str| engine.postback_open(postback.id, sealed);
        let wrong = |words: String| Error::Internal(format!("postback {}: {words}", postback.id));
        let url = text(url_sealed)?;
        let host =
            Url::parse(&url).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default();
        let body = match PostbackFormat::from_code(postback.format) {
            Some(format) if kind != PostbackKind::Get && !postback.body_sealed.is_empty() => {
                let body = BodyTemplate::parse(format, &text(&postback.body_sealed)?).map_err(wrong)?;
                Some((format, body))
            }
            _ => None,
        };
        let is_old = postback.date_secret_old.is_some_and(|until| until > engine.now().0);
        let mut secrets = vec![text(&postback.secret_sealed)?];
        if is_old && !postback.secret_old_sealed.is_empty() {
            secrets.push(text(&postback.secret_old_sealed)?);
        }
        Ok(Self {
            kind,
            rules: Some(rules(&postback)).filter(|rules| !rules.is_empty()),
            shown: PostbackUrl::parse(&masked(&url)).map_err(wrong)?,
            url: PostbackUrl::parse(&url).map_err(wrong)?,
            body,
            headers: header_lines(&text(&postback.headers_sealed)?),
            secrets: secrets.iter().filter_map(|secret| secret_bytes(secret)).collect(),
            host,
            postback,
        })
    }

    /// To whom it speaks.
    pub fn voice(&self) -> Voice {
        Voice {
            is_webmaster: self.postback.level == UserLevel::Webmaster.code(),
            is_zero_sent: self.postback.is_zero_sent,
        }
    }

    fn values(&self) -> BTreeSet<String> {
        let of_body = self.body.iter().flat_map(|(_, body)| body.values());
        self.url.values().chain(of_body).map(name).collect()
    }

    /// Whether it needs something like this.
    pub fn needs(&self, is_it: impl Fn(Value) -> bool + Copy) -> bool {
        self.url.values().any(is_it) || self.body.iter().any(|(_, body)| body.values().any(is_it))
    }

    /// Writes and signs what is to be said.
    pub fn write(&self, engine: &Engine, said: &Said, now: Time) -> Result<Message> {
        match said {
            Said::Lead(facts) => self.message(engine, facts, now),
            Said::Own(event) => self.own(event, now),
        }
    }

    /// A webhook about something else than a lead.
    fn own(&self, event: &Event, now: Time) -> Result<Message> {
        let (kind, data) = words(event)?;
        let date = Time(event.date_created).to_string();
        let body = serde_json::json!({ "type": kind, "timestamp": date, "data": data }).to_string();
        let id = own_event_id(event);
        let nothing = |_: Value| Cow::Borrowed("");
        Ok(Message {
            url: self.url.fill(LeadStatus::Pending, nothing),
            shown: self.shown.fill(LeadStatus::Pending, nothing),
            headers: self.signed("application/json", &id, now, &body),
            body: Some(body),
            empty: String::new(),
        })
    }

    /// The headers of a message.
    fn signed(&self, content_type: &str, id: &str, now: Time, content: &str) -> Vec<(String, String)> {
        let mut headers = self.headers.clone();
        let mut add = |name: &str, value: String| headers.push((name.to_owned(), value));
        if !content_type.is_empty() {
            add("content-type", content_type.to_owned());
        }
        add("webhook-id", id.to_owned());
        add("webhook-timestamp", now.0.to_string());
        add("webhook-signature", signature(&self.secrets, id, now.0, content));
        headers
    }

    /// Writes and signs a message.
    pub fn message(&self, engine: &Engine, facts: &Facts, now: Time) -> Result<Message> {
        let status = facts.status();
        let value = |value: Value| facts.value(value);
        let shown = |value: Value| {
            if value.is_buyer() { Cow::Borrowed(MASK) } else { facts.value(value) }
        };
        let url = self.url.fill(status, value);
        let (body, content_type) = match (&self.body, self.kind) {
            (_, PostbackKind::Get) => (None, ""),
            (_, PostbackKind::Webhook) => (Some(facts.message(engine, &self.postback)?), "application/json"),
            (Some((PostbackFormat::Form, body)), _) => {
                (Some(body.fill(status, value)), "application/x-www-form-urlencoded")
            }
            (Some((PostbackFormat::Json, body)), _) => (Some(body.fill(status, value)), "application/json"),
            (None, PostbackKind::Post) => (Some(String::new()), ""),
        };
        let content = body.clone().unwrap_or_else(|| request_target(&url));
        let headers = self.signed(content_type, &facts.event_id, now, &content);
        Ok(Message { shown: self.shown.fill(status, shown), url, headers, body, empty: self.empty(facts) })
    }

    /// The macros that had no value.
    fn empty(&self, facts: &Facts) -> String {
        let names = self.values();
        let is_empty = |name: &&String| value_of(name).is_some_and(|value| facts.value(value).is_empty());
        names.iter().filter(is_empty).cloned().collect::<Vec<String>>().join(",")
    }
}

/// Path and query, as they stand in the request.
fn request_target(url: &str) -> String {
    let Ok(url) = Url::parse(url) else { return String::new() };
    url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()))
}

/// Headers, one a line.
pub(crate) fn header_lines(text: &str) -> Vec<(String, String)> {
    let line = |line: &str| {
        let (name, value) = line.split_once(':')?;
        Some((name.trim().to_owned(), value.trim().to_owned()))
    };
    text.lines().filter_map(line).collect()
}

/// A macro's own name.
fn name(value: Value) -> String {
    if let Value::Click(UrlMacro::AdClickId(index)) = value {
        return AD_CLICK_IDS.get(index).copied().unwrap_or_default().to_owned();
    }
    let found = POSTBACK_MACROS.iter().find(|(known, _)| *known == value);
    found.and_then(|(_, names)| names.first()).copied().unwrap_or_default().to_owned()
}

fn value_of(name: &str) -> Option<Value> {
    if let Some(index) = AD_CLICK_IDS.iter().position(|known| *known == name) {
        return Some(Value::Click(UrlMacro::AdClickId(index)));
    }
    POSTBACK_MACROS.iter().find(|(_, names)| names.first() == Some(&name)).map(|(value, _)| *value)
}
