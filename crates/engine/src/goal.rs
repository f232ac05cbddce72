//! Goals of offers: what is paid, by which terms, after which hold.

mod lines;
mod terms;

use std::collections::BTreeMap;

use whocpa_domain::goal::{GoalCategory, GoalLine, HOLD_LIMIT_DAYS, MoneyType, Special};
use whocpa_domain::input::limits::{self, Form, Limits};
use whocpa_domain::input::{Json, Patch};
use whocpa_domain::text::fold;
use whocpa_domain::{
    Error, FieldErrors, Level, Method, Page, PerPage, Resource, Result, Scope, Time, params, view,
};
use whocpa_store::change::{self, ChangeKind};
use whocpa_store::goal::{self, Goal, GoalFilter, GoalVersion};
use whocpa_store::{Db, Paging, Rows, condition, currency, offer};

use crate::audit::Changes;
use crate::currency::{digits, minor_digits};
use crate::{Caller, Engine};
use lines::Frame;
pub(crate) use lines::shown as lines_shown;
use terms::{Audited, changed_terms, keeps_promises, new_terms, version};
pub(crate) use terms::{RATE, every, rate};

/// Days of hold.
const HOLD: Limits = Limits::Range(0, HOLD_LIMIT_DAYS);

/// An advertiser's own name of a goal, or none.
const ALIAS: Limits = Limits::Form(&Form {
    format: "",
    pattern: r"^[^\s\u0000-\u001f\u007f-\u009f]*$",
    longest: 64,
    wrong: |text| {
        let is_wrong = text.contains(|c: char| c.is_whitespace() || c.is_control());
        is_wrong.then(|| "Must be at most 64 characters without spaces".to_owned())
    },
});

params! {
    /// Which goals are wanted.
    pub struct GoalList {
        /// These goals.
        id: Option<Vec<i64>>,
        /// Goals of these offers. When one of them is unknown or not visible to you, the request is refused.
        offer_id: Option<Vec<i64>>,
        /// 1 for active goals only, 0 for the others only.
        is_active: Option<bool>,
        /// Goals of these kinds of action.
        category: Option<Vec<GoalCategory>>,
        /// Goals that pay in one of these ways.
        money_type: Option<Vec<MoneyType>>,
        /// Goals in these currencies.
        currency_id: Option<Vec<i64>>,
        /// Part of the description, in any case of letters.
        search: Option<String> where limits::LINE,
        /// Page, from 1.
        page: Page,
        /// Rows on a page, 10 to 100.
        per_page: PerPage,
    }
}

params! {
    /// A new goal.
    pub struct GoalCreate {
        /// The offer.
        offer_id: i64,
        /// What the visitor must do.
        description: String where limits::TEXT_GIVEN,
        /// Whether leads are taken; yes unless told.
        is_active: Option<bool>,
        /// Whether leads are approved by themselves; no unless told. Never one whose click is marked as a bot's; an order, or a
        /// browser's unsigned report, only once the advertiser has reported it himself.
        is_auto_approve: Option<bool>,
        /// Kind of action; 0 unless told.
        category: Option<GoalCategory>,
        /// Currency of the goal and all its leads; it cannot be changed later.
        currency_id: i64,
        /// One tid one lead: at most one action per click; yes unless told.
        is_otol: Option<bool>,
        /// Your own name of the goal, by which postbacks may name it: up to 64 characters without spaces, unique in the
        /// offer; empty for none.
        alias: Option<String> where ALIAS,
        /// Days of hold, 0 to 365.
        hold_period: i64 where HOLD,
        /// How `charge` and `payment` are stated.
        money_type: MoneyType,
        /// What the advertiser pays, as `money_type` states it: `12.50`, `16.5` (percent), `1.50 - 3.40` or `1.50 + 5%`.
        charge: String where RATE,
        /// What the webmaster gets, stated alike. Operators only; 80 % of `charge` unless told.
        payment: Option<String> where RATE,
        /// Other rates for some visitors, or from so many leads a month on: a list. A line for the visitor's landing page goes
        /// before one without; then the nearer region, then the device, then the highest `leads_from` that is reached.
        lines: Patch<Json<Vec<GoalLine>>>,
    }
}

