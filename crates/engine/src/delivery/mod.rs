//! Deliveries: each event that a postback tells, with every try. A job sends them (`pump`); here is what their owner sees of
//! them, and how he sends them again.
//!
//! ```text
//! a lead changes ─► tell: rows in the same transaction
//!                     └─► pump ─► turn of one receiver ─► message, signed ─► settle: tries, next time, pauses
//! ```

mod courier;
mod facts;
mod forward;
mod load;
mod message;
mod own;
mod pump;
mod rehearse;
mod replay;
mod settle;
mod shown;
mod sign;
mod tell;
mod turn;

use whocpa_domain::input::Until;
use whocpa_domain::postback::{DeliveryStatus, PostbackEvent};
use whocpa_domain::sort::{Sort, TimeSort};
use whocpa_domain::time::DAY;
use whocpa_domain::{Error, FieldErrors, Level, Method, Page, PerPage, Resource, Result, Time, params, view};
use whocpa_store::delivery::{self, Delivery, DeliveryFilter};
use whocpa_store::forward::Forward;
use whocpa_store::{Paging, Rows};

use crate::{Caller, Engine};

pub(crate) use courier::Courier;
pub use courier::DeliveryConfig;
pub(crate) use load::Loaded;
pub(crate) use message::header_lines;
pub(crate) use own::{Own, Readers, own_event_id, tell_own, words};
pub(crate) use pump::run;
pub(crate) use shown::of_lead;
pub use shown::{DeliveryAttempt, DeliveryRow, DeliveryView, LeadDelivery};
pub(crate) use sign::{secret_bytes, secret_new};
pub(crate) use tell::{Told, tell};

/// Days for which deliveries that ended are kept, with their tries.
const KEEP_DAYS: i64 = 90;
/// Deliveries that are forgotten in one transaction.
const FORGET: u64 = 500;

params! {
    /// Which deliveries are wanted.
    pub struct DeliveryList {
        /// Only these.
        id: Option<Vec<i64>>,
        /// Only of these postbacks.
        postback_id: Option<Vec<i64>>,
        /// Only about these leads.
        lead_id: Option<Vec<i64>>,
        /// Only in these states.
        status: Option<Vec<DeliveryStatus>>,
        /// Only of these events.
        event: Option<Vec<PostbackEvent>>,
        /// Only rehearsals (1), or only what really happened (0).
        is_test: Option<bool>,
        /// 1 for leads that are stuck between the network and an advertiser's own system: not taken by it for an hour, or taken a
        /// day ago and not decided since.
        is_stuck: Option<bool>,
        /// Only of these people; for operators.
        user_id: Option<Vec<i64>>,
        /// Made from here on.
        d_created_from: Option<Time>,
        /// Made until here, inclusive: a date takes its whole day in.
        d_created_to: Option<Until>,
        /// Order of the list, a minus in front for the other direction; `-date_created` unless told.
        sort: Option<Sort<TimeSort>>,
        /// Number of the page.
        page: Page,
        /// Rows on a page.
        per_page: PerPage,
    }
}

params! {
    /// What is done with a delivery.
    pub struct DeliveryUpdate {
        /// 1 to send it again now; it keeps its `event_id`.
        replay: bool,
    }
}

params! {
    /// What is sent again, or rehearsed.
    pub struct DeliveryCreate {
        /// The postback.
        postback_id: i64,
        /// 1 for a rehearsal: a test lead is sent at once and marked as a test. It is outside of money and statistics.
        is_test: Option<bool>,
        /// Rehearsal: a click of yours whose labels are sent; invented ones unless told.
        tid: Option<String>,
        /// Rehearsal: what happens to the test lead; it is created unless told.
        event: Option<PostbackEvent>,
        /// Send again: only deliveries in these states (1 delivered, 2 failed, 0 waiting); all unless told.
        status: Option<Vec<DeliveryStatus>>,
        /// Send again: only about these leads.
        lead_id: Option<Vec<i64>>,
        /// Send again: made from here on.
        d_created_from: Option<Time>,
        /// Send again: made until here, inclusive: a date takes its whole day in.
        d_created_to: Option<Until>,
        /// Send again to this postback of yours instead; `event_id` stays the same.
        to_postback_id: Option<i64>,
        /// 1 to send nothing and only tell how many it would be, or what the rehearsal would call.
        is_dry_run: Option<bool>,
    }
}

view! {
    /// What was sent again or rehearsed.
    pub struct DeliveryCreated {
        /// The rehearsal's delivery; 0 where nothing single was made.
        id: i64,
        /// How many deliveries are sent, or would be.
        count: i64,
        /// Rehearsal: the address that was called, or would be, without its secret parts.
        url: String,
        /// Rehearsal: macros that have no value, and so arrive empty.
        empty: Vec<String>,
    }
}

