//! Checking and applying a decision, chunk by chunk: each transaction commits the leads, their events and transfers together
//! with the cursor, so a run that breaks off goes on where it was and does no row twice.

use whocpa_domain::decision::{DECISION_DAYS, DECISION_ROWS, DecisionStatus, DecisionVerdict};
use whocpa_domain::lead::{LeadReason, LeadStatus};
use whocpa_domain::{Method, Resource, Result, Scope, Time};
use whocpa_store::decision::{self, Decision, DecisionRow, RowVerdict};
use whocpa_store::lead::{self, Lead};
use whocpa_store::{Db, person};

use crate::lead::{Actor, Ratings, Steps, Why, actor, decidable};
use crate::{Caller, Engine};

/// Rows of one transaction: well under 50 ms (design §11).
const CHUNK: u64 = 100;
/// Seconds for which a worker holds a decision without showing itself.
const LEASE_SECONDS: i64 = 30;
/// Rows that one transaction forgets.
const FORGET_ROWS: i64 = 2000;

/// A decision that this worker holds.
#[derive(Clone, Copy)]
struct Run {
    id: i64,
    fence: i64,
}

/// Its owner, with the rights that he has now; none when he may not decide any more.
async fn decider(db: &Db, user_id: i64) -> Result<Option<Caller>> {
    let owner = person::view(db, Scope::All, user_id).await?.filter(person::User::is_active);
    let caller = owner.map(|person| person.caller());
    Ok(caller.filter(|caller| caller.may(Resource::Lead, Method::Update).is_ok()))
}

fn forbidden(job: &Decision, now: Time) -> Decision {
    let message = "Its owner may not decide about leads any more".to_owned();
    let status = DecisionStatus::Stopped.code();
    Decision { status, message, date_until: 0, date_finished: Some(now.0), ..job.clone() }
}

/// What became of one row.
enum Outcome {
    Decided(i64, LeadStatus),
    Unchanged(i64),
    Refused(Option<i64>, String),
}

impl Engine {
    /// Checks and applies every decision that waits; gives how many.
    pub async fn decision_run_due(&self) -> Result<i64> {
        let mut count = 0;
        while let Some(id) = decision::due(&self.store().read(), self.now()).await? {
            if self.decision_run(id).await? {
                count += 1;
            }
        }
        Ok(count)
    }

    /// Runs a short decision for the request that sent it; whatever keeps it from its end is left to the job.
    pub(super) async fn decision_run_now(&self, id: i64) {
        if let Err(error) = self.decision_run(id).await {
            tracing::warn!(decision.id = id, ?error, "a decision is left to the job");
        }
    }

    /// Runs one decision to its end; gives whether this worker did.
    async fn decision_run(&self, id: i64) -> Result<bool> {
        let Some(run) = self.decision_take(id).await? else { return Ok(false) };
        while self.decision_chunk(run).await? {}
        Ok(true)
    }

    /// Takes a decision that waits.
    async fn decision_take(&self, id: i64) -> Result<Option<Run>> {
        let now = self.now();
        self.store()
            .write(move |db| async move {
                let Some(row) = decision::view_for_update(&db, Scope::All, id).await? else {
                    return Ok(None);
                };
                let is_running =
                    DecisionStatus::from_code(row.status).is_some_and(DecisionStatus::is_running);
                if !is_running || row.date_until > now.0 {
                    return Ok(None);
                }
                let fence = row.fence + 1;
                decision::update(&db, Decision { fence, date_until: now.plus(LEASE_SECONDS).0, ..row })
                    .await?;
                Ok(Some(Run { id, fence }))
            })
            .await
    }

