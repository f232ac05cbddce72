//! Statistics: the one builder of reports (design §8). The same number is the same on every screen.
//!
//! Clicks are counted in the smallest sums that know the question, else in their rows; leads in their rows, or in what was known
//! of them at a moment. Both are additive, so that parts of a period, and clicks and leads, are merged by their keys.

mod cell;
mod kept;
mod plan;
mod rollup;
mod sql;

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::{ConnectionTrait, DbErr, QueryResult};
use whocpa_domain::lead::{Closing, LeadStatus};
use whocpa_domain::stat::{Dimension, Key, Period, Source};
use whocpa_domain::tid::first_click_id;
use whocpa_domain::{Error, Result, Scope, Time};

use crate::Store;
use crate::db::{self, Db};
use crate::migrate::statement;
use crate::person;
use plan::{Needs, Part};
use rollup::{Column, MEASURES, OF_ROWS, Rollup};
use sql::{Among, Rows, Sql, is_number};

pub use cell::{Behind, Cell};
pub use kept::{forget, kept_from, rebuild_day, rebuild_days, set_kept_from};
pub(crate) use rollup::{add, statements};

/// Rows that a report may have before it is cut into pages.
pub const ROWS_LIMIT: i64 = 200_000;
/// Clicks of which a report may look at every single one: some seconds.
pub const CLICKS_LIMIT: i64 = 5_000_000;

/// Days that are gone to one by one.
const DAYS_LIMIT: i64 = 800;

/// Statuses of leads.
const STATUSES: usize = 5;

/// What is asked.
#[derive(Debug, Clone)]
pub struct StatQuery {
    /// When, by which clock.
    pub period: Period,
    /// By what it is counted apart; one to four.
    pub group: Vec<Dimension>,
    /// Only with one of these values.
    pub only: BTreeMap<Dimension, Vec<Key>>,
    /// With none of these values.
    pub not: BTreeMap<Dimension, Vec<Key>>,
    /// Leads as they were known then.
    pub as_of: Option<Time>,
}

/// Sums of one currency, by status and closing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LeadMoney {
    /// What advertisers pay, micro-units.
    pub charge: [[i64; 2]; STATUSES],
    /// What webmasters get, micro-units.
    pub payout: [[i64; 2]; STATUSES],
}

/// What was counted. All of it can be added up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sums {
    /// Visits of people.
    pub clicks: i64,
    /// First ones of a visitor on an offer within 24 hours.
    pub uniques: i64,
    /// Visits that are counted apart.
    pub bots: i64,
    /// Visits of people that were not sent to the offer.
    pub unsent: i64,
    /// Leads by status and closing.
    pub leads: [[i64; 2]; STATUSES],
    /// Days of hold of all leads.
    pub hold_days: i64,
    /// What they are worth, by currency.
    pub money: BTreeMap<i64, LeadMoney>,
}

/// A report.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// By the values of the dimensions, in their order.
    pub rows: BTreeMap<Vec<Key>, Sums>,
    /// What was read, in words.
    pub plan: Vec<String>,
}

impl Sums {
    /// Adds others to these.
    pub fn add(&mut self, other: &Self) {
        self.clicks += other.clicks;
        self.uniques += other.uniques;
        self.bots += other.bots;
        self.unsent += other.unsent;
        self.hold_days += other.hold_days;
        cross(&mut self.leads, &other.leads);
        for (currency_id, money) in &other.money {
            let sum = self.money.entry(*currency_id).or_default();
            cross(&mut sum.charge, &money.charge);
            cross(&mut sum.payout, &money.payout);
        }
    }

    fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

fn cross(sum: &mut [[i64; 2]; STATUSES], other: &[[i64; 2]; STATUSES]) {
    for (sum, other) in sum.iter_mut().flatten().zip(other.iter().flatten()) {
        *sum = sum.saturating_add(*other);
    }
}

impl StatQuery {
    /// Whether clicks, or leads, have all that is asked.
    pub fn is_of(&self, source: Source) -> bool {
        self.group.iter().chain(self.only.keys()).chain(self.not.keys()).all(|asked| asked.is_of(source))
    }
}

impl Store {
    /// A report. All clicks in it are of one moment.
    ///
    /// # Errors
    /// [`Error::Invalid`] when it has more than [`ROWS_LIMIT`] rows, when more than [`CLICKS_LIMIT`] clicks would have to be
    /// looked at one by one, or when clicks are asked that are kept as sums only.
    pub async fn stat_report(&self, scope: Scope, query: &StatQuery) -> Result<Report> {
        let _place = self.report_place().await?;
        let main = self.read();
        let known = Known::read(&main, scope, query).await?;
        let mut report = Report::default();
        if query.is_of(Source::Clicks) {
            let clicks = known.clicks(scope, query);
            let (known, clicks) = (&known, &clicks);
            let found = self.look_clicks(|db| async move { count_clicks(&db, query, known, clicks).await });
            (report.rows, report.plan) = found.await?;
        }
        if query.is_of(Source::Leads) {
            count_leads(&main, scope, query, &known, &mut report).await?;
        }
        report.rows.retain(|_, sums| !sums.is_nothing());
        Ok(report)
    }
}

/// What people and offers have to do with each other, as far as the question asks.
#[derive(Default)]
struct Known {
    /// Offers and their advertisers.
    advertisers: BTreeMap<i64, i64>,
    /// Webmasters and who looks after them.
    managers: BTreeMap<i64, i64>,
    /// Whom the asking manager looks after.
    people: Vec<i64>,
}

impl Known {
    async fn read(db: &Db, scope: Scope, query: &StatQuery) -> Result<Self> {
        let asks = |dimension: Dimension| {
            query.group.contains(&dimension)
                || query.only.contains_key(&dimension)
                || query.not.contains_key(&dimension)
        };
        let mut known = Self::default();
        if asks(Dimension::Advertiser) {
            known.advertisers = pairs(db, "SELECT id, advertiser_id FROM offer").await?;
        } else if let Scope::Advertiser(id) = scope {
            let sql = format!("SELECT id, advertiser_id FROM offer WHERE advertiser_id = {id}");
            known.advertisers = pairs(db, &sql).await?;
        }
        if asks(Dimension::Manager) {
            let sql = "SELECT id, manager_id FROM person WHERE manager_id IS NOT NULL";
            known.managers = pairs(db, sql).await?;
        }
        if let Scope::Manager(id) = scope {
            known.people = person::managed_ids(db, id).await?;
        }
        Ok(known)
    }

    /// A condition in what rows know by themselves.
    fn among(&self, (dimension, keys): (Dimension, &[Key]), is_not: bool, source: Source) -> Among {
        let (base, map) = match dimension {
            Dimension::Advertiser if source == Source::Clicks => (Dimension::Offer, &self.advertisers),
            Dimension::Manager => (Dimension::Webmaster, &self.managers),
            _ => return Among { dimension, is_not, keys: keys.to_vec() },
        };
        // Who is in no map has nobody: then all others are told instead.
        let is_nobody = keys.contains(&Key::Number(0));
        let is_told = |of: &i64| keys.contains(&Key::Number(*of)) != is_nobody;
        let ids = map.iter().filter(|(_, of)| is_told(of)).map(|(id, _)| Key::Number(*id)).collect();
        Among { dimension: base, is_not: is_not != is_nobody, keys: ids }
    }

    fn filters(&self, query: &StatQuery, source: Source) -> Vec<Among> {
        let only = query.only.iter().map(|(dimension, keys)| self.among((*dimension, keys), false, source));
        let not = query.not.iter().map(|(dimension, keys)| self.among((*dimension, keys), true, source));
        only.chain(not).collect()
    }

    /// What clicks are asked, with what the caller may see. A manager sees those that his webmasters brought, as in the list
    /// of clicks.
    fn clicks(&self, scope: Scope, query: &StatQuery) -> Vec<Among> {
        let mut all = self.filters(query, Source::Clicks);
        let mut only = |dimension, keys| all.push(Among { dimension, is_not: false, keys });
        match scope {
            Scope::All => {}
            Scope::Public => only(Dimension::Webmaster, Vec::new()),
            Scope::Webmaster(id) => only(Dimension::Webmaster, vec![Key::Number(id)]),
            Scope::Advertiser(id) => {
                let offers = self.advertisers.iter().filter(|(_, of)| **of == id);
                only(Dimension::Offer, offers.map(|(id, _)| Key::Number(*id)).collect());
            }
            Scope::Manager(_) => {
                only(Dimension::Webmaster, self.people.iter().map(|id| Key::Number(*id)).collect());
            }
        }
        all
    }

