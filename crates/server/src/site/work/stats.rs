//! Statistics: by what the reader asks, in a table and, by days, as a chart.

use std::collections::BTreeMap;

use askama::Template;
use axum::http::StatusCode;
use jiff::ToSpan as _;
use jiff::civil::Date;
use whocpa_domain::facts::DeviceKind;
use whocpa_domain::lead::LeadStatus;
use whocpa_domain::money::Amount;
use whocpa_domain::stat::Dimension;
use whocpa_domain::{Level, Result};
use whocpa_engine::Paging;
use whocpa_engine::stat::{StatKey, StatList, StatMeasures, StatPage, StatRow};

use crate::site::answer::{Shown, wrong};
use crate::site::form::{Field, Form};
use crate::site::frame::{Frame, Item};
use crate::site::list::{Pages, params_of, with};
use crate::site::names::{Choice, Names};
use crate::site::reader::{Of, Reader};

/// Rows on a page.
const PER_PAGE: i64 = 100;
/// Days of the chart on the first page of a cabinet.
const DAYS: i64 = 14;
/// The second way to count, which the form has in a field of its own.
const SECOND: &str = "group2";
/// By what the page offers to count, where the reader may count by it.
const GROUPS: [&str; 24] = [
    "day",
    "hour",
    "week",
    "month",
    "weekday",
    "hour_of_day",
    "offer",
    "goal",
    "webmaster",
    "landing",
    "promo",
    "link",
    "area",
    "country",
    "device",
    "os",
    "browser",
    "language",
    "subid1",
    "subid2",
    "subid3",
    "subid4",
    "subid5",
    "status",
];
/// The ways that are one press away.
const TABS: [&str; 7] = ["day", "offer", "webmaster", "country", "device", "landing", "subid1"];

/// Those of these ways that this reader may count by.
fn open<'a>(reader: &Reader, groups: &'a [&'static str]) -> impl Iterator<Item = &'a &'static str> {
    let level = reader.caller().level;
    groups.iter().filter(move |group| Dimension::by_name(group).is_some_and(|known| known.is_for(level)))
}

#[derive(Template)]
#[template(path = "site/work/stats.html")]
struct StatsPage {
    f: Frame,
    n: Names,
    form: Form,
    /// Nothing where the question was refused.
    found: Option<StatPage>,
    pages: Pages,
    groups: Vec<Choice>,
    tabs: Vec<Item>,
    /// Whether it tells of webmasters instead of links.
    is_advertiser: bool,
    /// What the chart draws, as JSON; empty for none.
    chart: String,
}

/// Two ways to count, each in its own field.
fn ways(form: Form) -> Form {
    let group = form.value("group");
    let (first, second) = group.split_once(',').unwrap_or((&group, ""));
    let (first, second) = (first.to_owned(), second.to_owned());
    form.with("group", first).with(SECOND, second)
}

/// The same question counted by something else.
fn tabs(reader: &Reader, f: &Frame) -> Vec<Item> {
    let here = reader.asked("group").unwrap_or_else(|| TABS[0].to_owned());
    let kept = || form_urlencoded::parse(reader.query.as_bytes());
    let url = |group: &str| {
        let mut query = form_urlencoded::Serializer::new(String::new());
        let is_kept = |name: &str| !["group", "page", "sort"].contains(&name);
        query.extend_pairs(kept().filter(|(name, value)| is_kept(name) && !value.is_empty()));
        format!("{}?{}", reader.path, query.append_pair("group", group).finish())
    };
    let item = |group: &&'static str| Item {
        title: f.t(&format!("group-{group}")),
        url: url(group),
        is_here: here == **group,
    };
    open(reader, &TABS).map(item).collect()
}

impl StatsPage {
    /// What a row counts, in words.
    fn key(&self, key: &StatKey) -> String {
        let code = key.value.parse::<i64>().ok();
        let said = match key.dimension.as_str() {
            "device" => code.and_then(DeviceKind::from_code).map(DeviceKind::word),
            "status" => code.and_then(LeadStatus::from_code).map(LeadStatus::word),
            "weekday" => return self.f.t(&format!("weekday-{}", key.value)),
            "hour_of_day" => return format!("{}:00", key.value),
            _ => None,
        };
        match said {
            Some(word) => self.f.say(word).to_owned(),
            None if key.name.is_empty() => key.value.clone(),
            None => key.name.clone(),
        }
    }

