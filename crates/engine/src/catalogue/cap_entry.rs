//! A cap in the catalogue: what of it is used, and when that must be counted anew.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use whocpa_domain::Time;
use whocpa_domain::cap::{CapMeasure, CapRule, Window};
use whocpa_store::cap::Used;

/// A cap with what of it is used, as far as the store counts it: leads and payout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CapEntry {
    /// The cap.
    pub rule: CapRule,
    /// Zone of its days.
    pub zone: TimeZone,
    /// When was counted.
    pub counted: Window,
    /// Leads or micro-units by webmaster.
    pub used: BTreeMap<i64, i64>,
    /// All of them together.
    pub total: i64,
    /// How many leads that are.
    pub leads: i64,
    /// The most that came since, as the change log tells it.
    pub added: i64,
    /// In how many leads.
    pub leads_added: i64,
    /// When was last counted.
    pub date_counted: Time,
}

/// Up to here a cap is counted anew whenever a lead comes or changes.
const QUICK_LEADS: i64 = 500;
/// Beyond, and far from its limit, it is counted after this many seconds.
const COUNT_SECONDS: i64 = 2;

impl CapEntry {
    /// One that was never counted.
    pub(crate) fn new(rule: CapRule, zone: TimeZone) -> Self {
        Self {
            rule,
            zone,
            counted: Window { start: Time(0), end: Time(0) },
            used: BTreeMap::new(),
            total: 0,
            leads: 0,
            added: 0,
            leads_added: 0,
            date_counted: Time(0),
        }
    }

    /// What a webmaster has used of it, or all together if it counts them so. Always 0 for clicks, which the node counts.
    pub fn used_by(&self, webmaster_id: i64, now: Time) -> i64 {
        if now >= self.counted.end {
            return 0;
        }
        match self.rule.counted_for(webmaster_id) {
            0 => self.total,
            id => self.used.get(&id).copied().unwrap_or(0),
        }
    }

    /// Takes over what the store counted in a window.
    pub fn set_used(&mut self, window: Window, found: Used, now: Time) {
        self.total = found.by_webmaster.values().fold(0, |sum, used| sum.saturating_add(*used));
        (self.counted, self.used, self.leads) = (window, found.by_webmaster, found.leads);
        (self.added, self.leads_added, self.date_counted) = (0, 0, now);
    }

    /// So many leads came or changed, with this payout in micro-units at most, and were not counted. Nothing to a cap of
    /// clicks.
    pub fn add(&mut self, (leads, payout): (i64, i64)) {
        let more = match self.rule.measure {
            CapMeasure::Clicks => return,
            CapMeasure::Leads => leads,
            // A thousand more for each lead: the count rounds up to thousands.
            CapMeasure::Payout => payout.saturating_add(leads.saturating_mul(1000)),
        };
        self.leads_added = self.leads_added.saturating_add(leads);
        self.added = self.added.saturating_add(more);
    }

    /// Whether it must be counted again: where it may have reached its limit or left it, where that costs little, and after a
    /// while. So a cap stops visitors from the commit that reaches it, however many leads it has.
    pub fn is_due(&self, now: Time) -> bool {
        if self.leads_added == 0 {
            return false;
        }
        let most =
            if self.rule.is_each { self.used.values().copied().max().unwrap_or(0) } else { self.total };
        let is_near = most.saturating_add(self.added) >= self.rule.limit;
        is_near
            || self.leads < QUICK_LEADS
            || now >= self.counted.end
            || now.0 >= self.date_counted.0 + COUNT_SECONDS
    }

    /// Whether it stops a webmaster's visitors now.
    pub fn stops(&self, webmaster_id: i64, now: Time) -> bool {
        self.rule.measure != CapMeasure::Clicks
            && self.rule.concerns(webmaster_id)
            && self.used_by(webmaster_id, now) >= self.rule.limit
    }

    /// The window around a moment.
    pub fn window(&self, now: Time) -> Window {
        // Mostly the one that was counted: no arithmetic of calendars for each click.
        if self.counted.start <= now && now < self.counted.end {
            return self.counted;
        }
        self.rule.period.window(&self.zone, now)
    }
}

#[cfg(test)]
mod tests {
    use whocpa_domain::cap::CapPeriod;

    use super::*;

    const NOW: Time = Time(1_700_000_000);

    /// One of a day that was counted now.
    fn counted(measure: CapMeasure, limit: i64, leads: i64, used: i64) -> CapEntry {
        let rule = CapRule {
            measure,
            period: CapPeriod::Day,
            limit,
            goal_id: 0,
            webmaster_id: 0,
            currency_id: 0,
            is_each: false,
        };
        let mut entry = CapEntry::new(rule, TimeZone::UTC);
        let window = entry.window(NOW);
        let by_webmaster = BTreeMap::from([(7, used - used / 3), (8, used / 3)]);
        entry.set_used(window, Used { by_webmaster, leads }, NOW);
        entry
    }

    #[test]
    fn a_cap_is_counted_where_it_may_be_reached_or_left() {
        let is_due = |mut entry: CapEntry, added, seconds| {
            entry.add(added);
            entry.is_due(NOW.plus(seconds))
        };
        let far = || counted(CapMeasure::Leads, 100_000, 50_000, 50_000);
        assert!(!is_due(far(), (0, 0), 10), "nothing came");
        assert!(!is_due(counted(CapMeasure::Clicks, 100, 0, 0), (1, 0), 86_400), "leads are nothing to it");
        assert!(!is_due(far(), (49_999, 0), 0));
        assert!(is_due(far(), (50_000, 0), 0), "it may be full");
        assert!(is_due(far(), (1, 0), COUNT_SECONDS), "what is shown is seconds old at most");
        assert!(is_due(far(), (1, 0), 86_400), "another day");
        assert!(is_due(counted(CapMeasure::Leads, 100, 50, 50), (1, 0), 0), "that costs nothing");
        assert!(is_due(counted(CapMeasure::Leads, 1000, 1000, 1000), (1, 0), 0), "one may have been refused");
        let mut each = counted(CapMeasure::Leads, 40_000, 50_000, 50_000);
        each.rule.is_each = true;
        assert!(!is_due(each.clone(), (6000, 0), 0));
        assert!(is_due(each, (7000, 0), 0), "the first has 33 334 of his own");
        let money = || counted(CapMeasure::Payout, 9_000_000, 600, 1_000_000);
        assert!(!is_due(money(), (1, 7_000_000), 0));
        assert!(is_due(money(), (1, 7_999_000), 0));
    }
}
