//! Special conditions: rates and hold for one webmaster, of one of his areas or of all.
//!
//! The rule of precedence: a condition for the lead's area, else one for all areas, else the goal's own terms. What a
//! condition does not state is the goal's own.

use std::collections::BTreeMap;

use serde::Serialize;
use whocpa_domain::goal::{HOLD_LIMIT_DAYS, Line, MoneyType, Rate, Special, Terms};
use whocpa_domain::input::Patch;
use whocpa_domain::input::limits::{self, Limits};
use whocpa_domain::user::UserLevel;
use whocpa_domain::{
    Error, FieldErrors, Level, Method, Page, PerPage, Resource, Result, Scope, Time, params, view,
};
use whocpa_store::condition::{self, Condition, ConditionFilter, ConditionVersion};
use whocpa_store::goal::{self, Goal, GoalVersion};
use whocpa_store::{Db, area, offer, person};

use crate::audit::Changes;
use crate::goal::{RATE, every, rate};
use crate::{Caller, Engine, Paging, Rows, currency};

/// Days of hold.
const HOLD: Limits = Limits::Range(0, HOLD_LIMIT_DAYS);

params! {
    /// Which conditions are wanted.
    pub struct ConditionList {
        /// Only these.
        id: Option<Vec<i64>>,
        /// Only of these offers.
        offer_id: Option<Vec<i64>>,
        /// Only of these goals.
        goal_id: Option<Vec<i64>>,
        /// Only those that are in force (1), or only the others (0).
        is_active: Option<bool>,
        /// Only of these webmasters; for operators.
        webmaster_id: Option<Vec<i64>>,
        /// Only for visitors from these areas.
        area_id: Option<Vec<i64>>,
        /// Number of the page.
        page: Page,
        /// Rows on a page.
        per_page: PerPage,
    }
}

params! {
    /// A new condition. It counts for actions from its start on.
    pub struct ConditionCreate {
        /// For whom.
        webmaster_id: i64,
        /// For which goal.
        goal_id: i64,
        /// Only for visitors from this area; from all areas unless told.
        area_id: Option<i64>,
        /// What the webmaster gets, stated as the goal's own `payment`.
        payment: Option<String> where RATE,
        /// What the advertiser pays, stated alike.
        charge: Option<String> where RATE,
        /// Days of hold, 0 to 365.
        hold_period: Option<i64> where HOLD,
        /// Words for the webmaster.
        description: Option<String> where limits::TEXT,
        /// In force from here; from now unless told.
        date_start: Option<Time>,
        /// In force until here; without end unless told.
        date_end: Option<Time>,
    }
}

params! {
    /// Changes of a condition: a new version for actions from now on; leads keep the terms by which they were rated.
    pub struct ConditionUpdate {
        /// What the webmaster gets; empty for the goal's own.
        payment: Patch<String> where RATE,
        /// What the advertiser pays; empty for the goal's own.
        charge: Patch<String> where RATE,
        /// Days of hold, 0 to 365; empty for the goal's own.
        hold_period: Patch<i64> where HOLD,
        /// Words for the webmaster.
        description: Option<String> where limits::TEXT,
        /// In force until here; empty for without end.
        date_end: Patch<Time>,
    }
}

/// What the audit tells of a condition: for whom it is, and what it says.
#[derive(Serialize)]
struct Audited<'a> {
    #[serde(flatten)]
    row: &'a Condition,
    date_from: i64,
    date_end: Option<i64>,
    payment: Option<i64>,
    charge: Option<i64>,
    payment_more: Option<i64>,
    charge_more: Option<i64>,
    hold_period: Option<i64>,
}

impl<'a> Audited<'a> {
    fn new(row: &'a Condition, version: &ConditionVersion) -> Self {
        Self {
            row,
            date_from: version.date_from,
            date_end: version.date_end,
            payment: version.payment,
            charge: version.charge,
            payment_more: version.payment_more,
            charge_more: version.charge_more,
            hold_period: version.hold_period,
        }
    }
}

