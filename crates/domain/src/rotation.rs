//! Choosing by shares: landing pages by weight, routes of a link by priority and weight, the best offer for a visitor.
//!
//! Nothing is left to chance: what is drawn follows from the click's number alone, so that the choice can be made again
//! and explained. Over many clicks the shares are those that are stated.

use std::ops::Range;

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
    draw_again(id, purpose, 0, below)
}

/// As [`draw`]; the next of several numbers for one purpose, from 0.
fn draw_again(id: ClickId, purpose: Draw, next: u64, below: u64) -> u64 {
    const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
    let seed = id.cast_unsigned() ^ ((purpose as u64 + 1) << 56);
    // SplitMix64: every bit of the number depends on every bit of the click's.
    let mut mixed = seed.wrapping_add(STEP.wrapping_mul(next.wrapping_add(1)));
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

/// The best of `count` offers, but for `exploration` percent of the clicks, which go to one of the others, to each alike.
/// `known` of them, the first ones, stand in the order of what webmasters earn per click, the best first; of the others it
/// is not known. While none that is known takes the visitor, all others are tried alike. `takes` says which offers take
/// him; no more are asked than it needs, and none twice. None when no offer does.
pub fn smart(
    id: ClickId,
    exploration: i64,
    (known, count): (usize, usize),
    mut takes: impl FnMut(usize) -> bool,
) -> Option<Smart> {
    let Some(best) = (0..known.min(count)).find(|at| takes(*at)) else {
        let at = any_of(id, known.min(count)..count, takes)?;
        return Some(Smart { at, is_exploring: true });
    };
    let is_exploring = draw(id, Draw::Explore, 100) < exploration.clamp(0, 100).unsigned_abs();
    // Those before the best did not take the visitor.
    let other = is_exploring.then(|| any_of(id, best + 1..count, takes)).flatten();
    Some(other.map_or(Smart { at: best, is_exploring: false }, |at| Smart { at, is_exploring: true }))
}

/// One of these places that takes the visitor, each with the same chance: they are asked in an order drawn for this
/// click, until one does.
fn any_of(id: ClickId, places: Range<usize>, mut takes: impl FnMut(usize) -> bool) -> Option<usize> {
    let mut order: Vec<usize> = places.collect();
    for at in 0..order.len() {
        let (left, next) = ((order.len() - at) as u64, at as u64);
        let drawn = usize::try_from(draw_again(id, Draw::Other, next, left)).unwrap_or(0);
        order.swap(at, at + drawn);
        if takes(order[at]) {
            return Some(order[at]);
        }
    }
    None
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

    /// Places 0 to 2 are known, the best first; 1 and 4 do not take the visitor.
    #[test]
    fn a_smart_link_sends_most_to_the_best_and_the_rest_alike() {
        let ids = ids(100_000);
        for (refused, best) in [(9, 0), (0, 1), (1, 0), (4, 0)] {
            let takes = |at: usize| at != refused;
            let mut found = [0_usize; 5];
            for id in &ids {
                let chosen = smart(*id, EXPLORATION, (3, 5), takes).expect("one of them");
                assert_eq!(chosen.is_exploring, chosen.at != best);
                assert_eq!(
                    smart(*id, EXPLORATION, (3, 5), takes),
                    Some(chosen),
                    "the same click chooses the same"
                );
                found[chosen.at] += 1;
            }
            assert!(is_near(found[best], ids.len(), 800), "{found:?}");
            let others = (0..5).filter(|at| takes(*at) && *at != best).count();
            for at in (0..5).filter(|at| *at != best) {
                let share = if takes(at) { 200 / others } else { 0 };
                assert!(
                    found[at].abs_diff(ids.len() * share / 1000) <= ids.len() / 200,
                    "{refused}: {found:?}"
                );
            }
        }
    }

    #[test]
    fn while_nothing_is_known_all_are_tried_alike() {
        let ids = ids(50_000);
        let mut found = [0_usize; 4];
        for id in &ids {
            let chosen = smart(*id, 0, (0, 4), |_| true).expect("one of them");
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
            known in 0_usize..9,
            takes in proptest::collection::vec(any::<bool>(), 0..9),
        ) {
            let mut asked = vec![0; takes.len()];
            let chosen = smart(id, exploration, (known, takes.len()), |at| {
                asked[at] += 1;
                takes[at]
            });
            prop_assert!(asked.iter().all(|count| *count <= 1), "none is asked twice");
            let best = takes.iter().take(known).position(|takes| *takes);
            match chosen {
                None => prop_assert!(!takes.contains(&true)),
                Some(Smart { at, is_exploring }) => {
                    prop_assert!(takes[at]);
                    prop_assert_eq!(is_exploring, Some(at) != best);
                    prop_assert!(!is_exploring || best.is_none() || exploration > 0);
                }
            }
            // As it would be if all were asked first.
            if exploration <= 0 && best.is_some() {
                prop_assert_eq!(chosen.map(|chosen| chosen.at), best);
            }
        }

        #[test]
        fn a_draw_is_below_its_bound(id in any::<i64>(), below in any::<u64>()) {
            prop_assert!(draw(id, Draw::Route, below) < below.max(1));
        }
    }
}
