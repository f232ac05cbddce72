//! One receiver's turn: what is due at it is sent, a few messages at once, and told back to be written down.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::Instant;
use whocpa_domain::postback::{AnswerRules, Answered, RETRY_AFTER_MAX};
use whocpa_domain::{Result, Time};
use whocpa_store::delivery::{self, Delivery};
use whocpa_store::postback::Postback;

use super::load::Loaded;
use super::message::{Form, Message};
use crate::Engine;
use crate::outbound::{Answer, Limits, Outgoing};

/// Bytes of an answer that are kept.
const ANSWER_BYTES: u64 = 1024;
/// Bytes of an answer that is read for what it says.
const TOLD_BYTES: u64 = 64 << 10;
/// How long an answer's next piece is waited for once its status is there.
const ANSWER_IDLE: Duration = Duration::from_secs(3);
/// How long a place on the way to a host is waited for.
const PATIENCE: Duration = Duration::from_secs(4);
/// Failures in a row after which also refusals count as a receiver that is down.
const REFUSALS: i64 = 5;

/// A receiver that a worker has taken.
pub(super) struct Turn {
    /// The row as it was read; its fence is one lower than the worker's.
    pub postback: Postback,
    /// Until when it is taken.
    pub until: Time,
    /// Set when the node stops: no further message is begun.
    pub stop: Arc<AtomicBool>,
}

/// What came of one message.
#[derive(Debug, Clone)]
pub(super) enum Came {
    /// An answer.
    Answer {
        status: u16,
        /// Seconds that the receiver asks for.
        retry_after: Option<i64>,
        answer: String,
    },
    /// None, and why.
    Silence(String),
}

impl Came {
    pub fn status(&self) -> Option<i64> {
        match self {
            Self::Answer { status, .. } => Some(i64::from(*status)),
            Self::Silence(_) => None,
        }
    }

    pub fn is_taken(&self) -> bool {
        matches!(self, Self::Answer { status: 200..=299, .. })
    }

    pub fn is_gone(&self) -> bool {
        matches!(self, Self::Answer { status: 410, .. })
    }

    /// Whether it says that this message is wrong as it is: what a wrong key or address answers is not among these.
    pub fn is_refused(&self) -> bool {
        matches!(self, Self::Answer { status: 400 | 409 | 413 | 414 | 415 | 422, .. })
    }

    /// Whether it says that the receiver is away, rather than that it does not want this message.
    pub fn is_down(&self) -> bool {
        matches!(self, Self::Silence(_) | Self::Answer { status: 408 | 429 | 502..=504, .. })
    }
}

/// One try.
#[derive(Debug, Clone)]
pub(super) struct Tried {
    pub delivery: Delivery,
    pub shown: String,
    pub empty: String,
    pub came: Came,
    /// What the answer said of the lead, where it is asked.
    pub answered: Option<Answered>,
    pub duration_ms: i64,
    pub date: Time,
}

impl Tried {
    /// Until when the receiver asks to be left alone, in seconds.
    pub fn asks_until(&self) -> Option<i64> {
        match self.came {
            Came::Answer { retry_after: Some(asked), .. } if !self.came.is_taken() => {
                Some(self.date.plus(asked).0)
            }
            _ => None,
        }
    }
}

/// What came of a turn.
#[derive(Debug)]
pub(super) struct Outcome {
    pub postback_id: i64,
    pub fence: i64,
    /// In the order in which they ended.
    pub tried: Vec<Tried>,
    /// Leave it alone for so many seconds: something of ours was not there.
    pub rest: Option<i64>,
}

impl Engine {
    /// Sends what is due at a receiver.
    pub(super) async fn delivery_turn(self, turn: Turn) -> Outcome {
        let (postback_id, fence) = (turn.postback.id, turn.postback.fence + 1);
        let mut outcome = Outcome { postback_id, fence, tried: Vec::new(), rest: None };
        if let Err(error) = self.delivery_send(turn, &mut outcome).await {
            tracing::error!(
                postback.id = postback_id,
                ?error,
                "messages could not be written; tried again in a minute"
            );
            outcome.rest = Some(60);
        }
        outcome
    }

