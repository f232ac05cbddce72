//! Postbacks: what is told to the world outside of what happens to leads, to whom, and how often it is tried.

mod answer;
mod body;
mod convert;
mod fill;
mod macros;
mod mask;
mod tracker;

use crate::codes;
use crate::lead::{LeadEventKind, LeadStatus};
use crate::time::{DAY, HOUR};

pub use answer::{AnswerRules, Answered};
pub use body::{BodyTemplate, PostbackFormat};
pub use convert::convert;
pub use fill::PostbackUrl;
pub use macros::{POSTBACK_MACROS, PostbackMacro, StatusWords, Value};
pub use mask::{MASK, masked};
pub use tracker::{PostbackTemplate, tracker_url};

codes! {
    /// How the receiver is called.
    pub enum PostbackKind {
        Get = 1 "GET with macros in the address",
        Webhook = 2 "POST of signed JSON, as Standard Webhooks have it",
        Post = 3 "POST of a body of your own with macros, JSON or a form",
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
        Corrected = 8 "the amount of a lead's sale was corrected",
        Rerated = 9 "a lead was rated anew by other terms",
        Payout = 20 "a payout of yours was asked for or went a step further",
        Balance = 21 "money came to your balance by a deposit or an advance, or little is left on it",
        Offer = 22 "an offer went live, was stopped or decided about",
        News = 23 "news were published",
    }
}

codes! {
    /// Whether events are sent.
    pub enum PostbackStatus {
        Active = 1 "events are sent",
        Paused = 2 "paused by its owner; events wait",
        Failing = 3 "paused after days of failures, or because the receiver said that it is gone; events wait",
    }
}

codes! {
    /// How far a delivery is.
    pub enum DeliveryStatus {
        Waiting = 0 "waiting for its next try",
        Delivered = 1 "the receiver took it",
        Failed = 2 "given up after the last try; it can be sent again",
        Paused = 3 "its postback is paused",
        Cancelled = 4 "its postback was removed",
    }
}

impl PostbackEvent {
    /// What a step of a lead is told as; `None` for steps that are the network's own business.
    ///
    /// `is_new` says that the status is another one than before.
    pub fn of(kind: LeadEventKind, status: LeadStatus, is_new: bool) -> Option<Self> {
        match kind {
            LeadEventKind::Created => Some(Self::Created),
            LeadEventKind::Decided if is_new => Some(Self::of_status(status)),
            LeadEventKind::Closed => Some(Self::Closed),
            LeadEventKind::Reopened => Some(Self::Reopened),
            LeadEventKind::Corrected => Some(Self::Corrected),
            LeadEventKind::Rerated => Some(Self::Rerated),
            LeadEventKind::Decided | LeadEventKind::Contested | LeadEventKind::Settled => None,
        }
    }

    fn of_status(status: LeadStatus) -> Self {
        match status {
            LeadStatus::Pending => Self::Created,
            LeadStatus::Approved => Self::Approved,
            LeadStatus::Rejected => Self::Rejected,
            LeadStatus::Spam => Self::Spam,
            LeadStatus::Double => Self::Double,
        }
    }

    /// Whether it is about a lead: others have words of their own, which only webhooks carry.
    pub fn is_of_lead(self) -> bool {
        !matches!(self, Self::Payout | Self::Balance | Self::Offer | Self::News)
    }

    /// The type of a webhook about a lead: `lead.approved`.
    pub fn full_name(self) -> String {
        format!("lead.{}", self.name())
    }

    /// The word of the macro `{event}`, and behind `lead.` the type of a webhook.
    pub fn name(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Spam => "spam",
            Self::Double => "double",
            Self::Closed => "closed",
            Self::Reopened => "reopened",
            Self::Corrected => "corrected",
            Self::Rerated => "rerated",
            Self::Payout => "payout",
            Self::Balance => "balance",
            Self::Offer => "offer",
            Self::News => "news",
        }
    }

    /// Its bit in a choice of events.
    pub fn bit(self) -> i64 {
        1 << self.code()
    }

    /// A choice of events; everything about leads where nothing is chosen.
    pub fn bits(events: &[Self]) -> i64 {
        let of_leads = Self::ALL.iter().filter(|event| event.is_of_lead());
        let sum = |bits: i64, event: &Self| bits | event.bit();
        if events.is_empty() { of_leads.fold(0, sum) } else { events.iter().fold(0, sum) }
    }

    /// The events of a choice.
    pub fn chosen(bits: i64) -> Vec<Self> {
        Self::ALL.iter().copied().filter(|event| bits & event.bit() != 0).collect()
    }

    /// Whether a choice of events wants this one. A lead that is created with a decision is both: who asks for approved
    /// leads only must not miss those that were never pending.
    pub fn is_wanted(self, status: LeadStatus, bits: i64) -> bool {
        let both =
            if self == Self::Created { self.bit() | Self::of_status(status).bit() } else { self.bit() };
        bits & both != 0
    }
}

