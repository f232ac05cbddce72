//! Rules about the quality of traffic: visible to everybody whom they touch, each with its limit and what it counted. They
//! mark, notify, or pause a source; no lead is refused, held or paid less by one of them.
//!
//! A rule looks at the leads whose click and report lie in its window, by offer, webmaster and source. Doubles are left
//! out. A rule about shared wallets looks at webmasters who are paid to the same account: that is between them and the
//! network, so only operators make such rules and no advertiser reads what they find.

use crate::codes;
use crate::money::MICRO;

codes! {
    /// What a rule looks at.
    pub enum RuleKind {
        FastLeads = 1 "leads that come within `seconds` of their click, in percent of all leads",
        HighCr = 2 "leads in percent of clicks",
        Refused = 3 "rejected leads and spam in percent of decided leads",
        SharedWallet = 4 "leads of other webmasters who are paid to the same account, in percent of theirs and his own",
    }
}

codes! {
    /// What a rule tells apart.
    pub enum RuleSource {
        Area = 1 "areas; clicks without one are one source",
        Subid = 2 "values of subid1; clicks without one are left out",
        Webmaster = 3 "webmasters, with all their visitors",
    }
}

codes! {
    /// What follows when a rule finds something.
    pub enum RuleAction {
        Mark = 1 "it is listed as a finding, and its leads show it",
        Notify = 2 "the webmaster is told by a ticket, too",
        Pause = 3 "visitors of this source are not sent to the offer until somebody ends it; the webmaster is told",
    }
}

codes! {
    /// What became of a finding.
    pub enum FindingState {
        Open = 0 "the rule finds it",
        Over = 1 "the rule does not find it any more",
        Ended = 2 "ended by those who run the offer",
    }
}

/// What one source brought to one offer: leads of clicks of one window, and those clicks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SourceCounts {
    /// Visitors who were sent to the offer.
    pub clicks: i64,
    /// Leads.
    pub leads: i64,
    /// Of them within the rule's seconds of their click.
    pub fast: i64,
    /// Of them decided.
    pub decided: i64,
    /// Of these rejected or spam.
    pub refused: i64,
    /// Leads of other webmasters who are paid to the same account.
    pub shared: i64,
}

impl RuleKind {
    /// The part and the whole that a rule of this kind compares.
    pub fn share(self, counts: &SourceCounts) -> (i64, i64) {
        match self {
            Self::FastLeads => (counts.fast, counts.leads),
            Self::HighCr => (counts.leads, counts.clicks),
            Self::Refused => (counts.refused, counts.decided),
            Self::SharedWallet => (counts.shared, counts.shared.saturating_add(counts.leads)),
        }
    }

    /// Whether a rule with this limit (percent in micro-units) finds something. `min_leads` is the number of leads, or of
    /// decided ones, below which a share of them is chance.
    pub fn finds(self, counts: &SourceCounts, limit: i64, min_leads: i64) -> bool {
        let (part, whole) = self.share(counts);
        let base = match self {
            Self::Refused => counts.decided,
            Self::SharedWallet => whole,
            Self::FastLeads | Self::HighCr => counts.leads,
        };
        let is_over = i128::from(part) * 100 * i128::from(MICRO) >= i128::from(whole) * i128::from(limit);
        whole > 0 && base >= min_leads && part > 0 && is_over
    }
}

/// Percent of a limit, at most.
pub const LIMIT_PERCENT: i64 = 100;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const GOOD: SourceCounts =
        SourceCounts { clicks: 1000, leads: 40, fast: 3, decided: 40, refused: 10, shared: 20 };

    #[test]
    fn each_rule_begins_at_its_limit() {
        let half = 50 * MICRO;
        for (kind, counts, is_found) in [
            (RuleKind::FastLeads, SourceCounts { fast: 20, ..GOOD }, true),
            (RuleKind::FastLeads, SourceCounts { fast: 19, ..GOOD }, false),
            (RuleKind::HighCr, SourceCounts { clicks: 80, ..GOOD }, true),
            (RuleKind::HighCr, SourceCounts { clicks: 81, ..GOOD }, false),
            (RuleKind::Refused, SourceCounts { refused: 20, ..GOOD }, true),
            (RuleKind::Refused, SourceCounts { refused: 19, ..GOOD }, false),
        ] {
            assert_eq!(kind.finds(&counts, half, 30), is_found, "{kind:?} {counts:?}");
            assert!(!kind.finds(&counts, half, 41), "few leads are chance");
            assert!(!kind.finds(&SourceCounts::default(), half, 0));
        }
        let shared = SourceCounts { leads: 5, shared: 20, ..GOOD };
        assert!(RuleKind::SharedWallet.finds(&shared, 80 * MICRO, 25), "20 of 25 leads");
        assert!(!RuleKind::SharedWallet.finds(&shared, 80 * MICRO, 26), "few leads are chance");
        assert!(!RuleKind::SharedWallet.finds(&SourceCounts { shared: 0, ..GOOD }, 1, 1), "nobody else");
        let few = SourceCounts { decided: 29, refused: 29, ..GOOD };
        assert!(!RuleKind::Refused.finds(&few, half, 30), "decided leads are counted");
    }

    proptest! {
        /// Total, and never more by less: a share that is found is found with a lower limit too.
        #[test]
        fn a_lower_limit_finds_more(
            (clicks, leads, fast) in (0..i64::MAX, 0..i64::MAX, 0..i64::MAX),
            (decided, refused, shared) in (0..i64::MAX, 0..i64::MAX, 0..i64::MAX),
            (limit, less, min) in (1..100 * MICRO, 0..100 * MICRO, 1..1000i64),
        ) {
            let counts = SourceCounts { clicks, leads, fast, decided, refused, shared };
            for kind in RuleKind::ALL {
                let lower = kind.finds(&counts, limit.saturating_sub(less), min);
                prop_assert!(!kind.finds(&counts, limit, min) || lower);
            }
        }
    }
}
