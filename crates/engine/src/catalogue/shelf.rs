//! The offers that a webmaster is connected to, in the order in which smart links ask them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::Snapshot;

/// The offers of one webmaster.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shelf {
    /// Offer ids, sorted.
    pub ids: Box<[i64]>,
    /// Offer ids and what webmasters earn per click with them: those of which that is known first, the best of them first;
    /// of equals the lower id.
    pub ranked: Box<[(i64, i64)]>,
    /// How many are known. Sums in different currencies cannot be compared: only those in the currency of most are.
    pub known: usize,
}

impl Shelf {
    /// A webmaster's offers; `epc` has the currency and micro-units of those that are known.
    pub fn new(mut ids: Vec<i64>, epc: &HashMap<i64, (i64, i64)>) -> Self {
        ids.sort_unstable();
        ids.dedup();
        let mut counts: BTreeMap<i64, usize> = BTreeMap::new();
        for (currency, _) in ids.iter().filter_map(|id| epc.get(id)) {
            *counts.entry(*currency).or_default() += 1;
        }
        let common = counts.iter().max_by_key(|(currency, count)| (**count, -**currency)).map(|(id, _)| *id);
        let figure = |id: i64| epc.get(&id).filter(|(own, _)| Some(*own) == common).map(|(_, epc)| *epc);
        let mut ranked: Vec<(i64, Option<i64>)> = ids.iter().map(|id| (*id, figure(*id))).collect();
        ranked.sort_by_key(|(id, epc)| (std::cmp::Reverse(*epc), *id));
        let known = ranked.iter().take_while(|(_, epc)| epc.is_some()).count();
        let ranked = ranked.into_iter().map(|(id, epc)| (id, epc.unwrap_or(0))).collect();
        Self { ids: ids.into_boxed_slice(), ranked, known }
    }

    /// Whether an offer is among them.
    pub fn has(&self, offer_id: i64) -> bool {
        self.ids.binary_search(&offer_id).is_ok()
    }
}

impl Snapshot {
    /// Puts these webmasters in the place of those who were connected to these offers.
    pub(crate) fn connect(&mut self, present: BTreeMap<i64, Vec<i64>>) {
        let mut came: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
        let mut went: BTreeMap<i64, BTreeSet<i64>> = BTreeMap::new();
        for (offer_id, mut webmasters) in present {
            webmasters.sort_unstable();
            webmasters.dedup();
            let before = self.connected.get(&offer_id).cloned().unwrap_or_default();
            for id in webmasters.iter().filter(|id| before.binary_search(id).is_err()) {
                came.entry(*id).or_default().push(offer_id);
            }
            for id in before.iter().filter(|id| webmasters.binary_search(id).is_err()) {
                went.entry(*id).or_default().insert(offer_id);
            }
            if webmasters.is_empty() {
                self.connected.remove_mut(&offer_id);
            } else {
                self.connected.insert_mut(offer_id, webmasters.into());
            }
        }
        let touched: BTreeSet<i64> = came.keys().chain(went.keys()).copied().collect();
        for webmaster_id in touched {
            let present = self.shelves.get(&webmaster_id);
            let mut ids: Vec<i64> = present.map(|shelf| shelf.ids.to_vec()).unwrap_or_default();
            if let Some(gone) = went.get(&webmaster_id) {
                ids.retain(|id| !gone.contains(id));
            }
            ids.extend(came.remove(&webmaster_id).unwrap_or_default());
            let shelf = Shelf::new(ids, &self.epc);
            self.shelves.insert_mut(webmaster_id, Arc::new(shelf));
        }
    }

    /// Puts all offers into the order of the present figures.
    pub(super) fn rank(&mut self) {
        let all: Vec<(i64, Vec<i64>)> =
            self.shelves.iter().map(|(id, shelf)| (*id, shelf.ids.to_vec())).collect();
        for (webmaster_id, ids) in all {
            let shelf = Shelf::new(ids, &self.epc);
            self.shelves.insert_mut(webmaster_id, Arc::new(shelf));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offers_stand_in_the_order_of_what_they_earn() {
        let epc =
            HashMap::from([(1, (840, 5)), (2, (978, 900)), (3, (840, 7)), (4, (840, 7)), (9, (978, 1))]);
        let shelf = Shelf::new(vec![4, 5, 3, 2, 1, 4], &epc);
        assert_eq!(*shelf.ids, [1, 2, 3, 4, 5]);
        assert_eq!((shelf.known, &*shelf.ranked), (3, &[(3, 7), (4, 7), (1, 5), (2, 0), (5, 0)][..]));
        assert!(shelf.has(2) && !shelf.has(9));
        assert_eq!(Shelf::new(Vec::new(), &epc), Shelf::default());
    }

    #[test]
    fn a_change_touches_only_those_who_came_or_went() {
        let mut snapshot = Snapshot { epc: Arc::new(HashMap::from([(5, (840, 3))])), ..Snapshot::default() };
        snapshot.connect(BTreeMap::from([(5, vec![11, 10]), (6, vec![10])]));
        let ids = |snapshot: &Snapshot, id: i64| snapshot.shelves.get(&id).map(|shelf| shelf.ids.to_vec());
        assert_eq!((ids(&snapshot, 10), ids(&snapshot, 11)), (Some(vec![5, 6]), Some(vec![5])));
        let kept = Arc::clone(snapshot.shelves.get(&10).expect("a shelf"));
        snapshot.connect(BTreeMap::from([(5, vec![10, 12])]));
        assert!(Arc::ptr_eq(&kept, snapshot.shelves.get(&10).expect("a shelf")));
        assert_eq!((ids(&snapshot, 11), ids(&snapshot, 12)), (Some(vec![]), Some(vec![5])));
        snapshot.epc = Arc::new(HashMap::from([(6, (840, 1))]));
        snapshot.rank();
        assert_eq!(*snapshot.shelves.get(&10).expect("a shelf").ranked, [(6, 1), (5, 0)]);
        snapshot.connect(BTreeMap::from([(5, vec![])]));
        assert_eq!(ids(&snapshot, 10), Some(vec![6]));
        assert!(!snapshot.connected.contains_key(&5));
    }
}