    /// The value that a row tells for a dimension.
    fn shown(&self, dimension: Dimension, key: Key, source: Source) -> Key {
        let of = |map: &BTreeMap<i64, i64>| Key::Number(map.get(&key.number()).copied().unwrap_or(0));
        match dimension {
            Dimension::Advertiser if source == Source::Clicks => of(&self.advertisers),
            Dimension::Manager => of(&self.managers),
            _ => key,
        }
    }
}

/// A dimension as clicks know it.
fn of_clicks(dimension: Dimension) -> Dimension {
    match dimension {
        Dimension::Advertiser => Dimension::Offer,
        Dimension::Manager => Dimension::Webmaster,
        other => other,
    }
}

async fn pairs(db: &Db, sql: &str) -> Result<BTreeMap<i64, i64>> {
    let rows = db.conn().query_all_raw(statement(db, sql, [])).await.map_err(db::error)?;
    let read = |row: &QueryResult| Ok((row.try_get_by(0)?, row.try_get_by(1)?));
    rows.iter().map(read).collect::<Result<_, DbErr>>().map_err(db::error)
}

type Counted = (BTreeMap<Vec<Key>, Sums>, Vec<String>);

async fn count_clicks(db: &Db, query: &StatQuery, known: &Known, among: &[Among]) -> Result<Counted> {
    let group: Vec<Dimension> = query.group.iter().copied().map(of_clicks).collect();
    let count = |dimension: Dimension| {
        let lists = among.iter().filter(|among| among.dimension == dimension && !among.is_not);
        lists.map(|among| among.keys.len()).min()
    };
    let asked = group.iter().copied().chain(among.iter().map(|among| among.dimension));
    let needs = Needs {
        dimensions: asked.collect::<BTreeSet<_>>().into_iter().collect(),
        named: [(count(Dimension::Webmaster), Column::Webmaster), (count(Dimension::Offer), Column::Offer)],
    };
    let (mut rows, mut told) = (BTreeMap::new(), Vec::new());
    let kept_from = kept_from(db).await?;
    for part in needs.plan(&query.period) {
        if part.rollup.is_none() {
            if part.from < kept_from.0 {
                let words =
                    format!("Clicks before {kept_from} are kept as sums only, which do not know all of this");
                return Err(Error::field("from", words));
            }
            if count(Dimension::Webmaster).is_none() {
                refuse_many(db, &part).await?;
            }
        }
        let (from, until) = (Time(part.from), Time(part.until));
        let table = part.rollup.map_or("click", |rollup| rollup.table);
        told.push(format!("clicks from {from} to {until}: {table}"));
        count_part(db, query, &group, among, &part, |key, sums| {
            let key = key.into_iter().zip(&query.group);
            let key: Vec<Key> =
                key.map(|(key, dimension)| known.shown(*dimension, key, Source::Clicks)).collect();
            let found: &mut Sums = rows.entry(key).or_default();
            found.add(&sums);
        })
        .await?;
    }
    Ok((rows, told))
}

/// Refuses to look at too many rows of clicks; how many there are is read from sums.
async fn refuse_many(db: &Db, part: &Part) -> Result<()> {
    let (from, until) = (part.from.div_euclid(900), part.until.div_euclid(900) + 1);
    let sql = "SELECT CAST(COALESCE(SUM(clicks + bots), 0) AS BIGINT) FROM stat_country WHERE bucket >= $1 AND bucket < $2";
    let row = db.conn().query_one_raw(statement(db, sql, [from.into(), until.into()])).await;
    let count: i64 = match row.map_err(db::error)? {
        Some(row) => row.try_get_by(0).map_err(db::error)?,
        None => 0,
    };
    if count > CLICKS_LIMIT {
        let words = format!(
            "More than {CLICKS_LIMIT} clicks would have to be looked at one by one: narrow the time, or name webmasters"
        );
        return Err(Error::field("group", words));
    }
    Ok(())
}

async fn count_part(
    db: &Db,
    query: &StatQuery,
    group: &[Dimension],
    among: &[Among],
    part: &Part,
    mut found: impl FnMut(Vec<Key>, Sums),
) -> Result<()> {
    let mut sql = Sql::new(db.backend());
    let rows = match part.rollup {
        None => Rows::Clicks,
        Some(rollup) if rollup.grain == whocpa_domain::time::DAY => Rows::Days,
        Some(_) => Rows::Quarters,
    };
    let (sums, table) = match part.rollup {
        None => {
            let (from, until) = (first_click_id(Time(part.from)), first_click_id(Time(part.until)));
            sql.conditions.push(format!("id >= {from} AND id < {until}"));
            (OF_ROWS.map(|sum| format!("CAST(SUM({sum}) AS BIGINT)")), "click")
        }
        Some(rollup) => {
            sql.conditions.extend(within(rollup, part, among));
            (MEASURES.map(|sum| format!("CAST(SUM({sum}) AS BIGINT)")), rollup.table)
        }
    };
    sql.among(rows, &query.period, among);
    let values: Vec<String> = group.iter().map(|dimension| rows.value(*dimension, &query.period)).collect();
    let text = sql.text((table, &values, &sums), ROWS_LIMIT + 1);
    let read = db.conn().query_all_raw(statement(db, &text, sql.values)).await.map_err(db::error)?;
    refuse_rows(read.len())?;
    for row in &read {
        let (key, at) = key(row, group).map_err(db::error)?;
        let number = |place: usize| row.try_get_by::<i64, _>(at + place).map_err(db::error);
        let sums = Sums {
            clicks: number(0)?,
            uniques: number(1)?,
            bots: number(2)?,
            unsent: number(3)?,
            ..Sums::default()
        };
        found(key, sums);
    }
    Ok(())
}

/// Where the sums of a part stand in their key.
fn within(rollup: &Rollup, part: &Part, among: &[Among]) -> Vec<String> {
    let time = rollup.time();
    let (from, until) = (part.from / rollup.grain, part.until / rollup.grain);
    let is_led = rollup.cells_of_one.is_some_and(|(column, _)| {
        among.iter().any(|among| !among.is_not && Column::of(among.dimension) == Some(column))
    });
    let window = format!("{time} >= {from} AND {time} < {until}");
    match rollup.key[0] {
        // One by one: a range of days would be read with everybody else in it.
        Column::Time if is_led && until - from <= DAYS_LIMIT => {
            let days: Vec<String> = (from..until).map(|day| day.to_string()).collect();
            vec![format!("{time} IN ({})", days.join(", "))]
        }
        Column::Time => vec![window],
        _ if is_led => vec![window],
        Column::Offer => vec![window, format!("offer_id IN ({})", rollup::each(rollup.table, "offer_id"))],
        _ => vec![window, format!("webmaster_id IN ({})", rollup::each(rollup.table, "webmaster_id"))],
    }
}

fn refuse_rows(rows: usize) -> Result<()> {
    if i64::try_from(rows).unwrap_or(i64::MAX) > ROWS_LIMIT {
        let words = format!("More than {ROWS_LIMIT} rows: group by less, narrow the time, or filter");
        return Err(Error::field("group", words));
    }
    Ok(())
}

/// The first columns of a row, and how many they are.
fn key(row: &QueryResult, group: &[Dimension]) -> Result<(Vec<Key>, usize), DbErr> {
    let read = |(at, dimension): (usize, &Dimension)| {
        if is_number(*dimension) {
            row.try_get_by(at).map(Key::Number)
        } else {
            row.try_get_by(at).map(Key::Text)
        }
    };
    let key: Vec<Key> = group.iter().enumerate().map(read).collect::<Result<_, DbErr>>()?;
    Ok((key, group.len()))
}

async fn count_leads(
    db: &Db,
    scope: Scope,
    query: &StatQuery,
    known: &Known,
    report: &mut Report,
) -> Result<()> {
    let (rows, table, counted, state) = match query.as_of {
        None => (Rows::Leads, "lead", "1", "lead"),
        Some(_) => (Rows::LeadsThen, "lead JOIN lead_delta d ON d.lead_id = lead.id", "d.count", "d"),
    };
    let mut sql = Sql::new(db.backend());
    let (from, until) = (query.period.from.0, query.period.until.0);
    sql.conditions.push(format!("lead.date_created >= {from} AND lead.date_created < {until}"));
    sql.conditions.extend(query.as_of.map(|at| format!("d.date_recorded <= {}", at.0)));
    match scope {
        Scope::All => {}
        Scope::Public => sql.conditions.push("1 = 0".to_owned()),
        Scope::Webmaster(id) => sql.conditions.push(format!("lead.webmaster_id = {id}")),
        Scope::Advertiser(id) => sql.conditions.push(format!("lead.advertiser_id = {id}")),
        Scope::Manager(id) => {
            let managed = format!("IN (SELECT id FROM person WHERE manager_id = {id})");
            sql.conditions.push(format!("(lead.webmaster_id {managed} OR lead.advertiser_id {managed})"));
        }
    }
    sql.among(rows, &query.period, &known.filters(query, Source::Leads));
    let mut values: Vec<String> =
        query.group.iter().map(|dimension| rows.value(*dimension, &query.period)).collect();
    values.extend(["currency_id", "status", "is_closed"].map(|name| format!("{state}.{name}")));
    let sums =
        ["1".to_owned(), format!("{state}.charge"), format!("{state}.payout"), "lead.hold_period".to_owned()];
    let sums = sums.map(|sum| format!("CAST(SUM({counted} * {sum}) AS BIGINT)"));
    let text = sql.text((table, &values, &sums), ROWS_LIMIT + 1);
    let read = db.conn().query_all_raw(statement(db, &text, sql.values)).await.map_err(db::error)?;
    refuse_rows(read.len())?;
    for row in &read {
        let (key, at) = key(row, &query.group).map_err(db::error)?;
        let key = key.into_iter().zip(&query.group);
        let key = key.map(|(key, dimension)| known.shown(*dimension, key, Source::Leads)).collect();
        let number = |place: usize| row.try_get_by::<i64, _>(at + place).map_err(db::error);
        let (currency_id, status, closing) = (number(0)?, number(1)?, number(2)?);
        let (count, charge, payout, hold_days) = (number(3)?, number(4)?, number(5)?, number(6)?);
        if [count, charge, payout, hold_days] == [0; 4] {
            // It was so once, and had become something else.
            continue;
        }
        let found: &mut Sums = report.rows.entry(key).or_default();
        let mut one = Sums { hold_days, ..Sums::default() };
        let status = LeadStatus::from_code(status).unwrap_or(LeadStatus::Pending) as usize;
        let closed = usize::from(closing == Closing::Closed.code());
        one.leads[status][closed] = count;
        let money = one.money.entry(currency_id).or_default();
        money.charge[status][closed] = charge;
        money.payout[status][closed] = payout;
        found.add(&one);
    }
    report.plan.push(format!("leads: {table}"));
    refuse_rows(report.rows.len())
}

/// The words that people know objects by, where they have some.
pub async fn names(db: &Db, dimension: Dimension, ids: &[i64]) -> Result<BTreeMap<i64, String>> {
    let (table, column) = match dimension {
        Dimension::Offer => ("offer", "name"),
        Dimension::Goal => ("goal", "description"),
        Dimension::Advertiser | Dimension::Webmaster | Dimension::Manager => ("person", "login"),
        Dimension::Area => ("area", "name"),
        Dimension::Link | Dimension::Deeplink => ("link", "name"),
        Dimension::Landing => ("landing", "name"),
        Dimension::Promo => ("promo", "name"),
        Dimension::Stock => ("stock", "name"),
        Dimension::Currency => ("currency", "code"),
        _ => return Ok(BTreeMap::new()),
    };
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let sql = format!("SELECT id, {column} FROM {table} WHERE id IN ({})", ids.join(", "));
    let rows = db.conn().query_all_raw(statement(db, &sql, [])).await.map_err(db::error)?;
    let read = |row: &QueryResult| Ok((row.try_get_by(0)?, row.try_get_by(1)?));
    rows.iter().map(read).collect::<Result<_, DbErr>>().map_err(db::error)
}
