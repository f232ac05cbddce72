//! Decisions about leads by the API.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use serde::Serialize;
use whocpa_domain::input::Decimal;
use whocpa_domain::lead::{Closing, Decider, LeadReason, LeadStatus};
use whocpa_domain::user::UserLevel;
use whocpa_domain::{Error, FieldErrors, Level, Method, Resource, Result, Scope, Time, params};
use whocpa_store::lead::{self, Lead};
use whocpa_store::{Db, person};

use super::rating::Ratings;
use super::steps::{Actor, Steps, Why};
use crate::audit::Changes;
use crate::{Caller, Engine, check};

params! {
    /// A decision about a lead.
    pub struct LeadUpdate {
        /// The decision: approved, rejected or spam. A decided lead cannot become pending again.
        status: Option<LeadStatus>,
        /// Why. Required to refuse a lead or to reopen one: 10 to 20 for a rejected one, 30 to 32 for spam, 40 or 41 for an
        /// approved one; 50 and 59 for each of them; 51 for operators, who approve what was contested. The same status with
        /// another reason explains the decision anew.
        reason: Option<LeadReason>,
        /// The sale's corrected amount, in the goal's currency: after a partial return, for example. The lead is rated anew by the
        /// terms that rated it, and what that changes is moved at once. Operators only once the lead is closed, and then with
        /// `comment`.
        amount: Option<Decimal>,
        /// Why in words, up to 1000 characters; required with reason 59. The webmaster reads them: nothing about the buyer
        /// belongs there.
        comment: Option<String>,
        /// Words to the status; `comment` unless told.
        substatus: Option<String>,
        /// Operators only: 0 takes the final decision of a closed lead back.
        is_closed: Option<Closing>,
    }
}

/// Longest words to a decision, in characters.
pub(super) const COMMENT_LIMIT: usize = 1000;

async fn check_decides(db: &Db, scope: Scope, lead: &Lead) -> Result<()> {
    let left = decidable(db, scope, vec![lead.clone()]).await?;
    if left.is_empty() { Err(Error::Forbidden) } else { Ok(()) }
}

/// Those of these leads that the caller may decide about. Who pays decides: a manager who looks after the webmaster only
/// reads the lead.
pub(crate) async fn decidable(db: &Db, scope: Scope, leads: Vec<Lead>) -> Result<Vec<Lead>> {
    if !matches!(scope, Scope::Manager(_)) {
        return Ok(leads);
    }
    let mut own = BTreeMap::new();
    for lead in &leads {
        if let Entry::Vacant(entry) = own.entry(lead.advertiser_id) {
            entry.insert(person::view(db, scope, lead.advertiser_id).await?.is_some());
        }
    }
    Ok(leads.into_iter().filter(|lead| own.get(&lead.advertiser_id) == Some(&true)).collect())
}

impl Engine {
    /// Decides about a lead, or reopens it (operators).
    ///
    /// # Errors
    /// [`Error::Conflict`] for a change that the lead's state does not allow.
    pub async fn lead_update(&self, caller: Caller, id: i64, input: LeadUpdate) -> Result<()> {
        let scope = caller.may(Resource::Lead, Method::Update)?;
        check_input(caller, &input)?;
        let (input, now) = (&input, self.now());
        let offer_id = self
            .store()
            .write(move |db| async move {
                let lead = lead::view_for_update(&db, scope, id).await?.ok_or(Error::NotFound)?;
                check_decides(&db, scope, &lead).await?;
                let offer_id = lead.offer_id;
                let before = Noted::new(&lead);
                let ratings = Ratings::read(&db, std::iter::once(&lead)).await?;
                let steps = decided(caller, lead, input, &ratings, now)?;
                let after = steps.lead(id).map(Noted::new);
                steps.write(&db).await?;
                self.note(&db, caller, Resource::Lead, id, Changes::updated(&before, &after)).await?;
                Ok(offer_id)
            })
            .await?;
        self.caps_follow(&[offer_id]).await;
        Ok(())
    }

    /// Whether a decision could be made; nothing is.
    pub(super) async fn lead_update_try(&self, caller: Caller, id: i64, input: &LeadUpdate) -> Result<()> {
        let scope = caller.may(Resource::Lead, Method::Update)?;
        check_input(caller, input)?;
        let db = self.store().read();
        let lead = lead::view(&db, scope, id).await?.ok_or(Error::NotFound)?;
        check_decides(&db, scope, &lead).await?;
        let ratings = Ratings::read(&db, std::iter::once(&lead)).await?;
        decided(caller, lead, input, &ratings, self.now()).map(drop)
    }
}

