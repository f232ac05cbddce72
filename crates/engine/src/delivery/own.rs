//! Events that are not of a lead: they have words of their own, written down with the change that caused them.

use serde::Serialize;
use serde_json::{Value, json};
use whocpa_domain::postback::{DeliveryStatus, PostbackEvent, ids_let};
use whocpa_domain::user::UserLevel;
use whocpa_domain::{Error, Result, Time};
use whocpa_store::delivery::{self, Delivery};
use whocpa_store::event::{self, EVERYBODY, Event};
use whocpa_store::offer::Offer;
use whocpa_store::person::User;
use whocpa_store::postback::{self, Listener};
use whocpa_store::{Db, connection};

/// Who is told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Readers {
    /// One webmaster, or `EVERYBODY`.
    webmaster_id: Option<i64>,
    /// One advertiser, or `EVERYBODY`.
    advertiser_id: Option<i64>,
    /// Webmasters beside them.
    others: Vec<i64>,
}

impl Readers {
    /// One webmaster.
    pub fn webmaster(id: i64) -> Self {
        Self { webmaster_id: Some(id), ..Self::default() }
    }

    /// One advertiser.
    pub fn advertiser(id: i64) -> Self {
        Self { advertiser_id: Some(id), ..Self::default() }
    }

    /// The same without advertisers.
    pub fn without_advertisers(self) -> Self {
        Self { advertiser_id: None, ..self }
    }

    /// Every webmaster and advertiser.
    pub fn everybody() -> Self {
        Self { webmaster_id: Some(EVERYBODY), advertiser_id: Some(EVERYBODY), others: Vec::new() }
    }

    /// Whether this person is one of them.
    pub fn has(&self, user: &User) -> bool {
        let is_in = |told: Option<i64>| told == Some(EVERYBODY) || told == Some(user.id);
        match user.level() {
            UserLevel::Webmaster => is_in(self.webmaster_id) || self.others.contains(&user.id),
            UserLevel::Advertiser => is_in(self.advertiser_id),
            UserLevel::Operator => false,
        }
    }

    /// Who is told of an offer: its owner, and every webmaster; of a private one those who work with it.
    pub async fn of_offer(db: &Db, offer: &Offer) -> Result<Self> {
        let owner = Self::advertiser(offer.advertiser_id);
        Ok(if offer.is_private {
            Self { others: connection::webmasters(db, offer.id).await?, ..owner }
        } else {
            Self { webmaster_id: Some(EVERYBODY), ..owner }
        })
    }
}

/// What is told.
#[derive(Debug, Clone)]
pub(crate) struct Own {
    event: PostbackEvent,
    offer_id: Option<i64>,
    words: String,
}

impl Own {
    /// An event with its type, `payout.paid`, and what is said of it.
    pub fn new(event: PostbackEvent, kind: &str, data: &impl Serialize) -> Result<Self> {
        let data = serde_json::to_value(data);
        let data = data.map_err(|e| Error::Internal(format!("writing an event: {e}")))?;
        Ok(Self { event, offer_id: None, words: json!({ "type": kind, "data": data }).to_string() })
    }

    /// It is about this offer: postbacks that name other offers are not told.
    pub fn of_offer(self, offer_id: Option<i64>) -> Self {
        Self { offer_id, ..self }
    }
}

/// Type and data of such an event, as they were written down.
pub(crate) fn words(row: &Event) -> Result<(String, Value)> {
    let lost = || Error::Internal(format!("event {} cannot be read", row.id));
    let mut read: Value = serde_json::from_str(&row.body).map_err(|_| lost())?;
    let kind = read["type"].as_str().ok_or_else(lost)?.to_owned();
    Ok((kind, read["data"].take()))
}

/// Its id in messages: that of the first row where several people have one each.
pub(crate) fn own_event_id(row: &Event) -> String {
    event_id(if row.number > 0 { row.number } else { row.id })
}

/// The id in messages of the event with this number.
pub(super) fn event_id(id: i64) -> String {
    format!("event_{id}")
}

/// Writes an event and its deliveries, in the caller's transaction.
pub(crate) async fn tell_own(db: &Db, readers: Readers, own: &Own, now: Time) -> Result<()> {
    let Readers { webmaster_id, advertiser_id, others } = readers;
    let row = Event {
        id: 0,
        event: own.event.code(),
        webmaster_id,
        advertiser_id,
        lead_id: None,
        number: 0,
        body: own.words.clone(),
        date_created: now.0,
    };
    let id = event::create(db, row.clone()).await?;
    let copy =
        |other: &i64| Event { webmaster_id: Some(*other), advertiser_id: None, number: id, ..row.clone() };
    event::create_many(db, &others.iter().map(copy).collect::<Vec<Event>>()).await?;
    let asked = if others.is_empty() { webmaster_id } else { Some(EVERYBODY) };
    let listeners = postback::wanting(db, own.event, (asked, advertiser_id)).await?;
    let is_reader = |row: &Listener| {
        others.is_empty() || Some(row.user_id) == advertiser_id || others.contains(&row.user_id)
    };
    let is_for =
        |row: &&Listener| is_reader(row) && (own.offer_id.is_none() || ids_let(&row.offer_ids, own.offer_id));
    let rows: Vec<Delivery> =
        listeners.iter().filter(is_for).map(|row| delivery(row, own.event, id, now)).collect();
    delivery::create_many(db, &rows).await
}

fn delivery(postback: &Listener, event: PostbackEvent, event_id: i64, now: Time) -> Delivery {
    Delivery {
        id: 0,
        postback_id: postback.id,
        user_id: postback.user_id,
        event: event.code(),
        lead_id: None,
        event_number: event_id,
        is_test: false,
        status: DeliveryStatus::Waiting.code(),
        attempt_count: 0,
        try_count: 0,
        http_status: None,
        empty: String::new(),
        date_created: now.0,
        date_next: now.0,
        date_delivered: None,
    }
}
