//! Caps of clicks: counted in memory when a click is decided, so that none is exceeded on this node.
//!
//! A count begins with what the store and the click log hold. Where several nodes share a database, each tells the
//! others every second what it has counted: together they may exceed a cap by what the others send in that time.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};

use whocpa_domain::cap::{CapMeasure, CapPeriod, CapRule, Window};
use whocpa_domain::click::ClickReason;
use whocpa_domain::tid::{ClickId, click_ms, click_node};
use whocpa_domain::{Result, Time};
use whocpa_store::cap::{self, Told};
use whocpa_store::{Store, click, offer};

use super::drain::to_mark;
use super::log::ClickLog;
use super::stored_form;

/// Seconds for which the count of a window that is over is kept.
const KEEP_SECONDS: i64 = 3600;
/// Records that are read at once.
const READ_RECORDS: usize = 4096;
/// Bytes that are read at once.
const READ_BYTES: u64 = 4 << 20;

/// What is counted: clicks on an offer in a period, of a webmaster or (0) of all together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CapKey {
    /// The offer.
    pub offer_id: i64,
    /// The period.
    pub period: CapPeriod,
    /// The webmaster, 0 for all together.
    pub webmaster_id: i64,
    /// How many are taken.
    pub limit: i64,
}

/// A place that a decision wants in a cap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim {
    /// Which cap.
    pub key: CapKey,
    /// The window around the click.
    pub window: Window,
}

/// Caps that turned out to be full while one click was decided.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Spent(Vec<CapKey>);

impl Spent {
    /// Whether this cap is full.
    pub fn has(&self, key: &CapKey) -> bool {
        self.0.contains(key)
    }

    /// Adds a cap; false when it was there already.
    pub fn add(&mut self, key: CapKey) -> bool {
        let is_new = !self.has(&key);
        if is_new {
            self.0.push(key);
        }
        is_new
    }
}

/// A count without its limit, which may change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct CountKey {
    pub offer_id: i64,
    pub period: CapPeriod,
    pub webmaster_id: i64,
}

impl From<CapKey> for CountKey {
    fn from(key: CapKey) -> Self {
        Self { offer_id: key.offer_id, period: key.period, webmaster_id: key.webmaster_id }
    }
}

impl From<&Told> for CountKey {
    fn from(told: &Told) -> Self {
        let period = CapPeriod::from_code(told.period).unwrap_or(CapPeriod::Total);
        Self { offer_id: told.offer_id, period, webmaster_id: told.webmaster_id }
    }
}

/// Clicks of one window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Count {
    window: Window,
    /// Sent by this node, and what was there before it began.
    own: i64,
    /// Sent by other nodes, as far as they have told.
    others: i64,
}

/// The counts of this node.
#[derive(Debug, Default)]
pub(crate) struct ClickCaps {
    /// The node's number in click ids, under which it tells the others what it counts; none when there are no others.
    node: Option<i64>,
    counts: Mutex<HashMap<CountKey, Count>>,
    /// Clicks that are in the log and not in the store while the program starts: id, offer, webmaster.
    pending: Mutex<Vec<(ClickId, i64, i64)>>,
}

/// Stands for all webmasters of a cap that counts each apart: whether they are counted.
const EACH: i64 = -1;

impl ClickCaps {
    /// Remembers clicks of the log that the store does not have, until [`started`](Self::started). Nothing is read when
    /// no offer has caps.
    pub async fn pend(&self, log: &ClickLog, store: &Store) -> Result<()> {
        if !offer::any_caps(&store.read()).await? {
            return Ok(());
        }
        let mut from = to_mark(click::mark(&store.clicks(), log.identity()).await?);
        loop {
            // The drainer says what is wrong with a damaged log.
            let Ok(batch) = log.read(from, READ_RECORDS, READ_BYTES) else { return Ok(()) };
            if batch.records.is_empty() {
                return Ok(());
            }
            let clicks = batch.iter().filter_map(|(_, payload)| stored_form(payload));
            let sent = clicks.filter(|click| click.reason == ClickReason::Sent.code());
            let sent = sent.map(|click| (click.id, click.offer_id, click.webmaster_id));
            self.pending.lock().unwrap_or_else(PoisonError::into_inner).extend(sent);
            from = batch.next;
        }
    }

    /// From here on the log's clicks are counted when they come.
    pub fn started(&self) {
        *self.pending.lock().unwrap_or_else(PoisonError::into_inner) = Vec::new();
    }

