//! The first page: today against yesterday, what waits for a decision, the balance, what is new.

use askama::Template;
use whocpa_engine::balance::BalanceView;
use whocpa_engine::lead::LeadRow;
use whocpa_engine::news::NewsView;
use whocpa_engine::stat::StatMeasures;

use crate::site::answer::{Shown, page};
use crate::site::frame::Frame;
use crate::site::list::with;
use crate::site::names::Names;
use crate::site::reader::Advertiser;
use crate::site::work::Offers;
use crate::site::work::stats::LastDays;

/// Leads that are shown: those that wait longest.
const LEADS: &str = "10";
/// Pieces of news that are shown.
const NEWS: usize = 3;

#[derive(Template)]
#[template(path = "site/advertiser/dashboard.html")]
struct Dashboard {
    f: Frame,
    n: Names,
    days: [(&'static str, Option<StatMeasures>); 2],
    /// What the chart draws, as JSON.
    chart: String,
    balances: Vec<BalanceView>,
    /// Leads that wait for a decision, and those of them whose time is over.
    waiting: i64,
    overdue: i64,
    /// Webmasters who ask to be connected.
    asking: i64,
    offer_count: i64,
    leads: Vec<LeadRow>,
    offers: Offers,
    news: Vec<NewsView>,
}

pub(super) async fn show(reader: Advertiser) -> Shown {
    let (engine, caller) = (reader.engine(), reader.caller());
    let first =
        |pairs: &[(&'static str, &str)]| with(pairs.iter().map(|(name, value)| (*name, (*value).to_owned())));
    let waiting = first(&[("status", "0"), ("sort", "date_created"), ("per_page", LEADS)]);
    let waiting = engine.lead_list(caller, waiting.read()?).await?;
    let overdue = engine.lead_list(caller, first(&[("is_overdue", "1"), ("per_page", "10")]).read()?).await?;
    let asking =
        engine.connection_list(caller, first(&[("status", "0"), ("per_page", "10")]).read()?).await?;
    let offer_count = first(&[("show_stopped", "1"), ("per_page", "10")]);
    let offer_count = engine.offer_list(caller, offer_count.read()?).await?.total_count;
    let news = engine.news_list(caller, first(&[("is_read", "0")]).read()?).await?;
    let f = Frame::own(&reader, reader.lang.t("dashboard-title"));
    let LastDays { today, yesterday, chart, .. } = LastDays::load(&reader, &f).await?;
    page(&Dashboard {
        f,
        n: Names::load(&reader).await?,
        days: [("dashboard-today", today), ("dashboard-yesterday", yesterday)],
        chart,
        balances: engine.balance_list(caller).await?,
        waiting: waiting.total_count,
        overdue: overdue.total_count,
        asking: asking.total_count,
        offer_count,
        offers: Offers::load(&reader, waiting.rows.iter().map(|lead| lead.offer_id)).await?,
        leads: waiting.rows,
        news: news.rows.rows.into_iter().take(NEWS).collect(),
    })
}