impl Engine {
    /// One page of deliveries, the newest first.
    pub async fn delivery_list(&self, caller: Caller, input: DeliveryList) -> Result<Rows<DeliveryRow>> {
        let scope = caller.may(Resource::Delivery, Method::List)?;
        if input.user_id.is_some() && caller.level != Level::Operator {
            return Err(Error::field("user_id", "Only operators may use this"));
        }
        check_window(input.d_created_from, input.d_created_to)?;
        if input.is_stuck == Some(false) {
            return Err(Error::field("is_stuck", "Must be 1"));
        }
        let filter = DeliveryFilter {
            postback_ids: input.postback_id,
            lead_ids: input.lead_id,
            status: input.status,
            events: input.event,
            ids: input.id,
            user_ids: input.user_id,
            sort: input.sort,
            is_test: input.is_test,
            stuck_at: input.is_stuck.map(|_| self.now()),
            from: input.d_created_from,
            until: input.d_created_to.map(|until| until.0),
        };
        let db = self.store().read();
        let rows = delivery::list(&db, scope, &filter, Paging::new(input.page, input.per_page)).await?;
        let states = shown::states(&db, &rows.rows).await?;
        Ok(rows.map(|row| shown::row(caller, &row, &states)))
    }

    /// One delivery with its tries.
    pub async fn delivery_view(&self, caller: Caller, id: i64) -> Result<DeliveryView> {
        let scope = caller.may(Resource::Delivery, Method::View)?;
        let db = self.store().read();
        let row = delivery::view(&db, scope, id).await?.ok_or(Error::NotFound)?;
        let attempts = delivery::attempts(&db, scope, id).await?;
        let states = shown::states(&db, std::slice::from_ref(&row)).await?;
        Ok(DeliveryView {
            empty: row.empty.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect(),
            attempts: attempts.into_iter().map(shown::attempt).collect(),
            row: shown::row(caller, &row, &states),
        })
    }

    /// Sends a stretch of deliveries again, or rehearses a postback.
    pub async fn delivery_create(&self, caller: Caller, input: DeliveryCreate) -> Result<DeliveryCreated> {
        let scope = caller.may(Resource::Delivery, Method::Create)?;
        check_create(&input)?;
        if input.is_test == Some(true) {
            return self.delivery_rehearse(caller, scope, input).await;
        }
        self.delivery_replay(caller, scope, input).await
    }

    /// Forgets what ended long ago. A job.
    pub(crate) async fn delivery_forget(&self) -> Result<()> {
        let before = self.now().plus(-KEEP_DAYS * DAY);
        loop {
            let old = &delivery::old(&self.store().read(), before, FORGET).await?;
            if old.is_empty() {
                return Ok(());
            }
            self.store().write(move |db| async move { delivery::forget(&db, old).await }).await?;
        }
    }
}

fn check_window(from: Option<Time>, to: Option<Until>) -> Result<()> {
    if from.zip(to).is_some_and(|(from, to)| to.0 <= from) {
        return Err(Error::field("d_created_to", "Must not be before d_created_from"));
    }
    Ok(())
}

/// A rehearsal and a replay have parameters of their own.
fn check_create(input: &DeliveryCreate) -> Result<()> {
    let mut errors = FieldErrors::default();
    let is_test = input.is_test == Some(true);
    for (field, is_sent, is_of_test) in [
        ("tid", input.tid.is_some(), true),
        ("event", input.event.is_some(), true),
        ("status", input.status.is_some(), false),
        ("lead_id", input.lead_id.is_some(), false),
        ("d_created_from", input.d_created_from.is_some(), false),
        ("d_created_to", input.d_created_to.is_some(), false),
        ("to_postback_id", input.to_postback_id.is_some(), false),
    ] {
        if is_sent && is_of_test != is_test {
            errors
                .add(field, if is_test { "Not for a rehearsal" } else { "Only for a rehearsal (is_test=1)" });
        }
    }
    if let Some(states) = &input.status
        && states.iter().any(|status| matches!(status, DeliveryStatus::Paused | DeliveryStatus::Cancelled))
    {
        errors.add("status", "Must be 0, 1 or 2 here");
    }
    errors.finish()?;
    check_window(input.d_created_from, input.d_created_to)
}

/// The question for a lead of a system, as if it were a message about the lead's newest event.
fn asked(row: &Forward, event_number: i64, now: Time) -> Delivery {
    Delivery {
        id: 0,
        postback_id: row.postback_id,
        user_id: row.user_id,
        event: PostbackEvent::Created.code(),
        lead_id: Some(row.lead_id),
        event_number,
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