/// Ids as a column holds them: `,1,2,`, empty for all.
pub fn ids_text(ids: &[i64]) -> String {
    let mut ids = ids.to_vec();
    ids.sort_unstable();
    ids.dedup();
    let all: Vec<String> = ids.iter().map(ToString::to_string).collect();
    if all.is_empty() { String::new() } else { format!(",{},", all.join(",")) }
}

/// The ids of such a column.
pub fn ids_of(text: &str) -> Vec<i64> {
    text.split(',').filter_map(|id| id.parse().ok()).collect()
}

/// Whether such a column lets this one through.
pub fn ids_let(text: &str, id: Option<i64>) -> bool {
    text.is_empty() || id.is_some_and(|id| text.contains(&format!(",{id},")))
}

/// Seconds from a failed try to the next one (trust §6): ten tries in three days.
const RETRIES: [i64; 9] = [5, 300, 1800, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR];
/// Tries of one delivery.
pub const TRIES: i64 = 10;
/// Tries of a message that its receiver refuses as it is (400, 409, 413, 414, 415, 422): the third one is five minutes after the
/// first, so that a receiver may be mended; later events of the lead wait no longer than that.
pub const REFUSED_TRIES: i64 = 3;
/// Longest wait that a receiver may ask for.
pub const RETRY_AFTER_MAX: i64 = DAY;
/// Seconds of failures only after which a postback is paused.
pub const FAILING_SECONDS: i64 = 5 * DAY;
/// Seconds for which a receiver that cannot be reached is left alone, by failures in a row: less than its deliveries wait,
/// and never so long that one that works again is not noticed.
const HOLDS: [i64; 4] = [3, 30, 120, 300];

/// Seconds until the next try after so many failed ones, 20 % more or less by `chance`; `None` after the last.
pub fn retry_seconds(tries: i64, chance: u64) -> Option<i64> {
    let seconds = RETRIES.get(usize::try_from(tries - 1).ok()?)?;
    let percent = 80 + i64::try_from(chance % 41).unwrap_or(20);
    Some((seconds * percent + 50) / 100)
}

/// Seconds for which a receiver is left alone after so many failures in a row.
pub fn hold_seconds(failures: i64) -> i64 {
    let at = usize::try_from(failures - 1).unwrap_or(0).min(HOLDS.len() - 1);
    HOLDS[at]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_tries_in_three_days_and_four_hours() {
        let exact: i64 = (1..TRIES).filter_map(|tries| retry_seconds(tries, 20)).sum();
        assert_eq!(exact, 5 + 300 + 1800 + (2 + 5 + 10 + 14 + 20 + 24) * HOUR);
        assert_eq!((RETRIES.len() + 1, TRIES), (10, 10));
        assert_eq!((retry_seconds(TRIES, 20), retry_seconds(0, 20)), (None, None));
        assert_eq!((retry_seconds(2, 0), retry_seconds(2, 40)), (Some(240), Some(360)));
        assert_eq!([1, 2, 9].map(hold_seconds), [3, 30, 300]);
    }

    #[test]
    fn a_choice_of_events_takes_leads_that_are_born_approved() {
        let approved = PostbackEvent::bits(&[PostbackEvent::Approved]);
        assert!(PostbackEvent::Created.is_wanted(LeadStatus::Approved, approved));
        assert!(!PostbackEvent::Created.is_wanted(LeadStatus::Pending, approved));
        assert!(!PostbackEvent::Closed.is_wanted(LeadStatus::Approved, approved));
        let all = PostbackEvent::bits(&[]);
        let is_wanted = |event: &PostbackEvent| event.is_wanted(LeadStatus::Pending, all);
        assert!(PostbackEvent::ALL.iter().all(|event| is_wanted(event) == event.is_of_lead()));
        assert_eq!(PostbackEvent::chosen(approved), [PostbackEvent::Approved]);
        assert_eq!(PostbackEvent::of(LeadEventKind::Decided, LeadStatus::Spam, false), None);
    }

    #[test]
    fn ids_in_a_column() {
        assert_eq!((ids_text(&[7, 3, 7]).as_str(), ids_text(&[]).as_str()), (",3,7,", ""));
        assert_eq!(ids_of(",3,7,"), [3, 7]);
        assert!(ids_let("", None) && ids_let(",3,7,", Some(7)));
        assert!(!ids_let(",37,", Some(7)) && !ids_let(",3,", None));
    }
}
