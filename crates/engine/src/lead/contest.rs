//! A webmaster contests a refusal: his ticket carries it, the lead tells what became of it, the network decides.

use whocpa_domain::lead::{Contest, Illegal, LeadReason, LeadStatus};
use whocpa_domain::{Error, Method, Resource, Result, Scope};
use whocpa_store::{Db, lead};

use super::steps::{Steps, Why};
use super::update::actor;
use crate::{Caller, Engine};

impl Engine {
    /// Looks whether the refusal of a lead may be contested, and keeps it from changing: before its ticket is stored, whose
    /// reference would share the lead with another one's.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a lead that is not the webmaster's own, [`Error::Conflict`] for one that is not refused, or
    /// whose refusal is contested already.
    pub(crate) async fn lead_contest_begin(&self, db: &Db, scope: Scope, lead_id: i64) -> Result<()> {
        let lead = lead::view_for_update(db, scope, lead_id).await?;
        let lead = lead.ok_or_else(|| Error::field("lead_id", "Leads not found"))?;
        lead.state().may_contest(lead.contest()).map_err(conflict)
    }

    /// Notes in the transaction of a new ticket that it contests the refusal of this lead.
    pub(crate) async fn lead_contest(
        &self,
        db: &Db,
        caller: Caller,
        scope: Scope,
        lead_id: i64,
        ticket_id: i64,
    ) -> Result<()> {
        let lead = lead::view_for_update(db, scope, lead_id).await?.ok_or(Error::NotFound)?;
        let mut steps = Steps::new(vec![lead], self.now());
        steps.contest(lead_id, actor(caller), ticket_id).map_err(conflict)?;
        steps.write(db).await
    }

    /// Ends the protest against a refusal, in the transaction of its ticket: the webmaster withdraws it, or an operator
    /// who may decide about the lead dismisses it, or approves the lead, reopening it when it was closed.
    ///
    /// # Errors
    /// [`Error::Forbidden`] for an operator who may not decide about this lead, [`Error::Conflict`] when nothing is
    /// contested.
    pub(crate) async fn lead_settle(
        &self,
        db: &Db,
        caller: Caller,
        scope: Scope,
        lead_id: i64,
        end: Contest,
    ) -> Result<()> {
        let scope = match end {
            Contest::Withdrawn => scope,
            _ => caller.may(Resource::Lead, Method::Update)?,
        };
        let lead = lead::view_for_update(db, scope, lead_id).await?.ok_or(Error::Forbidden)?;
        if lead.contest() != Contest::Open {
            return Err(conflict(Illegal::NotContested));
        }
        let is_closed = lead.state().close().is_err_and(|illegal| illegal == Illegal::Closed);
        let mut steps = Steps::new(vec![lead], self.now());
        if end == Contest::Upheld {
            let why = Why::rule(LeadReason::Contested);
            if is_closed {
                steps.reopen(lead_id, actor(caller), why).map_err(conflict)?;
            }
            steps.decide(lead_id, LeadStatus::Approved, actor(caller), why).map_err(conflict)?;
        } else {
            steps.settle(lead_id, actor(caller), end).map_err(conflict)?;
        }
        steps.write(db).await
    }
}

fn conflict(illegal: Illegal) -> Error {
    Error::Conflict(illegal.to_string())
}
