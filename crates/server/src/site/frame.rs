//! What stands around every page: languages, menu, the reader's name, how it looks; and how dates and numbers are written
//! for him.

use std::borrow::Borrow;

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use whocpa_domain::lead::LeadStatus;
use whocpa_domain::moderation::ModerationStatus;
use whocpa_domain::{Level, Time};
use whocpa_engine::Caller;

use super::assets;
use super::cookies::Look;
use super::names::number;
use super::reader::{Reader, home_of};
use crate::i18n::{Lang, Value};

/// Words about what was done, by the name that a redirect carries.
const DONE: &[&str] = &[
    "saved",
    "reset",
    "confirmation",
    "signed-out",
    "session-ended",
    "sessions-ended",
    "password",
    "password-keys",
    "factor-off",
    "connected",
    "contested",
    "link-gone",
    "link-made",
    "payout-asked",
    "payout-cancelled",
    "postback-gone",
    "replayed",
    "decided",
    "checked",
    "offer-made",
    "goal-made",
    "landing-made",
    "deposit-made",
    "token-made",
    "area-gone",
    "area-made",
    "domain-gone",
    "domain-made",
    "wallet-gone",
    "wallet-made",
    "key-revoked",
    "op-made",
    "op-gone",
    "op-decided",
    "op-connected",
    "op-password",
    "op-money",
];

/// The menu of a webmaster: names and addresses.
const WEBMASTER: Lines = &[
    ("dashboard", "/pub"),
    ("offers", "/offers"),
    ("links", "/pub/links"),
    ("promos", "/pub/promos"),
    ("leads", "/pub/leads"),
    ("stats", "/pub/stats"),
    ("money", "/pub/money"),
    ("postbacks", "/pub/postbacks"),
    ("tickets", "/pub/tickets"),
    ("news", "/news"),
];
/// What a webmaster sets up once.
const WEBMASTER_SETUP: Lines =
    &[("areas", "/pub/areas"), ("domains", "/pub/domains"), ("referrals", "/pub/referrals")];
/// The menu of an advertiser.
const ADVERTISER: Lines = &[
    ("dashboard", "/adv"),
    ("adv-offers", "/adv/offers"),
    ("leads", "/adv/leads"),
    ("adv-connections", "/adv/connections"),
    ("integration", "/adv/integration"),
    ("stats", "/adv/stats"),
    ("money", "/adv/money"),
    ("forwarding", "/adv/postbacks"),
    ("tickets", "/adv/tickets"),
    ("news", "/news"),
];
/// The menu of everybody's own account.
const SELF: Lines = &[("account", "/account"), ("security", "/account/security"), ("keys", "/account/keys")];

/// Lines of a menu: names and addresses.
type Lines = &'static [(&'static str, &'static str)];

/// The menu of a person's own pages: titles of its parts, and their lines.
fn menu(caller: Caller) -> Vec<(&'static str, Vec<(&'static str, &'static str)>)> {
    let own: &[(&str, Lines)] = match caller.level {
        Level::Webmaster => &[("menu-own-work", WEBMASTER), ("menu-own-setup", WEBMASTER_SETUP)],
        Level::Advertiser => &[("menu-own-work", ADVERTISER)],
        Level::Guest | Level::Operator => &[],
    };
    let mut all: Vec<_> = own.iter().map(|(title, lines)| (*title, lines.to_vec())).collect();
    if caller.level == Level::Operator {
        all = super::operator::menu(caller);
    }
    all.push(("menu-own-self", SELF.to_vec()));
    all
}

/// What stands around a page.
pub(super) struct Frame {
    pub lang: Lang,
    pub title: String,
    /// Address of the page without its language.
    pub path: String,
    /// The page itself, to come back to.
    pub here: String,
    pub base_url: String,
    /// Where the reader's cabinet is.
    pub cabinet: &'static str,
    pub look: Look,
    pub person: Option<Person>,
    pub languages: Vec<Language>,
    pub menu: Vec<Group>,
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

/// Lines of the menu that belong together.
pub(super) struct Group {
    pub title: String,
    pub items: Vec<Item>,
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
        let done = reader.asked("done").filter(|word| DONE.contains(&word.as_str()));
        let query = if reader.query.is_empty() { String::new() } else { format!("?{}", reader.query) };
        Self {
            lang: reader.lang,
            title,
            here: format!("{}{query}", reader.to(&reader.path)),
            path: reader.path.clone(),
            base_url: reader.state.config.base_url.clone(),
            cabinet: reader.cabinet(),
            look: reader.look,
            person,
            languages: languages.collect(),
            menu: Vec::new(),
            done: done.map(|word| reader.lang.t(&format!("done-{word}"))),
            zone: reader.zone(),
        }
    }

