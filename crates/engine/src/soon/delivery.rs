//! Deliveries: each event that a postback tells, with every try.

use whocpa_domain::input::Until;
use whocpa_domain::{Page, PerPage, Time, codes, params, view};

use super::postback::PostbackEvent;

codes! {
    /// How far a delivery is.
    pub enum DeliveryStatus {
        Waiting = 0 "waiting for its next try",
        Delivered = 1 "the receiver took it",
        Failed = 2 "given up after the last try; it can be sent again",
        Paused = 3 "its postback is paused",
    }
}

params! {
    /// Which deliveries are wanted.
    pub struct DeliveryList {
        /// Only of these postbacks.
        postback_id: Option<Vec<i64>>,
        /// Only about these leads.
        lead_id: Option<Vec<i64>>,
        /// Only in these states.
        status: Option<Vec<DeliveryStatus>>,
        /// Only of these events.
        event: Option<Vec<PostbackEvent>>,
        /// Only of this person; for operators.
        user_id: Option<i64>,
        /// Made from here on.
        d_created_from: Option<Time>,
        /// Made until here, inclusive: a date takes its whole day in.
        d_created_to: Option<Until>,
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

view! {
    /// A delivery in a list.
    pub struct DeliveryRow {
        /// Delivery id.
        id: i64,
        /// The postback.
        postback_id: i64,
        /// The lead that it tells of.
        lead_id: i64,
        /// Id of the event, the same with every try: receivers know repeats by it.
        event_id: String,
        /// What happened.
        event: PostbackEvent,
        /// How far it is.
        status: DeliveryStatus,
        /// Tries so far.
        attempt_count: i64,
        /// Status of the receiver's last answer, `null` when there was none.
        http_status: Option<i64>,
        /// When the event happened.
        date_created: Time,
        /// When it will be tried next.
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
        /// The tries, in order.
        attempts: Vec<DeliveryAttempt>,
    }
}
