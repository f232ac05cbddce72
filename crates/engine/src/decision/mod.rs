//! Decisions about many leads at once, by a list of leads or by a CSV file.
//!
//! Every row goes the way of a single decision ([`crate::lead`]): the same reasons, the same states, the same transfers. One
//! refused row never keeps another one from being done. A file is checked first and decides nothing until it is applied.

mod csv;
mod input;
mod run;

use serde_json::json;
use whocpa_domain::decision::{DecisionStatus, DecisionVerdict};
use whocpa_domain::input::Until;
use whocpa_domain::lead::LeadStatus;
use whocpa_domain::{Error, FieldErrors, Method, Page, PerPage, Resource, Result, Time, params, view};
use whocpa_store::decision::{self, Decision, DecisionFilter, DecisionRow as StoredRow, RowVerdict};

use crate::audit::Changes;
use crate::lead::actor;
use crate::{Caller, Engine, Paging, Rows, check};
pub use input::DecisionCreate;

/// Rows that one transaction stores.
const LOAD_ROWS: usize = 1000;
/// Rows that are checked or applied before the request is answered; longer ones are left to a job.
const AT_ONCE: i64 = 1000;
/// Decisions of one person that are not at their end: nobody fills the store with them.
const OPEN_LIMIT: u64 = 50;

params! {
    /// Which decisions are wanted.
    pub struct DecisionList {
        /// Only these.
        id: Option<Vec<i64>>,
        /// Only in one of these states.
        status: Option<Vec<DecisionStatus>>,
        /// Only of these people; for operators.
        user_id: Option<Vec<i64>>,
        /// Begun from here on.
        d_created_from: Option<Time>,
        /// Begun until here, inclusive: a date takes its whole day in.
        d_created_to: Option<Until>,
        /// Page, from 1.
        page: Page,
        /// Rows on a page, 10 to 100.
        per_page: PerPage,
    }
}

params! {
    /// What is done with a decision.
    pub struct DecisionUpdate {
        /// 1 applies a decision that was checked.
        is_applied: Option<bool>,
        /// 1 stops a decision that is being checked or applied; what was applied before stays.
        is_stopped: Option<bool>,
    }
}

view! {
    /// A decision about many leads.
    pub struct DecisionRow {
        /// Decision id.
        id: i64,
        /// Who decides; for operators.
        #[serde(skip_serializing_if = "Option::is_none")]
        user_id: Option<i64>,
        /// Whether it came as a file.
        is_file: bool,
        /// How far it has come.
        status: DecisionStatus,
        /// What you should know, empty for nothing.
        message: String,
        /// Its rows.
        row_count: i64,
        /// Rows that are checked or applied by now.
        rows_done: i64,
        /// Of these, rows that approve a lead, or would.
        rows_approved: i64,
        /// Of these, rows that reject a lead, or would.
        rows_rejected: i64,
        /// Of these, rows that make a lead spam, or would.
        rows_spam: i64,
        /// Of these, rows that change nothing: the lead is decided like this already.
        rows_unchanged: i64,
        /// Of these, rows that are refused.
        rows_failed: i64,
        /// When it was sent.
        date_created: Time,
        /// When somebody told to apply it.
        date_applied: Option<Time>,
        /// When its last row was applied.
        date_finished: Option<Time>,
    }
}

params! {
    /// Which rows of a decision are wanted.
    pub struct DecisionRows {
        /// Only rows of which this became.
        verdict: Option<Vec<DecisionVerdict>>,
        /// Page of the rows, from 1.
        page: Page,
        /// Rows on a page, 10 to 100.
        per_page: PerPage,
    }
}

view! {
    /// What became of a row, or would.
    pub struct DecisionRowView {
        /// Line of the file; place in the list.
        line: i64,
        /// The lead; `null` when it is not known.
        lead_id: Option<i64>,
        /// The decision that the row asks for; `null` when it cannot be read.
        status: Option<LeadStatus>,
        /// What became of it, or would.
        verdict: DecisionVerdict,
        /// Why it is refused: the name of the column, then the words; empty for others.
        message: String,
    }
}

view! {
    /// A decision with its rows.
    pub struct DecisionView {
        /// What a list shows of it.
        #[serde(flatten)]
        row: DecisionRow,
        /// A page of the rows that are done, in order: of those that were applied, or only checked. They are kept for 30 days.
        rows: Vec<DecisionRowView>,
        /// How many rows there are on all pages.
        rows_found: i64,
    }
}

