//! Choosing by shares: landing pages by weight, routes of a link by priority and weight, the best offer for a visitor.
//!
//! Nothing is left to chance: what is drawn follows from the click's number alone, so that the choice can be made again
//! and explained. Over many clicks the shares are those that are stated.

use crate::targeting::Targeting;
use crate::tid::ClickId;
use crate::{codes, document};

/// Largest weight.
pub const WEIGHT_LIMIT: i64 = 1000;
/// Routes that one link may have.
pub const ROUTE_LIMIT: usize = 50;
/// Percent of a smart link's visitors that try other offers, unless its owner says otherwise.
pub const EXPLORATION: i64 = 20;

codes! {
    /// How a link with several offers chooses among them.
    pub enum LinkRotation {
        Order = 1 "its routes by priority, within one priority by weight; then its own offer",
        Smart = 2 "the offer that earns webmasters most per click, among those that take the visitor",
    }
}

document! {
    /// One way for visitors of a link.
    pub struct Route {
        /// The offer; you must be connected to it.
        offer_id: i64,
        /// A landing page of that offer; chosen by weight unless told.
        landing_id: Option<i64>,
        /// A pre-landing page of that offer, which visitors see first; chosen by weight unless told.
        prelanding_id: Option<i64>,
        /// Which visitors go this way.
        targeting: Targeting,
        /// Share among the routes of the same priority, 1 to 1000; 1 unless told.
        weight: Option<i64>,
        /// Routes with a lower number are asked first, 0 to 1000; 0 unless told.
        priority: i64,
    }
}

impl Route {
    /// Says what is wrong with it, apart from what the store knows.
    pub fn check(&self) -> Result<(), String> {
        if self.offer_id <= 0 {
            return Err("offer_id: This parameter is required".to_owned());
        }
        if self.weight.is_some_and(|weight| !(1..=WEIGHT_LIMIT).contains(&weight)) {
            return Err(format!("weight: Must be from 1 to {WEIGHT_LIMIT}"));
        }
        if !(0..=WEIGHT_LIMIT).contains(&self.priority) {
            return Err(format!("priority: Must be from 0 to {WEIGHT_LIMIT}"));
        }
        self.targeting.check().map_err(|wrong| format!("targeting.{wrong}"))
    }
}

/// What a number is drawn for: two draws for one click have nothing to do with each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Draw {
    /// A route of its priority.
    Route,
    /// A landing page.
    Landing,
    /// A pre-landing page.
    Prelanding,
    /// Whether a smart link tries something.
    Explore,
    /// What it tries.
    Other,
}

/// A number from 0 to before `below` (0 when that is 0), the same for the same click and purpose.
pub fn draw(id: ClickId, purpose: Draw, below: u64) -> u64 {
    let seed = id.cast_unsigned() ^ ((purpose as u64 + 1) << 56);
    // SplitMix64: every bit of the number depends on every bit of the click's.
    let mut mixed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^= mixed >> 31;
    // The high half of the product is spread evenly, without a division.
    let high = (u128::from(mixed) * u128::from(below)) >> 64;
    u64::try_from(high).unwrap_or(0)
}

/// The place of one of these weights, by its share; none when all are 0.
pub fn pick(id: ClickId, purpose: Draw, weights: impl Iterator<Item = i64> + Clone) -> Option<usize> {
    let positive = |weight: i64| weight.max(0).unsigned_abs();
    let total: u64 = weights.clone().map(positive).sum();
    let mut left = draw(id, purpose, total);
    weights.map(positive).position(|weight| {
        let is_here = left < weight;
        left = left.saturating_sub(weight);
        is_here
    })
}

/// What a smart link chose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Smart {
    /// Place of the offer among the candidates.
    pub at: usize,
    /// It is tried to learn how it does, not because it is the best.
    pub is_exploring: bool,
}

