//! What macros of postbacks stand for. The names are those of destinations (`domain::template`) with what only a lead has;
//! the other spellings are those of the networks whose addresses webmasters bring along.

use std::borrow::Cow;

use crate::alias::AD_CLICK_IDS;
use crate::lead::LeadStatus;
use crate::template::{UrlMacro, parts};

/// What a macro stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value {
    /// Something of the click.
    Click(UrlMacro),
    /// The decision in a word.
    Status,
    /// The decision as a number.
    StatusCode,
    /// What happened, in a word.
    Event,
    /// Id of what happened, the same with every try.
    EventId,
    /// The lead.
    LeadId,
    /// The goal.
    GoalId,
    /// What the goal is.
    GoalName,
    /// The offer's name.
    OfferName,
    /// What its owner earns or pays.
    Payout,
    /// Code of the currency.
    Currency,
    /// Amount of the sale.
    SaleAmount,
    /// The advertiser's id of the action.
    SaleId,
    /// Why it has its status, from the closed list.
    Reason,
    /// The same in words.
    Comment,
    /// Whether it is closed.
    IsClosed,
    /// Whether this is a rehearsal.
    IsTest,
    /// Second when the lead came.
    LeadTime,
    /// The same as a date.
    LeadDate,
    /// Second when this happened.
    EventTime,
    /// The same as a date.
    EventDate,
    /// Date of the click.
    ClickDate,
    /// The lead's id in the advertiser's own system, when that is asked for it.
    CrmId,
    /// The buyer's name, for advertisers.
    BuyerName,
    /// The buyer's telephone number, for advertisers.
    BuyerPhone,
}

impl Value {
    /// Whether it is the buyer's own: told to advertisers only, and shown in no log.
    pub fn is_buyer(self) -> bool {
        matches!(self, Self::BuyerName | Self::BuyerPhone)
    }

    /// Whether only the click itself knows it; the lead has a copy of the rest.
    pub fn is_of_click(self) -> bool {
        use UrlMacro::{AdClickId, Browser, BrowserVersion, Device, Os, OsVersion};
        matches!(self, Self::Click(Device | Os | OsVersion | Browser | BrowserVersion | AdClickId(_)))
    }
}

