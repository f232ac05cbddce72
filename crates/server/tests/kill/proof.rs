//! After the last kill: what was acknowledged, against what the store holds.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use whocpa_domain::lead::{Closing, LeadReason, LeadSort, LeadState, LeadStatus};
use whocpa_domain::ledger::{Account, AccountKind, lead_postings};
use whocpa_domain::sort::Sort;
use whocpa_domain::tid::{ClickId, TidKeys};
use whocpa_engine::Engine;
use whocpa_engine::lead::{Conversion, Verdict};
use whocpa_store::lead::{Lead, LeadFilter};
use whocpa_store::{Paging, Scope, Store, StoreConfig, balance, click, lead, lead_event, secret, transfer};

use super::load::{Sale, Worker};
use super::network::{self, Network};

/// The last answer about a sale is 49.99 in micro-units.
const AMOUNT: i64 = 49_990_000;

/// What was counted; everything below the first line must be zero.
#[derive(Default)]
pub struct Figures {
    clicks: usize,
    stored: i64,
    verdicts: u64,
    refused: u64,
    leads: usize,
    closed: usize,

    clicks_lost: usize,
    clicks_twice: i64,
    leads_lost: usize,
    leads_twice: usize,
    paid_twice: usize,
    decisions_lost: usize,
    event_gaps: usize,
    wrong_postings: usize,
    wrong_balances: usize,
    credits_off: i64,
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} clicks acknowledged ({} stored), {} lost, {} twice; {} verdicts acknowledged ({} refusals), {} leads \
             ({} closed), {} lost, {} twice, {} clicks paid twice, {} decisions lost, {} event gaps; {} wrong postings, {} wrong balances, \
             double credits {} micro-units",
            self.clicks,
            self.stored,
            self.clicks_lost,
            self.clicks_twice,
            self.verdicts,
            self.refused,
            self.leads,
            self.closed,
            self.leads_lost,
            self.leads_twice,
            self.paid_twice,
            self.decisions_lost,
            self.event_gaps,
            self.wrong_postings,
            self.wrong_balances,
            self.credits_off,
        )
    }
}

impl Figures {
    /// Nothing is missing and nothing is there twice.
    pub fn are_clean(&self) {
        assert!(self.clicks > 0 && self.leads > 0, "nothing was answered: {self}");
        let losses = [self.clicks_lost, self.leads_lost, self.decisions_lost];
        let surpluses =
            [self.leads_twice, self.paid_twice, self.event_gaps, self.wrong_postings, self.wrong_balances];
        assert!(losses == [0; 3] && surpluses == [0; 5], "{self}");
        assert!(self.clicks_twice == 0 && self.credits_off == 0, "{self}");
    }
}

