//! What the owner of a postback sees of its deliveries.

use std::collections::BTreeMap;

use whocpa_domain::postback::{DeliveryStatus, PostbackEvent, PostbackStatus};
use whocpa_domain::{Level, Method, Resource, Result, Time, view};
use whocpa_store::delivery::{self, Attempt, Delivery, DeliveryFilter};
use whocpa_store::forward::{self, Forward};
use whocpa_store::{Db, Scope, postback};

use super::load::lead_event_id;
use super::own;
use crate::Caller;

/// Deliveries that a lead's story tells of.
const OF_LEAD: u64 = 100;

view! {
    /// A delivery in a list.
    pub struct DeliveryRow {
        /// Delivery id.
        id: i64,
        /// The postback.
        postback_id: i64,
        /// Whose it is; for operators only.
        #[serde(skip_serializing_if = "Option::is_none")]
        user_id: Option<i64>,
        /// The lead that it tells of; `null` for a rehearsal, and for what is not about a lead.
        lead_id: Option<i64>,
        /// Id of the event, the same with every try: receivers know repeats by it.
        event_id: String,
        /// What happened.
        event: PostbackEvent,
        /// Whether it is a rehearsal.
        is_test: bool,
        /// How far it is.
        status: DeliveryStatus,
        /// Tries so far.
        attempt_count: i64,
        /// Status of the receiver's last answer, `null` when there was none.
        http_status: Option<i64>,
        /// When the event happened.
        date_created: Time,
        /// When it will be tried next; `null` when nothing is planned.
        date_next: Option<Time>,
        /// When the receiver took it.
        date_delivered: Option<Time>,
    }
}

view! {
    /// One try.
    pub struct DeliveryAttempt {
        /// From 1.
        number: i64,
        /// When.
        date_created: Time,
        /// The address that was called, without its secret parts.
        url: String,
        /// Status of the answer, `null` when there was none.
        http_status: Option<i64>,
        /// How long it took, in milliseconds.
        duration_ms: i64,
        /// Why there was no answer, empty otherwise.
        error: String,
        /// Beginning of the answer, at most 1 kB.
        answer: String,
    }
}

view! {
    /// A delivery with every try.
    pub struct DeliveryView {
        /// All fields of the list.
        #[serde(flatten)]
        row: DeliveryRow,
        /// Macros that had no value at the last try, and so arrived empty.
        empty: Vec<String>,
        /// The tries, in order.
        attempts: Vec<DeliveryAttempt>,
    }
}

view! {
    /// A delivery in a lead's story.
    pub struct LeadDelivery {
        /// Delivery id.
        id: i64,
        /// The postback.
        postback_id: i64,
        /// Number of the lead's event that it tells of.
        event_number: i64,
        /// What happened.
        event: PostbackEvent,
        /// How far it is.
        status: DeliveryStatus,
        /// Tries so far.
        attempt_count: i64,
        /// Status of the receiver's last answer, `null` when there was none.
        http_status: Option<i64>,
        /// When the receiver took it.
        date_delivered: Option<Time>,
        /// The lead's id in the advertiser's own system; absent unless that system told one.
        #[serde(skip_serializing_if = "Option::is_none")]
        crm_id: Option<String>,
        /// What that system last said of it, in its own word.
        #[serde(skip_serializing_if = "Option::is_none")]
        crm_status: Option<String>,
        /// Why what it said was not decided.
        #[serde(skip_serializing_if = "Option::is_none")]
        crm_refusal: Option<String>,
    }
}

/// What the deliveries of postbacks that are not sent now wait for.
pub(super) type States = BTreeMap<i64, DeliveryStatus>;

/// Reads in what state waiting deliveries are.
pub(super) async fn states(db: &Db, rows: &[Delivery]) -> Result<States> {
    let waits = |row: &&Delivery| row.status == DeliveryStatus::Waiting.code();
    let mut states = States::new();
    for row in rows.iter().filter(waits) {
        if states.contains_key(&row.postback_id) {
            continue;
        }
        let postback = postback::view(db, Scope::All, row.postback_id).await?;
        let state = match postback.map(|postback| postback.status) {
            None => DeliveryStatus::Cancelled,
            Some(status) if status == PostbackStatus::Active.code() => DeliveryStatus::Waiting,
            Some(_) => DeliveryStatus::Paused,
        };
        states.insert(row.postback_id, state);
    }
    Ok(states)
}

fn status(row: &Delivery, states: &States) -> DeliveryStatus {
    match DeliveryStatus::from_code(row.status) {
        Some(DeliveryStatus::Waiting) | None => {
            states.get(&row.postback_id).copied().unwrap_or(DeliveryStatus::Waiting)
        }
        Some(ended) => ended,
    }
}

fn event(row: &Delivery) -> PostbackEvent {
    PostbackEvent::from_code(row.event).unwrap_or(PostbackEvent::Created)
}

/// The id of a delivery's event.
pub(super) fn event_id(row: &Delivery) -> String {
    match row.lead_id {
        Some(lead_id) => lead_event_id(lead_id, row.event_number),
        None if row.is_test => format!("test_{}", row.id),
        None => own::event_id(row.event_number),
    }
}

pub(super) fn row(caller: Caller, row: &Delivery, states: &States) -> DeliveryRow {
    let status = status(row, states);
    DeliveryRow {
        event_id: event_id(row),
        event: event(row),
        id: row.id,
        postback_id: row.postback_id,
        user_id: (caller.level == Level::Operator).then_some(row.user_id),
        lead_id: row.lead_id,
        is_test: row.is_test,
        attempt_count: row.attempt_count,
        http_status: row.http_status,
        date_created: Time(row.date_created),
        date_next: (status == DeliveryStatus::Waiting).then_some(Time(row.date_next)),
        date_delivered: row.date_delivered.map(Time),
        status,
    }
}

pub(super) fn attempt(row: Attempt) -> DeliveryAttempt {
    DeliveryAttempt {
        number: row.number,
        date_created: Time(row.date_created),
        url: row.url,
        http_status: row.http_status,
        duration_ms: row.duration_ms,
        error: row.error,
        answer: row.answer,
    }
}

/// What a lead's story tells of its deliveries, in the scope of deliveries: each side reads its own.
pub(crate) async fn of_lead(db: &Db, caller: Caller, lead_id: i64) -> Result<Vec<LeadDelivery>> {
    let Ok(scope) = caller.may(Resource::Delivery, Method::List) else { return Ok(Vec::new()) };
    let filter = DeliveryFilter { lead_ids: Some(vec![lead_id]), ..DeliveryFilter::default() };
    let rows = delivery::found(db, scope, &filter, 0, OF_LEAD).await?;
    let states = states(db, &rows).await?;
    let known = forward::of_lead(db, scope, lead_id).await?;
    let of = |row: &Delivery| known.iter().find(|known| known.postback_id == row.postback_id);
    let told = |row: &Delivery, what: fn(&Forward) -> &String| {
        of(row).map(what).filter(|text| !text.is_empty()).cloned()
    };
    let shown = |row: Delivery| LeadDelivery {
        crm_id: told(&row, |known| &known.crm_id),
        crm_status: told(&row, |known| &known.word),
        crm_refusal: told(&row, |known| &known.refusal),
        status: status(&row, &states),
        event: event(&row),
        id: row.id,
        postback_id: row.postback_id,
        event_number: row.event_number,
        attempt_count: row.attempt_count,
        http_status: row.http_status,
        date_delivered: row.date_delivered.map(Time),
    };
    Ok(rows.into_iter().map(shown).collect())
}