/// Every macro with its spelling and, behind it, other networks' spellings of the same.
#[rustfmt::skip]
pub const POSTBACK_MACROS: &[(Value, &[&str])] = &[
    (Value::Click(UrlMacro::Tid), &["tid", "reqid"]),
    (Value::Click(UrlMacro::Subid(0)), &["subid1", "sub1", "sub_id1", "sub_id_1", "subid", "sub_id", "aff_sub", "aff_sub1", "clickid", "click_id", "aff_click_id", "cid", "clickref", "subacc", "s1", "p1", "data1", "sid1"]),
    (Value::Click(UrlMacro::Subid(1)), &["subid2", "sub2", "sub_id2", "sub_id_2", "aff_sub2", "subacc2", "s2", "p2", "data2", "sid2"]),
    (Value::Click(UrlMacro::Subid(2)), &["subid3", "sub3", "sub_id3", "sub_id_3", "aff_sub3", "subacc3", "s3", "p3", "data3", "sid3"]),
    (Value::Click(UrlMacro::Subid(3)), &["subid4", "sub4", "sub_id4", "sub_id_4", "aff_sub4", "subacc4", "s4", "p4", "data4", "sid4"]),
    (Value::Click(UrlMacro::Subid(4)), &["subid5", "sub5", "sub_id5", "sub_id_5", "aff_sub5", "subacc5", "s5", "p5", "data5", "sid5"]),
    (Value::Click(UrlMacro::Keyword), &["keyword"]),
    (Value::Click(UrlMacro::OfferId), &["offer_id", "offerid", "oid", "camp_id", "campaignid", "campaign_id"]),
    (Value::Click(UrlMacro::WebmasterId), &["webmaster_id", "aff_id", "affiliate_id", "pid", "pub_id"]),
    (Value::Click(UrlMacro::AreaId), &["area_id"]),
    (Value::Click(UrlMacro::LinkId), &["link_id"]),
    (Value::Click(UrlMacro::LandingId), &["landing_id"]),
    (Value::Click(UrlMacro::PromoId), &["promo_id", "creative_id"]),
    (Value::Click(UrlMacro::Country), &["country", "country_code", "geo"]),
    (Value::Click(UrlMacro::Device), &["device"]),
    (Value::Click(UrlMacro::Os), &["os"]),
    (Value::Click(UrlMacro::OsVersion), &["os_version"]),
    (Value::Click(UrlMacro::Browser), &["browser"]),
    (Value::Click(UrlMacro::BrowserVersion), &["browser_version"]),
    (Value::Click(UrlMacro::Language), &["language", "lang"]),
    (Value::Click(UrlMacro::Ip), &["ip", "user_ip", "sourceip"]),
    (Value::Click(UrlMacro::Ua), &["ua", "user_agent", "uagent"]),
    (Value::Click(UrlMacro::Timestamp), &["timestamp", "click_time"]),
    (Value::Status, &["status", "conv_status", "payment_status", "stage"]),
    (Value::StatusCode, &["status_code", "action_status", "status_id"]),
    (Value::Event, &["event", "event_name"]),
    (Value::EventId, &["event_id"]),
    (Value::LeadId, &["lead_id", "leadid", "lead", "txid", "txn_id", "transaction_id", "transactionid", "trans_id", "conversion_id", "order_id", "orderid", "action_id", "id"]),
    (Value::GoalId, &["goal_id", "goal"]),
    (Value::GoalName, &["goal_name", "goal_title"]),
    (Value::OfferName, &["offer_name", "offer_title"]),
    (Value::Payout, &["payout", "sum", "amount", "payment", "revenue", "profit", "cash", "cost", "income", "money", "price", "payout_amount", "lead_price", "payment_sum"]),
    (Value::Currency, &["currency", "currency_code"]),
    (Value::SaleAmount, &["sale_amount", "order_sum", "action_sum"]),
    (Value::SaleId, &["sale_id"]),
    (Value::Reason, &["reason"]),
    (Value::Comment, &["comment", "substatus"]),
    (Value::IsClosed, &["is_closed"]),
    (Value::IsTest, &["is_test"]),
    (Value::LeadTime, &["lead_time", "conversion_time", "time_action", "time"]),
    (Value::LeadDate, &["lead_date"]),
    (Value::EventTime, &["event_time", "utcunixtime"]),
    (Value::EventDate, &["event_date", "datetime", "date"]),
    (Value::ClickDate, &["click_date"]),
    (Value::CrmId, &["crm_id", "cr_id"]),
    (Value::BuyerName, &["name", "buyer_name"]),
    (Value::BuyerPhone, &["phone", "buyer_phone"]),
];

/// Before a macro's name: its value is written as it is.
const RAW: &str = "raw:";

/// Words of a receiver for our statuses: `{status:pending=lead,approved=sale,rejected=reject}`. A status that is not named
/// keeps its own word, or has that of `other`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusWords([Option<String>; 5]);

impl StatusWords {
    fn parse(text: &str) -> Result<Self, String> {
        let mut words: [Option<String>; 5] = Default::default();
        let mut other = None;
        for pair in text.split(',') {
            let (status, word) = pair.split_once('=').ok_or_else(|| wrong_words(pair))?;
            if word.is_empty() || word.contains('=') {
                return Err(wrong_words(pair));
            }
            if status == "other" {
                other = Some(word.to_owned());
                continue;
            }
            let found = LeadStatus::ALL
                .iter()
                .find(|known| known.word() == status || known.code().to_string() == status);
            let found = found.ok_or_else(|| wrong_words(pair))?;
            let slot = words.get_mut(usize::try_from(found.code()).unwrap_or(0));
            if let Some(slot) = slot {
                *slot = Some(word.to_owned());
            }
        }
        for slot in &mut words {
            if slot.is_none() {
                slot.clone_from(&other);
            }
        }
        Ok(Self(words))
    }

    /// The receiver's word.
    pub fn word(&self, status: LeadStatus) -> &str {
        let word = usize::try_from(status.code()).ok().and_then(|at| self.0.get(at)?.as_deref());
        word.unwrap_or(status.word())
    }
}

