//! A small network, made through the engine's operations: one advertiser, two webmasters, two offers.

use std::sync::Arc;

use whocpa_domain::SystemClock;
use whocpa_domain::input::{Input, RawParams, RawValue};
use whocpa_domain::user::UserLevel;
use whocpa_engine::user::UserCreate;
use whocpa_engine::{Caller, Engine, EngineConfig, Rng};
use whocpa_store::StoreConfig;

/// US dollar.
const USD: &str = "840";

/// An offer as its visitors and its advertiser's system know it.
pub struct Offer {
    pub goal_id: i64,
    /// Codes of its links, one per webmaster.
    pub codes: Vec<String>,
    /// A click can be paid several times, and a sale has an amount.
    pub is_percent: bool,
}

/// What the load needs to know.
pub struct Network {
    pub token: String,
    pub advertiser_id: i64,
    pub offers: Vec<Offer>,
}

/// Opens the engine on the test's database, as the server would.
pub async fn open(config: &StoreConfig) -> Engine {
    let config = EngineConfig {
        database_url: config.database_url.clone(),
        connections: config.connections,
        log_segment_bytes: 1 << 20,
        ..EngineConfig::new(&config.data_dir)
    };
    Engine::open(config, Arc::new(SystemClock), Rng::system()).await.expect("open the engine")
}

impl Network {
    pub async fn prepare(config: &StoreConfig) -> Self {
        let engine = open(config).await;
        let people = People::create(&engine).await;
        // The first pays a fixed sum once per click after a hold; the second a share of every sale, without a hold,
        // so that leads also close while processes are killed.
        let fixed = [("money_type", "1"), ("charge", "10"), ("hold_period", "10"), ("is_otol", "1")];
        let percent = [("money_type", "2"), ("charge", "16.5"), ("hold_period", "0"), ("is_otol", "0")];
        let mut offers = Vec::new();
        for (terms, is_percent) in [(fixed, false), (percent, true)] {
            offers.push(people.offer(&engine, &terms, is_percent).await);
        }
        let advertiser = engine.user_view(people.operator, people.advertiser.user_id).await;
        let token = advertiser.expect("the advertiser").postback_token.expect("a token");
        engine.close().await.expect("close the engine");
        Self { token, advertiser_id: people.advertiser.user_id, offers }
    }
}

struct People {
    operator: Caller,
    advertiser: Caller,
    webmasters: [Caller; 2],
    category: String,
}

impl People {
    async fn create(engine: &Engine) -> Self {
        let hash = whocpa_engine::password_hash("correct horse".to_owned()).await.expect("hash a password");
        let add = async |login: &str, level: UserLevel| {
            let input = UserCreate::new(level, login, login, "not used");
            let id = engine.user_import(Caller::SYSTEM, input, hash.clone()).await;
            Caller::new(level.level(), id.expect("add a person"))
        };
        let category =
            engine.category_create(Caller::SYSTEM, read(&[("name_en", "Tea"), ("name_ru", "Чай")]));
        Self {
            category: category.await.expect("a category").to_string(),
            operator: add("operator", UserLevel::Operator).await,
            advertiser: add("advertiser", UserLevel::Advertiser).await,
            webmasters: [add("wendy", UserLevel::Webmaster).await, add("walter", UserLevel::Webmaster).await],
        }
    }

    /// A live offer with one goal, and a link of each webmaster.
    async fn offer(&self, engine: &Engine, terms: &[(&str, &str)], is_percent: bool) -> Offer {
        let regions = engine.geo_list(self.operator).await.expect("regions");
        let geo = regions[0].id.to_string();
        let id = engine.offer_create(
            self.advertiser,
            read(&[
                ("name", "Tea"),
                ("url_redirect", "https://shop.example/land"),
                ("categories", &self.category),
                ("geo", &geo),
            ]),
        );
        let id = id.await.expect("an offer");
        let live = whocpa_domain::offer::OfferStatus::Live.code().to_string();
        engine.offer_update(self.operator, id, read(&[("status", &live)])).await.expect("moderate");
        let offer_id = id.to_string();
        let mut goal = vec![("offer_id", offer_id.as_str()), ("description", "Order"), ("currency_id", USD)];
        goal.extend_from_slice(terms);
        let goal_id = engine.goal_create(self.advertiser, read(&goal)).await.expect("a goal");
        let mut codes = Vec::new();
        for webmaster in self.webmasters {
            let webmaster_id = webmaster.user_id.to_string();
            let pair = read(&[("offer_id", offer_id.as_str()), ("webmaster_id", &webmaster_id)]);
            engine.connection_create(self.operator, pair).await.expect("connect");
            let link = engine.link_create(webmaster, read(&[("offer_id", &offer_id)])).await.expect("a link");
            codes.push(engine.link_view(webmaster, link).await.expect("the link").code);
        }
        Offer { goal_id, codes, is_percent }
    }
}

/// Reads parameters as a request would bring them.
fn read<T: Input>(pairs: &[(&str, &str)]) -> T {
    let mut raw = RawParams::default();
    for (name, value) in pairs {
        raw.push(name, RawValue::Text((*value).to_owned()));
    }
    raw.read().expect("read the parameters")
}
