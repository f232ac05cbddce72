//! What stands around every page: languages, menu, the reader's name, how it looks; and how dates and numbers are written
//! for him.

use std::borrow::Borrow;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use whocpa_domain::Time;

use super::assets;
use super::cookies::Look;
use super::names::number;
use super::reader::{Reader, home_of};
use crate::i18n::{Lang, Value};

/// Words about what was done, by the name that a redirect carries.
const DONE: &[&str] = &[
    "saved",
    "signed-out",
    "session-ended",
    "sessions-ended",
    "password",
    "password-keys",
    "factor-off",
    "connected",
    "key-revoked",
];

/// What stands around a page.
pub(super) struct Frame {
    pub lang: Lang,
    pub title: String,
    /// Address of the page without its language.
    pub path: String,
    /// The page itself, to come back to.
    pub here: String,
    pub base_url: String,
    pub look: Look,
    pub person: Option<Person>,
    pub languages: Vec<Language>,
    pub menu: Vec<Item>,
    pub done: Option<String>,
    zone: TimeZone,
}

/// Who is signed in.
pub(super) struct Person {
    pub name: String,
    pub level: String,
    pub home: &'static str,
}

/// This page in a language.
pub(super) struct Language {
    pub tag: &'static str,
    pub short: &'static str,
    pub title: &'static str,
    pub url: String,
    pub is_here: bool,
}

/// A line of the menu.
pub(super) struct Item {
    pub title: String,
    pub url: String,
    pub is_here: bool,
}

impl Frame {
    pub fn new(reader: &Reader, title: String) -> Self {
        let languages = Lang::ALL.into_iter().map(|lang| Language {
            tag: lang.tag(),
            short: lang.short(),
            title: lang.title(),
            url: format!("{}{}", lang.prefix(), reader.path),
            is_here: lang == reader.lang,
        });
        let person = reader.visitor.as_ref().map(|visitor| Person {
            name: visitor.name.clone(),
            level: reader.lang.t(&format!("level-{}", visitor.caller.level.name())),
            home: home_of(visitor.caller.level),
        });
        let zone = reader.visitor.as_ref().and_then(|visitor| TimeZone::get(&visitor.time_zone).ok());
        let done = reader.asked("done").filter(|word| DONE.contains(&word.as_str()));
        let query = if reader.query.is_empty() { String::new() } else { format!("?{}", reader.query) };
        Self {
            lang: reader.lang,
            title,
            here: format!("{}{query}", reader.to(&reader.path)),
            path: reader.path.clone(),
            base_url: reader.state.config.base_url.clone(),
            look: reader.look,
            person,
            languages: languages.collect(),
            menu: Vec::new(),
            done: done.map(|word| reader.lang.t(&format!("done-{word}"))),
            zone: zone.unwrap_or(TimeZone::UTC),
        }
    }

    /// With the menu of a person's own pages.
    pub fn own(reader: &Reader, title: String) -> Self {
        let mut frame = Self::new(reader, title);
        let lines = [("account", "/account"), ("security", "/account/security"), ("keys", "/account/keys")];
        frame.menu = lines
            .into_iter()
            .map(|(key, url)| Item {
                title: frame.t(&format!("menu-own-{key}")),
                url: url.to_owned(),
                is_here: frame.path.trim_end_matches('/') == url,
            })
            .collect();
        frame
    }

    /// A text of the interface.
    pub fn t(&self, key: &str) -> String {
        self.lang.t(key)
    }

    /// The same with words in it.
    pub fn with(&self, key: &str, name: &str, value: &str) -> String {
        self.lang.with(key, name, value)
    }

    /// `page 2 of 7`
    pub fn page_of(&self, page: &impl ToString, last: &impl ToString) -> String {
        let values = [("page", Value::Text(page.to_string())), ("last", Value::Text(last.to_string()))];
        self.lang.with_all("pages-of", values)
    }

    /// A share in percent.
    pub fn percent(&self, rate: &impl ToString) -> String {
        format!("{}\u{a0}%", number(self.lang, &rate.to_string()))
    }

    /// A picture's address without the network's own, so that it is found under whatever name the page was.
    pub fn local(&self, url: &str) -> String {
        url.strip_prefix(&self.base_url).unwrap_or(url).to_owned()
    }

    /// Whether a line of the menu leads to a part of the site in which the reader is.
    pub fn is_in(&self, path: &str) -> bool {
        self.path == path || self.path.strip_prefix(path).is_some_and(|rest| rest.starts_with('/'))
    }

    /// What a table of codes says.
    pub fn say(&self, word: impl Borrow<&'static str>) -> &'static str {
        self.lang.say(word.borrow())
    }

    /// The same with a number in it, which plural forms follow.
    pub fn count(&self, key: &str, number: &impl ToString) -> String {
        self.lang.with_all(key, [("count", Value::Number(number.to_string().parse().unwrap_or_default()))])
    }

    /// The address of a public page in the reader's language.
    pub fn to(&self, path: &str) -> String {
        format!("{}{path}", self.lang.prefix())
    }

    /// The address of a file that pages load; another one when its content is another one.
    #[expect(clippy::unused_self, reason = "templates call it like the other ones")]
    pub fn asset(&self, name: &str) -> String {
        assets::url(name)
    }

    /// Whether the page's language stands in its address.
    pub fn is_public(&self) -> bool {
        !["/account", "/pub", "/adv", "/operator"].iter().any(|start| self.path.starts_with(start))
    }

    /// A date with its time, in the reader's zone.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "templates give references")]
    pub fn time(&self, time: &Time) -> String {
        self.written(*time, if self.lang == Lang::En { "%-d %b %Y, %H:%M" } else { "%d.%m.%Y %H:%M" })
    }

    /// A date, in the reader's zone.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "templates give references")]
    pub fn date(&self, time: &Time) -> String {
        self.written(*time, if self.lang == Lang::En { "%-d %b %Y" } else { "%d.%m.%Y" })
    }

    fn written(&self, time: Time, form: &str) -> String {
        let at = Timestamp::from_second(time.0).map(|at| at.to_zoned(self.zone.clone()));
        at.map_or_else(|_| time.to_string(), |at| at.strftime(form).to_string())
    }
}
