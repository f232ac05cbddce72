//! The engine itself: what operations share, and how it starts and stops.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock, Weak};

use tokio::sync::Mutex;
use whocpa_domain::deposit::DepositMethod;
use whocpa_domain::hex::{hex, unhex};
use whocpa_domain::payout::PayoutRules;
use whocpa_domain::referral::ReferralRules;
use whocpa_domain::tid::TidKeys;
use whocpa_domain::{Clock, Error, Result, Time};
use whocpa_store::{Backend, Db, MigrationState, Store, StoreConfig, secret};

use crate::catalogue::{Catalogue, Home};
use crate::click::log::{ClickLog, LogConfig, LogStats};
use crate::click::{ClickCaps, Drainer, FactSource, NodeIds};
use crate::delivery::Courier;
use crate::domain::OwnHosts;
use crate::export::lists::Lists;
use crate::geo::GeoCache;
use crate::impression::Impressions;
use crate::key_use::KeyUses;
use crate::lead::Desk;
use crate::mail::{Mail, TelegramConfig};
use crate::outbound::Outbound;
use crate::session::SessionUses;
use crate::throttle::Throttle;
use crate::vault::Vault;
use crate::{EngineConfig, Rng, password, token};

/// The network. Cheap to clone; every door holds one.
#[derive(Clone)]
pub struct Engine(Arc<Inner>);

/// An engine that does not keep it from being dropped.
pub(crate) struct WeakEngine(Weak<Inner>);

impl WeakEngine {
    /// The engine, while somebody else holds it.
    pub fn upgrade(&self) -> Option<Engine> {
        self.0.upgrade().map(Engine)
    }
}

struct Inner {
    store: Store,
    clock: Arc<dyn Clock>,
    rng: Rng,
    vault: Vault,
    decoy_hash: String,
    geo_cache: GeoCache,
    base_url: String,
    own_hosts: OwnHosts,
    data_dir: PathBuf,
    outbound: Outbound,
    courier: Courier,
    mail: Mail,
    telegram: TelegramConfig,
    catalogue: Catalogue,
    facts: Arc<FactSource>,
    tid_keys: TidKeys,
    node_ids: NodeIds,
    click_log: ClickLog,
    drainer: Mutex<Option<Drainer>>,
    desk: Desk,
    lead_ids: Mutex<Range<i64>>,
    key_uses: KeyUses,
    session_uses: SessionUses,
    throttle: Throttle,
    impressions: Impressions,
    lists: OnceLock<Arc<dyn Lists>>,
    keep_days: u32,
    payout_rules: PayoutRules,
    referral_rules: ReferralRules,
    deposit_instructions: Vec<(DepositMethod, String)>,
}

/// Kind under which the keys of the tid's check stand in the store.
const TID_KEY: &str = "tid_key";

impl Engine {
    /// Opens the databases, migrates them, replays the click log and makes everything ready.
    pub async fn open(config: EngineConfig, clock: Arc<dyn Clock>, rng: Rng) -> Result<Self> {
        let outbound = Outbound::new(config.outbound.clone())?;
        let mail = Mail::new(&config.mail, &config.base_url)?;
        config.telegram.check()?;
        let own_hosts = OwnHosts::new(&config.base_url, &config.own_hosts)?;
        let store = connect(&config).await?;
        store.migrate(clock.now()).await?;
        let vault = Vault::open(&config.data_dir, &rng)?;
        let decoy_hash = password::password_hash(rng.letters(16)).await?;
        let tid_keys = tid_keys(&store, &rng, clock.now()).await?;
        let click_log = open_log(&config, &rng)?;
        let node_ids = NodeIds::take(store.clone(), Arc::clone(&clock), rng.letters(16)).await?;
        token::seal_plain(&store, &vault, &rng).await?;
        let caps = match store.read().backend() {
            Backend::Sqlite => ClickCaps::new(click_log.clone(), None),
            Backend::Postgres => ClickCaps::new(click_log.clone(), Some(node_ids.number().await)),
        };
        let catalogue = Catalogue::new(Home::new(&config.base_url, &config.url_traffback), caps);
        // Before the drainer: a click is counted either in the store or in the log.
        catalogue.caps().pend(&store).await?;
        catalogue.refresh(&store, clock.now()).await?;
        catalogue.caps().started();
        let drainer = Drainer::start(click_log.clone(), store.clone()).await?;
        let facts = Arc::new(FactSource::open(&store, &config.click, &rng).await?);
        recall(&facts, &store, clock.now());
        let throttle = Throttle::new(rng.number());
        Ok(Self(Arc::new(Inner {
            store,
            clock,
            rng,
            vault,
            decoy_hash,
            geo_cache: GeoCache::default(),
            base_url: config.base_url.trim_end_matches('/').to_owned(),
            own_hosts,
            data_dir: config.data_dir,
            outbound,
            courier: Courier::new(config.delivery),
            mail,
            telegram: config.telegram,
            catalogue,
            facts,
            tid_keys,
            node_ids,
            click_log,
            drainer: Mutex::new(Some(drainer)),
            desk: Desk::new(),
            lead_ids: Mutex::new(0..0),
            key_uses: KeyUses::default(),
            session_uses: SessionUses::default(),
            throttle,
            impressions: Impressions::default(),
            lists: OnceLock::new(),
            keep_days: config.click.keep_days,
            payout_rules: config.payout,
            referral_rules: config.referral,
            deposit_instructions: config.deposit_instructions,
        })))
    }