    async fn delivery_send(&self, turn: Turn, outcome: &mut Outcome) -> Result<()> {
        let config = *self.courier().config();
        // A receiver that did not answer is asked with one message; it may be one that hangs.
        let needed = config.needed_seconds();
        let is_down = turn.postback.down_count > 0;
        let (limit, parallel) = if is_down { (1, 1) } else { (config.batch, config.parallel) };
        let failures = turn.postback.failure_count;
        let due = delivery::due(&self.store().read(), turn.postback.id, self.now(), limit).await?;
        if due.is_empty() {
            // Another turn was faster, or what was there was taken back.
            outcome.rest = Some(1);
            return Ok(());
        }
        let form = Arc::new(Form::open(self, turn.postback)?);
        let loaded = Loaded::read(self, &form, &due).await?;
        let mut waiting = due.into_iter();
        let (mut running, mut is_broken) = (JoinSet::new(), false);
        loop {
            while running.len() < parallel && !is_broken && !turn.stop.load(Ordering::Relaxed) {
                let Some(row) = waiting.next() else { break };
                if self.now().plus(needed) > turn.until {
                    break;
                }
                let told = loaded.told(self, &form, &row);
                let (engine, form, until) = (self.clone(), Arc::clone(&form), turn.until);
                running.spawn(async move {
                    let _place = engine.courier().place(&form.host, PATIENCE).await?;
                    // A node that slept with its lease in hand begins nothing once it is over.
                    if engine.now().plus(needed - 5) > until {
                        return None;
                    }
                    let message = told.and_then(|told| form.write(&engine, &told, engine.now()));
                    Some(engine.delivery_try(row, message, form.rules.as_ref()).await)
                });
            }
            match running.join_next().await {
                None => return Ok(()),
                Some(Ok(Some(tried))) => {
                    let many = failures + i64::try_from(outcome.tried.len()).unwrap_or(0) >= REFUSALS;
                    is_broken |=
                        tried.came.is_down() || tried.came.is_gone() || (!tried.came.is_taken() && many);
                    outcome.tried.push(tried);
                }
                Some(Ok(None)) => {
                    // The host is busy with others.
                    is_broken = true;
                    outcome.rest = Some(2);
                }
                Some(Err(error)) => tracing::error!(?error, "sending a message broke off"),
            }
        }
    }

    /// Sends one message once. A message that cannot be written is a try that failed: its owner sees it, and it does not wait
    /// in front of the others for ever.
    pub(super) async fn delivery_try(
        &self,
        delivery: Delivery,
        message: Result<Message>,
        rules: Option<&AnswerRules>,
    ) -> Tried {
        let begun = Instant::now();
        let mut answered = None;
        let (came, shown, empty) = match message {
            Ok(message) => {
                let limits = Limits {
                    bytes: if rules.is_some() { TOLD_BYTES } else { ANSWER_BYTES },
                    total: self.courier().config().timeout,
                    idle: ANSWER_IDLE,
                };
                let outgoing = Outgoing { url: &message.url, headers: &message.headers, body: message.body };
                let came = match self.outbound().send(outgoing, limits).await {
                    Ok(answer) => {
                        answered = rules.map(|rules| rules.read(&String::from_utf8_lossy(&answer.body)));
                        self.answered(&answer)
                    }
                    Err(why) => Came::Silence(why.to_string()),
                };
                (came, message.shown, message.empty)
            }
            Err(error) => {
                tracing::error!(delivery.id = delivery.id, ?error, "a message could not be written");
                (Came::Silence("The message could not be written".to_owned()), String::new(), String::new())
            }
        };
        let duration_ms = i64::try_from(begun.elapsed().as_millis()).unwrap_or(i64::MAX);
        Tried { delivery, shown, empty, came, answered, duration_ms, date: self.now() }
    }

    fn answered(&self, answer: &Answer) -> Came {
        let retry_after = seconds_of(&answer.retry_after, self.now());
        // Whatever it is, it is shown as text on one or many lines, and never stored with what a database refuses.
        let kept = answer.body.len().min(usize::try_from(ANSWER_BYTES).unwrap_or(0));
        let text = String::from_utf8_lossy(&answer.body[..kept]).replace('\0', "\u{fffd}");
        Came::Answer { status: answer.status, retry_after, answer: text }
    }
}

/// What `Retry-After` asks for: seconds, or a date.
fn seconds_of(text: &str, now: Time) -> Option<i64> {
    let text = text.trim();
    let seconds = text.parse::<i64>().ok().or_else(|| {
        let date = jiff::fmt::rfc2822::parse(text).ok()?;
        Some(date.timestamp().as_second() - now.0)
    });
    seconds.filter(|seconds| *seconds > 0).map(|seconds| seconds.min(RETRY_AFTER_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn receivers_ask_for_time_in_two_ways() {
        let now = Time(1_700_000_000);
        for (text, seconds) in [
            ("120", Some(120)),
            (" 999999 ", Some(RETRY_AFTER_MAX)),
            ("Tue, 14 Nov 2023 22:15:20 GMT", Some(120)),
            ("Tue, 14 Nov 2023 22:13:00 GMT", None),
            ("-5", None),
            ("soon", None),
            ("", None),
        ] {
            assert_eq!(seconds_of(text, now), seconds, "{text}");
        }
    }
}
