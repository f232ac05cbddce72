//! Caps of an offer as answers show them: with what is used and what is left.

use whocpa_domain::cap::{CapMeasure, CapPeriod, CapRule, read_caps};
use whocpa_domain::money::Amount;
use whocpa_domain::schedule::zone;
use whocpa_domain::{Level, Time, view};
use whocpa_store::offer::Offer;

use super::shown::Around;
use crate::click::CountKey;
use crate::{Caller, Engine};

view! {
    /// A cap of an offer.
    pub struct CapView {
        /// What it counts.
        measure: CapMeasure,
        /// The time in which it counts, in the offer's zone.
        period: CapPeriod,
        /// How many clicks or leads, or how much money.
        limit: String,
        /// What of it is used now; `null` when it counts each webmaster apart and you are none.
        used: Option<String>,
        /// What of it is left; `null` as `used`. Leads of visitors who were sent before are paid even when nothing is.
        left: Option<String>,
        /// When it begins anew, `null` for never.
        date_reset: Option<Time>,
        /// Currency of the money, `null` for clicks and leads.
        currency_id: Option<i64>,
        /// Counts leads of this goal only.
        goal_id: Option<i64>,
        /// Counts and stops this webmaster only.
        webmaster_id: Option<i64>,
        /// Counts and stops each webmaster apart.
        is_each: bool,
    }
}

impl Engine {
    /// The caps of an offer that concern the caller; guests see none.
    pub(super) fn caps_shown(&self, caller: Caller, row: &Offer, around: &Around) -> Vec<CapView> {
        if caller.level == Level::Guest || row.caps.is_empty() {
            return Vec::new();
        }
        let webmaster_id = if caller.level == Level::Webmaster { caller.user_id } else { 0 };
        let caps = read_caps(&row.caps).unwrap_or_default();
        let rules = caps.iter().filter_map(|cap| cap.rule().ok());
        rules
            .filter(|rule| webmaster_id == 0 || rule.concerns(webmaster_id))
            .map(|rule| self.cap_shown(row, rule, webmaster_id, around))
            .collect()
    }

    fn cap_shown(&self, row: &Offer, rule: CapRule, webmaster_id: i64, around: &Around) -> CapView {
        let now = self.now();
        let window = rule.period.window(&zone(&row.time_zone).unwrap_or(jiff::tz::TimeZone::UTC), now);
        // A cap for one webmaster is counted for him, whoever looks at it.
        let counted_for = if rule.webmaster_id == 0 { webmaster_id } else { rule.webmaster_id };
        let used = if rule.is_each && webmaster_id == 0 {
            None
        } else if rule.measure == CapMeasure::Clicks {
            let webmaster_id = rule.counted_for(counted_for);
            let key = CountKey { offer_id: row.id, period: rule.period, webmaster_id };
            Some(self.catalogue().caps().used(key, window))
        } else {
            let catalogue = self.catalogue().now();
            let entry = catalogue.offers.get(&row.id);
            let cap = entry.and_then(|entry| entry.caps.iter().find(|cap| cap.rule == rule));
            Some(cap.map_or(0, |cap| cap.used_by(counted_for, now)))
        };
        let shown = |number: i64| match rule.measure {
            CapMeasure::Clicks | CapMeasure::Leads => number.to_string(),
            CapMeasure::Payout => around
                .amount(rule.currency_id, number)
                .unwrap_or(Amount { micros: number, digits: 2 })
                .to_string(),
        };
        CapView {
            measure: rule.measure,
            period: rule.period,
            limit: shown(rule.limit),
            used: used.map(shown),
            left: used.map(|used| shown(rule.limit.saturating_sub(used).max(0))),
            date_reset: (rule.period != CapPeriod::Total).then_some(window.end),
            currency_id: Some(rule.currency_id).filter(|id| *id != 0),
            goal_id: Some(rule.goal_id).filter(|id| *id != 0),
            webmaster_id: Some(rule.webmaster_id).filter(|id| *id != 0),
            is_each: rule.is_each,
        }
    }
}
