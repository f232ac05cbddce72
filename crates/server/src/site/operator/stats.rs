//! Statistics of the whole network, or of a manager's people: what came, what became of it, and who gets how much.

use askama::Template;
use axum::http::StatusCode;
use whocpa_domain::money::Amount;
use whocpa_engine::Paging;
use whocpa_engine::stat::{StatList, StatMeasures, StatMoney, StatPage};

use super::parts::any_currency;
use crate::site::answer::{Shown, wrong};
use crate::site::form::Form;
use crate::site::frame::Frame;
use crate::site::list::{Pages, params_of, with};
use crate::site::names::{Choice, Names};
use crate::site::reader::Operator;
use crate::site::work::stats::chart;

/// Rows on a page.
const PER_PAGE: i64 = 100;
/// What the form asks.
const FILTERS: [&str; 9] = [
    "group",
    "from",
    "to",
    "offer_id",
    "webmaster_id",
    "advertiser_id",
    "manager_id",
    "country",
    "currency_id",
];
/// By what the page offers to count.
const GROUPS: [&str; 22] = [
    "day",
    "hour",
    "week",
    "month",
    "hour_of_day",
    "weekday",
    "advertiser",
    "offer",
    "goal",
    "webmaster",
    "manager",
    "area",
    "link",
    "landing",
    "promo",
    "country",
    "device",
    "os",
    "browser",
    "click_reason",
    "status",
    "reason",
];

#[derive(Template)]
#[template(path = "site/operator/stats.html")]
struct StatsPage {
    f: Frame,
    n: Names,
    form: Form,
    /// Nothing where the question was refused.
    found: Option<StatPage>,
    pages: Pages,
    groups: Vec<Choice>,
    /// The same, and none.
    seconds: Vec<Choice>,
    currencies: Vec<Choice>,
    /// What the chart draws, as JSON; empty for none.
    chart: String,
}

/// Whose money a column tells.
#[derive(Clone, Copy)]
enum Side {
    Advertisers,
    Webmasters,
    Network,
}

impl StatsPage {
    #[expect(clippy::ref_option, reason = "templates give references")]
    fn rate(&self, rate: &Option<Amount>) -> String {
        rate.map_or_else(String::new, |rate| self.f.percent(&rate))
    }

    /// Rejected leads, on hold and closed.
    fn rejected(&self, measures: &StatMeasures) -> String {
        let parts = [measures.leads_rejected_hold, measures.leads_rejected];
        self.f.figure(&parts.into_iter().sum())
    }

    /// Money of each currency in which there is any, on a line of its own: all of it, and what is approved for good.
    fn money(&self, measures: &StatMeasures, side: Side) -> Vec<(String, String)> {
        let of = |money: &StatMoney| {
            let side = match side {
                Side::Advertisers => Some(&money.money),
                Side::Webmasters => money.payout.as_ref(),
                Side::Network => money.margin.as_ref(),
            }?;
            let approved = self.f.number(&side.approved);
            (side.total.micros != 0).then(|| (self.n.money(&side.total, &money.currency_id), approved))
        };
        measures.money.iter().filter_map(of).collect()
    }

    /// The three sides, in the order of the columns.
    const SIDES: [Side; 3] = [Side::Advertisers, Side::Webmasters, Side::Network];
}

pub(super) async fn list(reader: Operator) -> Shown {
    let mut asked = params_of(&reader, PER_PAGE);
    let f = Frame::own(&reader, reader.lang.t("stats-title"));
    let now = reader.engine().now();
    for (name, value) in
        [("group", "day".to_owned()), ("from", f.day(now.plus_days(-13))), ("to", f.day(now))]
    {
        if !asked.names().any(|known| known == name) {
            asked.append(with([(name, value)]));
        }
    }
    let form = Form::sent(reader.lang, &asked);
    if let Some(second) = asked.take_text("then") {
        asked.append(with([("group", second)]));
    }
    let listed = async { reader.engine().stat_list(reader.caller(), asked.read::<StatList>()?).await };
    let (status, form, found) = match listed.await {
        Ok(found) => (StatusCode::OK, form, Some(found)),
        Err(error) => (StatusCode::BAD_REQUEST, form.refused_in(error, &FILTERS)?, None),
    };
    let is_by_day = form.value("group") == "day" && form.value("then").is_empty();
    let by_day = found.as_ref().filter(|_| is_by_day);
    let (total, paging) = found
        .as_ref()
        .map_or((0, Paging::first(PER_PAGE)), |found| (found.rows.total_count, found.rows.paging));
    let groups =
        GROUPS.map(|group| (group.to_owned(), f.t(&format!("group-{}", group.replace('_', "-"))))).to_vec();
    let mut seconds = groups.clone();
    seconds.insert(0, (String::new(), f.t("op-then-none")));
    let n = Names::load(&reader).await?;
    let currencies = any_currency(&f, &n);
    let shown = StatsPage {
        n,
        currencies,
        chart: by_day.map_or_else(String::new, |found| chart(&f, &found.rows.rows)),
        pages: Pages::new(&reader, total, paging),
        found,
        groups,
        seconds,
        form,
        f,
    };
    wrong(status, &shown)
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_group_is_a_dimension() {
        for group in super::GROUPS {
            assert!(whocpa_domain::stat::Dimension::WORDS.contains(&group), "{group}");
        }
    }
}