params! {
    /// Changes of a goal. New terms (`hold_period`, `money_type`, `charge`, `payment`, `lines`) count for actions from now on;
    /// leads keep the terms by which they were rated.
    pub struct GoalUpdate {
        /// What the visitor must do.
        description: Option<String> where limits::TEXT_GIVEN,
        /// Whether leads are taken.
        is_active: Option<bool>,
        /// Whether leads are approved by themselves. Never one whose click is marked as a bot's; an order, or a browser's
        /// unsigned report, only once the advertiser has reported it himself.
        is_auto_approve: Option<bool>,
        /// Kind of action.
        category: Option<GoalCategory>,
        /// One tid one lead: at most one action per click.
        is_otol: Option<bool>,
        /// Your own name of the goal, by which postbacks may name it: up to 64 characters without spaces, unique in the
        /// offer; empty for none.
        alias: Option<String> where ALIAS,
        /// Days of hold, 0 to 365.
        hold_period: Option<i64> where HOLD,
        /// How `charge` and `payment` are stated; another one needs a new `charge`.
        money_type: Option<MoneyType>,
        /// What the advertiser pays, as `money_type` states it. Not below `payment`, which stays, except that another
        /// `money_type` sets it to 80 % of `charge`.
        charge: Option<String> where RATE,
        /// What the webmaster gets, stated alike. Operators only.
        payment: Option<String> where RATE,
        /// Other rates for some visitors, in place of all lines before; empty for none. Another `money_type` needs them anew. A
        /// line's payment stays where none is stated for the same visitors.
        lines: Patch<Json<Vec<GoalLine>>>,
    }
}

view! {
    /// A goal with the terms that are in force.
    pub struct GoalView {
        /// Goal id.
        id: i64,
        /// The offer.
        offer_id: i64,
        /// What the visitor must do.
        description: String,
        /// Whether leads are taken.
        is_active: bool,
        /// Whether leads are approved by themselves. Never one whose click is marked as a bot's; an order, or a browser's
        /// unsigned report, only once the advertiser has reported it himself.
        is_auto_approve: bool,
        /// Kind of action.
        category: GoalCategory,
        /// Currency of the goal and all its leads.
        currency_id: i64,
        /// When it was added.
        date_created: Time,
        /// One tid one lead: at most one action per click.
        is_otol: bool,
        /// Days of hold.
        hold_period: i64,
        /// How `payment` is stated.
        money_type: MoneyType,
        /// What the webmaster gets, as `money_type` states it; amounts are in the currency.
        payment: String,
        /// Other rates for some visitors. A line for the visitor's landing page goes before one without; then the nearer region,
        /// then the device, then the highest `leads_from` that is reached.
        lines: Vec<GoalLine>,
        /// What the advertiser pays, stated alike; for advertisers and operators only.
        #[serde(skip_serializing_if = "Option::is_none")]
        charge: Option<String>,
        /// The advertiser's own name of the goal, by which postbacks may name it, empty for none; for advertisers and
        /// operators only.
        #[serde(skip_serializing_if = "Option::is_none")]
        alias: Option<String>,
    }
}

view! {
    /// A goal as its offer shows it.
    pub struct GoalSummary {
        /// Goal id.
        id: i64,
        /// What the visitor must do.
        description: String,
        /// How `payment` is stated.
        money_type: MoneyType,
        /// What the webmaster gets: an amount in the currency, or with `money_type` 2 a percentage of the sale.
        payment: String,
        /// Currency of the goal and all its leads.
        currency_id: i64,
        /// Days of hold.
        hold_period: i64,
        /// Whether leads are taken.
        is_active: bool,
    }
}

