//! What a click needs to know, in memory: an immutable snapshot that is replaced as a whole (design §5.1).
//!
//! A change touches only its entry: the maps are persistent, so the new snapshot shares everything else with the old
//! one. Changes come from the change log of the store, on this node at once and on the others within a second.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arc_swap::ArcSwap;
use rpds::{HashTrieMapSync, HashTrieSetSync};
use tokio::sync::Mutex;
use whocpa_domain::click::ReferrerMode;
use whocpa_domain::key::Networks;
use whocpa_domain::offer::{OfferStatus, UrlTemplate, with_mask};
use whocpa_domain::{Result, Time};
use whocpa_store::change::{self, Change, ChangeKind};
use whocpa_store::link::{self, Link};
use whocpa_store::offer::{self, Offer};
use whocpa_store::person::User;
use whocpa_store::{Store, connection, person};

/// A tracked link, as clicks see it.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct LinkEntry {
    /// Link id.
    pub id: i64,
    /// Whose it is.
    pub webmaster_id: i64,
    /// Where it leads.
    pub offer_id: i64,
    /// Where it is placed, 0 for nowhere in particular.
    pub area_id: i64,
    /// Labels of clicks that bring none of their own.
    pub subid: [String; 5],
    /// Where visitors go who cannot go to the offer.
    pub url_traffback: Option<String>,
    /// How it hides the page that visitors come from; `None` for not at all.
    pub referrer: Option<ReferrerMode>,
    /// A deleted link still answers.
    pub is_deleted: bool,
}

/// An offer, as clicks and conversions see it.
#[derive(Debug, PartialEq, Eq)]
pub struct OfferEntry {
    /// Offer id.
    pub id: i64,
    /// Whose it is.
    pub advertiser_id: i64,
    /// Visitors may be sent, within the dates below.
    pub is_live: bool,
    /// Not before this, seconds.
    pub date_start: Option<i64>,
    /// Not from here on, seconds.
    pub date_stop: Option<i64>,
    /// Where they are sent; `None` when the stored address cannot be used.
    pub destination: Option<UrlTemplate>,
    /// Days that the cookie lives.
    pub cookie_ttl_days: i64,
    /// Days in which the advertiser decides about a lead, 0 for none agreed.
    pub decision_days: i64,
    /// Leads that nobody decided about in these days are approved.
    pub is_silence_approval: bool,
    /// How its leads are counted.
    pub leads: LeadRules,
}

/// How an offer's leads are counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LeadRules {
    /// Days for which a telephone number is one lead, 0 for no such rule.
    pub phone_double_days: i64,
    /// A report without a click belongs to the click of its telephone number.
    pub is_phone_tracking: bool,
    /// Reports of browsers are taken without a signature.
    pub is_pixel: bool,
}

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
    pub offers: HashTrieMapSync<i64, Arc<OfferEntry>>,
    /// Approved webmasters by offer.
    pub connected: HashTrieMapSync<i64, HashTrieSetSync<i64>>,
    /// Accounts that do not work.
    pub blocked: HashTrieSetSync<i64>,
    /// Advertisers by the fingerprint of their postback token, with the time at which a replaced one ends.
    pub tokens: HashTrieMapSync<String, (i64, Option<Time>)>,
    /// Advertisers whose postbacks must come in a certain way.
    pub senders: HashTrieMapSync<i64, Arc<SenderEntry>>,
}

impl Default for Snapshot {
    fn default() -> Self {
        Self {
            links: HashTrieMapSync::new_sync(),
            offers: HashTrieMapSync::new_sync(),
            connected: HashTrieMapSync::new_sync(),
            blocked: HashTrieSetSync::new_sync(),
            tokens: HashTrieMapSync::new_sync(),
            senders: HashTrieMapSync::new_sync(),
        }
    }
}

/// The present snapshot and how far the change log is in it.
#[derive(Default)]
pub struct Catalogue {
    snapshot: ArcSwap<Snapshot>,
    reader: Mutex<Reader>,
}

/// Every change up to `passed` is applied, and those in `applied` beyond it.
#[derive(Debug, Default)]
struct Reader {
    passed: i64,
    applied: BTreeMap<i64, Time>,
    refreshed: Option<Time>,
}

impl Catalogue {
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
            self.snapshot.store(Arc::new(load(store).await?));
        }
        let changes = change::list(&store.read(), reader.passed).await?;
        let fresh: Vec<Change> =
            changes.into_iter().filter(|row| !reader.applied.contains_key(&row.id)).collect();
        if !fresh.is_empty() {
            let mut next = Snapshot::clone(&self.snapshot.load());
            apply(&mut next, store, &fresh).await?;
            self.snapshot.store(Arc::new(next));
        }
        reader.applied.extend(fresh.iter().map(|row| (row.id, Time(row.date_created))));
        reader.pass(now);
        reader.refreshed = Some(now);
        Ok(())
    }
}

