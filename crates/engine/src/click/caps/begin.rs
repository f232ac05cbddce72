//! Beginning to count for a cap: what was sent before it was set counts too, wherever it is.
//!
//! ```text
//! stored ── log: durable, not stored ── sent since the watch began ── decided with the cap: counted by their claim
//!       mark                      the watch                     the new catalogue
//! ```
//!
//! Visitors are not stopped meanwhile, so every click must be found in exactly one of these places. The **watch** notes
//! clicks under the lock by which they enter the log: what entered before it is in the log or in the store. The store is
//! looked at in one moment, with the mark up to which it has the log; of the log, what lies behind that mark is counted,
//! and of the watched clicks, what is in neither.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use whocpa_domain::Result;
use whocpa_domain::cap::{CapRule, Window};
use whocpa_domain::click::{Click, ClickReason};
use whocpa_domain::facts::BotMark;
use whocpa_domain::tid::{ClickId, click_ms, click_node};
use whocpa_store::cap::{self, Told};
use whocpa_store::{Store, click};

use super::{Claim, ClickCaps, Count, CountKey, EACH};
use crate::click::drain::to_mark;
use crate::click::log::{ClickLog, Mark};
use crate::click::stored_form;

/// Records that are read at once.
const READ_RECORDS: usize = 4096;
/// Bytes that are read at once.
const READ_BYTES: u64 = 4 << 20;
/// How long clicks that entered the log before the watch are waited for: a sync takes milliseconds.
const SETTLE: Duration = Duration::from_secs(2);
/// How long clicks are watched that were decided before the catalogue had the cap.
const LATE: Duration = Duration::from_secs(10);

/// Whether a click counts in caps: one of a person that was sent to an offer.
fn takes_place(click: &Click) -> bool {
    click.reason == ClickReason::Sent.code() && click.bot_mark == BotMark::None.code()
}

/// A click that was sent to an offer: its id and webmaster.
type Sent = (ClickId, i64);

/// Clicks on an offer that are sent without a claim on a cap that begins.
#[derive(Debug)]
pub(super) struct Watch {
    offer_id: i64,
    rule: CapRule,
    state: Watched,
}

#[derive(Debug)]
enum Watched {
    /// Noted, because nothing is counted yet.
    Noting(Vec<Sent>),
    /// Counted at once in this window, until this moment.
    Counting(Window, Instant),
}

/// Ends a watch whose count never began.
struct Watching<'a>(&'a ClickCaps, (i64, CapRule));

impl Drop for Watching<'_> {
    fn drop(&mut self) {
        let (offer_id, rule) = self.1;
        let is_it = |watch: &Watch| {
            watch.offer_id == offer_id && watch.rule == rule && matches!(watch.state, Watched::Noting(_))
        };
        self.0.watches.lock().unwrap_or_else(PoisonError::into_inner).retain(|watch| !is_it(watch));
    }
}

impl ClickCaps {
    /// Remembers clicks of the log that the store does not have, until [`started`](Self::started). Nothing is read when
    /// no offer has caps.
    pub async fn pend(&self, store: &Store) -> Result<()> {
        let mut found = Vec::new();
        if let Some(log) = &self.log
            && whocpa_store::offer::any_caps(&store.read()).await?
        {
            let from = to_mark(click::mark(&store.clicks(), log.identity()).await?);
            found = undrained(log.clone(), from, None).await;
        }
        *self.pending.lock().unwrap_or_else(PoisonError::into_inner) = Some(found);
        Ok(())
    }