    /// The second way to count.
    fn second(&self) -> Field {
        let mut choices = vec![(String::new(), self.f.t("stats-nothing-else"))];
        choices.extend(self.groups.iter().cloned());
        self.form.input_as(SECOND, "group").choice(choices)
    }

    #[expect(clippy::ref_option, reason = "templates give references")]
    fn rate(&self, rate: &Option<Amount>) -> String {
        rate.map_or_else(String::new, |rate| self.f.percent(&rate))
    }

    /// Where the leads of a row are listed; empty where there are none.
    fn leads_url(&self, row: &StatRow) -> String {
        if row.cell.is_empty() || row.measures.leads.unwrap_or(0) == 0 {
            return String::new();
        }
        let query: String =
            form_urlencoded::Serializer::new(String::new()).append_pair("cell", &row.cell).finish();
        format!("{}/leads?{query}", self.f.cabinet)
    }

    /// Leads that were refused in any way, on hold or for good.
    fn refused(&self, measures: &StatMeasures) -> String {
        let kinds = [
            measures.leads_rejected_hold,
            measures.leads_rejected,
            measures.leads_spam,
            measures.leads_double,
        ];
        self.f.figure(&kinds.into_iter().sum())
    }

    /// Money of each currency on a line of its own.
    fn money(&self, measures: &StatMeasures, is_approved: bool) -> Vec<String> {
        let side = measures.money.iter().map(|money| {
            let side = &money.money;
            let amount = if is_approved { &side.approved } else { &side.total };
            self.n.money(amount, &money.currency_id)
        });
        side.collect()
    }
}

pub(in crate::site) async fn list<const L: u8>(reader: Of<L>) -> Shown {
    let mut asked = params_of(&reader, PER_PAGE);
    let has = |name: &str, asked: &whocpa_domain::input::RawParams| asked.names().any(|known| known == name);
    if !has("group", &asked) {
        asked.append(with([("group", "day".to_owned())]));
    }
    let f = Frame::own(&reader, reader.lang.t("stats-title"));
    let now = reader.engine().now();
    if !has("from", &asked) {
        asked.append(with([("from", f.day_before(now, 13))]));
    }
    if !has("to", &asked) {
        asked.append(with([("to", f.day(now))]));
    }
    let form = ways(Form::sent(reader.lang, &asked));
    let listed = async { reader.engine().stat_list(reader.caller(), asked.read::<StatList>()?).await };
    let (status, form, found) = match listed.await {
        Ok(found) => (StatusCode::OK, form, Some(found)),
        Err(error) => (StatusCode::BAD_REQUEST, form.refused(error)?, None),
    };
    // Rows of another page would be days without anything.
    let is_whole =
        |found: &&StatPage| found.rows.total_count <= i64::try_from(found.rows.rows.len()).unwrap_or(0);
    let by_day = found.as_ref().filter(|_| form.value("group") == "day" && form.value(SECOND).is_empty());
    let by_day = by_day.filter(is_whole).map(|found| {
        let (from, to) = (form.value("from"), form.value("to"));
        days_of(&found.rows.rows, &from, &to)
    });
    let (total, paging) = found
        .as_ref()
        .map_or((0, Paging::first(PER_PAGE)), |found| (found.rows.total_count, found.rows.paging));
    let shown = StatsPage {
        n: Names::load(&reader).await?,
        chart: by_day.filter(|days| !days.is_empty()).map_or_else(String::new, |days| drawn(&f, &days)),
        pages: Pages::new(&reader, total, paging),
        found,
        groups: open(&reader, &GROUPS)
            .map(|group| ((*group).to_owned(), f.t(&format!("group-{}", group.replace('_', "-")))))
            .collect(),
        tabs: tabs(&reader, &f),
        is_advertiser: reader.caller().level != Level::Webmaster,
        form,
        f,
    };
    wrong(status, &shown)
}

