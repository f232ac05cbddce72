//! How an offer does: figures of the last days, and what follows from them. They are estimates for choosing between
//! offers; no money depends on them.
//!
//! * **Window**: the last [`WINDOW_DAYS`] days. Clicks are those of people that were sent to the offer, a
//!   visitor's repeated ones too (not uniques), without those that are counted apart as robots'; leads are those that
//!   were created in the window, Doubles left out.
//! * **CR**: leads in a hundred clicks. **Approve rate**: approved leads in a hundred decided ones (approved, rejected,
//!   spam). **EPC**: what webmasters earned with approved leads, per click, in the currency of most leads of the offer
//!   (of those in other currencies nothing is counted).
//! * **Rating**, 1 to 10: where the offer stands among all offers with enough clicks. Half of it is its place by EPC
//!   among the offers of the same currency, three tenths its place by approve rate, two tenths its place by number of
//!   leads. An offer with fewer than [`ENOUGH_CLICKS`] clicks has no CR and no EPC, and stands in the middle:
//!   [`MIDDLE_RATING`].
//! * **Recommended**: rating of at least [`RECOMMENDED_RATING`] and at least [`ENOUGH_LEADS`] leads.

use std::collections::BTreeMap;

use crate::money::MICRO;

/// Days of the window.
pub const WINDOW_DAYS: i64 = 30;
/// Clicks in the window below which a share of them says nothing.
pub const ENOUGH_CLICKS: i64 = 100;
/// Decided leads in the window below which the approve rate says nothing.
pub const ENOUGH_DECIDED: i64 = 10;
/// Leads in the window that a recommended offer has at least.
pub const ENOUGH_LEADS: i64 = 20;
/// Rating of an offer that is not known yet.
pub const MIDDLE_RATING: i64 = 5;
/// Rating that a recommended offer has at least.
pub const RECOMMENDED_RATING: i64 = 8;

/// What was counted of one offer in the window.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counted {
    /// Clicks sent to it.
    pub clicks: i64,
    /// Leads, Doubles left out.
    pub leads: i64,
    /// Approved leads.
    pub approved: i64,
    /// Approved, rejected and spam leads.
    pub decided: i64,
    /// Leads that wait for a decision now, whenever they came.
    pub undecided: i64,
    /// When the oldest of them came, seconds.
    pub date_undecided: Option<i64>,
    /// Decided leads of the window whose time of decision is known.
    pub timed: i64,
    /// How long these decisions took together, seconds.
    pub seconds: i64,
    /// Currency of most of its leads.
    pub currency_id: Option<i64>,
    /// What webmasters earned with approved leads in that currency, micro-units.
    pub earned: i64,
}

/// What follows from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Figures {
    /// Earnings of a click in micro-units of the currency.
    pub epc: Option<i64>,
    /// Leads per million clicks.
    pub cr: Option<i64>,
    /// Approved leads per million decided ones.
    pub approve_rate: Option<i64>,
    /// 1 to 10.
    pub rating: i64,
    /// Whether the network recommends it.
    pub is_recommended: bool,
}

impl Counted {
    fn epc(&self) -> Option<i64> {
        (self.clicks >= ENOUGH_CLICKS && self.currency_id.is_some()).then(|| self.earned / self.clicks)
    }

    fn cr(&self) -> Option<i64> {
        (self.clicks >= ENOUGH_CLICKS).then(|| self.leads.saturating_mul(MICRO) / self.clicks)
    }

    /// How long a decision took on average, seconds.
    pub fn decision_seconds(&self) -> Option<i64> {
        (self.timed >= ENOUGH_DECIDED).then(|| self.seconds.max(0) / self.timed)
    }

    fn approve_rate(&self) -> Option<i64> {
        (self.decided >= ENOUGH_DECIDED).then(|| self.approved.saturating_mul(MICRO) / self.decided)
    }
}

