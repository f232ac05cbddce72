//! People: webmasters, advertisers, operators.

use crate::input::limits::{Form, Limits};
use crate::input::{ParamKind, Single};
use crate::view::{FieldKind, FieldType};
use crate::{Level, codes};

codes! {
    /// Kind of account as stored; guests have none.
    pub enum UserLevel {
        Webmaster = 1 "webmaster",
        Advertiser = 2 "advertiser",
        Operator = 3 "operator",
    }
}

impl UserLevel {
    /// The level of access that such an account has.
    pub fn level(self) -> Level {
        match self {
            Self::Webmaster => Level::Webmaster,
            Self::Advertiser => Level::Advertiser,
            Self::Operator => Level::Operator,
        }
    }
}

codes! {
    /// Whether an account works.
    pub enum UserStatus {
        Active = 1 "active",
        Blocked = 2 "blocked",
        Waiting = 3 "registered, waits for an operator",
    }
}

codes! {
    /// How far the network trusts a person.
    pub enum Trust {
        New = 1 "new",
        Regular = 2 "regular",
        Trusted = 3 "trusted",
        Vip = 4 "VIP",
    }
}

codes! {
    /// What a person wants to be told of outside the site. The numbers are bits in the store.
    pub enum Notify {
        News = 1 "news of the network and of offers",
        Moderation = 2 "decisions about offers, areas and connections",
        Ticket = 4 "answers to tickets",
        Money = 8 "payouts, deposits and balances",
        Postback = 16 "postbacks that were paused",
        Lead = 32 "what happens to your leads, every quarter of an hour",
        Digest = 64 "the day before in numbers, every morning",
    }
}

impl Notify {
    /// What a new account is told of: everything but what comes often.
    pub const USUAL: &'static [Self] =
        &[Self::News, Self::Moderation, Self::Ticket, Self::Money, Self::Postback];

    /// Those of a stored number.
    pub fn from_bits(bits: i64) -> Vec<Self> {
        Self::ALL.iter().copied().filter(|kind| bits & kind.code() != 0).collect()
    }

    /// The number for the store.
    pub fn bits(kinds: &[Self]) -> i64 {
        kinds.iter().fold(0, |bits, kind| bits | kind.code())
    }
}

codes! {
    /// Why a key exists.
    pub enum KeyKind {
        Profile = 1 "the account's own key, readable to its owner",
        Extra = 2 "an additional key, shown once",
    }
}

/// A language of the site, as its ISO 639-1 code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// `en`
    English,
    /// `ru`
    Russian,
    /// `uk`
    Ukrainian,
}

impl Language {
    /// All of them, the default first.
    pub const ALL: [Self; 3] = [Self::English, Self::Russian, Self::Ukrainian];

    /// Its code.
    pub fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Russian => "ru",
            Self::Ukrainian => "uk",
        }
    }

    /// The language with this code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.code() == code)
    }
}

impl Single for Language {
    const KIND: ParamKind = ParamKind::Word(&["en", "ru", "uk"]);
    fn parse(text: &str) -> Result<Self, String> {
        Self::from_code(text).ok_or_else(|| "Must be one of en, ru, uk".to_owned())
    }
}

/// An IANA time zone such as `Europe/Kyiv`, under the name that the zone database spells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeZone(String);

impl TimeZone {
    /// The name.
    pub fn name(&self) -> &str {
        &self.0
    }
}

impl Single for TimeZone {
    const KIND: ParamKind = ParamKind::Text;
    const LIMITS: Limits = Limits::Form(&Form {
        format: "iana-time-zone",
        pattern: "^[A-Za-z][A-Za-z0-9_+/-]*$",
        longest: 64,
        wrong: |_| None,
    });
    fn parse(text: &str) -> Result<Self, String> {
        let zone = jiff::tz::TimeZone::get(text).ok();
        let name = zone.as_ref().and_then(|zone| zone.iana_name());
        name.map(|name| Self(name.to_owned()))
            .ok_or_else(|| "Must be a time zone such as Europe/Kyiv".to_owned())
    }
}