    /// Does the next rows; gives whether there may be more.
    async fn decision_chunk(&self, run: Run) -> Result<bool> {
        let now = self.now();
        let (has_more, offer_ids) = self
            .store()
            .write(move |db| async move {
                let found = decision::view_for_update(&db, Scope::All, run.id).await?;
                let Some(mut job) = found.filter(|job| job.fence == run.fence) else {
                    return Ok((false, Vec::new()));
                };
                let Some(caller) = decider(&db, job.user_id).await? else {
                    decision::update(&db, forbidden(&job, now)).await?;
                    return Ok((false, Vec::new()));
                };
                let is_applied = job.status == DecisionStatus::Applying.code();
                let rows = decision::rows(&db, run.id, job.rows_done, CHUNK).await?;
                let scope = caller.may(Resource::Lead, Method::Update)?;
                let found = self.decision_leads(&db, scope, &rows, is_applied).await?;
                let ratings = Ratings::read(&db, found.iter()).await?;
                let known = found.clone();
                let offer_ids: Vec<i64> = found.iter().map(|lead| lead.offer_id).collect();
                let mut steps = Steps::new(found, now);
                let mut verdicts = Vec::with_capacity(rows.len());
                for row in &rows {
                    let outcome = self.decision_row(row, &known, &mut steps, actor(caller), &ratings);
                    count(&mut job, &outcome);
                    verdicts.push(verdict(row, job.status, outcome));
                }
                if is_applied {
                    steps.write(&db).await?;
                }
                decision::create_verdicts(&db, &verdicts).await?;
                job.rows_done = rows.last().map_or(job.rows_done, |row| row.number);
                let is_over = rows.is_empty() || job.rows_done >= job.row_count;
                job.date_until = now.plus(LEASE_SECONDS).0;
                if is_over {
                    job.date_until = 0;
                    job.status =
                        if is_applied { DecisionStatus::Applied } else { DecisionStatus::Checked }.code();
                    job.date_finished = is_applied.then_some(now.0);
                }
                decision::update(&db, job).await?;
                Ok((!is_over, offer_ids))
            })
            .await?;
        self.caps_follow(&offer_ids).await;
        Ok(has_more)
    }

    /// The leads that rows may mean, in the scope of who decides.
    async fn decision_leads(
        &self,
        db: &Db,
        scope: Scope,
        rows: &[DecisionRow],
        is_locked: bool,
    ) -> Result<Vec<Lead>> {
        let good = || rows.iter().filter(|row| row.error.is_empty());
        let ids: Vec<i64> = good().map(|row| row.lead_id).filter(|id| *id != 0).collect();
        // What is found by a lead's number needs no other way.
        let others = || good().filter(|row| row.lead_id == 0);
        let sales: Vec<String> =
            others().filter(|row| !row.sale_id.is_empty()).map(|row| row.sale_id.clone()).collect();
        let clicks: Vec<i64> = others()
            .filter(|row| row.sale_id.is_empty())
            .filter_map(|row| self.tid_keys().read(&row.tid).ok())
            .collect();
        let found = lead::named(db, scope, (&ids, &sales, &clicks), is_locked).await?;
        decidable(db, scope, found).await
    }

    fn decision_row(
        &self,
        row: &DecisionRow,
        known: &[Lead],
        steps: &mut Steps,
        actor: Actor,
        ratings: &Ratings,
    ) -> Outcome {
        if !row.error.is_empty() {
            return Outcome::Refused(Some(row.lead_id).filter(|id| *id != 0), row.error.clone());
        }
        let lead = match self.decision_lead(row, known) {
            Ok(lead) => lead,
            Err(message) => return Outcome::Refused(None, message),
        };
        let status = LeadStatus::from_code(row.status).unwrap_or(LeadStatus::Pending);
        // All of a row, or nothing of it.
        if let Err(illegal) = lead.state().decide(status, actor.decider()) {
            return Outcome::Refused(Some(lead.id), format!("status: {illegal}"));
        }
        let is_corrected = match Self::decision_amount(row, lead, steps, actor, ratings) {
            Ok(is_corrected) => is_corrected,
            Err(message) => return Outcome::Refused(Some(lead.id), format!("amount: {message}")),
        };
        let code = LeadReason::from_code(row.reason_code).unwrap_or(LeadReason::Untold);
        match steps.decide(lead.id, status, actor, Why { code, words: &row.comment }) {
            Ok(is_decided) if is_decided || is_corrected => Outcome::Decided(lead.id, status),
            Ok(_) => Outcome::Unchanged(lead.id),
            Err(illegal) => Outcome::Refused(Some(lead.id), format!("status: {illegal}")),
        }
    }

