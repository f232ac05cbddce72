//! Leads in an advertiser's own system: what its answers say of them, decisions that follow, and asking for those that it
//! does not tell by itself.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::task::{JoinError, JoinSet};
use tokio::time::Instant;
use whocpa_domain::lead::{Closing, LeadReason, LeadStatus};
use whocpa_domain::postback::{AnswerRules, Answered};
use whocpa_domain::time::DAY;
use whocpa_domain::{Error, Level, Result, Scope};
use whocpa_store::delivery::Delivery;
use whocpa_store::forward::{self, Forward};
use whocpa_store::postback::{self, Postback};
use whocpa_store::{Db, lead};

use super::load::Loaded;
use super::message::Form;
use crate::lead::LeadUpdate;
use crate::{Caller, Engine};

/// Leads that are decided, or asked for, in one round.
const ROUND: u64 = 100;
/// Leads that may be asked for in one round.
const POLL_ROUND: u64 = 1000;
/// Systems that are asked at once.
const LANES: usize = 64;
/// Leads that one system is asked for at once, and for how long in a round.
const PARALLEL: usize = 4;
const LANE_TIME: Duration = Duration::from_secs(10);
/// Days for which a lead is asked for.
const POLL_DAYS: i64 = 60;
/// One that could not even be tried is asked for again after this many seconds.
const LATER_SECONDS: i64 = 3600;

/// The rules of a postback's answers.
pub(super) fn rules(row: &Postback) -> AnswerRules {
    serde_json::from_str(&row.answer).unwrap_or_default()
}

/// What came of a question that ran beside others.
fn ended(joined: Option<std::result::Result<Result<()>, JoinError>>) -> Result<()> {
    match joined {
        None => Ok(()),
        Some(Ok(asked)) => asked,
        Some(Err(error)) => {
            tracing::error!(?error, "asking for a lead broke off");
            Ok(())
        }
    }
}

impl Engine {
    /// Writes down what the answer to a lead's message said, in the transaction that writes the message down.
    pub(super) async fn forward_answered(
        &self,
        db: &Db,
        row: &Postback,
        delivery: &Delivery,
        answered: &Answered,
    ) -> Result<()> {
        let Some(lead_id) = delivery.lead_id else { return Ok(()) };
        let known = forward::view_for_update(db, lead_id, row.id).await?;
        let now = self.now();
        let known = known.unwrap_or(Forward {
            lead_id,
            postback_id: row.id,
            user_id: row.user_id,
            crm_id: String::new(),
            word: String::new(),
            wanted: None,
            refusal: String::new(),
            poll_count: 0,
            date_sent: now.0,
            date_next: None,
        });
        let poll = (row.poll_minutes > 0).then(|| now.plus(row.poll_minutes * 60).0);
        forward::put(db, Forward { date_next: known.date_next.or(poll), ..heard(known, answered) }).await
    }

    /// Decides what systems said; gives how many decisions were made. A job.
    pub async fn forward_work(&self) -> Result<i64> {
        let mut count = 0;
        for row in forward::wanted(&self.store().read(), ROUND).await? {
            let lead_id = row.lead_id;
            match self.forward_decide(row).await {
                Ok(is_made) => count += i64::from(is_made),
                // One that fails keeps nobody else waiting.
                Err(error) => tracing::error!(lead.id = lead_id, ?error, "a system's decision waits"),
            }
        }
        Ok(count)
    }

    /// Makes the decision that a system's word means, in its advertiser's name; a refusal is kept beside it.
    async fn forward_decide(&self, row: Forward) -> Result<bool> {
        let caller = Caller::new(Level::Advertiser, row.user_id);
        let status = row.wanted.and_then(LeadStatus::from_code);
        let is_refusal = matches!(status, Some(LeadStatus::Rejected | LeadStatus::Spam));
        let decided = match status {
            None | Some(LeadStatus::Pending) => Ok(()),
            Some(_) => {
                let input = LeadUpdate {
                    status,
                    reason: is_refusal.then_some(LeadReason::Other),
                    comment: is_refusal.then(|| format!("The advertiser's system answers: {}", row.word)),
                    substatus: None,
                    is_closed: None,
                    amount: None,
                };
                self.lead_update(caller, row.lead_id, input).await
            }
        };
        let refusal = match decided {
            Ok(()) => String::new(),
            // Tried again by the next round.
            Err(error @ (Error::Unavailable(_) | Error::Internal(_))) => return Err(error),
            Err(refused) => refused.to_string(),
        };
        let is_made = refusal.is_empty();
        let (lead_id, postback_id, wanted, refusal) = (row.lead_id, row.postback_id, row.wanted, &refusal);
        self.store()
            .write(move |db| async move {
                // What the system says meanwhile is another decision.
                match forward::view_for_update(&db, lead_id, postback_id).await? {
                    Some(now) if now.wanted == wanted => {
                        forward::put(&db, Forward { wanted: None, refusal: refusal.clone(), ..now }).await
                    }
                    _ => Ok(()),
                }
            })
            .await?;
        Ok(is_made)
    }

