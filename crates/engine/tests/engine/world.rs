//! A small network to test in.

use std::sync::Arc;

use whocpa_domain::connection::ConnectionStatus;
use whocpa_domain::input::{Input, RawParams, RawValue};
use whocpa_domain::offer::OfferStatus;
use whocpa_domain::user::UserLevel;
use whocpa_domain::{Error, ManualClock, Time};
use whocpa_engine::geo::GeoView;
use whocpa_engine::outbound::OutboundConfig;
use whocpa_engine::{Caller, Engine, EngineConfig, Rng};
use whocpa_store::connection::{self, Connection};
use whocpa_store::person::{self, User};
use whocpa_store::testing::TestDb;

pub const START: Time = Time(1_700_000_000);
/// US dollar.
pub const USD: i64 = 840;

pub struct World {
    pub test: TestDb,
    pub engine: Engine,
    pub clock: ManualClock,
    pub category_id: i64,
    pub operator: Caller,
    pub advertiser: Caller,
    pub rival: Caller,
    pub webmaster: Caller,
}

impl World {
    pub async fn new(test: TestDb) -> Self {
        Self::with(test, OutboundConfig::default()).await
    }

    /// A network that may reach these addresses.
    pub async fn with(test: TestDb, outbound: OutboundConfig) -> Self {
        Self::of(test, |config| config.outbound = outbound).await
    }

    /// A network where nobody is a flood, however often he comes.
    pub async fn calm(test: TestDb) -> Self {
        Self::of(test, |config| (config.click.flood_visitor, config.click.flood_address) = (0, 0)).await
    }

    /// A network with other settings.
    pub async fn of(test: TestDb, change: impl FnOnce(&mut EngineConfig)) -> Self {
        let clock = ManualClock::new(START);
        let mut config = EngineConfig {
            database_url: test.config.database_url.clone(),
            connections: test.config.connections,
            ..EngineConfig::new(test.config.data_dir.clone())
        };
        change(&mut config);
        let engine =
            Engine::open(config, Arc::new(clock.clone()), Rng::seeded(1)).await.expect("open the engine");
        let category_id = engine
            .category_create(Caller::SYSTEM, read(&[("name_en", "Health"), ("name_ru", "Здоровье")]))
            .await
            .expect("create a category");
        let operator = person(&test, UserLevel::Operator, "operator").await;
        let advertiser = person(&test, UserLevel::Advertiser, "advertiser").await;
        let rival = person(&test, UserLevel::Advertiser, "rival").await;
        let webmaster = person(&test, UserLevel::Webmaster, "webmaster").await;
        Self { test, engine, clock, category_id, operator, advertiser, rival, webmaster }
    }

    /// An advertiser's offer in a state that it came to in the usual way.
    pub async fn offer(&self, geo: i64, status: OfferStatus, more: &[(&str, &str)]) -> i64 {
        let (category, geo) = (self.category_id.to_string(), geo.to_string());
        let mut pairs = vec![
            ("name", "Tea"),
            ("url_redirect", "https://shop.example/?key=secret"),
            ("categories", category.as_str()),
            ("geo", geo.as_str()),
        ];
        pairs.retain(|(name, _)| !more.iter().any(|(other, _)| other == name));
        pairs.extend_from_slice(more);
        if status == OfferStatus::Draft {
            pairs.push(("is_draft", "1"));
        }
        let id = self.engine.offer_create(self.advertiser, read(&pairs)).await;
        let id = id.expect("create an offer");
        if status.is_public() {
            let live = self.engine.offer_update(self.operator, id, read(&[("status", "2")]));
            live.await.expect("approve");
        }
        if matches!(status, OfferStatus::Stopped | OfferStatus::Archived) {
            let code = status.code().to_string();
            let moved = self.engine.offer_update(self.advertiser, id, read(&[("status", &code)]));
            moved.await.expect("stop");
        }
        id
    }

    pub async fn goal(&self, offer_id: i64, charge: &str) -> i64 {
        let (offer_id, usd) = (offer_id.to_string(), USD.to_string());
        let pairs = [
            ("offer_id", offer_id.as_str()),
            ("description", "Paid order"),
            ("currency_id", usd.as_str()),
            ("hold_period", "10"),
            ("money_type", "1"),
            ("charge", charge),
        ];
        let id = self.engine.goal_create(self.advertiser, read(&pairs)).await;
        id.expect("create a goal")
    }

    pub async fn connect(&self, offer_id: i64) {
        let webmaster_id = self.webmaster.user_id;
        let row = &Connection {
            id: 0,
            webmaster_id,
            offer_id,
            status: ConnectionStatus::Approved.code(),
            comment: String::new(),
            reason: String::new(),
            date_created: START.0,
            date_decided: Some(START.0),
        };
        let made = self.test.store.write(move |db| async move { connection::create(&db, row.clone()).await });
        made.await.expect("connect");
    }

    pub async fn ids(&self, caller: Caller, pairs: &[(&str, &str)]) -> Vec<i64> {
        let found = self.engine.offer_list(caller, read(pairs)).await.expect("list offers");
        found.rows.iter().map(|row| row.id).collect()
    }
}

pub async fn person(test: &TestDb, level: UserLevel, login: &str) -> Caller {
    let row = &User::new(level, login, login, START);
    let made = test.store.write(move |db| async move { person::create(&db, row.clone()).await });
    Caller::new(level.level(), made.await.expect("create a person"))
}

pub fn read<T: Input>(pairs: &[(&str, &str)]) -> T {
    try_read(pairs).expect("read the parameters")
}

/// The same where they may be refused.
pub fn try_read<T: Input>(pairs: &[(&str, &str)]) -> Result<T, Error> {
    let mut raw = RawParams::default();
    for (name, value) in pairs {
        raw.push(name, RawValue::Text((*value).to_owned()));
    }
    raw.read()
}

/// The messages of a refusal, as `name: message`.
pub fn refusal<T: std::fmt::Debug>(result: Result<T, Error>) -> Vec<String> {
    match result {
        Err(Error::Invalid(errors)) => {
            let all = errors.messages().iter();
            all.map(|(name, messages)| format!("{name}: {}", messages.join("; "))).collect()
        }
        other => panic!("not refused by field: {other:?}"),
    }
}

/// Every id in a tree.
pub fn ids_of(tree: &[GeoView]) -> Vec<i64> {
    let of = |geo: &GeoView| [vec![geo.id], ids_of(&geo.descendants)].concat();
    tree.iter().flat_map(of).collect()
}

/// The ids from a root down to the first region that has nothing in it.
pub fn branch(tree: &[GeoView]) -> Vec<i64> {
    let deepest = tree.iter().max_by_key(|geo| geo.descendants.len()).expect("a region");
    let mut ids = vec![deepest.id];
    if !deepest.descendants.is_empty() {
        ids.extend(branch(&deepest.descendants));
    }
    ids
}