/// Traffic-source kinds and the like: a list of codes in one text column, `,1,3,99,`. With commas around each, a
/// search for `,9,` does not find 99.
pub fn codes_text(codes: impl IntoIterator<Item = i64>) -> String {
    let codes: Vec<String> = codes.into_iter().map(|code| code.to_string()).collect();
    if codes.is_empty() { String::new() } else { format!(",{},", codes.join(",")) }
}

/// What [`codes_text`] wrote.
pub fn codes_from_text(text: &str) -> impl Iterator<Item = i64> {
    text.split(',').filter_map(|code| code.parse().ok())
}

/// The account's affiliate id: ten digits, another number than the user id, by which landings name a webmaster
/// (`aff_id` of `/lead/add`, whocpa.md §4.1). A permutation of the user ids, so that each has exactly one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AffId(i64);

impl AffId {
    /// The smallest number of ten digits.
    const FIRST: i64 = 1_000_000_000;
    /// How many numbers have ten digits: so many accounts can there be.
    const COUNT: i64 = 9_000_000_000;
    /// Odd, and divisible by neither 3 nor 5: coprime to `COUNT`, so that multiplying permutes.
    const STEP: i64 = 1_618_033_999;
    /// `STEP` times this is 1 modulo `COUNT`.
    const BACK: i64 = 5_225_965_999;
    /// So that the first accounts do not have the smallest numbers.
    const SHIFT: i64 = 15_273_516;

    /// Of an account; `None` beyond the nine billionth.
    pub fn of(user_id: i64) -> Option<Self> {
        let user_id = Some(user_id).filter(|id| (0..Self::COUNT).contains(id))?;
        Self::times(user_id, Self::STEP).map(|place| Self(Self::FIRST + (place + Self::SHIFT) % Self::COUNT))
    }

    /// The number itself.
    pub fn number(self) -> i64 {
        self.0
    }

    /// The account whose affiliate id this number would be; whether there is one, only the store knows.
    pub fn user_id(number: i64) -> Option<i64> {
        let place = number.checked_sub(Self::FIRST).filter(|place| (0..Self::COUNT).contains(place))?;
        Self::times((place - Self::SHIFT).rem_euclid(Self::COUNT), Self::BACK)
    }

    fn times(place: i64, factor: i64) -> Option<i64> {
        let product = i128::from(place) * i128::from(factor) % i128::from(Self::COUNT);
        i64::try_from(product).ok()
    }
}

impl serde::Serialize for AffId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(self.0)
    }
}

impl FieldType for AffId {
    const KIND: FieldKind = FieldKind::Int;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_account_has_one_affiliate_id_of_ten_digits() {
        let ids = (0..2000).chain([123_456_789, AffId::COUNT - 1]);
        let mut seen = std::collections::BTreeSet::new();
        for id in ids {
            let aff_id = AffId::of(id).expect("an id").number();
            assert!(aff_id.to_string().len() == 10 && seen.insert(aff_id), "{id}: {aff_id}");
            assert_eq!(AffId::user_id(aff_id), Some(id));
        }
        assert_eq!((AffId::of(-1), AffId::of(AffId::COUNT)), (None, None));
        assert_eq!((AffId::user_id(999_999_999), AffId::user_id(10_000_000_000)), (None, None));
    }

    #[test]
    fn zones_are_spelt_as_the_database_spells_them() {
        let name = |text: &str| TimeZone::parse(text).map(|zone| zone.0).ok();
        assert_eq!(name("europe/kyiv").as_deref(), Some("Europe/Kyiv"));
        assert_eq!(name("UTC").as_deref(), Some("UTC"));
        for wrong in ["", "Mars/Olympus", "+03:00", "../etc/passwd"] {
            assert_eq!(name(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn choices_are_bits_and_lists_are_texts() {
        let kinds = [Notify::News, Notify::Money];
        assert_eq!(Notify::bits(&kinds), 9);
        assert_eq!(Notify::from_bits(9), kinds);
        assert_eq!(codes_text([1, 99]), ",1,99,");
        assert_eq!(codes_from_text(",1,99,").collect::<Vec<_>>(), [1, 99]);
        assert_eq!((codes_text([]), codes_from_text("").count()), (String::new(), 0));
    }
}
