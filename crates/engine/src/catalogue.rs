//! What a click needs to know, in memory: an immutable snapshot that is replaced as a whole (design §5.1).
//!
//! A change touches only its entry: the maps are persistent, so the new snapshot shares everything else with the old
//! one. Changes come from the change log of the store, on this node at once and on the others within a second.

mod cap_entry;
mod entry;
mod load;
mod shelf;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::BuildHasherDefault;
use std::sync::Arc;

use arc_swap::ArcSwap;
use rpds::{HashTrieMapSync, HashTrieSetSync};
use rustc_hash::FxHasher;
use tokio::sync::Mutex;
use whocpa_domain::key::Networks;
use whocpa_domain::parked::DomainStatus;
use whocpa_domain::{Result, Time};
use whocpa_store::Store;
use whocpa_store::change::{self, Change};

pub use cap_entry::CapEntry;
pub(crate) use entry::numbers;
pub use entry::{BackAddress, DomainEntry, LandingEntry, LinkEntry, OfferEntry, PausedEntry, Plan, Way};
pub use shelf::Shelf;

use self::load::Loading;
use crate::check;
use crate::click::ClickCaps;

/// By a number that the database gave: nobody chooses these, so that a quick hash does.
pub type IdMap<V> = HashTrieMapSync<i64, V, BuildHasherDefault<FxHasher>>;
/// Such numbers.
pub type IdSet = HashTrieSetSync<i64, BuildHasherDefault<FxHasher>>;

/// How an advertiser's postbacks must come.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SenderEntry {
    /// Only from these networks; `None` when the stored list cannot be read, which must open nothing.
    pub networks: Option<Networks>,
    /// Secret of his signatures, encrypted; empty without one.
    pub secret: String,
    /// Unsigned ones are refused.
    pub is_signed: bool,
}

/// One state of everything that clicks need; never changes.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// By code.
    pub links: HashTrieMapSync<String, Arc<LinkEntry>>,
    /// By id.
    pub offers: IdMap<Arc<OfferEntry>>,
    /// Approved webmasters by offer, sorted.
    pub connected: IdMap<Arc<[i64]>>,
    /// The same by webmaster.
    pub shelves: IdMap<Arc<Shelf>>,
    /// Parked domains by name.
    pub domains: HashTrieMapSync<String, Arc<DomainEntry>>,
    /// Their names by id.
    pub domain_names: IdMap<String>,
    /// Accounts that do not work.
    pub blocked: IdSet,
    /// Webmasters' own traffic-back addresses.
    pub traffback: IdMap<Box<BackAddress>>,
    /// The network's.
    pub network_traffback: Option<Box<BackAddress>>,
    /// What webmasters earn per click with an offer: currency and micro-units.
    pub epc: Arc<HashMap<i64, (i64, i64)>>,
    /// Advertisers by the fingerprint of their postback token, with the time at which a replaced one ends.
    pub tokens: HashTrieMapSync<String, (i64, Option<Time>)>,
    /// Advertisers whose postbacks must come in a certain way.
    pub senders: IdMap<Arc<SenderEntry>>,
}

impl Default for Snapshot {
    fn default() -> Self {
        Self {
            links: HashTrieMapSync::new_sync(),
            offers: IdMap::default(),
            connected: IdMap::default(),
            shelves: IdMap::default(),
            domains: HashTrieMapSync::new_sync(),
            domain_names: IdMap::default(),
            blocked: IdSet::default(),
            traffback: IdMap::default(),
            network_traffback: None,
            epc: Arc::default(),
            tokens: HashTrieMapSync::new_sync(),
            senders: IdMap::default(),
        }
    }
}

impl Snapshot {
    /// Whether this network answers at a host, beside its own name: at a parked domain that was found to lead here, and at
    /// any that this webmaster has parked himself. One that somebody else only claims keeps nobody from using it.
    pub fn answers_at(&self, host: &str, webmaster_id: i64) -> bool {
        let is_ours = |entry: &Arc<DomainEntry>| {
            entry.status != DomainStatus::Waiting || entry.webmaster_id == webmaster_id
        };
        !self.domains.is_empty() && self.domains.get(host).is_some_and(is_ours)
    }

    /// Whose links there are on a parked domain, 0 for nobody's because it is blocked; `None` for the network's own name.
    pub fn domain_owner(&self, domain_id: i64) -> Option<i64> {
        let name = (domain_id != 0).then(|| self.domain_names.get(&domain_id)).flatten()?;
        self.domains
            .get(name)
            .map(|entry| if entry.status == DomainStatus::Blocked { 0 } else { entry.webmaster_id })
    }
}

/// The present snapshot and how far the change log is in it.
#[derive(Default)]
pub struct Catalogue {
    snapshot: ArcSwap<Snapshot>,
    reader: Mutex<Reader>,
    home: Home,
    caps: ClickCaps,
}