view! {
    /// What is different for one webmaster.
    pub struct ConditionView {
        /// Condition id.
        id: i64,
        /// For whom.
        webmaster_id: i64,
        /// The offer.
        offer_id: i64,
        /// The goal.
        goal_id: i64,
        /// Only for visitors from this area, `null` for all areas.
        area_id: Option<i64>,
        /// How `payment` and `charge` are stated.
        money_type: MoneyType,
        /// Currency of the goal.
        currency_id: i64,
        /// What the webmaster gets, `null` for the goal's own.
        payment: Option<String>,
        /// What the webmaster gets without this condition.
        payment_base: String,
        /// What the advertiser pays, empty for the goal's own; for operators only.
        #[serde(skip_serializing_if = "Option::is_none")]
        charge: Option<String>,
        /// What the advertiser pays without this condition; for operators only.
        #[serde(skip_serializing_if = "Option::is_none")]
        charge_base: Option<String>,
        /// Days of hold, `null` for the goal's own.
        hold_period: Option<i64>,
        /// Days of hold without this condition.
        hold_period_base: i64,
        /// Words for the webmaster.
        description: String,
        /// In force from here.
        date_start: Time,
        /// In force until here, `null` for without end.
        date_end: Option<Time>,
        /// Whether it is in force now.
        is_active: bool,
        /// When it was made.
        date_created: Time,
        /// When it was last changed.
        date_updated: Time,
    }
}

impl Engine {
    /// One page of conditions.
    pub async fn condition_list(&self, caller: Caller, input: ConditionList) -> Result<Rows<ConditionView>> {
        let scope = caller.may(Resource::Condition, Method::List)?;
        if input.webmaster_id.is_some() && caller.level != Level::Operator {
            return Err(Error::field("webmaster_id", "Only operators may use this"));
        }
        let now = self.now();
        let filter = ConditionFilter {
            ids: input.id,
            offer_ids: input.offer_id,
            goal_ids: input.goal_id,
            webmaster_ids: input.webmaster_id,
            area_ids: input.area_id,
            in_force: input.is_active.map(|wanted| (now, wanted)),
        };
        let db = self.store().read();
        let rows = condition::list(&db, scope, &filter, Paging::new(input.page, input.per_page)).await?;
        let known = Known::read(&db, &rows.rows, now).await?;
        let (total_count, paging) = (rows.total_count, rows.paging);
        let rows: Result<Vec<ConditionView>> =
            rows.rows.into_iter().map(|row| known.shown(row, caller, now)).collect();
        Ok(Rows { rows: rows?, total_count, paging })
    }

    /// One condition, with the goal's own rates beside it.
    pub async fn condition_view(&self, caller: Caller, id: i64) -> Result<ConditionView> {
        let scope = caller.may(Resource::Condition, Method::View)?;
        let (db, now) = (self.store().read(), self.now());
        let row = condition::view(&db, scope, id).await?.ok_or(Error::NotFound)?;
        let known = Known::read(&db, std::slice::from_ref(&row), now).await?;
        known.shown(row, caller, now)
    }

    /// Changes a condition for actions from now on.
    ///
    /// # Errors
    /// [`Error::Conflict`] for one that has ended.
    pub async fn condition_update(&self, caller: Caller, id: i64, input: ConditionUpdate) -> Result<()> {
        let scope = caller.may(Resource::Condition, Method::Update)?;
        let (input, now) = (&input, self.now());
        self.store()
            .write(move |db| async move {
                let known = condition::view(&db, scope, id).await?.ok_or(Error::NotFound)?;
                // The goal first, as whoever changes it does: what is promised must fit what is charged.
                goal::view_for_update(&db, Scope::All, known.goal_id).await?;
                let before = condition::view_for_update(&db, scope, id).await?.ok_or(Error::NotFound)?;
                check_charge(&db, scope, before.offer_id, input.charge != Patch::Keep).await?;
                let old = newest(&db, id).await?;
                if old.has_ended(now) {
                    return Err(Error::Conflict("The condition has ended: make another one".to_owned()));
                }
                let (terms, lines) = goal_terms(&db, before.goal_id, now).await?;
                let new = changed(&old, input, (terms, &lines), now)?;
                let row = Condition {
                    description: input.description.clone().unwrap_or_else(|| before.description.clone()),
                    date_updated: now.0,
                    ..before.clone()
                };
                let changes = Changes::updated(&Audited::new(&before, &old), &Audited::new(&row, &new));
                if said(&old) != said(&new) {
                    condition::version_create(&db, new).await?;
                }
                condition::update(&db, row).await?;
                self.note(&db, caller, Resource::Condition, id, changes).await
            })
            .await
    }