/// What a day brought.
pub(in crate::site) struct DayCount {
    pub day: String,
    pub clicks: i64,
    pub leads: i64,
}

/// The most days that a chart shows.
const CHART_DAYS: usize = 1000;

/// All days of a span in the order of time: those of which nothing was counted too.
fn days_of(rows: &[StatRow], first: &str, last: &str) -> Vec<DayCount> {
    let mut known = BTreeMap::new();
    for row in rows {
        let Some(day) = row.group.first().and_then(|key| key.value.parse::<Date>().ok()) else { continue };
        known.insert(day, (row.measures.clicks.unwrap_or(0), row.measures.leads.unwrap_or(0)));
    }
    let ends = (known.keys().next().copied(), known.keys().next_back().copied());
    let (Some(first), Some(last)) = (first.parse().ok().or(ends.0), last.parse().ok().or(ends.1)) else {
        return Vec::new();
    };
    let span = first.series(1.day()).take_while(|day| *day <= last).take(CHART_DAYS);
    let count = |day: Date| {
        let (clicks, leads) = known.get(&day).copied().unwrap_or_default();
        DayCount { day: day.to_string(), clicks, leads }
    };
    span.map(count).collect()
}

/// What the chart of these rows draws, as JSON: from the first of their days to the last one.
pub(in crate::site) fn chart(f: &Frame, rows: &[StatRow]) -> String {
    drawn(f, &days_of(rows, "", ""))
}

/// What a chart draws, as JSON.
fn drawn(f: &Frame, days: &[DayCount]) -> String {
    serde_json::json!({
        "label": f.t("stats-day"),
        "days": days.iter().map(|day| day.day.as_str()).collect::<Vec<_>>(),
        "series": [
            { "label": f.t("stats-clicks"), "values": days.iter().map(|day| day.clicks).collect::<Vec<_>>() },
            { "label": f.t("stats-leads"), "values": days.iter().map(|day| day.leads).collect::<Vec<_>>() },
        ],
    })
    .to_string()
}

/// What the first page of a cabinet tells of the last days.
pub(in crate::site) struct LastDays {
    pub today: Option<StatMeasures>,
    pub yesterday: Option<StatMeasures>,
    pub days: Vec<DayCount>,
    /// What the chart draws, as JSON.
    pub chart: String,
}

impl LastDays {
    /// Today, yesterday and a fortnight, by the clock of the reader.
    pub async fn load(reader: &Reader, f: &Frame) -> Result<Self> {
        let now = reader.engine().now();
        let (first, before, to) = (f.day_before(now, DAYS - 1), f.day_before(now, 1), f.day(now));
        let asked = with([("group", "day".to_owned()), ("from", first.clone()), ("to", to.clone())]);
        let rows = reader.engine().stat_list(reader.caller(), asked.read()?).await?.rows.rows;
        let of = |day: &str| {
            let row = rows.iter().find(|row| row.group.iter().any(|key| key.value == day));
            row.map(|row| row.measures.clone())
        };
        let days = days_of(&rows, &first, &to);
        let chart = if rows.is_empty() { String::new() } else { drawn(f, &days) };
        Ok(Self { today: of(&to), yesterday: of(&before), days, chart })
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn days_without_anything_are_days_too() {
        let days = super::days_of(&[], "2026-02-27", "2026-03-01");
        let days: Vec<(&str, i64)> = days.iter().map(|day| (day.day.as_str(), day.clicks)).collect();
        assert_eq!(days, [("2026-02-27", 0), ("2026-02-28", 0), ("2026-03-01", 0)]);
        assert!(super::days_of(&[], "soon", "").is_empty());
    }

    #[test]
    fn every_group_is_a_dimension() {
        for group in super::GROUPS.into_iter().chain(super::TABS) {
            assert!(whocpa_domain::stat::Dimension::WORDS.contains(&group), "{group}");
        }
    }
}
