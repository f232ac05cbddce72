//! Reading the store into a snapshot: all of it, or what changed.
//!
//! Reading everything anew goes on beside visitors: links are read page by page, and what is as it was before is kept, so
//! that nothing is compiled twice and memory does not double.

use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use rpds::HashTrieMapSync;
use whocpa_domain::cap::{CapMeasure, CapRule};
use whocpa_domain::key::Networks;
use whocpa_domain::{Result, Time};
use whocpa_store::cap::Used;
use whocpa_store::change::{Change, ChangeKind};
use whocpa_store::domain::{self, Domain};
use whocpa_store::landing::Landing;
use whocpa_store::link::{Link, LinkCore};
use whocpa_store::offer::Offer;
use whocpa_store::person::User;
use whocpa_store::{Db, Store, cap, connection, cover, finding, landing, link, offer, offer_figure, person};

use super::{
    Home, IdMap, IdSet, LandingEntry, LinkEntry, OfferEntry, PausedEntry, SenderEntry, Snapshot, entry,
};
use crate::click::ClickCaps;

/// Links that are read at once; between two pages visitors have their turn.
const PAGE: u64 = 5_000;

/// What reads the store for a snapshot.
pub(super) struct Loading<'a> {
    pub db: Db,
    pub store: &'a Store,
    pub home: &'a Home,
    pub caps: &'a ClickCaps,
    pub now: Time,
}

