//! Statistics: clicks, leads and money by up to four dimensions (design §8). Whoever asks, the numbers come from one builder
//! (`whocpa_store::stats`); each side sees its own.

pub(crate) mod cell;
mod compare;
mod input;
mod keep;
mod shown;

use whocpa_domain::stat::{Calendar, Dimension, Edge, Source};
use whocpa_domain::{Error, FieldErrors, Level, Method, Resource, Result, Scope, Time};
use whocpa_store::stats::{Report, StatQuery, Sums};
use whocpa_store::{Paging, Rows, person, stats};

use crate::click::complete_until;
use crate::{Caller, Engine, EngineConfig, open};
use compare::Before;
use shown::Teller;

pub use input::StatList;
pub use shown::{StatBeside, StatKey, StatMeasures, StatMoney, StatPage, StatRow, StatSide};

/// Days of a report unless told.
const DAYS: i64 = 7;
/// Last second of a period: 2100.
const LAST: i64 = 4_102_444_800;
/// Longest period in days: ten years.
const LONGEST: i64 = 3_660;

/// A question that was understood.
pub(crate) struct Asked {
    pub calendar: Calendar,
    pub query: StatQuery,
}

impl Engine {
    /// Sums by the wanted dimensions, page by page.
    ///
    /// # Errors
    /// [`Error::Invalid`] also for dimensions of the other side, and for questions that are too large to be answered at once.
    pub async fn stat_list(&self, caller: Caller, mut input: StatList) -> Result<StatPage> {
        let scope = caller.may(Resource::Stat, Method::List)?;
        let asked = self.stat_asked(caller, &mut input).await?;
        let complete_until = self.clicks_complete().await?;
        let report = self.store().stat_report(scope, &asked.query).await?;
        let before = self.stat_before(scope, &asked, input.compare == Some(true)).await?;
        let teller = Teller::new(self, caller.level, &asked).await?;
        let currencies = asked.query.only.get(&Dimension::Currency).cloned().unwrap_or_default();
        let mut rows = compare::joined(report.rows, before.as_ref());
        shown::sort(&mut rows, &asked.query.group, input.sort, (caller.level, currencies.as_slice()))?;
        let mut totals = (Sums::default(), Sums::default());
        for (_, (now, then)) in &rows {
            totals.0.add(now);
            totals.1.add(then);
        }
        let paging = Paging::new(input.page, input.per_page);
        let total_count = i64::try_from(rows.len()).unwrap_or(i64::MAX);
        let skip = usize::try_from((paging.page - 1).saturating_mul(paging.per_page)).unwrap_or(usize::MAX);
        let take = usize::try_from(paging.per_page).unwrap_or(0);
        let page: Vec<_> = rows.into_iter().skip(skip).take(take).collect();
        let objects = teller.rows((self, &asked), &page, before.is_some()).await?;
        let period = &asked.query.period;
        let beside = StatBeside {
            totals: teller.measures(&totals.0),
            totals_before: before.is_some().then(|| teller.measures(&totals.1)),
            from: period.from,
            until: period.until,
            before_from: before.as_ref().map(|before| before.from),
            tz: asked.calendar.name().to_owned(),
            as_of: asked.query.as_of,
            complete_until: complete_until.min(period.until),
            plan: report.plan,
        };
        Ok(StatPage { rows: Rows { rows: objects, total_count, paging }, beside })
    }

    /// Reads a question and looks whether the caller may ask it.
    pub(crate) async fn stat_asked(&self, caller: Caller, input: &mut StatList) -> Result<Asked> {
        let mut errors = FieldErrors::default();
        input.check(caller.level, &mut errors);
        let zone = match &input.tz {
            Some(zone) => zone.name().to_owned(),
            None => self.zone_of(caller).await?,
        };
        let calendar = Calendar::new(&zone).map_err(|wrong| Error::field("tz", wrong))?;
        let now = self.now();
        if input.as_of.is_some_and(|at| at > now) {
            errors.add("as_of", "Must not be in the future");
        }
        let today = Edge::Date(calendar.date(now));
        let until = calendar.span(input.to.unwrap_or(today)).1;
        let week = calendar.later(calendar.begin(calendar.date(until.plus(-1))), 1 - DAYS, 0);
        let from = input.from.map_or(week, |from| calendar.span(from).0);
        if until <= from {
            errors.add("to", "Must not be before from");
        } else if until.0.saturating_sub(from.0) > LONGEST * whocpa_domain::time::DAY {
            errors.add("from", format!("At most {LONGEST} days"));
        }
        if from.0 < 0 || until.0 > LAST {
            errors.add("from", "Must be between 1970 and 2100");
        }
        let (only, not) = input.filters();
        errors.finish()?;
        let group = input.group.take().unwrap_or_else(|| vec![Dimension::Day]);
        let query = StatQuery { period: calendar.period(from, until), group, only, not, as_of: input.as_of };
        if !query.is_of(Source::Clicks) && !query.is_of(Source::Leads) {
            let words = "Neither clicks nor leads have all of this: click_reason is of clicks, goal, status, reason and \
                         currency are of leads";
            return Err(Error::field("group", words));
        }
        Ok(Asked { calendar, query })
    }

    /// Up to when all clicks that this node took are in the store.
    pub(crate) async fn clicks_complete(&self) -> Result<Time> {
        complete_until(self.click_log(), self.store(), self.now()).await
    }

    /// The zone of the caller's profile.
    async fn zone_of(&self, caller: Caller) -> Result<String> {
        if caller.is_system() {
            return Ok("UTC".to_owned());
        }
        let user = person::view(&self.store().read(), Scope::All, caller.user_id).await?;
        Ok(user.map_or_else(|| "UTC".to_owned(), |user| user.time_zone))
    }

    async fn stat_before(&self, scope: Scope, asked: &Asked, is_wanted: bool) -> Result<Option<Before>> {
        if !is_wanted {
            return Ok(None);
        }
        let mut before = Before::new(asked)?;
        let query = StatQuery { period: before.period.clone(), ..asked.query.clone() };
        let Report { rows, .. } = self.store().stat_report(scope, &query).await?;
        before.take(rows, asked);
        Ok(Some(before))
    }
}

/// Makes all sums of clicks anew, day by day, from the clicks that are kept; gives how many days. The network may run
/// meanwhile: its clicks wait in the log while a day is made.
pub async fn rebuild(config: &EngineConfig) -> Result<i64> {
    let store = open::connect(config).await?;
    let (from, until) = stats::rebuild_days(&store.clicks()).await?;
    for day in from..until {
        store.write_clicks(move |db| async move { stats::rebuild_day(&db, day).await }).await?;
    }
    store.close().await;
    Ok(until - from)
}

/// What a level's money is called by: the webmaster's earnings, else the charge.
pub(crate) fn earns(level: Level) -> bool {
    level == Level::Webmaster
}