    /// Adds a condition for a webmaster; gives its id.
    pub async fn condition_create(&self, caller: Caller, input: ConditionCreate) -> Result<i64> {
        let scope = caller.may(Resource::Condition, Method::Create)?;
        let (input, now) = (&input, self.now());
        self.store()
            .write(move |db| async move {
                check_webmaster(&db, scope, input).await?;
                // One condition of a goal after the other: no two for the same webmaster and area.
                let goal = goal::view_for_update(&db, Scope::All, input.goal_id).await?;
                let goal = goal.ok_or_else(|| Error::field("goal_id", "Goals not found"))?;
                check_charge(&db, scope, goal.offer_id, input.charge.is_some()).await?;
                let (terms, lines) = goal_terms(&db, goal.id, now).await?;
                let version = new_version(input, (terms, &lines), now)?;
                let of_goal = condition::of_goal(&db, goal.id, now).await?;
                let is_same =
                    |row: &Condition| (row.webmaster_id, row.area_id) == (input.webmaster_id, input.area_id);
                if let Some((row, _)) = of_goal.iter().find(|(row, _)| is_same(row)) {
                    let message = format!("Condition {} is about the same webmaster, goal and area", row.id);
                    return Err(Error::field("goal_id", message));
                }
                let row = Condition {
                    id: 0,
                    webmaster_id: input.webmaster_id,
                    offer_id: goal.offer_id,
                    goal_id: goal.id,
                    area_id: input.area_id,
                    description: input.description.clone().unwrap_or_default(),
                    date_created: now.0,
                    date_updated: now.0,
                };
                let id = condition::create(&db, row.clone()).await?;
                let version = ConditionVersion { condition_id: id, ..version };
                let changes = Changes::created(&Audited::new(&Condition { id, ..row }, &version));
                condition::version_create(&db, version).await?;
                self.note(&db, caller, Resource::Condition, id, changes).await?;
                Ok(id)
            })
            .await
    }

    /// Ends a condition now: later actions are rated by the goal's own terms.
    pub async fn condition_delete(&self, caller: Caller, id: i64) -> Result<()> {
        let scope = caller.may(Resource::Condition, Method::Delete)?;
        let now = self.now();
        self.store()
            .write(move |db| async move {
                let row = condition::view_for_update(&db, scope, id).await?.ok_or(Error::NotFound)?;
                let old = newest(&db, id).await?;
                let mut gone = old.clone();
                if !old.has_ended(now) {
                    // One that was still to begin never does.
                    let date_from = now.0.max(old.date_from);
                    gone = ConditionVersion {
                        id: 0,
                        date_from,
                        date_recorded: now.0,
                        date_end: Some(date_from),
                        ..old.clone()
                    };
                    condition::version_create(&db, gone.clone()).await?;
                }
                let changes = Changes::archived(&Audited::new(&row, &old), &Audited::new(&row, &gone));
                condition::update(&db, Condition { date_updated: now.0, ..row }).await?;
                self.note(&db, caller, Resource::Condition, id, changes).await
            })
            .await
    }
}