    /// Asks systems for the leads whose time has come. A job beside the decisions: each system has a lane of its own, so that a
    /// slow one keeps itself waiting and nobody else.
    pub async fn forward_poll(&self) -> Result<()> {
        let mut lanes: BTreeMap<i64, Vec<Forward>> = BTreeMap::new();
        for row in forward::due(&self.store().read(), self.now(), POLL_ROUND).await? {
            lanes.entry(row.postback_id).or_default().push(row);
        }
        let mut running = JoinSet::new();
        for lane in lanes.into_values() {
            while running.len() >= LANES {
                ended(running.join_next().await)?;
            }
            let engine = self.clone();
            running.spawn(async move { engine.forward_lane(lane).await });
        }
        while !running.is_empty() {
            ended(running.join_next().await)?;
        }
        Ok(())
    }

    /// Asks one system, a few questions at once, for a while; what is left comes in the next round.
    async fn forward_lane(&self, lane: Vec<Forward>) -> Result<()> {
        let begun = Instant::now();
        let (mut waiting, mut running) = (lane.into_iter(), JoinSet::new());
        loop {
            while running.len() < PARALLEL && begun.elapsed() < LANE_TIME {
                let Some(row) = waiting.next() else { break };
                let engine = self.clone();
                running.spawn(async move { engine.forward_ask_or_wait(row).await });
            }
            if running.is_empty() {
                return Ok(());
            }
            ended(running.join_next().await)?;
        }
    }

    /// Asks a system for one lead; where that cannot even be tried, it comes again later, behind the others.
    async fn forward_ask_or_wait(&self, row: Forward) -> Result<()> {
        let (lead_id, postback_id) = (row.lead_id, row.postback_id);
        let Err(error) = self.forward_ask(row).await else { return Ok(()) };
        tracing::error!(lead.id = lead_id, postback.id = postback_id, ?error, "a system cannot be asked");
        let next = self.now().plus(LATER_SECONDS).0;
        self.store()
            .write(move |db| async move {
                match forward::view_for_update(&db, lead_id, postback_id).await? {
                    Some(row) if row.date_next.is_some() => {
                        forward::put(&db, Forward { date_next: Some(next), ..row }).await
                    }
                    _ => Ok(()),
                }
            })
            .await
    }

    /// Asks a system for one lead.
    async fn forward_ask(&self, row: Forward) -> Result<()> {
        let db = self.store().read();
        let found = postback::view(&db, Scope::All, row.postback_id).await?;
        let lead = lead::view(&db, Scope::All, row.lead_id).await?;
        let asks = |row: &Postback| row.poll_minutes > 0 && !row.poll_url_sealed.is_empty();
        let is_over = row.date_sent + POLL_DAYS * DAY <= self.now().0
            || lead.as_ref().is_none_or(|lead| lead.is_closed == Closing::Closed.code());
        let Some(postback) = found.filter(asks).filter(|_| !is_over) else {
            return self.forward_heard(&row, None, None).await;
        };
        let next = self.now().plus(postback.poll_minutes * 60).0;
        let rules = rules(&postback);
        let form = Form::poll(self, postback)?;
        let event = lead.map_or(1, |lead| lead.event_count);
        let delivery = super::asked(&row, event, self.now());
        let loaded = Loaded::read(self, &form, std::slice::from_ref(&delivery)).await?;
        let facts = loaded.facts(self, &form, &delivery)?;
        let message = form.message(self, &facts, self.now());
        let tried = match self.courier().place(&form.host, Duration::from_secs(5)).await {
            Some(_place) => Some(self.delivery_try(delivery, message, Some(&rules)).await),
            None => None,
        };
        let answered = tried.filter(|tried| tried.came.is_taken()).and_then(|tried| tried.answered);
        self.forward_heard(&row, answered.as_ref(), Some(next)).await
    }

    async fn forward_heard(
        &self,
        row: &Forward,
        answered: Option<&Answered>,
        next: Option<i64>,
    ) -> Result<()> {
        self.store()
            .write(move |db| async move {
                let known = forward::view_for_update(&db, row.lead_id, row.postback_id).await?;
                let Some(known) = known else { return Ok(()) };
                let poll_count = known.poll_count + i64::from(next.is_some());
                let known = match answered {
                    Some(answered) => heard(known, answered),
                    None => known,
                };
                forward::put(&db, Forward { poll_count, date_next: next, ..known }).await
            })
            .await
    }
}

/// A lead in a system after that said something. The same word again is no new decision.
fn heard(row: Forward, answered: &Answered) -> Forward {
    let is_new = !answered.word.is_empty() && answered.word != row.word;
    let decides = answered.status.filter(|status| *status != LeadStatus::Pending);
    let wanted = if is_new { decides.map(LeadStatus::code) } else { row.wanted };
    Forward {
        crm_id: if answered.id.is_empty() { row.crm_id } else { answered.id.clone() },
        word: if answered.word.is_empty() { row.word } else { answered.word.clone() },
        refusal: if is_new { String::new() } else { row.refusal },
        wanted,
        ..row
    }
}
