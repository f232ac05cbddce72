//! The measuring part of `bench/ledger`: leads of one advertiser and of many are approved, decided in bulk and verified.
//!
//! `ledger <folder> <leads> <advertisers> [url]`.

#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark that cannot go on must stop and tell"
)]

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use mimalloc::MiMalloc;
use tokio::task::JoinSet;
use whocpa_domain::input::{Input, RawParams, RawValue};
use whocpa_domain::lead::LeadStatus;
use whocpa_domain::user::UserLevel;
use whocpa_domain::{Level, ManualClock, Time};
use whocpa_engine::click::Visit;
use whocpa_engine::lead::{Conversion, Verdict};
use whocpa_engine::user::UserCreate;
use whocpa_engine::{Caller, Engine, EngineConfig, Rng, ledger, password_hash};

/// As in the program.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// Reports that are under way at once.
const SENDERS: usize = 64;
/// Leads of one decision by a list.
const LIST: usize = 1000;

#[tokio::main]
async fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    let [folder, leads, advertisers, url @ ..] = words.as_slice() else {
        println!("see bench/ledger");
        return;
    };
    let [leads, advertisers] = [leads, advertisers].map(|word| word.parse::<usize>().expect("a number"));
    let mut config = EngineConfig::new(*folder);
    config.database_url = url.first().map(|url| (*url).to_owned());
    config.click.flood_visitor = 0;
    config.click.flood_address = 0;
    let clock = ManualClock::new(Time(1_700_000_000));
    let engine = Engine::open(config.clone(), Arc::new(clock), Rng::seeded(1)).await.expect("open");
    let network = Network::new(&engine).await;
    let few = network.measure(1, leads).await;
    let many = network.measure(advertisers, leads).await;
    println!("approve and post, 1 advertiser: {few} leads/s");
    println!("approve and post, {advertisers} advertisers: {many} leads/s");
    println!("the one to the many: {} %", few * 100 / many.max(1));
    println!("decided in bulk, lists of {LIST}: {} leads/s", network.bulk(leads).await);
    engine.balance_fold().await.expect("fold");
    engine.close().await.expect("close");
    let begun = Instant::now();
    let books = ledger::verify(&config).await.expect("verify");
    let speed = per_second(usize::try_from(books.transfers).expect("small"), begun);
    println!(
        "verify: {} transfers, {} differences, {speed} transfers/s",
        books.transfers,
        books.differences.len()
    );
}

fn per_second(count: usize, begun: Instant) -> u128 {
    u128::try_from(count).expect("small") * 1_000_000 / begun.elapsed().as_micros().max(1)
}

fn read<T: Input>(pairs: &[(&str, &str)]) -> T {
    let mut raw = RawParams::default();
    for (name, value) in pairs {
        raw.push(name, RawValue::Text((*value).to_owned()));
    }
    raw.read().expect("good parameters")
}

struct Network<'a> {
    engine: &'a Engine,
    operator: Caller,
    webmaster: Caller,
    category: String,
    geo: String,
    hash: String,
}

/// An advertiser with what leads to his goal.
#[derive(Clone)]
struct Shop {
    advertiser_id: i64,
    goal_id: i64,
    code: String,
}

impl<'a> Network<'a> {
    async fn new(engine: &'a Engine) -> Self {
        let hash = password_hash("correct horse".to_owned()).await.expect("a hash");
        let names = [("name_en", "Health"), ("name_ru", "Health")];
        let category = engine.category_create(Caller::SYSTEM, read(&names)).await.expect("a category");
        let geo = engine.geo_list(Caller::SYSTEM).await.expect("regions")[0].id;
        let (category, geo) = (category.to_string(), geo.to_string());
        let mut network =
            Self { engine, operator: Caller::SYSTEM, webmaster: Caller::SYSTEM, category, geo, hash };
        network.operator = network.person(UserLevel::Operator, "operator").await;
        network.webmaster = network.person(UserLevel::Webmaster, "webmaster").await;
        network
    }

    async fn person(&self, level: UserLevel, login: &str) -> Caller {
        let input = UserCreate::new(level, login, login, "");
        let id = self.engine.user_import(Caller::SYSTEM, input, self.hash.clone()).await.expect("an account");
        Caller::new(level.level(), id)
    }