/// A manager agrees on rates with his people: what an advertiser pays is for who looks after him.
async fn check_charge(db: &Db, scope: Scope, offer_id: i64, is_sent: bool) -> Result<()> {
    if !is_sent || !matches!(scope, Scope::Manager(_)) {
        return Ok(());
    }
    let offer = offer::view(db, Scope::All, offer_id).await?.ok_or(Error::NotFound)?;
    if person::view(db, scope, offer.advertiser_id).await?.is_some() {
        return Ok(());
    }
    Err(Error::field("charge", "Only who looks after the advertiser may set this"))
}

/// What a version says, without its numbers and dates.
fn said(version: &ConditionVersion) -> (Special, Option<i64>) {
    (version.special(), version.date_end)
}

async fn newest(db: &Db, id: i64) -> Result<ConditionVersion> {
    let version = condition::versions(db, &[id]).await?.remove(&id);
    version.ok_or_else(|| Error::Internal(format!("condition {id} says nothing")))
}

/// The terms of a goal, and its other rates for some visitors.
async fn goal_terms(db: &Db, goal_id: i64, now: Time) -> Result<(Terms, Vec<Line>)> {
    let version = goal::versions_at(db, &[goal_id], now).await?.remove(&goal_id);
    let version = version.ok_or_else(|| Error::Internal(format!("goal {goal_id} has no terms")))?;
    Ok((version.terms(), version.lines()?))
}

/// The webmaster is one whom the operator looks after, and the area is his.
async fn check_webmaster(db: &Db, scope: Scope, input: &ConditionCreate) -> Result<()> {
    let mut errors = FieldErrors::default();
    let found = person::view(db, scope, input.webmaster_id).await?;
    if !found.is_some_and(|person| person.level() == UserLevel::Webmaster && person.is_active()) {
        errors.add("webmaster_id", "Webmasters not found");
    }
    if let Some(area_id) = input.area_id
        && area::view(db, Scope::Webmaster(input.webmaster_id), area_id).await?.is_none()
    {
        errors.add("area_id", "Areas not found");
    }
    errors.finish()
}

/// The first version of a condition.
fn new_version(
    input: &ConditionCreate,
    (terms, lines): (Terms, &[Line]),
    now: Time,
) -> Result<ConditionVersion> {
    let mut errors = FieldErrors::default();
    let start = input.date_start.unwrap_or(now);
    if start < now {
        errors.add("date_start", "Must not be in the past: leads keep the terms by which they were rated");
    }
    if input.date_end.is_some_and(|end| end <= start) {
        errors.add("date_end", "Must be later than date_start");
    }
    let mut read =
        |field: &str, text: &Option<String>| rate(&mut errors, field, terms.money_type, text.as_ref());
    let (payment, charge) = (read("payment", &input.payment), read("charge", &input.charge));
    let special = Special { payment, charge, hold_period: input.hold_period };
    check(errors, (terms, lines), special)?;
    Ok(ConditionVersion {
        id: 0,
        condition_id: 0,
        date_from: start.0,
        date_recorded: now.0,
        date_end: input.date_end.map(|end| end.0),
        payment: special.payment.map(|rate| rate.first),
        charge: special.charge.map(|rate| rate.first),
        hold_period: special.hold_period,
        payment_more: special.payment.map(|rate| rate.more),
        charge_more: special.charge.map(|rate| rate.more),
    })
}

/// The version after a change; it counts from now, or from the start that is still to come.
fn changed(
    old: &ConditionVersion,
    input: &ConditionUpdate,
    (terms, lines): (Terms, &[Line]),
    now: Time,
) -> Result<ConditionVersion> {
    let mut errors = FieldErrors::default();
    let date_from = old.date_from.max(now.0);
    let date_end = input.date_end.map(|end| end.0).or(old.date_end);
    if date_end.is_some_and(|end| end <= date_from) && date_end != old.date_end {
        errors.add("date_end", "Must be later than now: delete the condition to end it at once");
    }
    let mut read = |field: &str, patch: &Patch<String>, old: Option<Rate>| match patch {
        Patch::Keep => old,
        Patch::Clear => None,
        Patch::Set(text) => rate(&mut errors, field, terms.money_type, Some(text)),
    };
    let before = old.special();
    let payment = read("payment", &input.payment, before.payment);
    let charge = read("charge", &input.charge, before.charge);
    let special = Special { payment, charge, hold_period: input.hold_period.or(old.hold_period) };
    check(errors, (terms, lines), special)?;
    Ok(ConditionVersion {
        id: 0,
        condition_id: old.condition_id,
        date_from,
        date_recorded: now.0,
        date_end,
        payment: special.payment.map(|rate| rate.first),
        charge: special.charge.map(|rate| rate.first),
        hold_period: special.hold_period,
        payment_more: special.payment.map(|rate| rate.more),
        charge_more: special.charge.map(|rate| rate.more),
    })
}