/// Opens the network once more, lets it take in what the log still has, and compares.
pub async fn check(config: &StoreConfig, network: &Network, workers: &[Worker]) -> Figures {
    let engine = network::open(config).await;
    while engine.click_log_stats().pending_bytes > 0 {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    engine.lead_match_parked().await.expect("match parked conversions");
    while engine.lead_close_due().await.expect("close leads") > 0 {}
    let store = Store::connect(config).await.expect("open the store");
    let mut figures = Figures {
        verdicts: workers.iter().map(|worker| worker.verdicts).sum(),
        refused: workers.iter().map(|worker| worker.refused).sum(),
        ..Figures::default()
    };
    check_clicks(&store, workers, &mut figures).await;
    let leads = all_leads(&store).await;
    check_leads(&leads, network, workers, &mut figures);
    check_steps(&store, &leads, &mut figures).await;
    check_money(&engine, &store, &leads, &mut figures).await;
    let sales = workers.iter().flat_map(|worker| &worker.sales);
    check_repeats(&engine, network, sales, &mut figures).await;
    let unchanged = all_leads(&store).await.len() == leads.len();
    assert!(unchanged, "sending everything again made new leads");
    store.close().await;
    engine.close().await.expect("close the engine");
    figures
}

/// Each acknowledged click is stored under its tid, as the visitor brought it; no row is there that nobody asked for.
async fn check_clicks(store: &Store, workers: &[Worker], figures: &mut Figures) {
    let keys = tid_keys(store).await;
    let mut labels: BTreeMap<ClickId, &str> = BTreeMap::new();
    for (tid, label) in workers.iter().flat_map(|worker| &worker.clicks) {
        let before = labels.insert(keys.read(tid).expect("a tid of ours"), label);
        figures.clicks_twice += i64::from(before.is_some());
    }
    figures.clicks = labels.len();
    let ids: Vec<ClickId> = labels.keys().copied().collect();
    for chunk in ids.chunks(500) {
        let found = click::find(&store.clicks(), chunk).await.expect("find clicks");
        let is_there = |id: &&ClickId| found.get(*id).is_some_and(|click| click.subid[0] == labels[*id]);
        figures.clicks_lost += chunk.len() - chunk.iter().filter(is_there).count();
    }
    figures.stored = click::count(&store.clicks(), Scope::All).await.expect("count clicks");
    let visits: u64 = workers.iter().map(|worker| worker.visits).sum();
    let visits = i64::try_from(visits).expect("a small number");
    figures.clicks_twice += (figures.stored - visits).max(0);
}

async fn tid_keys(store: &Store) -> TidKeys {
    let keys = secret::list(&store.read(), "tid_key").await.expect("keys");
    let byte = |text: &str, at: usize| u8::from_str_radix(&text[at * 2..at * 2 + 2], 16).expect("hex");
    let key = |text: &String| -> [u8; 16] { std::array::from_fn(|at| byte(text, at)) };
    TidKeys::new(keys.iter().map(key).collect())
}

async fn all_leads(store: &Store) -> Vec<Lead> {
    let mut leads = Vec::new();
    for page in 1.. {
        let paging = Paging { page, ..Paging::first(1000) };
        let order = Sort { key: LeadSort::Id, is_descending: true };
        let rows = lead::list(&store.read(), Scope::All, &LeadFilter::default(), order, paging).await;
        let rows = rows.expect("list leads").rows;
        if rows.is_empty() {
            break;
        }
        leads.extend(rows);
    }
    leads
}

/// One lead per action, the one that was answered, with the decision that was answered or a later one.
fn check_leads(leads: &[Lead], network: &Network, workers: &[Worker], figures: &mut Figures) {
    figures.leads = leads.len();
    figures.closed = leads.iter().filter(|lead| lead.state().closing == Closing::Closed).count();
    let natural = |lead: &&Lead| (lead.advertiser_id, lead.offer_id, lead.goal_id, lead.natural_key.clone());
    let distinct: BTreeSet<_> = leads.iter().map(|lead| natural(&lead)).collect();
    figures.leads_twice += leads.len() - distinct.len();
    // With `is_otol` a click is paid once: all other actions of that click are doubles, whatever their sender repeats.
    let fixed: Vec<i64> =
        network.offers.iter().filter(|offer| !offer.is_percent).map(|offer| offer.goal_id).collect();
    let first = |lead: &&Lead| fixed.contains(&lead.goal_id) && lead.state().status != LeadStatus::Double;
    let paid: Vec<ClickId> = leads.iter().filter(first).map(|lead| lead.click_id).collect();
    figures.paid_twice += paid.len() - paid.iter().collect::<BTreeSet<_>>().len();

    let by_id: BTreeMap<i64, &Lead> = leads.iter().map(|lead| (lead.id, lead)).collect();
    for sale in workers.iter().flat_map(|worker| &worker.sales) {
        figures.leads_twice += sale.leads.len().saturating_sub(1);
        for id in &sale.leads {
            match by_id.get(id) {
                Some(lead) if lead.sale_id == sale.order_id => {
                    let is_told = sale.told.is_some_and(|told| told.code() == lead.status);
                    if !is_told && !sale.maybe.contains(&lead.status) {
                        eprintln!("{sale:?}\n    is stored as {lead:?}");
                        figures.decisions_lost += 1;
                    }
                }
                _ => figures.leads_lost += 1,
            }
        }
    }
}

/// Each lead's events are numbered without a gap and end where it stands; its transfers are those of its events,
/// each once.
async fn check_steps(store: &Store, leads: &[Lead], figures: &mut Figures) {
    for lead in leads {
        let events = lead_event::list(&store.read(), Scope::All, lead.id).await.expect("list events");
        let transfers = transfer::of_lead(&store.read(), lead.id).await.expect("list transfers");
        let numbers: Vec<i64> = events.iter().map(|event| event.number).collect();
        let is_gapless = numbers == (1..=lead.event_count).collect::<Vec<i64>>();
        let last = events.last().map(|event| (event.status, event.is_closed));
        figures.event_gaps += usize::from(!is_gapless || last != Some((lead.status, lead.is_closed)));
        let (mut from, mut wanted) = (None, Vec::new());
        for event in &events {
            let to = LeadState {
                status: LeadStatus::from_code(event.status).expect("a status"),
                closing: Closing::from_code(event.is_closed).expect("a closing"),
            };
            let postings = lead_postings(lead.parties(), lead.money(), from, to);
            let legs = (1i64..).zip(postings);
            wanted
                .extend(legs.map(|(leg, posting)| (event.number, leg, posting.kind.code(), posting.amount)));
            from = Some(to);
        }
        let found: Vec<_> =
            transfers.iter().map(|row| (row.cause_number, row.leg, row.kind, row.amount)).collect();
        figures.wrong_postings += usize::from(found != wanted);
    }
}

/// Every account holds exactly what the states of the leads put into it.
async fn check_money(engine: &Engine, store: &Store, leads: &[Lead], figures: &mut Figures) {
    let sums = engine.ledger_sum().await.expect("the sum of all balances");
    figures.wrong_balances += sums.iter().filter(|(_, micros)| *micros != 0).count();
    let mut expected: BTreeMap<Account, i64> = BTreeMap::new();
    let mut approved: i64 = 0;
    for lead in leads {
        for posting in lead_postings(lead.parties(), lead.money(), None, lead.state()) {
            *expected.entry(posting.debit).or_default() -= posting.amount;
            *expected.entry(posting.credit).or_default() += posting.amount;
        }
        if lead.state().status == LeadStatus::Approved {
            approved += lead.payout;
        }
    }
    let balances = balance::list(&store.read(), Scope::All).await.expect("balances");
    let found: BTreeMap<Account, i64> = balances.iter().map(|row| (row.account, row.micros)).collect();
    for account in expected.keys().chain(found.keys()).collect::<BTreeSet<_>>() {
        let is_equal = expected.get(account).unwrap_or(&0) == found.get(account).unwrap_or(&0);
        figures.wrong_balances += usize::from(!is_equal);
    }
    let credited =
        |kind: AccountKind| matches!(kind, AccountKind::WebmasterHold | AccountKind::WebmasterAvailable);
    let credits: i64 = balances.iter().filter(|row| credited(row.account.kind)).map(|row| row.micros).sum();
    figures.credits_off = credits - approved;
}

/// Every acknowledged action, sent once more, is known: the lead that was answered, and no second one.
async fn check_repeats(
    engine: &Engine,
    network: &Network,
    sales: impl Iterator<Item = &Sale>,
    figures: &mut Figures,
) {
    let mut waiting: tokio::task::JoinSet<bool> = tokio::task::JoinSet::new();
    let engine = Arc::new(engine.clone());
    for sale in sales.filter(|sale| !sale.leads.is_empty() || sale.is_parked) {
        let offer = &network.offers[sale.offer];
        let conversion = Conversion {
            advertiser_id: network.advertiser_id,
            tid: sale.tid.clone(),
            goal_id: None,
            sale_id: sale.order_id.clone(),
            amount: offer.is_percent.then_some(AMOUNT),
            status: LeadStatus::Pending,
            reason: LeadReason::Untold,
            comment: String::new(),
            ..Conversion::default()
        };
        let (engine, told) = (Arc::clone(&engine), sale.leads.clone());
        if waiting.len() >= 256 {
            figures.leads_lost += usize::from(!waiting.join_next().await.expect("one").expect("a verdict"));
        }
        waiting.spawn(async move {
            let verdict = engine.lead_receive(conversion).await.expect("a verdict");
            matches!(verdict, Verdict::Duplicate { lead_id, .. } if told.is_empty() || told.contains(&lead_id))
        });
    }
    while let Some(is_known) = waiting.join_next().await {
        figures.leads_lost += usize::from(!is_known.expect("a verdict"));
    }
}