fn wrong_words(pair: &str) -> String {
    format!(
        "{pair}: words for statuses are written as {{status:pending=lead,approved=sale,rejected=trash}}; the statuses are \
         pending, approved, rejected, spam, double, and other for all that are not named"
    )
}

/// One macro as it stands in a postback.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostbackMacro {
    /// What it stands for.
    pub value: Value,
    /// The receiver's words, of a status.
    pub words: Option<StatusWords>,
    /// Whether the value is written as it is: never in the path.
    pub is_raw: bool,
}

impl PostbackMacro {
    /// The macro that stands between braces.
    pub(super) fn named(text: &str) -> Result<Self, String> {
        let (is_raw, text) = text.strip_prefix(RAW).map_or((false, text), |rest| (true, rest));
        if let Some((name, words)) = text.split_once(':') {
            let value = value_named(name)?;
            if value != Value::Status {
                return Err(format!("Only {{status:…}} may have words of the receiver, not {{{name}}}"));
            }
            return Ok(Self { value, words: Some(StatusWords::parse(words)?), is_raw });
        }
        Ok(Self { value: value_named(text)?, words: None, is_raw })
    }

    /// Its value, with the receiver's words for a status.
    pub(super) fn text<'a>(&self, status: LeadStatus, value: impl Fn(Value) -> Cow<'a, str>) -> Cow<'a, str> {
        match (&self.words, self.value) {
            (Some(words), _) => Cow::Owned(words.word(status).to_owned()),
            (None, Value::Status) => Cow::Borrowed(status.word()),
            (None, other) => value(other),
        }
    }
}

fn value_named(name: &str) -> Result<Value, String> {
    find(name).ok_or_else(|| {
        parts::refusal(name, POSTBACK_MACROS.iter().flat_map(|(_, names)| *names).chain(AD_CLICK_IDS))
    })
}

/// The value with this spelling.
pub(super) fn find(name: &str) -> Option<Value> {
    if let Some(index) = AD_CLICK_IDS.iter().position(|known| *known == name) {
        return Some(Value::Click(UrlMacro::AdClickId(index)));
    }
    POSTBACK_MACROS.iter().find(|(_, names)| names.contains(&name)).map(|(value, _)| *value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::URL_MACROS;

    #[test]
    fn no_spelling_means_two_things_and_names_are_those_of_destinations() {
        let mut names: Vec<&str> =
            POSTBACK_MACROS.iter().flat_map(|(_, names)| *names).chain(AD_CLICK_IDS).copied().collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
        for (url, spellings) in URL_MACROS {
            if *url != UrlMacro::LandingUrl {
                assert_eq!(find(spellings[0]), Some(Value::Click(*url)), "{}", spellings[0]);
            }
        }
    }

    #[test]
    fn the_documentation_names_every_macro() {
        let page = include_str!("../../../../docs/postbacks-out.md");
        for name in POSTBACK_MACROS.iter().flat_map(|(_, names)| *names) {
            assert!(page.contains(&format!("`{{{name}}}`")), "{name}");
        }
    }

    #[test]
    fn receivers_have_words_of_their_own() {
        let mapped = PostbackMacro::named("status:pending=lead,approved=sale,other=trash").expect("a macro");
        let words = mapped.words.expect("words");
        let all: Vec<&str> = LeadStatus::ALL.iter().map(|status| words.word(*status)).collect();
        assert_eq!(all, ["lead", "sale", "trash", "trash", "trash"]);
        let numbers = PostbackMacro::named("status:0=lead,1=sale").expect("a macro").words.expect("words");
        assert_eq!((numbers.word(LeadStatus::Approved), numbers.word(LeadStatus::Spam)), ("sale", "spam"));
        for wrong in ["status:", "status:approved", "status:sold=sale", "status:approved=", "payout:1=2"] {
            assert!(PostbackMacro::named(wrong).is_err(), "{wrong}");
        }
        assert_eq!(
            PostbackMacro::named("sub_id_11").map_err(|words| words.contains("did you mean {sub_id_1}")),
            Err(true)
        );
    }
}