impl From<GoalView> for GoalSummary {
    fn from(goal: GoalView) -> Self {
        Self {
            id: goal.id,
            description: goal.description,
            money_type: goal.money_type,
            payment: goal.payment,
            currency_id: goal.currency_id,
            hold_period: goal.hold_period,
            is_active: goal.is_active,
        }
    }
}

/// Shows goals with their terms at `now`, which are read once for all of them. A webmaster sees his own rates.
pub(crate) struct GoalViews {
    versions: BTreeMap<i64, GoalVersion>,
    specials: BTreeMap<i64, Special>,
    digits: BTreeMap<i64, u8>,
    shows_charge: bool,
}

impl GoalViews {
    pub(crate) async fn load(db: &Db, caller: Caller, now: Time, goals: &[Goal]) -> Result<Self> {
        let ids: Vec<i64> = goals.iter().map(|goal| goal.id).collect();
        let own = match caller.level {
            Level::Webmaster => condition::in_force(db, &[caller.user_id], &ids, now).await?,
            _ => Vec::new(),
        };
        // One that is for an area only is no rate of the goal.
        let own = own.into_iter().filter(|(row, _)| row.area_id.is_none());
        Ok(Self {
            specials: own.map(|(row, version)| (row.goal_id, version.special())).collect(),
            versions: goal::versions_at(db, &ids, now).await?,
            digits: digits(db).await?,
            shows_charge: matches!(caller.level, Level::Advertiser | Level::Operator),
        })
    }

    pub(crate) fn view(&self, row: Goal) -> Result<GoalView> {
        let version = self.versions.get(&row.id);
        let version = version.ok_or_else(|| Error::Internal(format!("goal {} has no terms", row.id)))?;
        let special = self.specials.get(&row.id).copied().unwrap_or_default();
        let terms = version.terms().with(special);
        let digits = self.digits.get(&row.currency_id).copied().unwrap_or(0);
        let charge = self.shows_charge.then(|| terms.charge.text(terms.money_type, digits));
        let how = (terms.money_type, digits);
        let lines = lines_shown(&version.lines()?, how, special, (true, self.shows_charge));
        Ok(GoalView {
            id: row.id,
            offer_id: row.offer_id,
            description: row.description,
            is_active: row.is_active,
            is_auto_approve: row.is_auto_approve,
            category: GoalCategory::from_code(row.category).unwrap_or(GoalCategory::None),
            currency_id: row.currency_id,
            date_created: Time(row.date_created),
            is_otol: row.is_otol,
            hold_period: special.hold_period.unwrap_or(version.hold_period),
            money_type: terms.money_type,
            payment: terms.payment.text(terms.money_type, digits),
            lines,
            charge,
            alias: self.shows_charge.then_some(row.alias),
        })
    }
}

impl Engine {
    /// Goals in the order of their ids.
    pub async fn goal_list(&self, caller: Caller, input: GoalList) -> Result<Rows<GoalView>> {
        let scope = caller.may(Resource::Goal, Method::List)?;
        let db = self.store().read();
        if let Some(ids) = &input.offer_id {
            offers_check(&db, scope, ids).await?;
        }
        let codes = |types: Vec<MoneyType>| types.into_iter().map(MoneyType::code).collect();
        let kinds = |kinds: Vec<GoalCategory>| kinds.into_iter().map(GoalCategory::code).collect();
        let filter = GoalFilter {
            ids: input.id,
            offer_ids: input.offer_id,
            is_active: input.is_active,
            search: input.search.as_deref().map(fold),
            categories: input.category.map(kinds),
            currency_ids: input.currency_id,
            money_types: input.money_type.map(|types| (self.now(), codes(types))),
        };
        let found = goal::list(&db, scope, &filter, Paging::new(input.page, input.per_page)).await?;
        let views = GoalViews::load(&db, caller, self.now(), &found.rows).await?;
        let (total_count, paging) = (found.total_count, found.paging);
        let rows = found.rows.into_iter().map(|row| views.view(row)).collect::<Result<_>>()?;
        Ok(Rows { rows, total_count, paging })
    }