    /// From here on clicks enter the log.
    pub fn started(&self) {
        *self.pending.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Begins to count for these caps of offers with what was there before; does nothing for those that are counted already.
    pub async fn begin_all(&self, store: &Store, asked: &[(i64, CapRule, Window)]) -> Result<()> {
        let pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(pending) = pending else {
            for (offer_id, rule, window) in asked {
                self.begin_from(store, *offer_id, *rule, *window).await?;
            }
            return Ok(());
        };
        // The program starts: nobody comes yet, and all are counted together.
        let told = self.told(store).await?;
        let mut windows: BTreeMap<Window, BTreeSet<i64>> = BTreeMap::new();
        for (offer_id, _, window) in asked {
            windows.entry(*window).or_default().insert(*offer_id);
        }
        let mut in_log: HashMap<i64, Vec<Sent>> = HashMap::new();
        for (_, offer_id, sent) in pending {
            in_log.entry(offer_id).or_default().push(sent);
        }
        for (window, offer_ids) in windows {
            let ids: Vec<i64> = offer_ids.into_iter().collect();
            let mut found = cap::clicks_used(&store.clicks(), &ids, window).await?;
            for (offer_id, rule, _) in asked.iter().filter(|(_, _, own)| *own == window) {
                let used = found.entry(*offer_id).or_default();
                let waiting = in_log.get(offer_id).into_iter().flatten();
                let mut used = used.clone();
                for (id, webmaster_id) in waiting.filter(|(id, _)| is_within(*id, window)) {
                    *used.entry((*webmaster_id, click_node(*id))).or_default() += 1;
                }
                self.begin_with(*offer_id, *rule, window, (&used, &told));
            }
        }
        Ok(())
    }

    /// What the other nodes tell.
    async fn told(&self, store: &Store) -> Result<Vec<Told>> {
        match self.node {
            Some(node) => cap::others(&store.read(), node).await,
            None => Ok(Vec::new()),
        }
    }

    /// Begins to count for a cap with what was there before; does nothing when it is counted already.
    async fn begin_from(&self, store: &Store, offer_id: i64, rule: CapRule, window: Window) -> Result<()> {
        let whole = if rule.is_each { EACH } else { rule.webmaster_id };
        if self.knows(CountKey { offer_id, period: rule.period, webmaster_id: whole }) {
            return Ok(());
        }
        let told = self.told(store).await?;
        let _watching = self.watch(offer_id, rule);
        let found = self.found(store, (offer_id, rule), window).await?;
        // From here to the end of this function no click can enter unseen.
        let mut watches = self.watches.lock().unwrap_or_else(PoisonError::into_inner);
        let noted = watches.iter_mut().find(|watch| watch.offer_id == offer_id && watch.rule == rule);
        let mut used = found.used;
        if let Some(watch) = noted {
            let state = std::mem::replace(&mut watch.state, Watched::Counting(window, Instant::now() + LATE));
            if let Watched::Noting(sent) = state {
                let is_new = |(id, _): &&Sent| !found.known.contains(id) && is_within(*id, window);
                for (id, webmaster_id) in sent.iter().filter(is_new) {
                    *used.entry((*webmaster_id, click_node(*id))).or_default() += 1;
                }
            }
        }
        self.begin_with(offer_id, rule, window, (&used, &told));
        Ok(())
    }

    /// Begins to count with these clicks, by webmaster and node, and with what other nodes tell.
    fn begin_with(
        &self,
        offer_id: i64,
        rule: CapRule,
        window: Window,
        (used, told): (&BTreeMap<(i64, i64), i64>, &[Told]),
    ) {
        let key = |webmaster_id: i64| CountKey { offer_id, period: rule.period, webmaster_id };
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
            begin(rule.webmaster_id, &|id| rule.concerns(id));
        }
    }

    /// Whether clicks are to be shown to [`note_sent`](Self::note_sent). Asked under the lock of the log's queue.
    pub fn is_watching(&self) -> bool {
        self.is_watching.load(Ordering::Relaxed)
    }

    /// A click that enters the log with these claims: where a cap begins that it has no claim on, it counts all the same.
    pub fn note_sent(&self, click: &Click, claims: &[Claim]) {
        if !takes_place(click) {
            return;
        }
        let now = Instant::now();
        let mut watches = self.watches.lock().unwrap_or_else(PoisonError::into_inner);
        watches.retain(|watch| !matches!(watch.state, Watched::Counting(_, until) if until < now));
        self.is_watching.store(!watches.is_empty(), Ordering::Relaxed);
        for watch in watches.iter_mut().filter(|watch| watch.offer_id == click.offer_id) {
            let webmaster_id = watch.rule.counted_for(click.webmaster_id);
            let key = CountKey { offer_id: watch.offer_id, period: watch.rule.period, webmaster_id };
            let is_claimed = claims.iter().any(|claim| CountKey::from(claim.key) == key);
            if is_claimed || !watch.rule.concerns(click.webmaster_id) {
                continue;
            }
            match &mut watch.state {
                Watched::Noting(sent) => sent.push((click.id, click.webmaster_id)),
                Watched::Counting(window, _) => {
                    let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
                    let count = counts.entry(key).or_insert_with(|| Count::new(*window, (0, 0)));
                    count.own = count.own.saturating_add(1);
                }
            }
        }
    }