/// The best of these offers by what webmasters earn per click (`None` where that is not known), but for `exploration`
/// percent of the clicks, which go to one of the others, to each alike. While nothing is known of any, all are tried
/// alike. Of equals the first is the best. None for no offers.
pub fn smart(id: ClickId, exploration: i64, epc: &[Option<i64>]) -> Option<Smart> {
    let best = epc.iter().enumerate().filter_map(|(at, epc)| Some((at, (*epc)?)));
    let best = best.reduce(|best, next| if next.1 > best.1 { next } else { best });
    let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
    let place = |drawn: u64| usize::try_from(drawn).unwrap_or(0);
    let Some((best, _)) = best else {
        let at = place(draw(id, Draw::Other, count(epc.len())));
        return (!epc.is_empty()).then_some(Smart { at, is_exploring: true });
    };
    let is_exploring = draw(id, Draw::Explore, 100) < exploration.clamp(0, 100).unsigned_abs();
    if !is_exploring || epc.len() == 1 {
        return Some(Smart { at: best, is_exploring: false });
    }
    let other = place(draw(id, Draw::Other, count(epc.len() - 1)));
    Some(Smart { at: if other < best { other } else { other + 1 }, is_exploring: true })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::tid::ClickIds;

    /// Ids as a busy node gives them out.
    fn ids(count: usize) -> Vec<ClickId> {
        let mut ids = ClickIds::new(3, 1_700_000_000_000);
        let at = |number: usize| 1_700_000_000_001 + i64::try_from(number / 7).unwrap_or(0);
        (0..count).map(|number| ids.next(at(number))).collect()
    }

    /// Five standard deviations of a share in `count` draws: a right draw fails once in two million runs, and these
    /// draws are the same in every run.
    fn is_near(found: usize, count: usize, per_mille: usize) -> bool {
        let expected = count * per_mille / 1000;
        let variance = count * per_mille * (1000 - per_mille) / 1_000_000;
        found.abs_diff(expected).pow(2) <= 25 * variance
    }

    #[test]
    fn shares_are_those_of_the_weights() {
        let ids = ids(100_000);
        let weights = [1, 0, 3, 6];
        let mut found = [0_usize; 4];
        for id in &ids {
            let at = pick(*id, Draw::Landing, weights.iter().copied()).expect("one of them");
            found[at] += 1;
        }
        assert_eq!(found[1], 0);
        for (at, per_mille) in [(0, 100), (2, 300), (3, 600)] {
            assert!(is_near(found[at], ids.len(), per_mille), "{found:?}");
        }
        assert_eq!(pick(1, Draw::Landing, [0, 0].into_iter()), None);
        assert_eq!(pick(1, Draw::Landing, std::iter::empty()), None);
    }

    #[test]
    fn a_smart_link_sends_most_to_the_best_and_the_rest_alike() {
        let ids = ids(100_000);
        let epc = [Some(10), None, Some(30), Some(20), Some(30)];
        let mut found = [0_usize; 5];
        for id in &ids {
            let chosen = smart(*id, EXPLORATION, &epc).expect("one of them");
            assert_eq!(chosen.is_exploring, chosen.at != 2);
            assert_eq!(smart(*id, EXPLORATION, &epc), Some(chosen), "the same click chooses the same");
            found[chosen.at] += 1;
        }
        assert!(is_near(found[2], ids.len(), 800), "{found:?}");
        for at in [0, 1, 3, 4] {
            assert!(is_near(found[at], ids.len(), 50), "{found:?}");
        }
    }

    #[test]
    fn while_nothing_is_known_all_are_tried_alike() {
        let ids = ids(50_000);
        let mut found = [0_usize; 4];
        for id in &ids {
            let chosen = smart(*id, 0, &[None; 4]).expect("one of them");
            assert!(chosen.is_exploring);
            found[chosen.at] += 1;
        }
        assert!(found.iter().all(|count| is_near(*count, ids.len(), 250)), "{found:?}");
    }

    proptest! {
        #[test]
        fn there_is_always_a_choice_among_offers(
            id in any::<i64>(),
            exploration in any::<i64>(),
            epc in proptest::collection::vec(proptest::option::of(any::<i64>()), 0..9),
        ) {
            match smart(id, exploration, &epc) {
                None => prop_assert!(epc.is_empty()),
                Some(chosen) => prop_assert!(chosen.at < epc.len()),
            }
        }

        #[test]
        fn a_draw_is_below_its_bound(id in any::<i64>(), below in any::<u64>()) {
            prop_assert!(draw(id, Draw::Route, below) < below.max(1));
        }
    }
}