impl Engine {
    /// One page of decisions, the newest first.
    pub async fn decision_list(&self, caller: Caller, input: DecisionList) -> Result<Rows<DecisionRow>> {
        let scope = caller.may(Resource::Decision, Method::List)?;
        if input.user_id.is_some() && caller.level != whocpa_domain::Level::Operator {
            return Err(Error::field("user_id", "Only operators may use this"));
        }
        let mut errors = FieldErrors::default();
        let created = check::period(&mut errors, "created", (input.d_created_from, input.d_created_to));
        errors.finish()?;
        let filter = DecisionFilter { ids: input.id, status: input.status, user_ids: input.user_id, created };
        let paging = Paging::new(input.page, input.per_page);
        let rows = decision::list(&self.store().read(), scope, &filter, paging).await?;
        Ok(rows.map(|row| shown(caller, row)))
    }

    /// One decision with a page of its rows.
    pub async fn decision_view(&self, caller: Caller, id: i64, input: DecisionRows) -> Result<DecisionView> {
        let scope = caller.may(Resource::Decision, Method::View)?;
        let db = self.store().read();
        let row = decision::view(&db, scope, id).await?.ok_or(Error::NotFound)?;
        let phase =
            if row.date_applied.is_some() { DecisionStatus::Applying } else { DecisionStatus::Checking };
        let paging = Paging::new(input.page, input.per_page);
        let rows = decision::verdicts(&db, (id, phase.code()), input.verdict.as_deref(), paging).await?;
        Ok(DecisionView {
            row: shown(caller, row),
            rows_found: rows.total_count,
            rows: rows.rows.into_iter().map(row_shown).collect(),
        })
    }

    /// Applies a decision that was checked, or stops one. Who applies it needs the right to decide about leads.
    ///
    /// # Errors
    /// [`Error::Conflict`] for a decision in another state.
    pub async fn decision_update(&self, caller: Caller, id: i64, input: DecisionUpdate) -> Result<()> {
        let scope = caller.may(Resource::Decision, Method::Update)?;
        caller.may(Resource::Lead, Method::Update)?;
        let wanted = input.wanted()?;
        let now = self.now();
        let count = self
            .store()
            .write(move |db| async move {
                let before = decision::view_for_update(&db, scope, id).await?.ok_or(Error::NotFound)?;
                if wanted == Some(DecisionStatus::Applying) && before.user_id != caller.user_id {
                    // The leads' histories name who decided.
                    return Err(Error::field("is_applied", "Only who sent the decision may apply it"));
                }
                let row = moved(&before, wanted, now)?;
                let count = row.row_count;
                decision::update(&db, row.clone()).await?;
                self.note(&db, caller, Resource::Decision, id, Changes::updated(&before, &row)).await?;
                Ok(count)
            })
            .await?;
        if wanted == Some(DecisionStatus::Applying) && count <= AT_ONCE {
            self.decision_run_now(id).await;
        }
        Ok(())
    }

    /// Decides about many leads, or checks what a decision would do; gives its id.
    pub async fn decision_create(&self, caller: Caller, input: DecisionCreate) -> Result<i64> {
        caller.may(Resource::Decision, Method::Create)?;
        caller.may(Resource::Lead, Method::Update)?;
        let (is_preview, is_file) = (input.is_checked_only(), input.file.is_some());
        let (rows, message) = input.rows(actor(caller).decider()).await?;
        let now = self.now();
        let status = if is_preview { DecisionStatus::Checking } else { DecisionStatus::Applying };
        let row = &Decision {
            id: 0,
            user_id: caller.user_id,
            is_file,
            status: DecisionStatus::Loading.code(),
            message,
            row_count: i64::try_from(rows.len()).unwrap_or(i64::MAX),
            rows_done: 0,
            rows_approved: 0,
            rows_rejected: 0,
            rows_spam: 0,
            rows_unchanged: 0,
            rows_failed: 0,
            fence: 0,
            date_until: 0,
            date_created: now.0,
            date_applied: (!is_preview).then_some(now.0),
            date_finished: None,
            date_deleted: None,
        };
        let id = self
            .store()
            .write(move |db| async move {
                if decision::open(&db, row.user_id, now).await? >= OPEN_LIMIT {
                    let words =
                        format!("{OPEN_LIMIT} of your decisions wait already: apply them or put them away");
                    return Err(Error::Conflict(words));
                }
                decision::create(&db, row.clone()).await
            })
            .await?;
        for chunk in rows.chunks(LOAD_ROWS) {
            let chunk =
                &chunk.iter().map(|row| StoredRow { decision_id: id, ..row.clone() }).collect::<Vec<_>>();
            self.store().write(move |db| async move { decision::create_rows(&db, chunk).await }).await?;
        }
        self.store()
            .write(move |db| async move {
                let row = Decision { id, status: status.code(), ..row.clone() };
                decision::update(&db, row.clone()).await?;
                self.note(&db, caller, Resource::Decision, id, Changes::created(&row)).await
            })
            .await?;
        if row.row_count <= AT_ONCE {
            self.decision_run_now(id).await;
        }
        Ok(id)
    }