/// A lead after a decision.
fn decided(caller: Caller, lead: Lead, input: &LeadUpdate, ratings: &Ratings, now: Time) -> Result<Steps> {
    let (id, actor) = (lead.id, actor(caller));
    let amount = input.amount.map(|amount| amount.0).filter(|amount| Some(*amount) != lead.amount);
    let money = match amount {
        Some(amount) => {
            let money = ratings.rate(&lead, Some(amount)).map_err(|words| Error::field("amount", words))?;
            Some((amount, money))
        }
        None => None,
    };
    let is_silent = input.comment.as_deref().unwrap_or_default().trim().is_empty();
    if money.is_some()
        && lead.state().closing == Closing::Closed
        && is_silent
        && caller.level == Level::Operator
    {
        return Err(Error::field("comment", "This parameter is required to correct a closed lead"));
    }
    let mut steps = Steps::new(vec![lead], now);
    let code = input.reason.unwrap_or(LeadReason::Untold);
    let why = Why { code, words: input.comment.as_deref().unwrap_or_default() };
    let illegal = |illegal: whocpa_domain::lead::Illegal| Error::Conflict(illegal.to_string());
    if input.is_closed.is_some() {
        steps.reopen(id, actor, why).map_err(illegal)?;
    }
    if let Some(money) = money {
        // With a decision the words are of that.
        let words = if input.status.is_some() { "" } else { why.words };
        steps.correct(id, money, actor, words).map_err(illegal)?;
    }
    if let Some(status) = input.status {
        steps.decide(id, status, actor, why).map_err(illegal)?;
    }
    if let Some(words) = &input.substatus {
        steps.set_substatus(id, words.clone());
    }
    Ok(steps)
}

/// What the audit tells of a decision; the whole of it stands in the lead's events.
#[derive(Serialize)]
struct Noted {
    status: i64,
    is_closed: i64,
    substatus: String,
    reason_code: i64,
    event_count: i64,
    amount: Option<i64>,
    charge: i64,
    payout: i64,
}

impl Noted {
    fn new(lead: &Lead) -> Self {
        Self {
            status: lead.status,
            is_closed: lead.is_closed,
            substatus: lead.substatus.clone(),
            reason_code: lead.reason_code,
            event_count: lead.event_count,
            amount: lead.amount,
            charge: lead.charge,
            payout: lead.payout,
        }
    }
}

pub(crate) fn actor(caller: Caller) -> Actor {
    let level = match caller.level {
        Level::Guest => 0,
        Level::Webmaster => UserLevel::Webmaster.code(),
        Level::Advertiser => UserLevel::Advertiser.code(),
        Level::Operator => UserLevel::Operator.code(),
    };
    Actor { level, user_id: caller.user_id }
}

fn check_input(caller: Caller, input: &LeadUpdate) -> Result<()> {
    let mut errors = FieldErrors::default();
    check::text(&mut errors, "substatus", input.substatus.as_deref().unwrap_or_default());
    let comment = input.comment.as_deref().unwrap_or_default();
    // The words of a correction alone are its own.
    let words = if input.status.is_none() && input.amount.is_some() { "" } else { comment };
    check_why(&mut errors, actor(caller).decider(), input.status, input.reason, words);
    if comment.chars().count() > COMMENT_LIMIT && words.is_empty() {
        errors.add("comment", format!("Must be at most {COMMENT_LIMIT} characters"));
    }
    if input.is_closed.is_some() && caller.level != Level::Operator {
        errors.add("is_closed", "Unknown parameter");
    } else if input.is_closed == Some(Closing::Closed) {
        errors.add("is_closed", "Leads close by themselves when their hold is over");
    } else if input.is_closed.is_some() {
        if input.reason.is_none() {
            errors.add("reason", "This parameter is required to reopen a lead");
        }
        // Its hold is over: left as it was, it would close again at once.
        if input.status.is_none() {
            errors.add("status", "This parameter is required to reopen a lead: the new decision");
        }
    }
    errors.finish()
}

/// Whether a decision has the reason that it owes, and one that suits it.
pub(crate) fn check_why(
    errors: &mut FieldErrors,
    by: Decider,
    status: Option<LeadStatus>,
    reason: Option<LeadReason>,
    comment: &str,
) {
    if comment.chars().count() > COMMENT_LIMIT {
        errors.add("comment", format!("Must be at most {COMMENT_LIMIT} characters"));
    }
    let Some(status) = status else {
        if reason.is_some() {
            errors.add("reason", "Only with a status");
        }
        if !comment.is_empty() {
            errors.add("comment", "Only with a status");
        }
        return;
    };
    match reason {
        None if LeadReason::is_owed(status) => {
            errors.add("reason", "This parameter is required to refuse a lead");
        }
        None => {}
        Some(reason) => {
            let known = LeadReason::of(status, by);
            if !known.contains(&reason) {
                let known: Vec<String> = known.iter().map(|reason| reason.code().to_string()).collect();
                errors.add(
                    "reason",
                    format!("Not a reason for \"{}\": must be one of {}", status.word(), known.join(", ")),
                );
            } else if reason.needs_words() && comment.trim().is_empty() {
                errors.add("comment", "This parameter is required with this reason");
            }
        }
    }
}
