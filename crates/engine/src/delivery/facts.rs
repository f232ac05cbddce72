//! What is known about an event when it is told: the values of macros, and the object of a webhook.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};
use whocpa_domain::buyer::Buyer;
use whocpa_domain::click::Click;
use whocpa_domain::lead::{LeadReason, LeadStatus};
use whocpa_domain::money::Amount;
use whocpa_domain::postback::{PostbackEvent, Value};
use whocpa_domain::template::UrlMacro;
use whocpa_domain::user::UserLevel;
use whocpa_domain::{Error, Result, Time};
use whocpa_store::lead::Lead;
use whocpa_store::postback::Postback;

use crate::click::device_word;
use crate::{Caller, Engine};

/// One event, as its receiver's owner may know it.
pub(crate) struct Facts {
    /// The lead, as it was after the event.
    pub lead: Lead,
    pub event: PostbackEvent,
    pub event_id: String,
    pub number: i64,
    pub date: i64,
    /// The webmaster's words or the advertiser's, to the event.
    pub words: String,
    pub tid: String,
    pub click: Option<Click>,
    pub offer_name: String,
    pub goal_name: String,
    /// Code of the currency and its digits.
    pub currency: (String, u8),
    /// Its id in the advertiser's own system, empty while it is not known.
    pub crm_id: String,
    pub buyer: Option<Buyer>,
    pub is_webmaster: bool,
    pub is_zero_sent: bool,
    pub is_test: bool,
}

impl Facts {
    pub fn status(&self) -> LeadStatus {
        self.lead.state().status
    }