    /// Begins to count for a cap with what was there before; does nothing when it is counted already. A cap that is set
    /// on an offer with visitors begins with the clicks that are stored by then.
    pub async fn begin_from(
        &self,
        store: &Store,
        offer_id: i64,
        rule: CapRule,
        window: Window,
    ) -> Result<()> {
        let key = |webmaster_id: i64| CountKey { offer_id, period: rule.period, webmaster_id };
        let whole = if rule.is_each { EACH } else { rule.webmaster_id };
        if self.knows(key(whole)) {
            return Ok(());
        }
        let used = self.clicks(store, offer_id, window).await?;
        let told = match self.node {
            Some(node) => cap::others(&store.read(), node).await?,
            None => Vec::new(),
        };
        let begin = |webmaster_id: i64, counts: &dyn Fn(i64) -> bool| {
            let same = |told: &&Told| CountKey::from(*told) == key(webmaster_id) && told.window == window;
            let mut by_node: BTreeMap<i64, i64> = BTreeMap::new();
            for ((_, node), clicks) in used.iter().filter(|((id, _), _)| counts(*id)) {
                *by_node.entry(*node).or_default() += clicks;
            }
            // What another node sent and has not told is counted here: rather twice than not at all.
            for told in told.iter().filter(same) {
                let untold = by_node.entry(told.node).or_default();
                *untold = untold.saturating_sub(told.used).max(0);
            }
            let others = told.iter().filter(same).map(|told| told.used).sum();
            self.begin(key(webmaster_id), window, (by_node.values().sum(), others));
        };
        if rule.is_each {
            let webmasters: BTreeSet<i64> = used.keys().map(|(id, _)| *id).collect();
            for webmaster_id in webmasters {
                begin(webmaster_id, &|id| id == webmaster_id);
            }
            self.begin(key(EACH), window, (0, 0));
        } else {
            begin(whole, &|id| rule.concerns(id));
        }
        Ok(())
    }

    /// Clicks that were sent to an offer in a window, in the store and in the log, by webmaster and node.
    async fn clicks(
        &self,
        store: &Store,
        offer_id: i64,
        window: Window,
    ) -> Result<BTreeMap<(i64, i64), i64>> {
        let mut used = cap::clicks_used(&store.clicks(), offer_id, window).await?;
        let pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        for (id, offer, webmaster_id) in pending.iter() {
            let second = click_ms(*id).div_euclid(1000);
            if *offer == offer_id && (window.start.0..window.end.0).contains(&second) {
                *used.entry((*webmaster_id, click_node(*id))).or_default() += 1;
            }
        }
        Ok(used)
    }

    /// Takes a place in every claimed cap, or in none.
    ///
    /// # Errors
    /// The first cap that is full.
    pub fn reserve(&self, claims: &[Claim]) -> Result<(), CapKey> {
        if claims.is_empty() {
            return Ok(());
        }
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = |claim: &Claim| Count { window: claim.window, own: 0, others: 0 };
        for claim in claims {
            let count = counts.entry(claim.key.into()).or_insert_with(|| fresh(claim));
            // A click that was decided in the last moment of a window counts in the next one.
            if count.window.end <= claim.window.start {
                *count = fresh(claim);
            }
            if count.own.saturating_add(count.others) >= claim.key.limit {
                return Err(claim.key);
            }
        }
        for (at, claim) in claims.iter().enumerate() {
            // Two caps of one webmaster and period, his own and that of each, share a count.
            let is_counted =
                claims.iter().take(at).any(|other| CountKey::from(other.key) == CountKey::from(claim.key));
            if let (false, Some(count)) = (is_counted, counts.get_mut(&claim.key.into())) {
                count.own += 1;
            }
        }
        Ok(())
    }

    /// Whether a click would find a place in every claimed cap; takes none.
    ///
    /// # Errors
    /// The first cap that is full.
    pub fn room(&self, claims: &[Claim]) -> Result<(), CapKey> {
        let full = claims.iter().find(|claim| self.used(claim.key.into(), claim.window) >= claim.key.limit);
        full.map_or(Ok(()), |claim| Err(claim.key))
    }

    /// How many clicks are counted in a window. After a change of the offer's zone the present count goes on until its
    /// old window ends.
    pub fn used(&self, key: CountKey, window: Window) -> i64 {
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let meets = |count: &&Count| count.window.start < window.end && window.start < count.window.end;
        let count = counts.get(&key).filter(meets);
        count.map_or(0, |count| count.own.saturating_add(count.others))
    }

