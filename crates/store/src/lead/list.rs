//! Lists of leads that stay fast on ten million rows.
//!
//! * How many there are is known before anything is read ([`crate::lead_count`]); only what no counter knows is counted,
//!   in the index of its filter.
//! * A page is found as ids in an index that has all it needs; then the page's rows are read.
//! * Far pages are reached from the nearer end, or by whole days: their numbers are known too.
//! * A filter that no index knows may look at [`SCAN_LIMIT`] leads. What is more is refused with the advice to narrow it.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Condition, Expr, ExprTrait};
use sea_orm::{Order, QueryOrder, QuerySelect};
use whocpa_domain::lead::{LeadSort, LeadStatus, NEWEST_FIRST};
use whocpa_domain::sort::Sort;
use whocpa_domain::time::DAY;
use whocpa_domain::{Error, Result, Scope, Time, Walk, WalkPlace};

use super::filter::{LeadFilter, Window, cells, numbers, overdue, scans, scans_index};
use super::named::ids_of_sales;
use super::{Column, Entity, Lead};
use crate::db::{self, Db, Paging, Rows};
use crate::lead_count::Cells;
use crate::stats::Behind;
use crate::{area, link, person};

/// Leads that one request may look at where no index helps: under a second.
pub const SCAN_LIMIT: i64 = 500_000;
/// Leads that one request may look at in the index of a webmaster.
const INDEX_LIMIT: i64 = 5_000_000;
/// Rows that are skipped in the index without looking for a shorter way.
const STEP_LIMIT: i64 = 2_000;
/// A manager's leads up to here are put in order after they are found; more are met often enough when all leads are
/// walked through in order.
const SORT_LIMIT: i64 = 50_000;

/// One page of leads.
///
/// # Errors
/// [`Error::Invalid`] when the filter or the order would look at more than [`SCAN_LIMIT`] leads.
pub async fn list(
    db: &Db,
    scope: Scope,
    filter: &LeadFilter,
    order: Sort<LeadSort>,
    paging: Paging,
) -> Result<Rows<Lead>> {
    let skip = (paging.page - 1).saturating_mul(paging.per_page);
    let plan = Plan::make(db, scope, filter, order).await?;
    let at_end = |total_count| Ok(Rows { rows: Vec::new(), total_count, paging });
    if plan.at_most == 0 {
        return at_end(0);
    }
    if let Some(walk) = paging.walk {
        let (ids, walk) = plan.piece(db, walk).await?;
        let paging = Paging { walk: Some(walk), ..paging };
        return Ok(Rows { rows: rows(db, &ids).await?, total_count: 0, paging });
    }
    let known = plan.count(db).await?;
    if let Some(total) = known.filter(|total| skip >= *total) {
        return at_end(total);
    }
    let ids = plan.page(db, known, skip, paging.per_page).await?;
    let found = i64::try_from(ids.len()).unwrap_or(i64::MAX);
    let total_count = match known {
        Some(total) => total,
        // The last page tells by itself.
        None if found < paging.per_page && (found > 0 || skip == 0) => skip + found,
        None => plan.count_rows(db, &plan.filter.created).await?,
    };
    Ok(Rows { rows: rows(db, &ids).await?, total_count, paging })
}

/// The rows with these ids, in their order.
async fn rows(db: &Db, ids: &[i64]) -> Result<Vec<Lead>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let found = Entity::find().filter(Column::Id.is_in(ids.iter().copied())).all(&db.conn()).await;
    let mut found = found.map_err(db::error)?;
    found.sort_unstable_by_key(|lead| ids.iter().position(|id| *id == lead.id));
    Ok(found)
}

/// How a list is read.
struct Plan {
    scope: Scope,
    filter: LeadFilter,
    order: Sort<LeadSort>,
    cells: Cells,
    /// No more leads than this can be found.
    at_most: i64,
    /// A handful of leads is named, each found by an index of its own.
    is_pointed: bool,
    /// The counters know every filter but perhaps the dates.
    is_counted: bool,
}