    /// The value of a macro; empty where it is not known.
    pub fn value(&self, value: Value) -> Cow<'_, str> {
        let lead = &self.lead;
        let reason = || LeadReason::from_code(lead.reason_code).filter(|why| *why != LeadReason::Untold);
        match value {
            Value::Click(of_click) => self.of_click(of_click),
            Value::Status => self.status().word().into(),
            Value::StatusCode => lead.status.to_string().into(),
            Value::Event => self.event.name().into(),
            Value::EventId => self.event_id.as_str().into(),
            Value::LeadId => lead.id.to_string().into(),
            Value::GoalId => number(lead.goal_id),
            Value::GoalName => self.goal_name.as_str().into(),
            Value::OfferName => self.offer_name.as_str().into(),
            Value::Payout => self.payout(),
            Value::Currency => self.currency.0.as_str().into(),
            Value::SaleAmount => lead.amount.map_or(Cow::Borrowed(""), |micros| self.amount(micros)),
            Value::SaleId => lead.sale_id.as_str().into(),
            Value::Reason => reason().map_or("", LeadReason::word).into(),
            Value::Comment => self.words.as_str().into(),
            Value::IsClosed => lead.is_closed.to_string().into(),
            Value::IsTest => if self.is_test { "1" } else { "0" }.into(),
            Value::LeadTime => lead.date_created.to_string().into(),
            Value::LeadDate => Time(lead.date_created).to_string().into(),
            Value::EventTime => self.date.to_string().into(),
            Value::EventDate => Time(self.date).to_string().into(),
            Value::ClickDate => Time(lead.date_redirect).to_string().into(),
            Value::CrmId => self.crm_id.as_str().into(),
            Value::BuyerName => self.buyer.as_ref().map_or("", |buyer| buyer.name.as_str()).into(),
            Value::BuyerPhone => self.buyer.as_ref().map_or("", phone).into(),
        }
    }

    fn of_click(&self, value: UrlMacro) -> Cow<'_, str> {
        let lead = &self.lead;
        let click = |of: fn(&Click) -> &str| self.click.as_ref().map_or("", of).into();
        match value {
            UrlMacro::Tid => self.tid.as_str().into(),
            UrlMacro::Subid(0) => lead.subid1.as_str().into(),
            UrlMacro::Subid(1) => lead.subid2.as_str().into(),
            UrlMacro::Subid(2) => lead.subid3.as_str().into(),
            UrlMacro::Subid(3) => lead.subid4.as_str().into(),
            UrlMacro::Subid(_) => lead.subid5.as_str().into(),
            UrlMacro::Keyword => lead.keyword.as_str().into(),
            UrlMacro::OfferId => number(lead.offer_id),
            UrlMacro::WebmasterId => number(lead.webmaster_id),
            UrlMacro::AreaId => number(lead.area_id.unwrap_or(0)),
            UrlMacro::LinkId => number(lead.link_id),
            UrlMacro::LandingId => number(lead.landing_id.unwrap_or(0)),
            UrlMacro::LandingUrl => "".into(),
            UrlMacro::PromoId => number(lead.promo_id.unwrap_or(0)),
            UrlMacro::Country => lead.country.as_str().into(),
            UrlMacro::Device => self.click.as_ref().map_or("", |click| device_word(click.device)).into(),
            UrlMacro::Os => click(|click| &click.os),
            UrlMacro::OsVersion => click(|click| &click.os_version),
            UrlMacro::Browser => click(|click| &click.browser),
            UrlMacro::BrowserVersion => click(|click| &click.browser_version),
            UrlMacro::Language => lead.language.as_str().into(),
            UrlMacro::Ip => lead.ip.as_str().into(),
            UrlMacro::Ua => lead.ua.as_str().into(),
            UrlMacro::Timestamp => lead.date_redirect.to_string().into(),
            UrlMacro::AdClickId(index) => self.ad_click_id(index),
        }
    }

    fn ad_click_id(&self, index: usize) -> Cow<'_, str> {
        let (Some(click), Some(name)) = (&self.click, whocpa_domain::alias::AD_CLICK_IDS.get(index)) else {
            return "".into();
        };
        let mut pairs = url::form_urlencoded::parse(click.params.as_bytes());
        pairs.find(|(known, _)| known == name).map_or("".into(), |(_, value)| value)
    }

    /// What it is worth to the receiver's owner; nothing once it is refused.
    fn payout(&self) -> Cow<'_, str> {
        let micros = if self.is_webmaster { self.lead.payout } else { self.lead.charge };
        let earns = matches!(self.status(), LeadStatus::Pending | LeadStatus::Approved);
        match (earns, self.is_zero_sent) {
            (true, _) => self.amount(micros),
            (false, true) => self.amount(0),
            (false, false) => "".into(),
        }
    }

    fn amount(&self, micros: i64) -> Cow<'_, str> {
        Amount { micros, digits: self.currency.1 }.to_string().into()
    }

    /// What a webhook says of it, and who fetches it: what `lead/view` would have shown its reader at that moment, without the
    /// buyer.
    pub fn data(&self, engine: &Engine, reader: Caller) -> Result<Map<String, Json>> {
        let digits = BTreeMap::from([(self.lead.currency_id, self.currency.1)]);
        let row = engine.lead_row(reader, self.lead.clone(), &digits);
        let row = serde_json::to_value(row);
        let mut data = match row.map_err(|e| Error::Internal(format!("writing a lead: {e}")))? {
            Json::Object(fields) => fields,
            _ => Map::new(),
        };
        data.insert("currency".to_owned(), self.currency.0.as_str().into());
        data.insert("event_id".to_owned(), self.event_id.as_str().into());
        data.insert("event_number".to_owned(), self.number.into());
        data.insert("is_test".to_owned(), self.is_test.into());
        Ok(data)
    }

    /// The message of a webhook.
    pub fn message(&self, engine: &Engine, postback: &Postback) -> Result<String> {
        let level = UserLevel::from_code(postback.level).unwrap_or(UserLevel::Webmaster);
        let reader = Caller::new(level.level(), postback.user_id);
        Ok(serde_json::json!({
            "type": self.event.full_name(),
            "timestamp": Time(self.date).to_string(),
            "data": self.data(engine, reader)?,
        })
        .to_string())
    }
}

fn number(id: i64) -> Cow<'static, str> {
    if id == 0 { "".into() } else { id.to_string().into() }
}

fn phone(buyer: &Buyer) -> &str {
    if buyer.e164.is_empty() { &buyer.phone } else { &buyer.e164 }
}