    async fn shop(&self, login: &str) -> Shop {
        let advertiser = self.person(UserLevel::Advertiser, login).await;
        let form = [
            ("name", login),
            ("url_redirect", "https://shop.example/"),
            ("categories", self.category.as_str()),
            ("geo", self.geo.as_str()),
        ];
        let offer = self.engine.offer_create(advertiser, read(&form)).await.expect("an offer");
        self.engine.offer_update(self.operator, offer, read(&[("status", "2")])).await.expect("live");
        let (offer, webmaster) = (offer.to_string(), self.webmaster.user_id.to_string());
        let goal = [
            ("offer_id", offer.as_str()),
            ("description", "Order"),
            ("currency_id", "840"),
            ("hold_period", "10"),
            ("money_type", "1"),
            ("charge", "10"),
        ];
        let goal_id = self.engine.goal_create(advertiser, read(&goal)).await.expect("a goal");
        let pair = [("offer_id", offer.as_str()), ("webmaster_id", webmaster.as_str())];
        self.engine.connection_create(self.operator, read(&pair)).await.expect("connect");
        let link = self.engine.link_create(self.webmaster, read(&pair[..1])).await.expect("a link");
        let code = self.engine.link_view(self.webmaster, link).await.expect("the link").code;
        assert_eq!(self.webmaster.level, Level::Webmaster);
        Shop { advertiser_id: advertiser.user_id, goal_id, code }
    }

    /// Pending leads, spread over the shops; their reports.
    async fn leads(&self, shops: &[Shop], count: usize) -> Vec<Conversion> {
        let mut all = Vec::with_capacity(count);
        for number in 0..count {
            let shop = &shops[number % shops.len()];
            let visit = Visit { ip: IpAddr::from([8, 8, 8, 8]), ua: "Mozilla/5.0", ..Visit::to(&shop.code) };
            let tid = self.engine.click_track(visit).await.tid;
            let conversion = Conversion {
                advertiser_id: shop.advertiser_id,
                goal_id: Some(shop.goal_id),
                sale_id: tid.clone(),
                tid,
                ..Conversion::default()
            };
            all.push(conversion);
        }
        self.send(&all).await;
        all
    }

    /// Sends reports, so many at once as a busy network has under way; gives the ids of their leads.
    async fn send(&self, all: &[Conversion]) -> Vec<i64> {
        let mut senders = JoinSet::new();
        for part in all.chunks(all.len().div_ceil(SENDERS)) {
            let (engine, part) = (self.engine.clone(), part.to_vec());
            senders.spawn(async move {
                let mut ids = Vec::with_capacity(part.len());
                for conversion in part {
                    match engine.lead_receive(conversion).await.expect("a verdict") {
                        Verdict::Accepted { lead_id, .. } | Verdict::Updated { lead_id, .. } => {
                            ids.push(lead_id);
                        }
                        other => panic!("{other:?}"),
                    }
                }
                ids
            });
        }
        senders.join_all().await.into_iter().flatten().collect()
    }

    /// Leads per second that are approved, each with its event and transfers.
    async fn measure(&self, advertisers: usize, leads: usize) -> u128 {
        let mut shops = Vec::with_capacity(advertisers);
        for number in 0..advertisers {
            shops.push(self.shop(&format!("shop-{advertisers}-{number}")).await);
        }
        let mut reports = self.leads(&shops, leads).await;
        for report in &mut reports {
            report.status = LeadStatus::Approved;
        }
        let begun = Instant::now();
        self.send(&reports).await;
        per_second(leads, begun)
    }

    /// Leads per second that are decided by lists.
    async fn bulk(&self, leads: usize) -> u128 {
        let shop = self.shop("bulk").await;
        let reports = self.leads(&[shop], leads).await;
        // The same report again tells the lead's id.
        let mut ids = Vec::with_capacity(leads);
        for report in reports {
            if let Verdict::Duplicate { lead_id, .. } =
                self.engine.lead_receive(report).await.expect("a verdict")
            {
                ids.push(lead_id.to_string());
            }
        }
        assert_eq!(ids.len(), leads);
        let begun = Instant::now();
        for list in ids.chunks(LIST) {
            let form = [("lead_id", list.join(",")), ("status", "1".to_owned())];
            let form = form.iter().map(|(name, value)| (*name, value.as_str())).collect::<Vec<_>>();
            self.engine.decision_create(self.operator, read(&form)).await.expect("a decision");
        }
        per_second(leads, begun)
    }
}