    /// With the menu of a person's own pages.
    pub fn own(reader: &Reader, title: String) -> Self {
        let mut frame = Self::new(reader, title);
        frame.menu = menu(reader.caller())
            .into_iter()
            .map(|(key, lines)| Group { title: frame.t(key), items: frame.items(&lines) })
            .collect();
        frame
    }

    fn items(&self, lines: &[(&'static str, &'static str)]) -> Vec<Item> {
        let here = self.path.trim_end_matches('/');
        let item = |(key, url): &(&str, &str)| {
            // The first page of a cabinet, and the profile, are not the parents of all others.
            let is_first = url.matches('/').count() == 1;
            let is_under = !is_first && here.strip_prefix(url).is_some_and(|rest| rest.starts_with('/'));
            let shown = if ["/offers", "/news"].contains(url) { self.to(url) } else { (*url).to_owned() };
            Item { title: self.t(&format!("menu-own-{key}")), url: shown, is_here: here == *url || is_under }
        };
        lines.iter().map(item).collect()
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

    /// The day of a moment as the protocol writes it, by the clock of the reader.
    pub fn day(&self, time: Time) -> String {
        self.written(time, "%Y-%m-%d")
    }

    /// The day so many days before that one, by the calendar: a day may have 23 hours, or 25.
    pub fn day_before(&self, time: Time, days: i64) -> String {
        day_before(time, days, &self.zone).unwrap_or_else(|_| self.day(time))
    }

    /// A number.
    pub fn number(&self, number: &impl ToString) -> String {
        super::names::number(self.lang, &number.to_string())
    }

    /// A number that may not be there.
    #[expect(clippy::ref_option, reason = "templates give references")]
    pub fn figure(&self, figure: &Option<i64>) -> String {
        figure.map_or_else(String::new, |figure| self.number(&figure))
    }

    /// Who did something to a lead.
    pub fn by(&self, who: &str) -> String {
        if who == "network" { self.t("by-network") } else { self.t(&format!("level-{who}")) }
    }

    /// How a lead's status is coloured.
    #[expect(clippy::unused_self, reason = "templates call it like the other ones")]
    pub fn tone(&self, status: impl Borrow<i64>) -> &'static str {
        match LeadStatus::from_code(*status.borrow()) {
            Some(LeadStatus::Approved) => "good",
            Some(LeadStatus::Pending) | None => "warn",
            Some(LeadStatus::Rejected | LeadStatus::Spam | LeadStatus::Double) => "bad",
        }
    }

    /// How a state of moderation is coloured.
    #[expect(clippy::unused_self, reason = "templates call it like the other ones")]
    pub fn state(&self, status: impl Borrow<i64>) -> &'static str {
        match ModerationStatus::from_code(*status.borrow()) {
            Some(ModerationStatus::Live) => "good",
            Some(ModerationStatus::Review) => "warn",
            Some(ModerationStatus::Stopped) => "bad",
            Some(ModerationStatus::Draft | ModerationStatus::Archived) | None => "",
        }
    }

    fn written(&self, time: Time, form: &str) -> String {
        let at = Timestamp::from_second(time.0).map(|at| at.to_zoned(self.zone.clone()));
        at.map_or_else(|_| time.to_string(), |at| at.strftime(form).to_string())
    }
}

fn day_before(time: Time, days: i64, zone: &TimeZone) -> Result<String, jiff::Error> {
    let today = Timestamp::from_second(time.0)?.to_zoned(zone.clone()).date();
    Ok(today.checked_sub(days.days())?.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yesterday_is_a_day_of_the_calendar() {
        let kyiv = TimeZone::get("Europe/Kyiv").expect("a zone");
        let before = |now: &str, days| {
            let now = Time::parse(now).expect("a moment");
            day_before(now, days, &kyiv).expect("a day")
        };
        // Half an hour after the day of 23 hours, and in the last half hour of the one of 25.
        assert_eq!(before("2026-03-29T21:30:00Z", 1), "2026-03-29");
        assert_eq!(before("2026-10-25T21:30:00Z", 1), "2026-10-24");
        assert_eq!(before("2026-01-01T12:00:00Z", 13), "2025-12-19");
    }
}