    /// A row that names another amount of the sale corrects it; gives whether it does.
    fn decision_amount(
        row: &DecisionRow,
        lead: &Lead,
        steps: &mut Steps,
        actor: Actor,
        ratings: &Ratings,
    ) -> std::result::Result<bool, String> {
        let Some(amount) = row.amount.filter(|amount| Some(*amount) != lead.amount) else { return Ok(false) };
        let money = ratings.rate(lead, Some(amount)).map_err(str::to_owned)?;
        actor.decider().may_add(lead.event_count + 1).map_err(|illegal| illegal.to_string())?;
        let done = steps.correct(lead.id, (amount, money), actor, "");
        done.map_err(|illegal| illegal.to_string())
    }

    /// The one lead that a row means. One that is not the caller's answers as one that is not there.
    fn decision_lead<'a>(&self, row: &DecisionRow, known: &'a [Lead]) -> Result<&'a Lead, String> {
        let click_id = match row.tid.as_str() {
            "" => None,
            tid => Some(self.tid_keys().read(tid).map_err(|wrong| format!("tid: {wrong}"))?),
        };
        let mut meant = known.iter().filter(|lead| {
            (row.lead_id == 0 || lead.id == row.lead_id)
                && (row.sale_id.is_empty() || lead.sale_id == row.sale_id)
                && click_id.is_none_or(|click_id| lead.click_id == click_id)
        });
        let name = if row.lead_id != 0 {
            "lead_id"
        } else if row.sale_id.is_empty() {
            "tid"
        } else {
            "sale_id"
        };
        match (meant.next(), meant.next()) {
            (Some(lead), None) => Ok(lead),
            (Some(_), Some(_)) => Err(format!("{name}: several leads have it, name one by lead_id")),
            (None, _) => Err(format!("{name}: Leads not found")),
        }
    }

    /// Forgets the rows of old decisions; their numbers and their leads' histories stay.
    pub async fn decision_forget(&self) -> Result<()> {
        let now = self.now();
        let all = i64::try_from(DECISION_ROWS).unwrap_or(i64::MAX);
        for id in decision::forgotten(&self.store().read(), now.plus_days(-DECISION_DAYS)).await? {
            self.decision_end(id, now).await?;
            let mut up_to = 0;
            while up_to < all && !decision::rows(&self.store().read(), id, 0, 1).await?.is_empty() {
                up_to += FORGET_ROWS;
                self.store()
                    .write(move |db| async move { decision::delete_rows(&db, id, up_to).await })
                    .await?;
            }
        }
        Ok(())
    }
}

impl Engine {
    /// Ends a decision whose rows are going to be forgotten: it could not be applied any more.
    async fn decision_end(&self, id: i64, now: Time) -> Result<()> {
        self.store()
            .write(move |db| async move {
                let Some(row) = decision::view_for_update(&db, Scope::All, id).await? else { return Ok(()) };
                if row.status != DecisionStatus::Checked.code() {
                    return Ok(());
                }
                let (status, message) =
                    (DecisionStatus::Stopped.code(), "It was not applied in time".to_owned());
                decision::update(&db, Decision { status, message, date_finished: Some(now.0), ..row }).await
            })
            .await
    }
}

/// Adds a row to its decision's figures.
fn count(job: &mut Decision, outcome: &Outcome) {
    *match outcome {
        Outcome::Decided(_, LeadStatus::Approved) => &mut job.rows_approved,
        Outcome::Decided(_, LeadStatus::Spam) => &mut job.rows_spam,
        Outcome::Decided(..) => &mut job.rows_rejected,
        Outcome::Unchanged(_) => &mut job.rows_unchanged,
        Outcome::Refused(..) => &mut job.rows_failed,
    } += 1;
}

fn verdict(row: &DecisionRow, phase: i64, outcome: Outcome) -> RowVerdict {
    let (verdict, lead_id, message) = match outcome {
        Outcome::Decided(lead_id, _) => (DecisionVerdict::Decided, Some(lead_id), String::new()),
        Outcome::Unchanged(lead_id) => (DecisionVerdict::Unchanged, Some(lead_id), String::new()),
        Outcome::Refused(lead_id, message) => (DecisionVerdict::Refused, lead_id, message),
    };
    RowVerdict {
        decision_id: row.decision_id,
        phase,
        number: row.number,
        line: row.line,
        lead_id,
        // A row that could not be read has none.
        status: Some(row.status).filter(|status| *status != LeadStatus::Pending.code()),
        verdict: verdict.code(),
        message,
    }
}
