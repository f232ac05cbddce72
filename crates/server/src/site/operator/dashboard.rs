//! The first page: what waits for somebody, today against yesterday, how the server fares.

use askama::Template;
use whocpa_domain::input::RawParams;
use whocpa_domain::{Error, Method, Resource, Result};
use whocpa_engine::stat::{StatMeasures, StatMoney};

use crate::site::answer::{Shown, page};
use crate::site::frame::Frame;
use crate::site::list::with;
use crate::site::names::Names;
use crate::site::reader::Operator;
use crate::site::work::stats::chart;

/// Days of the chart.
const DAYS: i64 = 14;
/// Clicks that wait this long to be counted, in seconds, are late.
const LATE_SECONDS: i64 = 120;

/// Something that waits for an operator.
struct Queue {
    key: &'static str,
    url: &'static str,
    count: i64,
}

/// How a part of the server fares.
struct Part {
    key: &'static str,
    value: String,
    is_good: bool,
}

#[derive(Template)]
#[template(path = "site/operator/dashboard.html")]
struct Dashboard {
    f: Frame,
    n: Names,
    queues: Vec<Queue>,
    /// Nothing for who sees no statistics.
    days: Option<Days>,
    parts: Vec<Part>,
}

struct Days {
    today: Option<StatMeasures>,
    yesterday: Option<StatMeasures>,
    /// What the chart draws, as JSON.
    chart: String,
}

