//! Writing down what came of a turn, if the receiver is still ours.

use std::collections::BTreeMap;

use whocpa_domain::letter::LetterKind;
use whocpa_domain::postback::{
    DeliveryStatus, FAILING_SECONDS, PostbackStatus, REFUSED_TRIES, hold_seconds, retry_seconds,
};
use whocpa_domain::{Result, Time};
use whocpa_store::Db;
use whocpa_store::delivery::{self, Attempt, Delivery};
use whocpa_store::postback::{self, Postback};

use super::turn::{Came, Outcome, Tried};
use crate::Engine;
use crate::mail::Draft;

/// Failures in a row after which refusals too are met with a pause.
const REFUSALS: i64 = 5;

impl Engine {
    /// Writes a turn down and gives the receiver free; false when another worker has it by now, who sends again what this one
    /// could not write down.
    pub(super) async fn delivery_settle(&self, db: &Db, outcome: &Outcome) -> Result<bool> {
        let Some(row) = postback::held(db, outcome.postback_id, outcome.fence).await? else {
            tracing::warn!(
                postback.id = outcome.postback_id,
                count = outcome.tried.len(),
                "a turn that took too long is not written down: another worker has the receiver"
            );
            return Ok(false);
        };
        let now = self.now();
        let was_down = row.down_count > 0;
        let was_failing = row.status == PostbackStatus::Failing.code();
        let mut row = Postback { date_until: 0, ..row };
        let mut taken: BTreeMap<(i64, &str), Vec<i64>> = BTreeMap::new();
        let mut attempts = Vec::with_capacity(outcome.tried.len());
        for tried in &outcome.tried {
            attempts.push(attempt(tried));
            row = after(row, tried);
            if tried.came.is_taken() {
                let status = tried.came.status().unwrap_or(200);
                taken.entry((status, &tried.empty)).or_default().push(tried.delivery.id);
                if let Some(answered) = &tried.answered {
                    self.forward_answered(db, &row, &tried.delivery, answered).await?;
                }
            } else {
                delivery::update(db, self.failed(tried)).await?;
            }
        }
        for ((status, empty), ids) in taken {
            delivery::set_delivered(db, &ids, status, empty, now).await?;
        }
        delivery::create_attempts(db, &attempts).await?;
        // What it asked for holds, whatever of the same turn it took.
        let asked = outcome.tried.iter().filter_map(Tried::asks_until).max();
        if was_down && row.down_count == 0 && asked.is_none() {
            delivery::hasten(db, row.id, now).await?;
        }
        row.date_retry = row.date_retry.max(asked.unwrap_or(0));
        if let Some(rest) = outcome.rest {
            row.date_retry = row.date_retry.max(now.plus(rest).0);
        }
        if row.status == PostbackStatus::Failing.code() && !was_failing {
            let draft = Draft::new(LetterKind::Paused).with("postback_id", row.id);
            let draft = draft.with("postback", &row.name).with("reason", &row.reason);
            self.letter_tell(db, row.user_id, &draft).await?;
        }
        postback::update(db, row).await?;
        Ok(true)
    }

    /// A delivery after a try that failed.
    fn failed(&self, tried: &Tried) -> Delivery {
        let row = tried.delivery.clone();
        let try_count = row.try_count + 1;
        let asked = match &tried.came {
            Came::Answer { retry_after, .. } => retry_after.unwrap_or(0),
            Came::Silence(_) => 0,
        };
        let again = retry_seconds(try_count, self.rng().number()).map(|seconds| seconds.max(asked));
        // A message that is refused as it is will be refused tomorrow, and keeps later news of its lead waiting.
        let again = again.filter(|_| !tried.came.is_refused() || try_count < REFUSED_TRIES);
        // Whom the receiver sends away for good waits until its owner says otherwise.
        let again = again.or_else(|| tried.came.is_gone().then_some(0));
        let status = if again.is_some() { DeliveryStatus::Waiting } else { DeliveryStatus::Failed };
        Delivery {
            status: status.code(),
            attempt_count: row.attempt_count + 1,
            try_count,
            http_status: tried.came.status(),
            empty: tried.empty.clone(),
            date_next: tried.date.plus(again.unwrap_or(0)).0,
            ..row
        }
    }
}

/// One try for the log.
pub(super) fn attempt(tried: &Tried) -> Attempt {
    let (error, answer) = match &tried.came {
        Came::Answer { answer, .. } => (String::new(), answer.clone()),
        Came::Silence(why) => (why.clone(), String::new()),
    };
    Attempt {
        delivery_id: tried.delivery.id,
        number: tried.delivery.attempt_count + 1,
        url: tried.shown.clone(),
        http_status: tried.came.status(),
        duration_ms: tried.duration_ms,
        error,
        answer,
        date_created: tried.date.0,
    }
}

/// A receiver after one try.
fn after(row: Postback, tried: &Tried) -> Postback {
    let now = tried.date;
    if tried.came.is_taken() {
        return Postback {
            failure_count: 0,
            down_count: 0,
            date_failing: None,
            date_delivered: Some(now.0),
            date_retry: 0,
            ..row
        };
    }
    let mut row = Postback {
        failure_count: row.failure_count + 1,
        date_failing: row.date_failing.or(Some(now.0)),
        ..row
    };
    if tried.came.is_down() || row.failure_count >= REFUSALS {
        row.down_count += 1;
        let asked = match &tried.came {
            Came::Answer { retry_after: Some(asked), .. } => *asked,
            _ => 0,
        };
        row.date_retry = now.plus(hold_seconds(row.down_count).max(asked)).0;
    }
    let is_over = row.date_failing.is_some_and(|since| now.0 - since >= FAILING_SECONDS);
    if tried.came.is_gone() {
        return paused(row, "The receiver answers that it is gone for good (410)", now);
    }
    if is_over {
        return paused(row, "Every try of the last five days failed", now);
    }
    row
}

/// The network pauses a receiver: what waits goes on waiting.
fn paused(row: Postback, why: &str, now: Time) -> Postback {
    if row.status != PostbackStatus::Active.code() {
        return row;
    }
    tracing::warn!(postback.id = row.id, user.id = row.user_id, why, "a postback is paused");
    Postback {
        status: PostbackStatus::Failing.code(),
        reason: why.to_owned(),
        date_paused: Some(now.0),
        ..row
    }
}
