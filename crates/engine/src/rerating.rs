//! Re-rating: leads of a goal and a period, rated anew by another version of its terms.
//!
//! First it is counted: which leads would be worth another amount, and what that does to each webmaster. Then, when somebody
//! applies it, each of them gets an event and the transfers of the difference. What was applied once is not applied again: a lead
//! that is worth what the terms say is left alone.

mod run;

use whocpa_domain::input::Until;
use whocpa_domain::input::limits::Limits;
use whocpa_domain::money::Amount;
use whocpa_domain::rerating::ReratingStatus;
use whocpa_domain::{Error, FieldErrors, Method, Page, PerPage, Resource, Result, Scope, Time, params, view};
use whocpa_store::rerating::{self, Rerating, ReratingFilter, ReratingRow as StoredRow};
use whocpa_store::{Db, goal, offer};

use crate::audit::Changes;
use crate::{Caller, Engine, Paging, Rows, check, currency};

/// Words that stand in each lead's story.
const REASON: Limits = Limits::Text(1, 1000);
/// Leads that are done before the request is answered; more are left to a job.
const AT_ONCE: u64 = 2000;

params! {
    /// Which re-ratings are wanted.
    pub struct ReratingList {
        /// Only these.
        id: Option<Vec<i64>>,
        /// Only of these advertisers.
        advertiser_id: Option<Vec<i64>>,
        /// Only of these goals.
        goal_id: Option<Vec<i64>>,
        /// Only in one of these states.
        status: Option<Vec<ReratingStatus>>,
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
    /// Leads that are to be rated anew. They are counted, and nothing is moved until you apply it.
    pub struct ReratingCreate {
        /// Leads of this goal.
        goal_id: i64,
        /// The version of its terms that rates them; the one in force unless told.
        goal_version_id: Option<i64>,
        /// Leads that came in from here on.
        d_created_from: Time,
        /// Leads that came in until here, inclusive: a date takes its whole day in. Until now unless told.
        d_created_to: Option<Until>,
        /// Why, in words: both sides read it in the story of each lead.
        reason: String where REASON,
    }
}

params! {
    /// What is done with a re-rating.
    pub struct ReratingUpdate {
        /// 1 applies one that was counted.
        is_applied: Option<bool>,
        /// 1 stops one that is being counted or applied; what was applied before stays.
        is_stopped: Option<bool>,
    }
}

params! {
    /// Which webmasters of a re-rating are wanted.
    pub struct ReratingRows {
        /// Page of the webmasters, from 1.
        page: Page,
        /// Webmasters on a page, 10 to 100.
        per_page: PerPage,
    }
}

view! {
    /// Leads that are rated anew. Sums are of the pending and approved ones: the others hold no money.
    pub struct ReratingView {
        /// Re-rating id.
        id: i64,
        /// Who began it.
        user_id: i64,
        /// Leads of this goal.
        goal_id: i64,
        /// The version of its terms that rates them.
        goal_version_id: i64,
        /// Leads that came in from here on.
        d_created_from: Time,
        /// Leads that came in before this moment.
        d_created_to: Time,
        /// Why.
        reason: String,
        /// How far it is.
        status: ReratingStatus,
        /// What you should know, empty for nothing.
        message: String,
        /// Leads that were looked at.
        leads: i64,
        /// Leads that become worth another amount.
        leads_changed: i64,
        /// Leads that these terms cannot rate: they stay as they are.
        leads_failed: i64,
        /// Currency of all sums.
        currency_id: i64,
        /// What the advertiser is charged before.
        charge_before: Amount,
        /// What he is charged after.
        charge_after: Amount,
        /// What webmasters get before.
        payout_before: Amount,
        /// What they get after.
        payout_after: Amount,
        /// SHA-256 over all changes that were counted, in order: the same question has the same one.
        checksum: String,
        /// Leads that were changed.
        leads_applied: i64,
        /// SHA-256 over all changes that were made: equal to `checksum` when it was applied as it was counted.
        checksum_applied: String,
        /// When it was begun.
        date_created: Time,
        /// When somebody told to apply it.
        date_applied: Option<Time>,
        /// When it ended.
        date_finished: Option<Time>,
    }
}

view! {
    /// What a re-rating does to one webmaster.
    pub struct ReratingRow {
        /// Whose leads.
        webmaster_id: i64,
        /// Leads that were looked at.
        leads: i64,
        /// Leads that become worth another amount.
        leads_changed: i64,
        /// What the advertiser is charged for them before.
        charge_before: Amount,
        /// What he is charged after.
        charge_after: Amount,
        /// What the webmaster gets before.
        payout_before: Amount,
        /// What he gets after.
        payout_after: Amount,
    }
}

view! {
    /// A re-rating with what it does to each webmaster.
    pub struct ReratingStory {
        /// What a list shows of it.
        #[serde(flatten)]
        row: ReratingView,
        /// A page of webmasters, in the order of their ids.
        rows: Vec<ReratingRow>,
        /// How many webmasters there are on all pages.
        rows_found: i64,
    }
}

impl Engine {
    /// One page of re-ratings, the newest first.
    pub async fn rerating_list(&self, caller: Caller, input: ReratingList) -> Result<Rows<ReratingView>> {
        let scope = caller.may(Resource::Rerating, Method::List)?;
        let db = self.store().read();
        let mut errors = FieldErrors::default();
        let created = check::period(&mut errors, "created", (input.d_created_from, input.d_created_to));
        errors.finish()?;
        let filter = ReratingFilter {
            ids: input.id,
            advertiser_ids: input.advertiser_id,
            goal_ids: input.goal_id,
            status: input.status,
            created,
        };
        let rows = rerating::list(&db, scope, &filter, Paging::new(input.page, input.per_page)).await?;
        let digits = currency::digits(&db).await?;
        Ok(rows.map(|row| {
            let places = digits.get(&row.currency_id).copied().unwrap_or(0);
            shown(row, places)
        }))
    }

    /// One re-rating, with a page of what it does to webmasters.
    pub async fn rerating_view(&self, caller: Caller, id: i64, input: ReratingRows) -> Result<ReratingStory> {
        let scope = caller.may(Resource::Rerating, Method::View)?;
        let db = self.store().read();
        let row = rerating::view(&db, scope, id).await?.ok_or(Error::NotFound)?;
        let places = currency::digits(&db).await?.get(&row.currency_id).copied().unwrap_or(0);
        let found = rerating::rows(&db, id, Paging::new(input.page, input.per_page)).await?;
        Ok(ReratingStory {
            row: shown(row, places),
            rows_found: found.total_count,
            rows: found.rows.into_iter().map(|row| row_shown(&row, places)).collect(),
        })
    }

    /// Applies a re-rating that was counted, or stops one.
    ///
    /// # Errors
    /// [`Error::Conflict`] for one in another state, and while another one of its goal is being applied.
    pub async fn rerating_update(&self, caller: Caller, id: i64, input: ReratingUpdate) -> Result<()> {
        let scope = caller.may(Resource::Rerating, Method::Update)?;
        let wanted = input.wanted()?;
        let now = self.now();
        let leads = self
            .store()
            .write(move |db| async move {
                let before = rerating::view_for_update(&db, scope, id).await?.ok_or(Error::NotFound)?;
                if wanted == Some(ReratingStatus::Applying)
                    && rerating::running(&db, before.goal_id).await? > 0
                {
                    return Err(Error::Conflict(
                        "Another re-rating of this goal is being applied".to_owned(),
                    ));
                }
                let row = moved(&before, wanted, now)?;
                rerating::update(&db, row.clone()).await?;
                self.note(&db, caller, Resource::Rerating, id, Changes::updated(&before, &row)).await?;
                Ok(row.leads)
            })
            .await?;
        if wanted == Some(ReratingStatus::Applying) && leads.unsigned_abs() <= AT_ONCE {
            self.rerating_run_now(id).await;
        }
        Ok(())
    }

    /// Counts what another version of a goal's terms would make of its leads; gives the re-rating's id.
    pub async fn rerating_create(&self, caller: Caller, input: ReratingCreate) -> Result<i64> {
        caller.may(Resource::Rerating, Method::Create)?;
        let (input, now) = (&input, self.now());
        let (id, is_short) = self
            .store()
            .write(move |db| async move {
                let row = new_row(&db, caller, input, now).await?;
                let is_short = rerating::leads(&db, &row, AT_ONCE + 1, false).await?.len() as u64 <= AT_ONCE;
                let id = rerating::create(&db, row.clone()).await?;
                let row = Rerating { id, ..row };
                self.note(&db, caller, Resource::Rerating, id, Changes::created(&row)).await?;
                Ok((id, is_short))
            })
            .await?;
        if is_short {
            self.rerating_run_now(id).await;
        }
        Ok(id)
    }
}

impl ReratingUpdate {
    fn wanted(&self) -> Result<Option<ReratingStatus>> {
        match (self.is_applied, self.is_stopped) {
            (Some(true), Some(true)) => {
                Err(Error::field("is_stopped", "Must not be sent together with is_applied"))
            }
            (Some(false), _) => Err(Error::field("is_applied", "Must be 1: what is applied stays applied")),
            (_, Some(false)) => Err(Error::field("is_stopped", "Must be 1: send is_applied to go on")),
            (Some(true), None) => Ok(Some(ReratingStatus::Applying)),
            (None, Some(true)) => Ok(Some(ReratingStatus::Stopped)),
            (None, None) => Ok(None),
        }
    }
}

/// A re-rating before its first lead.
async fn new_row(db: &Db, caller: Caller, input: &ReratingCreate, now: Time) -> Result<Rerating> {
    let mut errors = FieldErrors::default();
    REASON.check(&mut errors, "reason", &input.reason);
    let until = input.d_created_to.map_or(now.plus(1), |until| until.0);
    if until <= input.d_created_from {
        errors.add("d_created_to", "Must be later than d_created_from");
    }
    let goal = goal::view(db, Scope::All, input.goal_id).await?;
    let offer = match &goal {
        Some(goal) => offer::view(db, Scope::All, goal.offer_id).await?,
        None => None,
    };
    let version = match input.goal_version_id {
        Some(id) => goal::version(db, id).await?,
        None => goal::versions_at(db, &[input.goal_id], now).await?.remove(&input.goal_id),
    };
    if goal.is_none() {
        errors.add("goal_id", "Goals not found");
    } else if version.as_ref().is_none_or(|version| version.goal_id != input.goal_id) {
        errors.add("goal_version_id", "Not a version of this goal's terms");
    }
    errors.finish()?;
    let lost = || Error::Internal(format!("goal {} refers to nothing", input.goal_id));
    let (goal, offer, version) = (goal.ok_or_else(lost)?, offer.ok_or_else(lost)?, version.ok_or_else(lost)?);
    let row = Rerating {
        id: 0,
        user_id: caller.user_id,
        goal_id: goal.id,
        goal_version_id: version.id,
        advertiser_id: offer.advertiser_id,
        currency_id: goal.currency_id,
        date_from: input.d_created_from.0,
        date_end: until.0,
        last_lead_id: rerating::last_lead(db).await?,
        reason: input.reason.clone(),
        status: ReratingStatus::Counting.code(),
        message: String::new(),
        leads: 0,
        leads_changed: 0,
        leads_failed: 0,
        charge_before: 0,
        charge_after: 0,
        payout_before: 0,
        payout_after: 0,
        checksum: String::new(),
        leads_applied: 0,
        checksum_applied: String::new(),
        cursor_date: 0,
        cursor_id: 0,
        fence: 0,
        date_until: 0,
        date_created: now.0,
        date_applied: None,
        date_finished: None,
    };
    Ok(at_start(row))
}

/// With its cursor before the first lead.
fn at_start(row: Rerating) -> Rerating {
    Rerating { cursor_date: row.date_from - 1, cursor_id: i64::MAX, ..row }
}

/// The re-rating in its next state.
fn moved(before: &Rerating, wanted: Option<ReratingStatus>, now: Time) -> Result<Rerating> {
    let present = ReratingStatus::from_code(before.status).unwrap_or(ReratingStatus::Stopped);
    let row = before.clone();
    match (present, wanted) {
        (_, None) => Ok(row),
        (ReratingStatus::Counted, Some(ReratingStatus::Applying)) => Ok(at_start(Rerating {
            status: ReratingStatus::Applying.code(),
            date_applied: Some(now.0),
            date_until: 0,
            ..row
        })),
        (present, Some(ReratingStatus::Stopped)) if present.is_running() => Ok(Rerating {
            status: ReratingStatus::Stopped.code(),
            fence: row.fence + 1,
            date_finished: Some(now.0),
            ..row
        }),
        (_, Some(ReratingStatus::Applying)) => {
            Err(Error::Conflict("Only a re-rating that was counted can be applied".to_owned()))
        }
        _ => Err(Error::Conflict("Nothing is being done that could be stopped".to_owned())),
    }
}

fn shown(row: Rerating, digits: u8) -> ReratingView {
    let amount = |micros: i64| Amount { micros, digits };
    ReratingView {
        id: row.id,
        user_id: row.user_id,
        goal_id: row.goal_id,
        goal_version_id: row.goal_version_id,
        d_created_from: Time(row.date_from),
        d_created_to: Time(row.date_end),
        reason: row.reason,
        status: ReratingStatus::from_code(row.status).unwrap_or(ReratingStatus::Stopped),
        message: row.message,
        leads: row.leads,
        leads_changed: row.leads_changed,
        leads_failed: row.leads_failed,
        currency_id: row.currency_id,
        charge_before: amount(row.charge_before),
        charge_after: amount(row.charge_after),
        payout_before: amount(row.payout_before),
        payout_after: amount(row.payout_after),
        checksum: row.checksum,
        leads_applied: row.leads_applied,
        checksum_applied: row.checksum_applied,
        date_created: Time(row.date_created),
        date_applied: row.date_applied.map(Time),
        date_finished: row.date_finished.map(Time),
    }
}

fn row_shown(row: &StoredRow, digits: u8) -> ReratingRow {
    let amount = |micros: i64| Amount { micros, digits };
    ReratingRow {
        webmaster_id: row.webmaster_id,
        leads: row.leads,
        leads_changed: row.leads_changed,
        charge_before: amount(row.charge_before),
        charge_after: amount(row.charge_after),
        payout_before: amount(row.payout_before),
        payout_after: amount(row.payout_after),
    }
}