impl Plan {
    async fn make(db: &Db, scope: Scope, filter: &LeadFilter, order: Sort<LeadSort>) -> Result<Self> {
        let mut filter = filter.clone();
        if let Some(clicks) = filter.click_ids.take() {
            let found = of_clicks(db, &clicks).await?;
            filter.ids = Some(match filter.ids {
                Some(ids) => ids.into_iter().filter(|id| found.contains(id)).collect(),
                None => found,
            });
        }
        if let Some(sale_ids) = filter.sale_ids.take() {
            let found = ids_of_sales(db, &sale_ids).await?;
            filter.ids = Some(match filter.ids {
                Some(ids) => ids.into_iter().filter(|id| found.contains(id)).collect(),
                None => found,
            });
        }
        if matches!(filter.overdue, Some((true, _))) && filter.status.is_none() {
            // The counters know how many are pending, and an index has them.
            filter.status = Some(vec![LeadStatus::Pending]);
        }
        let is_pointed = filter.ids.is_some();
        if !is_pointed && filter.webmaster_ids.is_none() && !matches!(scope, Scope::Webmaster(_)) {
            filter.webmaster_ids = owners(db, &filter).await?;
        }
        let cells = cells(scope, &filter);
        let (at_most, sole) = if is_pointed { (i64::MAX, None) } else { cells.total(db).await? };
        if scope == Scope::All && (filter.offer_ids.is_some() || filter.goal_ids.is_some()) {
            // All of them are one advertiser's: his index is shorter than everybody's.
            filter.advertiser_ids = filter.advertiser_ids.or(sole.map(|id| vec![id]));
        }
        let is_counted = !is_pointed
            && scans(&filter).is_none()
            && scans_index(&filter).is_none()
            && filter.closed_at == Window::default()
            && order.key != LeadSort::DecideUntil;
        let plan = Self { scope, filter, order, cells, at_most, is_pointed, is_counted };
        plan.refuse_scans(db).await?;
        Ok(plan)
    }

    /// Refuses what would look at too many leads.
    async fn refuse_scans(&self, db: &Db) -> Result<()> {
        let is_sorted = matches!(self.order.key, LeadSort::Money | LeadSort::DecideUntil);
        let of_rows = scans(&self.filter).or(is_sorted.then_some("sort"));
        let (slow, limit) = match of_rows {
            None if self.of_one_webmaster() => (scans_index(&self.filter), INDEX_LIMIT),
            None => (scans_index(&self.filter), SCAN_LIMIT),
            slow => (slow, SCAN_LIMIT),
        };
        let Some(name) = slow.filter(|_| !self.is_pointed && self.at_most > limit) else {
            return Ok(());
        };
        // An index knows the dates of closing, without counting further than it must.
        if self.filter.closed_at != Window::default() {
            let limit = u64::try_from(SCAN_LIMIT).unwrap_or(u64::MAX);
            let indexed = Condition::all()
                .add(self.of_scope(false))
                .add(within(Column::DateClosed, &self.filter.closed_at));
            let few = Entity::find().select_only().column(Column::Id).filter(indexed).limit(limit + 1);
            let found: Vec<i64> = few.into_tuple().all(&db.conn()).await.map_err(db::error)?;
            if found.len() as u64 <= limit {
                return Ok(());
            }
        }
        let advice = format!(
            "More than {limit} leads would have to be looked at: narrow the dates, or name a webmaster, an \
             advertiser or an offer"
        );
        Err(Error::field(name, advice))
    }

    /// Whether all leads that may be found are in one stretch of the webmasters' index.
    fn of_one_webmaster(&self) -> bool {
        matches!(self.scope, Scope::Webmaster(_))
            || self.filter.webmaster_ids.as_ref().is_some_and(|ids| ids.len() == 1)
    }

    /// How many leads there are, where counters and whole days know it.
    async fn count(&self, db: &Db) -> Result<Option<i64>> {
        let window = &self.filter.created;
        if !self.is_counted || (self.cells.by_webmaster() && *window != Window::default()) {
            return Ok(None);
        }
        let Some(days) = &self.cells.days else { return Ok(Some(self.at_most)) };
        let (from, until) = (window.from.map(|at| at.0), window.until.map(|at| at.0));
        // The first and the last day may be cut: only those are counted.
        let first = from.filter(|at| at.rem_euclid(DAY) != 0).map(|at| (at, (days.start + 1) * DAY));
        let last = until.filter(|at| at.rem_euclid(DAY) != 0).map(|at| ((days.end - 1) * DAY, at));
        let is_one_day = days.end - days.start == 1;
        if is_one_day && (first.is_some() || last.is_some()) {
            return self.count_rows(db, window).await.map(Some);
        }
        let whole = (days.start + i64::from(first.is_some()))..(days.end - i64::from(last.is_some()));
        let mut total = Cells { days: Some(whole), ..self.cells.clone() }.total(db).await?.0;
        for (from, until) in first.into_iter().chain(last) {
            let cut = Window { from: Some(Time(from)), until: Some(Time(until)) };
            total += self.count_rows(db, &cut).await?;
        }
        Ok(Some(total))
    }

    /// Counts the leads that were created then.
    async fn count_rows(&self, db: &Db, created: &Window) -> Result<i64> {
        let count = Entity::find().filter(self.matching(created)).count(&db.conn()).await;
        Ok(i64::try_from(count.map_err(db::error)?).unwrap_or(i64::MAX))
    }

