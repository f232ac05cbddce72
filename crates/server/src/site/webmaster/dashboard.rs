//! The first page: today against yesterday, what is earned and when it becomes available, the last leads, what is new.

use askama::Template;
use whocpa_engine::balance::BalanceView;
use whocpa_engine::lead::{HoldDay, LeadRow};
use whocpa_engine::news::NewsView;
use whocpa_engine::stat::StatMeasures;

use crate::site::answer::{Shown, page};
use crate::site::frame::Frame;
use crate::site::list::with;
use crate::site::names::Names;
use crate::site::reader::Webmaster;
use crate::site::work::Offers;
use crate::site::work::stats::LastDays;

/// Leads that are shown.
const LEADS: &str = "10";
/// Days of holds that are shown at once; the others open.
const HOLD_DAYS: usize = 7;
/// Pieces of news that are shown.
const NEWS: usize = 3;

/// A day, and what becomes available on it.
type Day = (String, Vec<HoldDay>);

#[derive(Template)]
#[template(path = "site/webmaster/dashboard.html")]
struct Dashboard {
    f: Frame,
    n: Names,
    last: LastDays,
    balances: Vec<BalanceView>,
    /// By days of the reader's zone.
    holds: Vec<Day>,
    leads: Vec<LeadRow>,
    offers: Offers,
    news: Vec<NewsView>,
}

impl Dashboard {
    /// The next days of holds, and those after them.
    fn hold_days(&self) -> (&[Day], &[Day]) {
        self.holds.split_at(self.holds.len().min(HOLD_DAYS))
    }

    /// Both days with the texts that name them.
    fn days(&self) -> [(&'static str, Option<&StatMeasures>); 2] {
        [("dashboard-today", self.last.today.as_ref()), ("dashboard-yesterday", self.last.yesterday.as_ref())]
    }
}

pub(super) async fn show(reader: Webmaster) -> Shown {
    let (engine, caller) = (reader.engine(), reader.caller());
    let f = Frame::own(&reader, reader.lang.t("dashboard-title"));
    let leads = with([("sort", "-date_created".to_owned()), ("per_page", LEADS.to_owned())]);
    let news = engine.news_list(caller, with([("is_read", "0".to_owned())]).read()?).await?;
    let leads = engine.lead_list(caller, leads.read()?).await?.rows;
    page(&Dashboard {
        n: Names::load(&reader).await?,
        last: LastDays::load(&reader, &f).await?,
        balances: engine.balance_list(caller).await?,
        holds: HoldDay::by_day(engine.hold_list(caller).await?, |time| f.day(time)),
        offers: Offers::load(&reader, leads.iter().map(|lead| lead.offer_id)).await?,
        leads,
        news: news.rows.rows.into_iter().take(NEWS).collect(),
        f,
    })
}