    /// Puts a decision away: it is shown no more. One that was applied stays, as what happened.
    pub async fn decision_delete(&self, caller: Caller, id: i64) -> Result<()> {
        let scope = caller.may(Resource::Decision, Method::Delete)?;
        let now = self.now();
        self.store()
            .write(move |db| async move {
                let before = decision::view_for_update(&db, scope, id).await?.ok_or(Error::NotFound)?;
                if before.date_applied.is_some() {
                    return Err(Error::Conflict(
                        "This decision was applied: it stays as what happened".to_owned(),
                    ));
                }
                let row = Decision {
                    status: DecisionStatus::Stopped.code(),
                    fence: before.fence + 1,
                    date_deleted: Some(now.0),
                    ..before.clone()
                };
                let changes = Changes::deleted(&before).also("date_deleted", json!(now.0));
                decision::update(&db, row).await?;
                self.note(&db, caller, Resource::Decision, id, changes).await
            })
            .await
    }
}

impl DecisionUpdate {
    fn wanted(&self) -> Result<Option<DecisionStatus>> {
        match (self.is_applied, self.is_stopped) {
            (Some(true), Some(true)) => {
                Err(Error::field("is_stopped", "Must not be sent together with is_applied"))
            }
            (Some(false), _) => Err(Error::field("is_applied", "Must be 1: what is applied stays applied")),
            (_, Some(false)) => Err(Error::field("is_stopped", "Must be 1: send is_applied to go on")),
            (Some(true), None) => Ok(Some(DecisionStatus::Applying)),
            (None, Some(true)) => Ok(Some(DecisionStatus::Stopped)),
            (None, None) => Ok(None),
        }
    }
}

/// The decision in its next state.
fn moved(before: &Decision, wanted: Option<DecisionStatus>, now: Time) -> Result<Decision> {
    let present = DecisionStatus::from_code(before.status).unwrap_or(DecisionStatus::Stopped);
    let row = before.clone();
    match (present, wanted) {
        (_, None) => Ok(row),
        (DecisionStatus::Checked, Some(DecisionStatus::Applying)) => Ok(Decision {
            status: DecisionStatus::Applying.code(),
            date_applied: Some(now.0),
            date_until: 0,
            ..without_counts(row)
        }),
        (present, Some(DecisionStatus::Stopped)) if present.is_running() => Ok(Decision {
            status: DecisionStatus::Stopped.code(),
            fence: row.fence + 1,
            date_finished: Some(now.0),
            ..row
        }),
        (_, Some(DecisionStatus::Applying)) => {
            Err(Error::Conflict("Only a decision that was checked can be applied".to_owned()))
        }
        _ => Err(Error::Conflict("Nothing is being done that could be stopped".to_owned())),
    }
}

/// A decision before its first row.
fn without_counts(row: Decision) -> Decision {
    Decision {
        rows_done: 0,
        rows_approved: 0,
        rows_rejected: 0,
        rows_spam: 0,
        rows_unchanged: 0,
        rows_failed: 0,
        ..row
    }
}

fn row_shown(row: RowVerdict) -> DecisionRowView {
    DecisionRowView {
        line: row.line,
        lead_id: row.lead_id,
        status: row.status.and_then(LeadStatus::from_code),
        verdict: DecisionVerdict::from_code(row.verdict).unwrap_or(DecisionVerdict::Refused),
        message: row.message,
    }
}

fn shown(caller: Caller, row: Decision) -> DecisionRow {
    DecisionRow {
        id: row.id,
        user_id: (caller.level == whocpa_domain::Level::Operator).then_some(row.user_id),
        is_file: row.is_file,
        status: DecisionStatus::from_code(row.status).unwrap_or(DecisionStatus::Stopped),
        message: row.message,
        row_count: row.row_count,
        rows_done: row.rows_done,
        rows_approved: row.rows_approved,
        rows_rejected: row.rows_rejected,
        rows_spam: row.rows_spam,
        rows_unchanged: row.rows_unchanged,
        rows_failed: row.rows_failed,
        date_created: Time(row.date_created),
        date_applied: row.date_applied.map(Time),
        date_finished: row.date_finished.map(Time),
    }
}