    /// One goal.
    pub async fn goal_view(&self, caller: Caller, id: i64) -> Result<GoalView> {
        let scope = caller.may(Resource::Goal, Method::View)?;
        let db = self.store().read();
        let row = goal::view(&db, scope, id).await?.ok_or(Error::NotFound)?;
        let views = GoalViews::load(&db, caller, self.now(), std::slice::from_ref(&row)).await?;
        views.view(row)
    }

    /// Changes a goal; absent fields keep their value. Changed terms are a new version, in force from now.
    pub async fn goal_update(&self, caller: Caller, id: i64, input: GoalUpdate) -> Result<()> {
        let scope = caller.may(Resource::Goal, Method::Update)?;
        operator_pays(caller, input.payment.as_ref())?;
        let now = self.now();
        let input = &input;
        self.change(move |db| async move {
            let before = goal::view_for_update(&db, scope, id).await?.ok_or(Error::NotFound)?;
            let row = before.clone();
            let old = goal::versions_at(&db, &[id], now).await?.remove(&id);
            let old = old.ok_or_else(|| Error::Internal(format!("goal {id} has no terms")))?;
            let money = currency::view(&db, Scope::All, row.currency_id).await?;
            let row = changed(row, input);
            let hold_period = input.hold_period.unwrap_or(old.hold_period);
            let mut errors = FieldErrors::default();
            check(&mut errors, &row, hold_period);
            let digits = money.as_ref().map_or(0, minor_digits);
            let terms = changed_terms(&mut errors, old.terms(), input, digits);
            errors.finish()?;
            let before_lines = old.lines()?;
            let is_other = terms.money_type != old.terms().money_type;
            let frame = Frame {
                offer_id: row.offer_id,
                money_type: terms.money_type,
                digits,
                old: if is_other { &[] } else { &before_lines },
            };
            if is_other && !before_lines.is_empty() && input.lines == Patch::Keep {
                let message = "This parameter is required with another money_type";
                return Err(Error::field("lines", message));
            }
            let lines = self.goal_lines_after(&db, caller, &frame, &input.lines).await?;
            goal::update(&db, row.clone()).await?;
            let mut new = old.clone();
            if (terms, hold_period, &lines) != (old.terms(), old.hold_period, &before_lines) {
                keeps_promises(&db, id, (terms, &lines), old.terms().money_type, now).await?;
                new = version(id, (terms, &lines), hold_period, now);
                new.id = goal::version_create(&db, new.clone()).await?;
            }
            if row.is_active != before.is_active {
                tell_clicks(&db, &row, now).await?;
            }
            let changes = Changes::updated(&Audited::new(&before, &old), &Audited::new(&row, &new));
            self.note(&db, caller, Resource::Goal, id, changes).await
        })
        .await
    }

