//! A small network for tests, and short ways to ask it.

use std::collections::BTreeMap;
use std::sync::Arc;

use whocpa_domain::access::Origin;
use whocpa_domain::input::{Input, RawParams, RawValue};
use whocpa_domain::offer::OfferStatus;
use whocpa_domain::user::UserLevel;
use whocpa_domain::{Error, ManualClock, Result, Time};
use whocpa_engine::user::UserCreate;
use whocpa_engine::{Caller, Engine, EngineConfig, Rng};
use whocpa_store::offer::{self, Offer};
use whocpa_store::testing::TestDb;

pub const NOW: Time = Time(1_700_000_000);

/// A network with two webmasters and two advertisers.
pub struct Network {
    pub db: TestDb,
    pub clock: ManualClock,
    pub engine: Engine,
    pub webmaster: Caller,
    pub other_webmaster: Caller,
    pub advertiser: Caller,
    pub other_advertiser: Caller,
    pub operator: Caller,
}

pub async fn network(db: TestDb) -> Network {
    let clock = ManualClock::new(NOW);
    let engine = open(&db, &clock, Rng::seeded(1)).await;
    let hash = whocpa_engine::password_hash("correct horse".to_owned()).await;
    let hash = hash.expect("hash a password");
    let add = async |login: &str, level: UserLevel| {
        let input = UserCreate::new(level, login, login, "not used");
        let id = engine.user_import(Caller::SYSTEM, input, hash.clone()).await;
        Caller::new(level.level(), id.expect("add a person"))
    };
    Network {
        webmaster: add("wendy", UserLevel::Webmaster).await,
        other_webmaster: add("walter", UserLevel::Webmaster).await,
        advertiser: add("ada", UserLevel::Advertiser).await,
        other_advertiser: add("alan", UserLevel::Advertiser).await,
        operator: add("olga", UserLevel::Operator).await,
        db,
        clock,
        engine,
    }
}

/// The engine on a test's database, as it starts and starts again.
pub async fn open(db: &TestDb, clock: &ManualClock, rng: Rng) -> Engine {
    let config = EngineConfig {
        database_url: db.config.database_url.clone(),
        base_url: "https://who.example/".to_owned(),
        log_segment_bytes: 1 << 20,
        ..EngineConfig::new(&db.config.data_dir)
    };
    Engine::open(config, Arc::new(clock.clone()), rng).await.expect("open the engine")
}

/// Reads parameters as a request would bring them.
pub fn read<T: Input>(pairs: &[(&str, &str)]) -> T {
    try_read(pairs).expect("good parameters")
}

/// The same where they may be refused.
pub fn try_read<T: Input>(pairs: &[(&str, &str)]) -> Result<T> {
    let mut raw = RawParams::default();
    for (name, value) in pairs {
        raw.push(name, RawValue::Text((*value).to_owned()));
    }
    raw.read()
}

/// The parameters that were refused.
pub fn refused<T: std::fmt::Debug>(result: Result<T>) -> BTreeMap<String, Vec<String>> {
    match result {
        Err(Error::Invalid(errors)) => errors.messages().clone(),
        other => panic!("expected bad parameters, got {other:?}"),
    }
}

pub fn fields<T: std::fmt::Debug>(result: Result<T>) -> Vec<String> {
    refused(result).into_keys().collect()
}

impl Network {
    pub async fn offer(&self, change: impl FnOnce(&mut Offer)) -> i64 {
        let mut row = Offer {
            advertiser_id: self.advertiser.user_id,
            status: OfferStatus::Live.code(),
            name: "Offer".to_owned(),
            name_folded: "offer".to_owned(),
            url_homepage: "https://shop.example/".to_owned(),
            url_redirect: "https://shop.example/?tid={tid}".to_owned(),
            cookie_ttl_days: 30,
            date_created: NOW.0,
            date_live: Some(NOW.0),
            ..Offer::default()
        };
        change(&mut row);
        let row = &row;
        let stored = self.db.store.write(move |db| async move { offer::create(&db, row.clone()).await });
        stored.await.expect("store an offer")
    }

    /// The person behind a key, as he would be from within.
    pub async fn bearer(&self, key: &str) -> Result<Caller> {
        let caller = self.engine.authenticate(key, None).await?;
        Ok(Caller { origin: Origin::INSIDE, ..caller })
    }

    pub async fn connect(&self, caller: Caller, offer_id: i64) -> Result<i64> {
        let input = read(&[("offer_id", &offer_id.to_string())]);
        self.engine.connection_create(caller, input).await
    }

    pub async fn decide(&self, caller: Caller, id: i64, pairs: &[(&str, &str)]) -> Result<()> {
        self.engine.connection_update(caller, id, read(pairs)).await
    }

    pub async fn connect_approved(&self, offer_id: i64) -> i64 {
        let id = self.connect(self.webmaster, offer_id).await.expect("ask");
        self.decide(self.advertiser, id, &[("status", "1")]).await.expect("approve");
        id
    }

    pub async fn area(&self, pairs: &[(&str, &str)]) -> Result<i64> {
        self.engine.area_create(self.webmaster, read(pairs)).await
    }

    pub async fn link(&self, pairs: &[(&str, &str)]) -> Result<i64> {
        self.engine.link_create(self.webmaster, try_read(pairs)?).await
    }
}