/// The figures of every offer, by its id.
pub fn figures(counted: &BTreeMap<i64, Counted>) -> BTreeMap<i64, Figures> {
    let known = || counted.iter().filter(|(_, row)| row.clicks >= ENOUGH_CLICKS);
    let by_leads = places(known().map(|(id, row)| (*id, row.leads)).collect());
    let by_approve = places(known().filter_map(|(id, row)| Some((*id, row.approve_rate()?))).collect());
    let mut by_epc = BTreeMap::new();
    let currencies: std::collections::BTreeSet<_> = known().filter_map(|(_, row)| row.currency_id).collect();
    for currency in currencies {
        let same = known().filter(|(_, row)| row.currency_id == Some(currency));
        by_epc.append(&mut places(same.filter_map(|(id, row)| Some((*id, row.epc()?))).collect()));
    }
    let place = |of: &BTreeMap<i64, i64>, id: &i64| of.get(id).copied().unwrap_or(HALF);
    let figures = counted.iter().map(|(id, row)| {
        let mut rating = MIDDLE_RATING;
        if row.clicks >= ENOUGH_CLICKS {
            let sum = 5 * place(&by_epc, id) + 3 * place(&by_approve, id) + 2 * place(&by_leads, id);
            // From 0..=10 000 to 1..=10, to the nearer one.
            rating = 1 + (9 * sum + 5 * WHOLE) / (10 * WHOLE);
        }
        let is_recommended = rating >= RECOMMENDED_RATING && row.leads >= ENOUGH_LEADS;
        let (epc, cr, approve_rate) = (row.epc(), row.cr(), row.approve_rate());
        (*id, Figures { epc, cr, approve_rate, rating, is_recommended })
    });
    figures.collect()
}

/// The best place, in thousandths.
const WHOLE: i64 = 1000;
/// The place of an offer that cannot be compared.
const HALF: i64 = 500;

/// For each offer the share of the others that it is ahead of, in thousandths; equals share a place, and an offer alone
/// stands in the middle.
fn places(mut values: Vec<(i64, i64)>) -> BTreeMap<i64, i64> {
    values.sort_unstable_by_key(|(_, value)| *value);
    let others = i64::try_from(values.len()).unwrap_or(i64::MAX) - 1;
    let count = |at: usize| i64::try_from(at).unwrap_or(i64::MAX);
    let place = |(id, value): &(i64, i64)| {
        let below = count(values.partition_point(|(_, other)| other < value));
        let equal = count(values.partition_point(|(_, other)| other <= value)) - below - 1;
        // Twice, so that half a place of an equal one is whole.
        let twice = 2 * below + equal;
        (*id, if others == 0 { HALF } else { twice * HALF / others })
    };
    values.iter().map(place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(clicks: i64, leads: i64, approved: i64, earned: i64) -> Counted {
        Counted {
            clicks,
            leads,
            approved,
            decided: leads,
            currency_id: Some(840),
            earned,
            ..Counted::default()
        }
    }

    #[test]
    fn shares_need_enough_clicks_and_decisions() {
        let all = figures(&BTreeMap::from([
            (1, row(99, 50, 50, 1_000_000)),
            (2, row(200, 9, 3, 50_000_000)),
            (3, row(200, 10, 4, 50_000_000)),
            (4, Counted { clicks: 200, ..Counted::default() }),
        ]));
        assert_eq!((all[&1].epc, all[&1].cr, all[&1].rating, all[&1].is_recommended), (None, None, 5, false));
        assert_eq!((all[&2].epc, all[&2].cr, all[&2].approve_rate), (Some(250_000), Some(45_000), None));
        assert_eq!(all[&3].approve_rate, Some(400_000));
        assert_eq!((all[&4].epc, all[&4].cr), (None, Some(0)));
    }

    #[test]
    fn the_best_has_ten_and_the_worst_one() {
        let rows = (1..=11).map(|n| (n, row(1000, 10 * n, 5 * n + n * n / 4, 1_000_000 * n)));
        let all = figures(&rows.collect());
        assert_eq!((all[&1].rating, all[&6].rating, all[&11].rating), (1, 6, 10));
        assert!(all[&11].is_recommended && !all[&6].is_recommended);
        assert!(all.values().all(|figures| (1..=10).contains(&figures.rating)));
    }

    #[test]
    fn equals_share_a_place_and_currencies_are_apart() {
        let euro = Counted { currency_id: Some(978), ..row(1000, 30, 20, 1) };
        let all =
            figures(&BTreeMap::from([(1, row(1000, 30, 20, 900)), (2, row(1000, 30, 20, 900)), (3, euro)]));
        // All are in the middle of everything: a lone euro is not below two dollars.
        assert_eq!([all[&1].rating, all[&2].rating, all[&3].rating], [6, 6, 6]);
        assert!(figures(&BTreeMap::new()).is_empty());
    }
}
