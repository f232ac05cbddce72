//! Postbacks: calls of your tracker or your CRM about each event of a lead.

use whocpa_domain::input::{Patch, Until};
use whocpa_domain::{Page, PerPage, Time, codes, params, view};

codes! {
    /// How the receiver is called.
    pub enum PostbackKind {
        Get = 1 "GET with macros in the address",
        Webhook = 2 "POST of signed JSON, as Standard Webhooks have it",
    }
}

codes! {
    /// The receiver's own way of speaking.
    pub enum PostbackTemplate {
        Own = 0 "an address of your own",
        Keitaro = 1 "Keitaro",
        Binom = 2 "Binom",
        Voluum = 3 "Voluum",
        RedTrack = 4 "RedTrack",
        BeMob = 5 "BeMob",
        AlterCpa = 6 "AlterCPA",
    }
}

codes! {
    /// What is told.
    pub enum PostbackEvent {
        Created = 1 "a lead was created",
        Approved = 2 "a lead was approved",
        Rejected = 3 "a lead was rejected",
        Spam = 4 "a lead was marked as spam",
        Double = 5 "a lead was marked as a double",
        Closed = 6 "a lead was closed",
        Reopened = 7 "a closed lead was opened again",
    }
}

codes! {
    /// Whether events are sent.
    pub enum PostbackStatus {
        Active = 1 "events are sent",
        Paused = 2 "paused by its owner; events wait",
        Failing = 3 "paused after days of failures; events wait",
    }
}

params! {
    /// Which postbacks are wanted.
    pub struct PostbackList {
        /// Only in these states.
        status: Option<Vec<PostbackStatus>>,
        /// Only those that tell of this offer.
        offer_id: Option<i64>,
        /// Only of this person; for operators.
        user_id: Option<i64>,
        /// Number of the page.
        page: Page,
        /// Rows on a page.
        per_page: PerPage,
    }
}

params! {
    /// A new postback.
    pub struct PostbackCreate {
        /// How the receiver is called.
        kind: PostbackKind,
        /// Its address. With GET it may hold macros such as `{subid1}`, `{status}`, `{payout}`, `{currency}`,
        /// `{lead_id}`, `{tid}`; an unknown macro is refused.
        url: String,
        /// The receiver's own way of speaking; an address of your own unless told.
        template: Option<PostbackTemplate>,
        /// What you call it.
        name: Option<String>,
        /// What is told; everything unless told.
        events: Option<Vec<PostbackEvent>>,
        /// Only of these offers; of all unless told.
        offer_id: Option<Vec<i64>>,
        /// Only of these goals; of all unless told.
        goal_id: Option<Vec<i64>>,
        /// Only from these areas; from all unless told.
        area_id: Option<Vec<i64>>,
        /// Only through these links; through all unless told.
        link_id: Option<Vec<i64>>,
        /// Whether `{payout}` is `0` for a lead that pays nothing; it is empty unless told.
        is_zero_sent: Option<bool>,
    }
}

params! {
    /// Changes of a postback.
    pub struct PostbackUpdate {
        /// Its address.
        url: Option<String>,
        /// What you call it.
        name: Option<String>,
        /// What is told.
        events: Option<Vec<PostbackEvent>>,
        /// Only of these offers; empty for all.
        offer_id: Option<Vec<i64>>,
        /// Only of these goals; empty for all.
        goal_id: Option<Vec<i64>>,
        /// Only from these areas; empty for all.
        area_id: Option<Vec<i64>>,
        /// Only through these links; empty for all.
        link_id: Option<Vec<i64>>,
        /// Whether `{payout}` is `0` for a lead that pays nothing.
        is_zero_sent: Option<bool>,
        /// Active or paused. What waited is sent after a pause.
        status: Option<PostbackStatus>,
        /// Send everything again that happened from here on.
        replay_from: Patch<Time>,
        /// Send everything again until here, inclusive; until now unless told.
        replay_to: Option<Until>,
    }
}

view! {
    /// A postback.
    pub struct PostbackView {
        /// Postback id.
        id: i64,
        /// Whose it is; for operators only.
        #[serde(skip_serializing_if = "Option::is_none")]
        user_id: Option<i64>,
        /// How the receiver is called.
        kind: PostbackKind,
        /// Its address; for operators without its secret parts.
        url: String,
        /// The receiver's own way of speaking.
        template: PostbackTemplate,
        /// What its owner calls it.
        name: String,
        /// What is told.
        events: Vec<PostbackEvent>,
        /// Only of these offers, empty for all.
        offer_id: Vec<i64>,
        /// Only of these goals, empty for all.
        goal_id: Vec<i64>,
        /// Only from these areas, empty for all.
        area_id: Vec<i64>,
        /// Only through these links, empty for all.
        link_id: Vec<i64>,
        /// Whether `{payout}` is `0` for a lead that pays nothing.
        is_zero_sent: bool,
        /// Whether events are sent.
        status: PostbackStatus,
        /// Events that wait to be sent.
        waiting_count: i64,
        /// Failed tries since the last success.
        failure_count: i64,
        /// When a try last succeeded.
        date_delivered: Option<Time>,
        /// When it was made.
        date_created: Time,
    }
}

view! {
    /// What is told once, when a postback is made.
    pub struct PostbackCreated {
        /// Postback id.
        id: i64,
        /// Secret with which its messages are signed, `whsec_…`; it is shown this once.
        secret: String,
    }
}
