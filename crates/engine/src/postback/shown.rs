//! What the owner of a postback sees of it.

use whocpa_domain::postback::{
    AnswerRules, PostbackEvent, PostbackFormat, PostbackKind, PostbackStatus, PostbackTemplate, ids_of,
};
use whocpa_domain::{Level, Result, Time, view};
use whocpa_store::postback::Postback;

use crate::{Caller, Engine};

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
        /// Its address with macros; for operators, and for keys that may not write, without its secret parts.
        url: String,
        /// The receiver's own way of speaking.
        template: PostbackTemplate,
        /// How its body is written; `null` without a body of your own.
        format: Option<PostbackFormat>,
        /// Its body with macros; for its owner's keys that may write, empty otherwise.
        body: String,
        /// What is read of its answers: the way to your own id of the lead.
        answer_id: String,
        /// The way to your status of the lead.
        answer_status: String,
        /// Your words for decisions.
        answer_words: String,
        /// Where your system is asked for a lead; shown like `body`.
        poll_url: String,
        /// Minutes between two such questions, 0 for none.
        poll_minutes: i64,
        /// Names of the headers that are sent beside the usual ones.
        headers: Vec<String>,
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
        /// Why the network paused it, empty otherwise.
        reason: String,
        /// Events that wait to be sent.
        waiting_count: i64,
        /// Failed tries since the last success.
        failure_count: i64,
        /// Since when every try failed; `null` when the last one did not.
        date_failing: Option<Time>,
        /// When a try last succeeded.
        date_delivered: Option<Time>,
        /// Since when it is paused.
        date_paused: Option<Time>,
        /// Until when the replaced secret signs beside the new one.
        date_secret_old: Option<Time>,
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
        /// Its address, with macros in our own form.
        url: String,
    }
}

impl Engine {
    pub(super) fn postback_shown(
        &self,
        caller: Caller,
        row: Postback,
        waiting_count: i64,
    ) -> Result<PostbackView> {
        let is_operator = caller.level == Level::Operator;
        let is_open = !is_operator && caller.origin.rights.write;
        let (url, body) = if is_open {
            (self.postback_open(row.id, &row.url_sealed)?, self.postback_open(row.id, &row.body_sealed)?)
        } else {
            (row.url_masked.clone(), String::new())
        };
        let rules: AnswerRules = serde_json::from_str(&row.answer).unwrap_or_default();
        let poll_url =
            if is_open { self.postback_open(row.id, &row.poll_url_sealed)? } else { String::new() };
        let overlap = row.date_secret_old.filter(|until| *until > self.now().0);
        Ok(PostbackView {
            id: row.id,
            user_id: is_operator.then_some(row.user_id),
            kind: PostbackKind::from_code(row.kind).unwrap_or(PostbackKind::Get),
            url,
            template: PostbackTemplate::from_code(row.template).unwrap_or(PostbackTemplate::Own),
            format: PostbackFormat::from_code(row.format),
            body,
            answer_id: rules.id,
            answer_status: rules.status,
            answer_words: rules.words,
            poll_url,
            poll_minutes: row.poll_minutes,
            headers: row.header_names.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect(),
            name: row.name,
            events: PostbackEvent::chosen(row.events),
            offer_id: ids_of(&row.offer_ids),
            goal_id: ids_of(&row.goal_ids),
            area_id: ids_of(&row.area_ids),
            link_id: ids_of(&row.link_ids),
            is_zero_sent: row.is_zero_sent,
            status: PostbackStatus::from_code(row.status).unwrap_or(PostbackStatus::Active),
            reason: row.reason,
            waiting_count,
            failure_count: row.failure_count,
            date_failing: row.date_failing.map(Time),
            date_delivered: row.date_delivered.map(Time),
            date_paused: row.date_paused.map(Time),
            date_secret_old: overlap.map(Time),
            date_created: Time(row.date_created),
        })
    }
}