    /// Ends the watches of caps that are there no longer.
    pub(super) fn keep_watches(&self, offers: &HashMap<i64, Vec<CapRule>>) {
        let mut watches = self.watches.lock().unwrap_or_else(PoisonError::into_inner);
        watches.retain(|watch| offers.get(&watch.offer_id).is_none_or(|rules| rules.contains(&watch.rule)));
    }

    fn watch(&self, offer_id: i64, rule: CapRule) -> Watching<'_> {
        let mut watches = self.watches.lock().unwrap_or_else(PoisonError::into_inner);
        // A cap that was taken away and is set again within seconds begins anew.
        watches.retain(|watch| watch.offer_id != offer_id || watch.rule != rule);
        watches.push(Watch { offer_id, rule, state: Watched::Noting(Vec::new()) });
        self.is_watching.store(true, Ordering::Relaxed);
        Watching(self, (offer_id, rule))
    }

    /// Clicks that were sent to an offer in a window, in the store and in the log, by webmaster and node.
    async fn found(&self, store: &Store, (offer_id, rule): (i64, CapRule), window: Window) -> Result<Found> {
        let in_log = match &self.log {
            Some(log) => {
                settle(log).await;
                let from = to_mark(click::mark(&store.clicks(), log.identity()).await?);
                undrained(log.clone(), from, Some(offer_id)).await
            }
            None => Vec::new(),
        };
        let noted = || {
            let watches = self.watches.lock().unwrap_or_else(PoisonError::into_inner);
            let own = watches.iter().filter(|watch| watch.offer_id == offer_id && watch.rule == rule);
            own.flat_map(|watch| match &watch.state {
                Watched::Noting(sent) => sent.iter().map(|(id, _)| *id).collect(),
                Watched::Counting(..) => Vec::new(),
            })
            .collect()
        };
        let name = self.log.as_ref().map_or("", ClickLog::identity);
        let at = cap::settled(store, name, (offer_id, window), noted).await?;
        let (mut used, mut known) = (at.used, at.stored);
        let mark = to_mark(at.mark);
        for (place, offer, (id, webmaster_id)) in in_log {
            if offer == offer_id && place >= mark && is_within(id, window) && known.insert(id) {
                *used.entry((webmaster_id, click_node(id))).or_default() += 1;
            }
        }
        Ok(Found { used, known })
    }
}

/// What was found, and which of it by its id.
struct Found {
    used: BTreeMap<(i64, i64), i64>,
    known: BTreeSet<ClickId>,
}

fn is_within(id: ClickId, window: Window) -> bool {
    (window.start.0..window.end.0).contains(&click_ms(id).div_euclid(1000))
}

/// Waits until everything that entered the log so far is durable, or known not to be.
async fn settle(log: &ClickLog) {
    let (begin, entered) = (Instant::now(), log.stats().appended);
    loop {
        let stats = log.stats();
        if stats.durable + stats.unacknowledged >= entered {
            return;
        }
        if begin.elapsed() > SETTLE {
            tracing::warn!("the click log is slow: a cap begins without the clicks that wait for it");
            return;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// Clicks of the log behind a mark that were sent, to one offer or to all, with their places.
async fn undrained(log: ClickLog, from: Mark, only: Option<i64>) -> Vec<super::Pending> {
    let read = move || {
        let (mut from, mut found) = (from, Vec::new());
        // The drainer says what is wrong with a damaged log.
        while let Ok(batch) = log.read(from, READ_RECORDS, READ_BYTES) {
            if batch.records.is_empty() {
                break;
            }
            let clicks =
                batch.places().filter_map(|(place, _, payload)| Some((place, stored_form(payload)?)));
            let sent =
                clicks.filter(|(_, click)| takes_place(click) && only.is_none_or(|id| id == click.offer_id));
            found.extend(sent.map(|(place, click)| (place, click.offer_id, (click.id, click.webmaster_id))));
            from = batch.next;
        }
        found
    };
    // Segments are read from the disk.
    tokio::task::spawn_blocking(read).await.unwrap_or_default()
}

impl Count {
    fn new(window: Window, (own, others): (i64, i64)) -> Self {
        Self { window, own, others }
    }
}

impl ClickCaps {
    /// Begins a count with what was there before and what the other nodes tell, unless it is being counted already.
    pub(super) fn begin(&self, key: CountKey, window: Window, before: (i64, i64)) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.entry(key).or_insert_with(|| Count::new(window, before));
    }
}