    /// Adds a goal to an offer; gives its id.
    pub async fn goal_create(&self, caller: Caller, input: GoalCreate) -> Result<i64> {
        let scope = caller.may(Resource::Goal, Method::Create)?;
        operator_pays(caller, input.payment.as_ref())?;
        let now = self.now();
        let row = Goal {
            id: 0,
            offer_id: input.offer_id,
            description: input.description.clone(),
            description_folded: fold(&input.description),
            is_active: input.is_active.unwrap_or(true),
            is_auto_approve: input.is_auto_approve.unwrap_or(false),
            is_otol: input.is_otol.unwrap_or(true),
            category: input.category.unwrap_or(GoalCategory::None).code(),
            currency_id: input.currency_id,
            date_created: now.0,
            alias: input.alias.clone().unwrap_or_default(),
        };
        let (row, input) = (&row, &input);
        self.change(move |db| async move {
            // Locked, so that it cannot be deleted meanwhile.
            let offer = offer::view_for_update(&db, scope, row.offer_id).await?;
            offer.ok_or_else(|| Error::field("offer_id", "Offers not found"))?;
            let mut errors = FieldErrors::default();
            check(&mut errors, row, input.hold_period);
            let money = currency::view(&db, Scope::All, row.currency_id).await?;
            let money = money.filter(|money| money.is_active);
            if money.is_none() {
                errors.add("currency_id", "Currencies not found");
            }
            let digits = money.as_ref().map_or(0, minor_digits);
            let rates = (Some(&input.charge), input.payment.as_ref());
            let terms = new_terms(&mut errors, input.money_type, rates, digits);
            errors.finish()?;
            let frame = Frame { offer_id: row.offer_id, money_type: terms.money_type, digits, old: &[] };
            let lines = self.goal_lines_after(&db, caller, &frame, &input.lines).await?;
            let id = goal::create(&db, row.clone()).await?;
            let mut version = version(id, (terms, &lines), input.hold_period, now);
            version.id = goal::version_create(&db, version.clone()).await?;
            let row = Goal { id, ..row.clone() };
            tell_clicks(&db, &row, now).await?;
            let changes = Changes::created(&Audited::new(&row, &version));
            self.note(&db, caller, Resource::Goal, id, changes).await?;
            Ok(id)
        })
        .await
    }

    /// Deactivates a goal: it takes no more leads. It is not removed, because its terms explain the leads that it had.
    pub async fn goal_delete(&self, caller: Caller, id: i64) -> Result<()> {
        let scope = caller.may(Resource::Goal, Method::Delete)?;
        let now = self.now();
        self.change(move |db| async move {
            let before = goal::view_for_update(&db, scope, id).await?.ok_or(Error::NotFound)?;
            let row = Goal { is_active: false, ..before.clone() };
            let changes = Changes::archived(&before, &row);
            tell_clicks(&db, &row, now).await?;
            goal::update(&db, row).await?;
            self.note(&db, caller, Resource::Goal, id, changes).await
        })
        .await
    }
}

/// Clicks must know in which currencies an offer's active goals are: the worst of their covers is the offer's.
async fn tell_clicks(db: &Db, row: &Goal, now: Time) -> Result<()> {
    change::create(db, ChangeKind::Offer, row.offer_id, now).await
}

/// Refuses offers of which one is unknown or not visible: to the caller both are the same.
async fn offers_check(db: &Db, scope: Scope, ids: &[i64]) -> Result<()> {
    let known = offer::known(db, scope, ids).await?;
    if ids.is_empty() || ids.iter().any(|id| !known.contains(id)) {
        return Err(Error::field("offer_id", "Offers not found"));
    }
    Ok(())
}

fn operator_pays(caller: Caller, payment: Option<&String>) -> Result<()> {
    if payment.is_some() && caller.level != Level::Operator {
        return Err(Error::field("payment", "Only an operator may set this"));
    }
    Ok(())
}

fn changed(row: Goal, input: &GoalUpdate) -> Goal {
    let description = input.description.clone().unwrap_or(row.description);
    Goal {
        description_folded: fold(&description),
        description,
        is_active: input.is_active.unwrap_or(row.is_active),
        is_auto_approve: input.is_auto_approve.unwrap_or(row.is_auto_approve),
        is_otol: input.is_otol.unwrap_or(row.is_otol),
        category: input.category.map_or(row.category, GoalCategory::code),
        alias: input.alias.clone().unwrap_or(row.alias),
        ..row
    }
}

fn check(errors: &mut FieldErrors, row: &Goal, hold_period: i64) {
    limits::TEXT_GIVEN.check(errors, "description", &row.description);
    HOLD.check_number(errors, "hold_period", hold_period);
    ALIAS.check(errors, "alias", &row.alias);
}