impl Dashboard {
    /// Both days with the texts that name them.
    fn both(days: &Days) -> [(&'static str, Option<&StatMeasures>); 2] {
        [("dashboard-today", days.today.as_ref()), ("dashboard-yesterday", days.yesterday.as_ref())]
    }

    /// What the network keeps, where the reader may know.
    fn margin(&self, money: &StatMoney) -> String {
        money.margin.as_ref().map_or_else(String::new, |side| self.n.money(&side.total, &money.currency_id))
    }
}

pub(super) async fn show(reader: Operator) -> Shown {
    let f = Frame::own(&reader, reader.lang.t("op-console-title"));
    let (days, lag) = days(&reader, &f).await?;
    page(&Dashboard {
        n: Names::load(&reader).await?,
        queues: queues(&reader).await?,
        parts: parts(&reader, &f, lag).await?,
        days,
        f,
    })
}

/// What waits for somebody of his role, and what operators only watch; those with work first.
async fn queues(reader: &Operator) -> Result<Vec<Queue>> {
    let (engine, caller) = (reader.engine(), reader.caller());
    let mut queues = Vec::new();
    macro_rules! queue {
        ($key:literal, $resource:ident, $list:ident, $url:literal, $name:literal = $value:literal) => {
            queue!($key, $resource Update, $list, $url, $name = $value);
        };
        ($key:literal, $resource:ident $needs:ident, $list:ident, $url:literal, $name:literal = $value:literal) => {
            let may = caller.may(Resource::$resource, Method::$needs).is_ok();
            if may && caller.may(Resource::$resource, Method::List).is_ok() {
                let asked = few([($name, $value)]).read()?;
                let count = engine.$list(caller, asked).await?.total_count;
                queues.push(Queue { key: $key, url: concat!($url, "?", $name, "=", $value), count });
            }
        };
    }
    queue!("queue-registrations", User, user_list, "/operator/users", "status" = "3");
    queue!("queue-offers", Offer, offer_list, "/operator/offers", "status" = "1");
    queue!("queue-connections", Connection, connection_list, "/operator/connections", "status" = "0");
    queue!("queue-areas", Area, area_list, "/operator/areas", "status" = "0");
    queue!("queue-landings", Landing, landing_list, "/operator/landings", "status" = "1");
    queue!("queue-promos", Promo, promo_list, "/operator/promos", "status" = "1");
    queue!("queue-wallets", Wallet, wallet_list, "/operator/wallets", "status" = "0");
    queue!("queue-payouts", Payout, payout_list, "/operator/payouts", "status" = "0");
    queue!("queue-deposits", Deposit, deposit_list, "/operator/deposits", "status" = "0");
    queue!("queue-tickets", Ticket, ticket_list, "/operator/tickets", "status" = "1");
    queue!("queue-contests", Lead, lead_list, "/operator/leads", "contest" = "1");
    queue!("queue-overdue", Lead, lead_list, "/operator/leads", "is_overdue" = "1");
    queue!("queue-findings", Finding, finding_list, "/operator/findings", "state" = "0");
    queue!("queue-orphans", Orphan List, orphan_list, "/operator/orphans", "state" = "0");
    queue!("queue-postbacks", Postback List, postback_list, "/operator/postbacks", "status" = "3");
    // The order within both stays.
    queues.sort_by_key(|queue| queue.count == 0);
    Ok(queues)
}

/// A question of which only the number of its rows counts.
fn few<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> RawParams {
    let mut asked = with(pairs.into_iter().map(|(name, value)| (name, value.to_owned())));
    asked.append(with([("per_page", "10".to_owned())]));
    asked
}

/// Today, yesterday and a fortnight's chart by the reader's clock; and the seconds that clicks wait to be counted.
async fn days(reader: &Operator, f: &Frame) -> Result<(Option<Days>, Option<i64>)> {
    let now = reader.engine().now();
    let (first, before, to) = (f.day(now.plus_days(1 - DAYS)), f.day(now.plus_days(-1)), f.day(now));
    let asked = with([("group", "day".to_owned()), ("from", first), ("to", to.clone())]);
    let found = match reader.engine().stat_list(reader.caller(), asked.read()?).await {
        Ok(found) => found,
        Err(Error::Forbidden) => return Ok((None, None)),
        Err(error) => return Err(error),
    };
    let rows = &found.rows.rows;
    let of = |day: &str| {
        let row = rows.iter().find(|row| row.group.iter().any(|key| key.value == day));
        row.map(|row| row.measures.clone())
    };
    let days = Days { today: of(&to), yesterday: of(&before), chart: chart(f, rows) };
    Ok((Some(days), Some((now.0 - found.beside.complete_until.0).max(0))))
}

/// Databases, click log, catalogue, what waits to be done: the figures of `/metrics` that a person can read.
async fn parts(reader: &Operator, f: &Frame, lag: Option<i64>) -> Result<Vec<Part>> {
    let (engine, caller) = (reader.engine(), reader.caller());
    let (log, (links, offers)) = (engine.click_log_stats(), engine.catalogue_counts());
    let is_up = engine.ping().await.is_ok();
    let mut parts = vec![
        Part {
            key: "health-database",
            value: f.t(if is_up { "health-answers" } else { "health-silent" }),
            is_good: is_up,
        },
        Part { key: "health-log", value: f.number(&log.unacknowledged), is_good: log.sync_errors == 0 },
        Part { key: "health-errors", value: f.number(&log.sync_errors), is_good: log.sync_errors == 0 },
    ];
    if let Some(lag) = lag {
        let value = f.with("health-seconds", "seconds", &f.number(&lag));
        parts.push(Part { key: "health-lag", value, is_good: lag < LATE_SECONDS });
    }
    parts.push(Part { key: "health-links", value: f.number(&links), is_good: true });
    parts.push(Part { key: "health-offers", value: f.number(&offers), is_good: true });
    if caller.may(Resource::Delivery, Method::List).is_ok() {
        let waiting = engine.delivery_list(caller, few([("status", "0")]).read()?).await?.total_count;
        parts.push(Part { key: "health-deliveries", value: f.number(&waiting), is_good: true });
    }
    if caller.may(Resource::Decision, Method::List).is_ok() {
        let running = engine.decision_list(caller, few([("status", "0,1,3")]).read()?).await?.total_count;
        parts.push(Part { key: "health-decisions", value: f.number(&running), is_good: true });
    }
    Ok(parts)
}
