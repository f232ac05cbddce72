//! Caps of clicks: counted in memory when a click is decided, so that none is exceeded on this node.
//!
//! A count begins with what the store and the click log hold. Where several nodes share a database, each tells the
//! others every second what it has counted: together they may exceed a cap by what the others send in that time.

mod begin;

use std::collections::HashMap;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use whocpa_domain::cap::{CapMeasure, CapPeriod, CapRule, Window};
use whocpa_domain::tid::ClickId;
use whocpa_domain::{Result, Time};
use whocpa_store::Store;
use whocpa_store::cap::{self, Told};

use self::begin::Watch;
use super::log::{ClickLog, Mark};

/// Seconds for which the count of a window that is over is kept.
const KEEP_SECONDS: i64 = 3600;

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

/// Caps that are full: those that were known to be when a click came, and those that turned out to be while it was
/// decided.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Spent {
    known: Arc<HashMap<CapKey, Window>>,
    found: Vec<CapKey>,
}

impl Spent {
    /// Whether this cap is full.
    pub fn has(&self, claim: &Claim) -> bool {
        self.found.contains(&claim.key) || self.known.get(&claim.key) == Some(&claim.window)
    }

    /// Adds a cap; false when it was there already.
    pub fn add(&mut self, key: CapKey) -> bool {
        let is_new = !self.found.contains(&key);
        if is_new {
            self.found.push(key);
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
#[derive(Default)]
pub(crate) struct ClickCaps {
    /// The node's number in click ids, under which it tells the others what it counts; none when there are no others.
    node: Option<i64>,
    counts: Mutex<HashMap<CountKey, Count>>,
    /// Caps that no visitor finds a place in before their window ends.
    full: ArcSwap<HashMap<CapKey, Window>>,
    /// Where clicks wait for the store; none in tests of this module.
    log: Option<ClickLog>,
    /// Clicks that are in the log and not in the store while the program starts.
    pending: Mutex<Option<Vec<Pending>>>,
    /// Caps that begin.
    watches: Mutex<Vec<Watch>>,
    /// Whether there are any of them.
    is_watching: AtomicBool,
}

/// A sent click of the log: where it begins, its offer, its id and webmaster.
type Pending = (Mark, i64, (ClickId, i64));

/// Stands for all webmasters of a cap that counts each apart: whether they are counted.
const EACH: i64 = -1;

impl ClickCaps {
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
                // A click of the window before may meet the count of the next one, which has places left.
                if count.window == claim.window {
                    self.fill(claim);
                }
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

    /// What a decision begins with. Who asks it before [`reserve`](Self::reserve) decides once, not once for each full cap.
    pub fn spent(&self) -> Spent {
        Spent { known: self.full.load_full(), found: Vec::new() }
    }

    /// Remembers that a cap is full, and forgets windows that are over.
    fn fill(&self, claim: &Claim) {
        self.full.rcu(|full| {
            let open = full.iter().filter(|(_, window)| window.end > claim.window.start);
            let mut full: HashMap<CapKey, Window> = open.map(|(key, window)| (*key, *window)).collect();
            full.insert(claim.key, claim.window);
            full
        });
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

    /// Forgets the counts of offers for caps that they have no longer: one that is set again begins with what is stored.
    pub fn keep(&self, offers: &HashMap<i64, Vec<CapRule>>) {
        let is_of = |key: &CountKey, rule: &CapRule| {
            rule.measure == CapMeasure::Clicks
                && rule.period == key.period
                && (rule.is_each || rule.webmaster_id == key.webmaster_id)
        };
        self.keep_watches(offers);
        let is_other = |key: &CapKey| !offers.contains_key(&key.offer_id);
        self.full.rcu(|full| -> HashMap<CapKey, Window> {
            full.iter().filter(|(key, _)| is_other(key)).map(|(key, window)| (*key, *window)).collect()
        });
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.retain(|key, _| {
            offers.get(&key.offer_id).is_none_or(|rules| rules.iter().any(|rule| is_of(key, rule)))
        });
    }

    /// The counts of a node with this log; one that has neighbours tells them what it counts, under its number.
    pub fn new(log: ClickLog, node: Option<i64>) -> Self {
        Self { node, log: Some(log), ..Self::default() }
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