/// A condition says something, and what it says can be paid.
fn check(mut errors: FieldErrors, (terms, lines): (Terms, &[Line]), special: Special) -> Result<()> {
    if special == Special::default() && errors.messages().is_empty() {
        errors.add("payment", "A condition needs a payment, a charge or a hold_period of its own");
    }
    if errors.messages().is_empty() {
        terms.with(special).check(&mut errors);
    }
    // What it does not state is the rate that would count without it: the goal's own, or that of any of its lines.
    if errors.messages().is_empty() && every(terms, lines).any(|terms| !terms.with(special).is_covered()) {
        let message =
            "With it a line of the goal would pay the webmaster more than the advertiser is charged";
        errors.add(if special.payment.is_some() { "payment" } else { "charge" }, message);
    }
    errors.finish()
}

/// What the rows of an answer refer to.
struct Known {
    versions: BTreeMap<i64, ConditionVersion>,
    starts: BTreeMap<i64, i64>,
    goals: BTreeMap<i64, Goal>,
    terms: BTreeMap<i64, GoalVersion>,
    digits: BTreeMap<i64, u8>,
}

impl Known {
    async fn read(db: &Db, rows: &[Condition], now: Time) -> Result<Self> {
        let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
        let goal_ids: Vec<i64> = rows.iter().map(|row| row.goal_id).collect();
        let offer_ids: Vec<i64> = rows.iter().map(|row| row.offer_id).collect();
        let goals = goal::of_offers(db, &offer_ids).await?;
        Ok(Self {
            versions: condition::versions(db, &ids).await?,
            starts: condition::starts(db, &ids).await?,
            goals: goals.into_iter().map(|row| (row.id, row)).collect(),
            terms: goal::versions_at(db, &goal_ids, now).await?,
            digits: currency::digits(db).await?,
        })
    }

    fn shown(&self, row: Condition, caller: Caller, now: Time) -> Result<ConditionView> {
        let lost = || Error::Internal(format!("condition {} refers to nothing", row.id));
        let version = self.versions.get(&row.id).ok_or_else(lost)?;
        let goal = self.goals.get(&row.goal_id).ok_or_else(lost)?;
        let base = self.terms.get(&row.goal_id).ok_or_else(lost)?;
        let terms = base.terms();
        let digits = self.digits.get(&goal.currency_id).copied().unwrap_or(0);
        let text = |rate: Rate| rate.text(terms.money_type, digits);
        let special = version.special();
        let is_operator = caller.level == Level::Operator;
        Ok(ConditionView {
            id: row.id,
            webmaster_id: row.webmaster_id,
            offer_id: row.offer_id,
            goal_id: row.goal_id,
            area_id: row.area_id,
            money_type: terms.money_type,
            currency_id: goal.currency_id,
            payment: special.payment.map(text),
            payment_base: text(terms.payment),
            charge: is_operator.then(|| special.charge.map(text).unwrap_or_default()),
            charge_base: is_operator.then(|| text(terms.charge)),
            hold_period: version.hold_period,
            hold_period_base: base.hold_period,
            description: row.description,
            date_start: Time(self.starts.get(&row.id).copied().unwrap_or(version.date_from)),
            date_end: version.date_end.map(Time),
            is_active: version.is_in_force(now),
            date_created: Time(row.date_created),
            date_updated: Time(row.date_updated),
        })
    }
}