    /// Whether these clicks are counted already.
    pub fn knows(&self, key: CountKey) -> bool {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner).contains_key(&key)
    }

    /// Begins a count with what was there before and what the other nodes tell, unless it is being counted already.
    fn begin(&self, key: CountKey, window: Window, (own, others): (i64, i64)) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.entry(key).or_insert(Count { window, own, others });
    }

    /// Forgets the counts of offers for caps that they have no longer: one that is set again begins with what is stored.
    pub fn keep(&self, offers: &HashMap<i64, Vec<CapRule>>) {
        let is_of = |key: &CountKey, rule: &CapRule| {
            rule.measure == CapMeasure::Clicks
                && rule.period == key.period
                && (rule.is_each || rule.webmaster_id == key.webmaster_id)
        };
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.retain(|key, _| {
            offers.get(&key.offer_id).is_none_or(|rules| rules.iter().any(|rule| is_of(key, rule)))
        });
    }

    /// The counts of a node that tells others what it counts, under its number.
    pub fn shared(node: i64) -> Self {
        Self { node: Some(node), ..Self::default() }
    }

    /// Tells the other nodes what this one has counted, and reads what they tell.
    pub async fn share(&self, store: &Store, now: Time) -> Result<()> {
        let Some(node) = self.node else { return Ok(()) };
        let own = self.own(node, now);
        if own.is_empty() {
            return Ok(());
        }
        let (own, past) = (&own, now.plus(-KEEP_SECONDS));
        store.write(move |db| async move { cap::tell(&db, own, past).await }).await?;
        let mut sums: HashMap<(CountKey, Window), i64> = HashMap::new();
        for told in &cap::others(&store.read(), node).await? {
            *sums.entry((told.into(), told.window)).or_default() += told.used;
        }
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        for ((key, window), used) in sums {
            if let Some(count) = counts.get_mut(&key).filter(|count| count.window == window) {
                count.others = used;
            }
        }
        Ok(())
    }

    /// What this node has counted in windows that are not over.
    fn own(&self, node: i64, now: Time) -> Vec<Told> {
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let open = counts.iter().filter(|(key, count)| key.webmaster_id != EACH && now < count.window.end);
        open.map(|(key, count)| Told {
            node,
            offer_id: key.offer_id,
            period: key.period.code(),
            webmaster_id: key.webmaster_id,
            window: count.window,
            used: count.own,
        })
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(webmaster_id: i64, limit: i64, day: i64) -> Claim {
        let window = Window { start: Time(day * 86_400), end: Time((day + 1) * 86_400) };
        Claim { key: CapKey { offer_id: 5, period: CapPeriod::Day, webmaster_id, limit }, window }
    }

    #[test]
    fn a_place_is_taken_in_all_caps_or_in_none() {
        let caps = ClickCaps::default();
        let (all, each) = (claim(0, 3, 1), claim(7, 2, 1));
        assert_eq!(caps.reserve(&[all, each]), Ok(()));
        assert_eq!(caps.reserve(&[all, each]), Ok(()));
        assert_eq!(caps.reserve(&[all, each]), Err(each.key));
        assert_eq!(caps.used(all.key.into(), all.window), 2, "nothing was taken of the first");
        assert_eq!(caps.reserve(&[all, claim(8, 2, 1)]), Ok(()));
        assert_eq!(caps.reserve(&[all, claim(8, 2, 1)]), Err(all.key));
    }

    #[test]
    fn two_caps_of_one_webmaster_count_a_click_once() {
        let caps = ClickCaps::default();
        let (his, each) = (claim(7, 3, 1), claim(7, 5, 1));
        for _ in 0..3 {
            assert_eq!(caps.reserve(&[his, each]), Ok(()));
        }
        assert_eq!(caps.reserve(&[his, each]), Err(his.key));
        assert_eq!(caps.used(his.key.into(), his.window), 3);
    }

    #[test]
    fn a_new_window_begins_with_nothing_and_a_late_click_counts_in_it() {
        let caps = ClickCaps::default();
        assert_eq!(caps.reserve(&[claim(0, 1, 1)]), Ok(()));
        assert_eq!(caps.reserve(&[claim(0, 1, 2)]), Ok(()));
        assert!(caps.reserve(&[claim(0, 1, 1)]).is_err());
    }

    #[test]
    fn a_count_goes_on_from_what_was_there() {
        let caps = ClickCaps::default();
        let day = claim(0, 10, 1);
        caps.begin(day.key.into(), day.window, (9, 0));
        caps.begin(day.key.into(), day.window, (0, 0));
        assert_eq!((caps.reserve(&[day]), caps.reserve(&[day]).is_err()), (Ok(()), true));
    }

    #[test]
    fn many_at_once_never_exceed_a_cap() {
        let caps = ClickCaps::default();
        let taken: i64 = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8)
                .map(|_| {
                    scope.spawn(|| (0..1000).filter(|_| caps.reserve(&[claim(0, 777, 1)]).is_ok()).count())
                })
                .collect();
            threads.into_iter().map(|thread| i64::try_from(thread.join().expect("ends")).expect("few")).sum()
        });
        assert_eq!(taken, 777);
    }
}