impl Loading<'_> {
    /// Everything; what `before` has and is still so is taken from there.
    pub async fn all(&self, before: &Snapshot) -> Result<Snapshot> {
        let mut snapshot = Snapshot { network_traffback: self.home.traffback.clone(), ..Snapshot::default() };
        snapshot.links = self.all_links(before).await?;
        self.offers(&mut snapshot, before, None).await?;
        park(&mut snapshot, domain::all(&self.db, None).await?);
        self.people(&mut snapshot).await?;
        self.figures(&mut snapshot).await?;
        snapshot.connect(by_offer(connection::approved_pairs(&self.db, None).await?));
        Ok(snapshot)
    }

    /// Applies changes.
    pub async fn apply(&self, snapshot: &mut Snapshot, changes: &[Change]) -> Result<()> {
        let ids = |kind: ChangeKind| -> Vec<i64> {
            let ids: BTreeSet<i64> =
                changes.iter().filter(|row| row.kind == kind.code()).map(|row| row.object_id).collect();
            ids.into_iter().collect()
        };
        let links = ids(ChangeKind::Link);
        if !links.is_empty() {
            for row in link::all(&self.db, Some(&links)).await? {
                self.put_link(&mut snapshot.links, row);
            }
        }
        let offers = ids(ChangeKind::Offer);
        if !offers.is_empty() {
            let before = snapshot.clone();
            for id in &offers {
                snapshot.offers.remove_mut(id);
            }
            self.offers(snapshot, &before, Some(&offers)).await?;
        }
        let connected = ids(ChangeKind::Connection);
        if !connected.is_empty() {
            let mut present = by_offer(connection::approved_pairs(&self.db, Some(&connected)).await?);
            for offer_id in connected {
                present.entry(offer_id).or_default();
            }
            snapshot.connect(present);
        }
        let domains = ids(ChangeKind::Domain);
        if !domains.is_empty() {
            for id in &domains {
                if let Some(name) = snapshot.domain_names.get(id).cloned() {
                    snapshot.domains.remove_mut(&name);
                    snapshot.domain_names.remove_mut(id);
                }
            }
            park(snapshot, domain::all(&self.db, Some(&domains)).await?);
        }
        if !ids(ChangeKind::User).is_empty() {
            self.people(snapshot).await?;
        }
        if !ids(ChangeKind::Figures).is_empty() {
            self.figures(snapshot).await?;
            snapshot.rank();
        }
        Ok(())
    }

    /// All links. None is ever deleted from the store: those that were known are still there.
    async fn all_links(&self, before: &Snapshot) -> Result<HashTrieMapSync<String, Arc<LinkEntry>>> {
        let mut links = before.links.clone();
        let mut page = link::page(&self.db, i64::MIN, PAGE).await?;
        while let Some(after) = page.iter().map(|row| row.id).max() {
            // The store reads one page while the one before it is looked at.
            let (next, done) = tokio::join!(
                biased;
                link::page(&self.db, after, PAGE),
                self.put_page(&mut links, page),
            );
            done?;
            page = next?;
        }
        Ok(links)
    }

    async fn put_page(
        &self,
        links: &mut HashTrieMapSync<String, Arc<LinkEntry>>,
        page: Vec<LinkCore>,
    ) -> Result<()> {
        let special: Vec<i64> = page.iter().filter(|row| !row.is_plain).map(|row| row.id).collect();
        for row in page.into_iter().filter(|row| row.is_plain) {
            let is_known = links.get(&row.code).is_some_and(|entry| entry.is_plain_of(&row));
            if !is_known {
                let entry = Arc::new(LinkEntry::plain(&row));
                links.insert_mut(row.code, entry);
            }
        }
        // Not empty: an empty list would be none of them.
        if !special.is_empty() {
            for row in link::all(&self.db, Some(&special)).await? {
                self.put_link(links, row);
            }
        }
        tokio::task::yield_now().await;
        Ok(())
    }

    fn put_link(&self, links: &mut HashTrieMapSync<String, Arc<LinkEntry>>, row: Link) {
        let mark = mark(&row);
        if links.get(&row.code).is_none_or(|entry| entry.mark != mark) {
            let code = row.code.clone();
            let entry = LinkEntry { mark, ..LinkEntry::new(row, self.home.host.as_deref()) };
            links.insert_mut(code, Arc::new(entry));
        }
    }

    async fn offers(&self, snapshot: &mut Snapshot, before: &Snapshot, ids: Option<&[i64]>) -> Result<()> {
        let rows = offer::all(&self.db, ids).await?;
        let mut landings: HashMap<i64, Vec<Landing>> = HashMap::new();
        for row in landing::live(&self.db, ids).await? {
            landings.entry(row.offer_id).or_default().push(row);
        }
        let mut categories = offer::categories_of(&self.db, ids).await?;
        let mut paused: HashMap<i64, Vec<PausedEntry>> = HashMap::new();
        for row in finding::paused(&self.db, ids).await? {
            let entry =
                PausedEntry { finding_id: row.id, webmaster_id: row.webmaster_id, source: row.source() };
            paused.entry(row.offer_id).or_default().push(entry);
        }
        let uncovered = cover::stopped(&self.db, ids).await?;
        let mut entries: Vec<OfferEntry> = Vec::with_capacity(rows.len());
        for row in rows {
            let pages = landings.remove(&row.id).unwrap_or_default();
            let categories = categories.remove(&row.id).unwrap_or_default();
            let mark = mark(&(&row, &pages, &categories));
            let known = before.offers.get(&row.id).filter(|entry| entry.mark == mark);
            let paused = paused.remove(&row.id).unwrap_or_default().into_boxed_slice();
            let is_uncovered = uncovered.contains(&row.id);
            entries.push(match known {
                Some(entry) => OfferEntry { is_uncovered, paused, ..OfferEntry::clone(entry) },
                None => OfferEntry { is_uncovered, paused, mark, ..self.offer(row, &pages, categories) },
            });
        }
        self.count(&mut entries).await?;
        let rules = entries.iter().map(|entry| (entry.id, entry.caps.iter().map(|cap| cap.rule).collect()));
        self.caps.keep(&rules.collect::<HashMap<i64, Vec<CapRule>>>());
        for entry in entries {
            snapshot.offers.insert_mut(entry.id, Arc::new(entry));
        }
        Ok(())
    }

    fn offer(&self, row: Offer, pages: &[Landing], categories: Vec<i64>) -> OfferEntry {
        let pages = pages.iter().filter_map(|page| LandingEntry::new(page, &row.utm_mask));
        let landings = pages.map(Arc::new).collect();
        let categories = categories.into_boxed_slice();
        OfferEntry { landings, categories, ..OfferEntry::new(row, self.home.host.as_deref()) }
    }

    /// Counts what came into the caps of offers: by these changes, and what is owed from before. Gives the offers with
    /// leads that need not be counted yet (see [`CapEntry::is_due`]): counting a day's leads at each commit would cost more than the
    /// commits.
    pub async fn count_added(
        &self,
        snapshot: &mut Snapshot,
        changes: &[Change],
        owed: &BTreeSet<i64>,
    ) -> Result<BTreeSet<i64>> {
        let mut added: BTreeMap<i64, (i64, i64)> = owed.iter().map(|id| (*id, (0, 0))).collect();
        for row in changes.iter().filter(|row| row.kind == ChangeKind::Used.code()) {
            let (leads, payout) = added.entry(row.object_id).or_default();
            *leads = leads.saturating_add(row.leads);
            *payout = payout.saturating_add(row.payout);
        }
        let mut still_owed = BTreeSet::new();
        for (id, added) in added {
            let Some(known) = snapshot.offers.get(&id) else { continue };
            let mut entry = OfferEntry::clone(known);
            entry.caps.iter_mut().for_each(|cap| cap.add(added));
            if entry.caps.iter().any(|cap| cap.is_due(self.now)) {
                self.count(std::slice::from_mut(&mut entry)).await?;
            } else if entry.caps.iter().any(|cap| cap.leads_added > 0) {
                still_owed.insert(id);
            }
            snapshot.offers.insert_mut(id, Arc::new(entry));
        }
        Ok(still_owed)
    }

    /// What is used of the caps of offers: leads as the store has them now, clicks once, because then the node counts them.
    async fn count(&self, entries: &mut [OfferEntry]) -> Result<()> {
        let (mut asked, mut clicks) = (Vec::new(), Vec::new());
        for entry in &mut *entries {
            for at in &mut entry.caps {
                let window = at.window(self.now);
                at.set_used(window, Used::default(), self.now);
                if at.rule.measure == CapMeasure::Clicks {
                    clicks.push((entry.id, at.rule, window));
                } else {
                    asked.push((entry.id, at.rule, window));
                }
            }
        }
        self.caps.begin_all(self.store, &clicks).await?;
        if asked.is_empty() {
            return Ok(());
        }
        let mut found = cap::leads_used(&self.db, &asked).await?.into_iter();
        let counted = entries.iter_mut().flat_map(|entry| &mut entry.caps);
        for at in counted.filter(|at| at.rule.measure != CapMeasure::Clicks) {
            at.set_used(at.counted, found.next().unwrap_or_default(), self.now);
        }
        Ok(())
    }

    async fn figures(&self, snapshot: &mut Snapshot) -> Result<()> {
        let known = offer_figure::epc(&self.db).await?;
        snapshot.epc = Arc::new(known.into_iter().map(|(id, currency, epc)| (id, (currency, epc))).collect());
        Ok(())
    }

    async fn people(&self, snapshot: &mut Snapshot) -> Result<()> {
        let (mut blocked, mut senders, mut traffback) =
            (IdSet::default(), IdMap::default(), IdMap::default());
        let mut tokens = HashTrieMapSync::new_sync();
        for person in person::all(&self.db).await? {
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
            if let Some(url) = entry::traffback(person.url_traffback, self.home.host.as_deref()) {
                traffback.insert_mut(person.id, url);
            }
        }
        snapshot.blocked = blocked;
        snapshot.tokens = tokens;
        snapshot.senders = senders;
        snapshot.traffback = traffback;
        Ok(())
    }
}

fn sender(person: &User) -> SenderEntry {
    SenderEntry {
        networks: Networks::from_text(&person.postback_networks),
        secret: person.postback_secret.clone(),
        is_signed: person.is_postback_signed,
    }
}

fn park(snapshot: &mut Snapshot, rows: Vec<Domain>) {
    for row in rows {
        snapshot.domain_names.insert_mut(row.id, row.name.clone());
        snapshot.domains.insert_mut(row.name.clone(), Arc::new(row.into()));
    }
}

/// Webmasters by offer.
fn by_offer(pairs: Vec<(i64, i64)>) -> BTreeMap<i64, Vec<i64>> {
    let mut by_offer: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
    for (webmaster_id, offer_id) in pairs {
        by_offer.entry(offer_id).or_default().push(webmaster_id);
    }
    by_offer
}

/// Stands for rows: two that differ have another one, but for one chance in 2^64.
fn mark(rows: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    rows.hash(&mut hasher);
    // 0 stands for none.
    hasher.finish().max(1)
}