    /// The ids of `take` leads after the first `skip`.
    async fn page(&self, db: &Db, known: Option<i64>, skip: i64, take: i64) -> Result<Vec<i64>> {
        let mut created = self.filter.created;
        let (mut skip, mut order, mut take) = (skip, self.order, take);
        let mut is_reversed = false;
        if let Some(total) = known.filter(|_| skip > STEP_LIMIT) {
            if let Some((day, passed)) = self.whole_days(db, skip).await? {
                // The days before hold `passed` of the leads that are skipped.
                skip -= passed;
                if order.is_descending {
                    created.until = Some(Time((day + 1) * DAY));
                } else {
                    created.from = Some(Time(day * DAY));
                }
            } else if skip > total / 2 {
                take = Ord::min(take, total - skip);
                skip = total - skip - take;
                order.is_descending = !order.is_descending;
                is_reversed = true;
            }
        }
        if skip > SCAN_LIMIT {
            let advice = format!(
                "At most {SCAN_LIMIT} leads can be skipped with this filter and this order: narrow the dates"
            );
            return Err(Error::field("page", advice));
        }
        let number = |n: i64| u64::try_from(n).unwrap_or(0);
        let select = Entity::find().select_only().column(Column::Id).filter(self.matching(&created));
        let select = self.sorted(select, order).offset(number(skip)).limit(number(take));
        let mut ids: Vec<i64> = select.into_tuple().all(&db.conn()).await.map_err(db::error)?;
        if is_reversed {
            ids.reverse();
        }
        Ok(ids)
    }

    /// The ids of the next piece of a walk, newest first: the order that every index of leads has.
    async fn piece(&self, db: &Db, walk: Walk) -> Result<(Vec<i64>, Walk)> {
        let mut created = self.filter.created;
        let mut behind = Condition::all();
        match walk.place {
            WalkPlace::Start => {}
            WalkPlace::Behind { time, id } => {
                let until = Time(time + 1);
                created.until = Some(created.until.map_or(until, |wanted| wanted.min(until)));
                let same = Column::DateCreated.eq(time).and(Column::Id.lt(id));
                behind = behind.add(Column::DateCreated.lt(time).or(same));
            }
            WalkPlace::End => return Ok((Vec::new(), walk)),
        }
        let select = Entity::find().filter(self.matching(&created)).filter(behind);
        let select = select.select_only().column(Column::Id).column(Column::DateCreated);
        let select = self.sorted(select, NEWEST_FIRST).limit(u64::try_from(walk.take).unwrap_or(0));
        let found: Vec<(i64, i64)> = select.into_tuple().all(&db.conn()).await.map_err(db::error)?;
        let walk = walk.after(found.len(), found.last().map(|(id, time)| (*time, *id)));
        Ok((found.into_iter().map(|(id, _)| id).collect(), walk))
    }

    /// The day in which the page begins, and how many leads are in the days before it (in the list's order).
    async fn whole_days(&self, db: &Db, skip: i64) -> Result<Option<(i64, i64)>> {
        let cut = if self.order.is_descending { self.filter.created.until } else { self.filter.created.from };
        let is_whole = cut.is_none_or(|at| at.0.rem_euclid(DAY) == 0);
        if self.order.key != LeadSort::Created || self.cells.by_webmaster() || !is_whole {
            return Ok(None);
        }
        let mut days = self.cells.by_day(db).await?;
        if self.order.is_descending {
            days.reverse();
        }
        let mut passed = 0;
        for (day, count) in days {
            if passed + count > skip {
                return Ok(Some((day, passed)));
            }
            passed += count;
        }
        Ok(None)
    }

    fn sorted(&self, select: Select<Entity>, order: Sort<LeadSort>) -> Select<Entity> {
        let direction = if order.is_descending { Order::Desc } else { Order::Asc };
        // Added to zero, a column keeps its order and loses its index: for the few rows that another index finds.
        let is_few = self.is_pointed
            || self.filter.closed_at != Window::default()
            || (matches!(self.scope, Scope::Manager(_)) && self.at_most <= SORT_LIMIT);
        let first = match order.key {
            LeadSort::Id => return select.order_by(Column::Id, direction),
            LeadSort::Created if is_few => Column::DateCreated.into_expr().add(0),
            LeadSort::Created => Column::DateCreated.into_expr(),
            LeadSort::Closed => Column::DateClosed.into_expr(),
            LeadSort::DecideUntil => Column::DateDecideUntil.into_expr(),
            LeadSort::Money => worth(self.scope),
        };
        select.order_by(first, direction.clone()).order_by(Column::Id, direction)
    }