impl Reader {
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

async fn load(store: &Store) -> Result<Snapshot> {
    let db = store.read();
    let mut snapshot = Snapshot::default();
    for row in link::all(&db, None).await? {
        snapshot.links.insert_mut(row.code.clone(), Arc::new(row.into()));
    }
    for row in offer::all(&db, None).await? {
        snapshot.offers.insert_mut(row.id, Arc::new(row.into()));
    }
    connect(&mut snapshot, connection::approved_pairs(&db, None).await?);
    people(&mut snapshot, store).await?;
    Ok(snapshot)
}

async fn apply(snapshot: &mut Snapshot, store: &Store, changes: &[Change]) -> Result<()> {
    let db = store.read();
    let ids = |kind: ChangeKind| -> Vec<i64> {
        let ids: BTreeSet<i64> =
            changes.iter().filter(|row| row.kind == kind.code()).map(|row| row.object_id).collect();
        ids.into_iter().collect()
    };
    let links = ids(ChangeKind::Link);
    if !links.is_empty() {
        for row in link::all(&db, Some(&links)).await? {
            snapshot.links.insert_mut(row.code.clone(), Arc::new(row.into()));
        }
    }
    let offers = ids(ChangeKind::Offer);
    if !offers.is_empty() {
        for id in &offers {
            snapshot.offers.remove_mut(id);
        }
        for row in offer::all(&db, Some(&offers)).await? {
            snapshot.offers.insert_mut(row.id, Arc::new(row.into()));
        }
    }
    let connected = ids(ChangeKind::Connection);
    if !connected.is_empty() {
        for offer_id in &connected {
            snapshot.connected.remove_mut(offer_id);
        }
        connect(snapshot, connection::approved_pairs(&db, Some(&connected)).await?);
    }
    if !ids(ChangeKind::User).is_empty() {
        people(snapshot, store).await?;
    }
    Ok(())
}

fn connect(snapshot: &mut Snapshot, pairs: Vec<(i64, i64)>) {
    let mut by_offer: BTreeMap<i64, HashTrieSetSync<i64>> = BTreeMap::new();
    for (webmaster_id, offer_id) in pairs {
        by_offer.entry(offer_id).or_insert_with(HashTrieSetSync::new_sync).insert_mut(webmaster_id);
    }
    for (offer_id, webmasters) in by_offer {
        snapshot.connected.insert_mut(offer_id, webmasters);
    }
}

async fn people(snapshot: &mut Snapshot, store: &Store) -> Result<()> {
    let mut blocked = HashTrieSetSync::new_sync();
    let mut tokens = HashTrieMapSync::new_sync();
    let mut senders = HashTrieMapSync::new_sync();
    for person in person::all(&store.read()).await? {
        if !person.is_active() {
            blocked.insert_mut(person.id);
            continue;
        }
        if !person.postback_secret.is_empty() || !person.postback_networks.is_empty() {
            senders.insert_mut(person.id, Arc::new(sender(&person)));
        }
        if let (false, Some(until)) = (person.postback_hash_old.is_empty(), person.date_postback_old) {
            tokens.insert_mut(person.postback_hash_old, (person.id, Some(Time(until))));
        }
        if !person.postback_hash.is_empty() {
            tokens.insert_mut(person.postback_hash, (person.id, None));
        }
    }
    snapshot.blocked = blocked;
    snapshot.tokens = tokens;
    snapshot.senders = senders;
    Ok(())
}

fn sender(person: &User) -> SenderEntry {
    SenderEntry {
        networks: Networks::from_text(&person.postback_networks),
        secret: person.postback_secret.clone(),
        is_signed: person.is_postback_signed,
    }
}

impl From<Link> for LinkEntry {
    fn from(row: Link) -> Self {
        Self {
            id: row.id,
            webmaster_id: row.webmaster_id,
            offer_id: row.offer_id,
            area_id: row.area_id.unwrap_or(0),
            subid: [row.subid1, row.subid2, row.subid3, row.subid4, row.subid5],
            url_traffback: Some(row.url_traffback).filter(|url| !url.is_empty()),
            referrer: ReferrerMode::from_code(row.referrer).filter(|mode| *mode != ReferrerMode::Keep),
            is_deleted: row.date_deleted.is_some(),
        }
    }
}

impl From<Offer> for OfferEntry {
    fn from(row: Offer) -> Self {
        Self {
            id: row.id,
            advertiser_id: row.advertiser_id,
            is_live: row.status == OfferStatus::Live.code(),
            date_start: row.date_start,
            date_stop: row.date_stop,
            destination: UrlTemplate::parse(&with_mask(&row.url_redirect, &row.utm_mask)).ok(),
            cookie_ttl_days: row.cookie_ttl_days,
            decision_days: row.decision_days,
            is_silence_approval: row.is_silence_approval,
            leads: LeadRules {
                phone_double_days: row.phone_double_days,
                is_phone_tracking: row.is_phone_tracking,
                is_pixel: row.is_pixel,
            },
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
        reader.applied.insert(7, Time(1002));
        reader.pass(Time(1003));
        assert_eq!((reader.passed, reader.applied.len()), (8, 0));
        reader.applied.insert(10, Time(1004));
        reader.pass(Time(1005 + change::GAP_SECONDS));
        assert_eq!(reader.passed, 10);
    }
}