    /// Applies pending migrations and nothing else; gives every step.
    pub async fn migrate(config: &EngineConfig, clock: &dyn Clock) -> Result<Vec<MigrationState>> {
        let store = connect(config).await?;
        store.migrate(clock.now()).await?;
        store.migrations().await
    }

    /// Every migration and whether it is applied; changes nothing.
    pub async fn migrations(config: &EngineConfig) -> Result<Vec<MigrationState>> {
        connect(config).await?.migrations().await
    }

    /// Makes everything durable and lets go of the databases. Later clicks are unacknowledged.
    pub async fn close(&self) -> Result<()> {
        self.0.click_log.close();
        if let Some(drainer) = self.0.drainer.lock().await.take() {
            drainer.stop().await;
        }
        if let Err(error) = self.caps_share().await {
            tracing::warn!(%error, "the last counts of caps could not be told");
        }
        if let Err(error) = self.key_uses_store().await {
            tracing::warn!(%error, "the last uses of keys could not be written");
        }
        if let Err(error) = self.session_uses_store().await {
            tracing::warn!(%error, "the last uses of sessions could not be written");
        }
        if let Err(error) = self.impressions_store().await {
            tracing::warn!(%error, "the last impressions could not be written");
        }
        let given_back = self.0.node_ids.give_back().await;
        self.0.store.close().await;
        given_back
    }

    /// Whether the databases answer.
    pub async fn ping(&self) -> Result<()> {
        self.0.store.ping().await
    }

    /// Runs a change that clicks must see at once: as the store's write, then the catalogue reads what changed.
    pub(crate) async fn change<T, F>(&self, work: impl Fn(Db) -> F) -> Result<T>
    where
        F: Future<Output = Result<T>>,
    {
        let value = self.store().write(work).await?;
        self.catalogue_follow().await;
        Ok(value)
    }

    /// Applies what was just committed. When it cannot be read back, the next second's refresh applies it.
    pub(crate) async fn catalogue_follow(&self) {
        if let Err(error) = self.catalogue_refresh().await {
            tracing::warn!(%error, "the catalogue could not be refreshed");
        }
    }

    /// Tells the other nodes what this one has counted for caps of clicks, and reads what they tell. A job.
    pub async fn caps_share(&self) -> Result<()> {
        self.0.catalogue.caps().share(&self.0.store, self.now()).await
    }

    /// Applies what has changed in the store, here or on other nodes, to the catalogue of clicks.
    pub async fn catalogue_refresh(&self) -> Result<()> {
        self.0.catalogue.refresh(&self.0.store, self.now()).await
    }

    /// How many links and offers clicks know.
    pub fn catalogue_counts(&self) -> (usize, usize) {
        let now = self.0.catalogue.now();
        (now.links.size(), now.offers.size())
    }

    /// Address of the network as people see it, without a slash at its end.
    pub fn base_url(&self) -> &str {
        &self.0.base_url
    }

    /// What payouts cost, and which of them need a second approval.
    pub(crate) fn payout_rules(&self) -> &PayoutRules {
        &self.0.payout_rules
    }

    /// What those earn who bring others.
    pub(crate) fn referral_rules(&self) -> ReferralRules {
        self.0.referral_rules
    }

    /// Where advertisers pay to by this way, as the network says.
    pub(crate) fn deposit_instructions(&self, method: DepositMethod) -> &str {
        let found = self.0.deposit_instructions.iter().find(|(known, _)| *known == method);
        found.map_or("", |(_, words)| words)
    }

    /// The network's own host names.
    pub(crate) fn own_hosts(&self) -> &OwnHosts {
        &self.0.own_hosts
    }

    /// The present second.
    pub fn now(&self) -> Time {
        self.0.clock.now()
    }