    fn matching(&self, created: &Window) -> Condition {
        let filter = &self.filter;
        let mut all = Condition::all()
            .add(self.of_scope(self.is_pointed))
            .add(within(Column::DateCreated, created))
            .add(within(Column::DateApproved, &filter.approved))
            .add(within(Column::DateClosed, &filter.closed_at));
        if self.order.key == LeadSort::Closed {
            all = all.add(Column::DateClosed.is_not_null());
        }
        if self.order.key == LeadSort::DecideUntil {
            all = all.add(Column::DateDecideUntil.is_not_null());
        }
        for (column, numbers) in numbers(filter) {
            // The webmaster's index would be walked through for a click or a sale.
            let is_owner = matches!(column, Column::WebmasterId | Column::AdvertiserId);
            let value =
                if is_owner && self.is_pointed { column.into_expr().add(0) } else { column.into_expr() };
            all = all.add(among(value, numbers));
        }
        all = all.add_option(overdue(filter)).add_option(filter.behind.as_ref().map(Behind::expr));
        for (column, texts) in [
            (Column::Country, &filter.countries),
            (Column::Subid1, &filter.subids[0]),
            (Column::Subid2, &filter.subids[1]),
            (Column::Subid3, &filter.subids[2]),
            (Column::Subid4, &filter.subids[3]),
            (Column::Subid5, &filter.subids[4]),
        ] {
            if let Some(texts) = texts {
                all = all.add(among(column.into_expr(), texts.clone()));
            }
        }
        if let Some(words) = &filter.keyword {
            all = all.add(db::contains(Column::Keyword, words));
        }
        if let Some(from) = filter.money_from {
            all = all.add(worth(self.scope).gte(from));
        }
        if let Some(to) = filter.money_to {
            all = all.add(worth(self.scope).lte(to));
        }
        all
    }

    /// What the caller may see. `is_pointed` keeps the database from walking through all of it.
    fn of_scope(&self, is_pointed: bool) -> Condition {
        let plain = |column: Column| {
            if is_pointed { column.into_expr().add(0) } else { column.into_expr() }
        };
        let managed = |column, id| plain(column).in_subquery(person::managed(id));
        match self.scope {
            Scope::All => Condition::all(),
            Scope::Webmaster(id) => Condition::all().add(plain(Column::WebmasterId).eq(id)),
            Scope::Advertiser(id) => Condition::all().add(plain(Column::AdvertiserId).eq(id)),
            Scope::Manager(id) => {
                Condition::any().add(managed(Column::WebmasterId, id)).add(managed(Column::AdvertiserId, id))
            }
            Scope::Public => Condition::all().add(Expr::cust("1 = 0")),
        }
    }
}

/// What a lead is worth to who asks: nothing once it is refused.
fn worth(scope: Scope) -> Expr {
    let column = if matches!(scope, Scope::Webmaster(_)) { Column::Payout } else { Column::Charge };
    let earns = [LeadStatus::Pending.code(), LeadStatus::Approved.code()];
    Expr::case(Column::Status.is_in(earns), column.into_expr()).finally(0).into()
}

/// The leads of these clicks, whoever's they are: the caller's filters come afterwards. A lead that holds its click is in
/// one index, all others in another.
async fn of_clicks(db: &Db, clicks: &[i64]) -> Result<Vec<i64>> {
    let holds = among(Column::OtolClickId.into_expr(), clicks.to_vec());
    let others = among(Column::ClickId.into_expr(), clicks.to_vec()).and(Column::OtolClickId.is_null());
    let mut ids = Vec::new();
    for condition in [holds, others] {
        let found = Entity::find().select_only().column(Column::Id).filter(condition);
        ids.extend(found.into_tuple::<i64>().all(&db.conn()).await.map_err(db::error)?);
    }
    Ok(ids)
}

/// The webmasters whose links and traffic sources are asked for: their indexes are shorter than everybody's.
async fn owners(db: &Db, filter: &LeadFilter) -> Result<Option<Vec<i64>>> {
    if let Some(ids) = &filter.link_ids {
        return link::owners(db, ids).await.map(Some);
    }
    match &filter.area_ids {
        Some(ids) => area::owners(db, ids).await.map(Some),
        None => Ok(None),
    }
}

fn within(column: Column, window: &Window) -> Condition {
    Condition::all()
        .add_option(window.from.map(|from| column.gte(from.0)))
        .add_option(window.until.map(|until| column.lt(until.0)))
}

/// One value is compared, so that an index behind it keeps its order.
fn among<T: Into<Value> + Clone>(value: Expr, list: Vec<T>) -> Expr {
    match list.as_slice() {
        [one] => value.eq(one.clone()),
        _ => value.is_in(list),
    }
}
