//! Statistics: by what the reader asks, in a table and, by days, as a chart.

use askama::Template;
use axum::http::StatusCode;
use whocpa_domain::money::Amount;
use whocpa_domain::stat::Dimension;
use whocpa_domain::{Level, Result};
use whocpa_engine::Paging;
use whocpa_engine::stat::{StatList, StatMeasures, StatPage, StatRow};

use crate::site::answer::{Shown, wrong};
use crate::site::form::{Field, Form};
use crate::site::frame::{Frame, Item};
use crate::site::list::{Pages, params_of, with};
use crate::site::names::{Choice, Names};
use crate::site::reader::{Of, Reader};

/// Rows on a page.
const PER_PAGE: i64 = 100;
/// What the form asks.
const FILTERS: [&str; 10] =
    ["group", "from", "to", "offer_id", "webmaster_id", "area_id", "link_id", "country", "device", "subid1"];
/// Days of the chart on the first page.
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
        asked.append(with([("from", f.day(now.plus_days(-13)))]));
    }
    if !has("to", &asked) {
        asked.append(with([("to", f.day(now))]));
    }
    let form = ways(Form::sent(reader.lang, &asked));
    let listed = async { reader.engine().stat_list(reader.caller(), asked.read::<StatList>()?).await };
    let (status, form, found) = match listed.await {
        Ok(found) => (StatusCode::OK, form, Some(found)),
        Err(error) => (StatusCode::BAD_REQUEST, form.refused_in(error, &FILTERS)?, None),
    };
    let by_day = found.as_ref().filter(|_| form.value("group") == "day");
    let (total, paging) = found.as_ref().map_or((0, Paging { page: 1, per_page: PER_PAGE }), |found| {
        (found.rows.total_count, found.rows.paging)
    });
    let shown = StatsPage {
        n: Names::load(&reader).await?,
        chart: by_day.map_or_else(String::new, |found| chart(&f, &found.rows.rows)),
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

/// Days, clicks and leads in the order of time.
pub(in crate::site) fn chart(f: &Frame, rows: &[StatRow]) -> String {
    let mut days: Vec<(&str, i64, i64)> = rows
        .iter()
        .filter_map(|row| {
            let day = row.group.first()?.value.as_str();
            Some((day, row.measures.clicks.unwrap_or(0), row.measures.leads.unwrap_or(0)))
        })
        .collect();
    days.sort_unstable();
    let column = |of: fn(&(&str, i64, i64)) -> i64| days.iter().map(of).collect::<Vec<_>>();
    serde_json::json!({
        "label": f.t("stats-day"),
        "days": days.iter().map(|day| day.0).collect::<Vec<_>>(),
        "series": [
            { "label": f.t("stats-clicks"), "values": column(|day| day.1) },
            { "label": f.t("stats-leads"), "values": column(|day| day.2) },
        ],
    })
    .to_string()
}

/// Today, yesterday and the chart of a fortnight, by the clock of the reader.
pub(in crate::site) async fn days(
    reader: &Reader,
) -> Result<(Option<StatMeasures>, Option<StatMeasures>, String)> {
    let f = Frame::own(reader, String::new());
    let now = reader.engine().now();
    let (first, before, to) = (f.day(now.plus_days(1 - DAYS)), f.day(now.plus_days(-1)), f.day(now));
    let asked = with([("group", "day".to_owned()), ("from", first), ("to", to.clone())]);
    let rows = reader.engine().stat_list(reader.caller(), asked.read()?).await?.rows.rows;
    let of = |day: &str| {
        let row = rows.iter().find(|row| row.group.iter().any(|key| key.value == day));
        row.map(|row| row.measures.clone())
    };
    Ok((of(&to), of(&before), chart(&f, &rows)))
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_group_is_a_dimension() {
        for group in super::GROUPS.into_iter().chain(super::TABS) {
            assert!(whocpa_domain::stat::Dimension::WORDS.contains(&group), "{group}");
        }
    }
}