    /// Where the present moment comes from.
    pub fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.0.clock)
    }

    /// Figures of the click log.
    pub fn click_log_stats(&self) -> LogStats {
        self.0.click_log.stats()
    }

    /// Days that single clicks are kept, 0 for ever.
    pub(crate) fn keep_days(&self) -> u32 {
        self.0.keep_days
    }

    pub(crate) fn store(&self) -> &Store {
        &self.0.store
    }

    pub(crate) fn rng(&self) -> &Rng {
        &self.0.rng
    }

    pub(crate) fn vault(&self) -> &Vault {
        &self.0.vault
    }

    /// The way out to addresses that people gave.
    pub(crate) fn outbound(&self) -> &Outbound {
        &self.0.outbound
    }

    /// What keeps messages to the same receiver apart.
    pub(crate) fn courier(&self) -> &Courier {
        &self.0.courier
    }

    /// The network's bot in Telegram.
    pub(crate) fn telegram(&self) -> &TelegramConfig {
        &self.0.telegram
    }

    /// The way out for letters.
    pub(crate) fn mail(&self) -> &Mail {
        &self.0.mail
    }

    /// Folder of this node's own files.
    pub(crate) fn data_dir(&self) -> &Path {
        &self.0.data_dir
    }

    pub(crate) fn geo_cache(&self) -> &GeoCache {
        &self.0.geo_cache
    }

    /// The hash of a password that nobody has.
    pub(crate) fn decoy_hash(&self) -> &str {
        &self.0.decoy_hash
    }

    pub(crate) fn catalogue(&self) -> &Catalogue {
        &self.0.catalogue
    }

    /// Where the facts of visits come from.
    pub(crate) fn facts(&self) -> &FactSource {
        &self.0.facts
    }

    pub(crate) fn tid_keys(&self) -> &TidKeys {
        &self.0.tid_keys
    }

    pub(crate) fn node_ids(&self) -> &NodeIds {
        &self.0.node_ids
    }

    pub(crate) fn click_log(&self) -> &ClickLog {
        &self.0.click_log
    }

    pub(crate) fn desk(&self) -> &Desk {
        &self.0.desk
    }

    pub(crate) fn lead_ids(&self) -> &Mutex<Range<i64>> {
        &self.0.lead_ids
    }

    pub(crate) fn key_uses(&self) -> &KeyUses {
        &self.0.key_uses
    }

    pub(crate) fn session_uses(&self) -> &SessionUses {
        &self.0.session_uses
    }

    /// What slows down the guessing of passwords and codes.
    pub(crate) fn throttle(&self) -> &Throttle {
        &self.0.throttle
    }

    pub(crate) fn impressions(&self) -> &Impressions {
        &self.0.impressions
    }

    /// Opens the door to the lists of the API; until then nothing can be exported. Only the first one counts.
    pub fn lists_open(&self, lists: Arc<dyn Lists>) {
        let _ = self.0.lists.set(lists);
    }

    /// The lists of the API, in a process that has one.
    pub(crate) fn lists(&self) -> Option<&Arc<dyn Lists>> {
        self.0.lists.get()
    }

    /// Waits until those who clicked in the last 24 hours before the start are known again: until then some of them count
    /// as unique once more.
    pub async fn click_recalled(&self) {
        self.facts().wait_recalled().await;
    }

    pub(crate) fn weak(&self) -> WeakEngine {
        WeakEngine(Arc::downgrade(&self.0))
    }
}

/// Reads who clicked in the last 24 hours, behind the start: until it is done some of them count as unique again.
fn recall(facts: &Arc<FactSource>, store: &Store, now: Time) {
    let (facts, store) = (Arc::clone(facts), store.clone());
    tokio::spawn(async move {
        if let Err(error) = facts.recall(&store, now).await {
            tracing::warn!(%error, "the visitors of the last day could not be read: some count as unique again");
        }
        facts.recall_ended();
    });
}

pub(crate) async fn connect(config: &EngineConfig) -> Result<Store> {
    Store::connect(&StoreConfig {
        data_dir: config.data_dir.clone(),
        database_url: config.database_url.clone(),
        connections: config.connections,
    })
    .await
}

fn open_log(config: &EngineConfig, rng: &Rng) -> Result<ClickLog> {
    let mut identity = [0u8; 8];
    rng.fill(&mut identity);
    let settings = LogConfig {
        segment_bytes: config.log_segment_bytes,
        reserve_segments: config.log_reserve_segments,
        ..LogConfig::new(config.data_dir.join("clicklog"))
    };
    ClickLog::open(&settings, &hex(&identity)).map_err(|e| Error::Unavailable(e.to_string()))
}

/// The keys of the tid's check, shared by all nodes; the first start makes one.
async fn tid_keys(store: &Store, rng: &Rng, now: Time) -> Result<TidKeys> {
    let mut fresh = [0u8; 16];
    rng.fill(&mut fresh);
    let fresh = &hex(&fresh);
    let known = store.write(move |db| async move { secret::ensure(&db, TID_KEY, fresh, now).await }).await?;
    let read = |text: &String| unhex(text).and_then(|key| key.try_into().ok());
    let keys: Option<Vec<[u8; 16]>> = known.iter().map(read).collect();
    keys.map(TidKeys::new)
        .ok_or_else(|| Error::Internal("a stored tid key is not 32 hexadecimal digits".to_owned()))
}
