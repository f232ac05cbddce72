//! Decisions about leads by the API.

use serde::Serialize;
use whocpa_domain::lead::{Closing, LeadStatus};
use whocpa_domain::user::UserLevel;
use whocpa_domain::{Error, FieldErrors, Level, Method, Resource, Result, params};
use whocpa_store::lead::{self, Lead};

use super::steps::{Actor, Steps};
use crate::audit::Changes;
use crate::{Caller, Engine, check};

params! {
    /// A decision about a lead.
    pub struct LeadUpdate {
        /// The decision: approved, rejected or spam. A decided lead cannot become pending again.
        status: Option<LeadStatus>,
        /// Words to the status.
        substatus: Option<String>,
        /// Operators only: 0 takes the final decision of a closed lead back.
        is_closed: Option<Closing>,
        /// Why; required to refuse a lead or to reopen one.
        reason: Option<String>,
    }
}

impl Engine {
    /// Decides about a lead, or reopens it (operators).
    ///
    /// # Errors
    /// [`Error::Conflict`] for a change that the lead's state does not allow.
    pub async fn lead_update(&self, caller: Caller, id: i64, input: LeadUpdate) -> Result<()> {
        let scope = caller.may(Resource::Lead, Method::Update)?;
        check_input(caller, &input)?;
        let actor = actor(caller);
        let (input, now) = (&input, self.now());
        self.store()
            .write(move |db| async move {
                let lead = lead::view_for_update(&db, scope, id).await?.ok_or(Error::NotFound)?;
                let before = Noted::new(&lead, "");
                let mut steps = Steps::new(vec![lead], now);
                let reason = input.reason.as_deref().unwrap_or_default();
                let illegal = |illegal: whocpa_domain::lead::Illegal| Error::Conflict(illegal.to_string());
                if input.is_closed.is_some() {
                    steps.reopen(id, actor, reason).map_err(illegal)?;
                }
                if let Some(status) = input.status {
                    steps.decide(id, status, actor, reason).map_err(illegal)?;
                }
                if let Some(words) = &input.substatus {
                    steps.set_substatus(id, words.clone());
                }
                let after = steps.lead(id).map(|lead| Noted::new(lead, reason));
                steps.write(&db).await?;
                self.note(&db, caller, Resource::Lead, id, Changes::updated(&before, &after)).await
            })
            .await
    }
}

/// What the audit tells of a decision; the whole of it stands in the lead's events.
#[derive(Serialize)]
struct Noted {
    status: i64,
    is_closed: i64,
    substatus: String,
    reason: String,
}

impl Noted {
    fn new(lead: &Lead, reason: &str) -> Self {
        Self {
            status: lead.status,
            is_closed: lead.is_closed,
            substatus: lead.substatus.clone(),
            reason: reason.to_owned(),
        }
    }
}

fn actor(caller: Caller) -> Actor {
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
    let reason = input.reason.as_deref().unwrap_or_default();
    check::text(&mut errors, "reason", reason);
    check::text(&mut errors, "substatus", input.substatus.as_deref().unwrap_or_default());
    if matches!(input.status, Some(LeadStatus::Rejected | LeadStatus::Spam)) && reason.trim().is_empty() {
        errors.add("reason", "This parameter is required to refuse a lead");
    }
    if input.is_closed.is_some() && caller.level != Level::Operator {
        errors.add("is_closed", "Unknown parameter");
    } else if input.is_closed == Some(Closing::Closed) {
        errors.add("is_closed", "Leads close by themselves when their hold is over");
    } else if input.is_closed.is_some() {
        if reason.trim().is_empty() {
            errors.add("reason", "This parameter is required to reopen a lead");
        }
        // Its hold is over: left as it was, it would close again at once.
        if input.status.is_none() {
            errors.add("status", "This parameter is required to reopen a lead: the new decision");
        }
    }
    errors.finish()
}