/// What the network knows of itself.
#[derive(Debug, Default)]
pub(crate) struct Home {
    /// Its host: no traffic-back address may lead to it.
    host: Option<String>,
    /// Its own traffic-back address.
    traffback: Option<Box<BackAddress>>,
}

impl Home {
    /// From the settings.
    pub fn new(base_url: &str, traffback: &str) -> Self {
        let host = check::host(base_url);
        let traffback = entry::traffback(traffback.to_owned(), host.as_deref());
        Self { host, traffback }
    }
}

/// Missing numbers that are asked for one by one.
const GAPS: usize = 200;

/// Every change up to `passed` is applied, and those in `applied` beyond it.
#[derive(Debug, Default)]
struct Reader {
    passed: i64,
    applied: BTreeMap<i64, Time>,
    refreshed: Option<Time>,
    /// Offers with leads that their caps have not counted yet.
    owed: BTreeSet<i64>,
}

impl Catalogue {
    /// An empty one, of this network. A node that has neighbours tells them what it counts.
    pub(crate) fn new(home: Home, caps: ClickCaps) -> Self {
        Self { home, caps, ..Self::default() }
    }

    /// The counts of clicks that caps limit.
    pub(crate) fn caps(&self) -> &ClickCaps {
        &self.caps
    }

    /// The present snapshot.
    pub fn now(&self) -> arc_swap::Guard<Arc<Snapshot>> {
        self.snapshot.load()
    }

    /// The present snapshot, for work that goes on while others come.
    pub fn now_owned(&self) -> Arc<Snapshot> {
        self.snapshot.load_full()
    }

    /// Applies what has changed in the store; reads everything when that is not known (at the start, after a long
    /// time away).
    pub async fn refresh(&self, store: &Store, now: Time) -> Result<()> {
        let mut reader = self.reader.lock().await;
        let away = reader.refreshed.is_none_or(|at| now.0 - at.0 > change::KEEP_SECONDS / 2);
        if away {
            // The mark first: what changes while everything is read is then applied once more.
            reader.passed = change::settled(&store.read(), now.plus(-change::GAP_SECONDS)).await?;
            reader.applied.clear();
            let loading = Loading { db: store.read(), store, home: &self.home, caps: &self.caps, now };
            let before = self.now_owned();
            self.snapshot.store(Arc::new(loading.all(&before).await?));
            reader.owed.clear();
        }
        let (behind, missing) = reader.unread();
        let changes = change::list(&store.read(), behind, &missing).await?;
        let fresh: Vec<Change> =
            changes.into_iter().filter(|row| !reader.applied.contains_key(&row.id)).collect();
        if !fresh.is_empty() || !reader.owed.is_empty() {
            let mut next = Snapshot::clone(&self.snapshot.load());
            let loading = Loading { db: store.read(), store, home: &self.home, caps: &self.caps, now };
            loading.apply(&mut next, &fresh).await?;
            reader.owed = loading.count_added(&mut next, &fresh, &reader.owed).await?;
            self.snapshot.store(Arc::new(next));
        }
        reader.applied.extend(fresh.iter().map(|row| (row.id, Time(row.date_created))));
        reader.pass(now);
        reader.refreshed = Some(now);
        Ok(())
    }
}

impl Reader {
    /// Behind which number everything is unread, and which ones before it are. So a gap, which stays for a while, does not let
    /// everything behind it be read again each time.
    fn unread(&self) -> (i64, Vec<i64>) {
        let Some((last, _)) = self.applied.last_key_value() else { return (self.passed, Vec::new()) };
        let between = usize::try_from(last - self.passed).unwrap_or(usize::MAX);
        if between - self.applied.len() > GAPS {
            return (self.passed, Vec::new());
        }
        (*last, (self.passed + 1..*last).filter(|id| !self.applied.contains_key(id)).collect())
    }

    /// Moves the mark over numbers without a gap before them, and over gaps that are too old to be filled.
    fn pass(&mut self, now: Time) {
        while let Some(entry) = self.applied.first_entry() {
            let settled = entry.get().0 < now.0 - change::GAP_SECONDS;
            if *entry.key() != self.passed + 1 && !settled {
                break;
            }
            self.passed = *entry.key();
            entry.remove();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mark_waits_for_a_gap_until_it_is_old() {
        let mut reader = Reader { passed: 5, ..Reader::default() };
        reader.applied = BTreeMap::from([(6, Time(1000)), (8, Time(1000))]);
        reader.pass(Time(1001));
        assert_eq!((reader.passed, reader.applied.len()), (6, 1));
        assert_eq!(reader.unread(), (8, vec![7]));
        reader.applied.insert(7, Time(1002));
        reader.pass(Time(1003));
        assert_eq!((reader.passed, reader.applied.len()), (8, 0));
        assert_eq!(reader.unread(), (8, vec![]));
        reader.applied.insert(10, Time(1004));
        reader.pass(Time(1005 + change::GAP_SECONDS));
        assert_eq!(reader.passed, 10);
    }
}
