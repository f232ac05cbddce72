//! What an offer pays for leads that come when it takes no more visitors: told to webmasters, and frozen on each click.
//!
//! A lead of a visitor who was sent is paid (design §5), unless the terms of his click say otherwise. They are stored in the
//! click's trace, so that what held when he was sent can be read from the click alone:
//!
//! ```text
//! version:rule:days        3:2:7 is version 3: paid when the click is no older than 7 days
//! ```

use crate::{Time, codes};

codes! {
    /// What is paid of the leads that come after their offer stopped or a cap of its leads was reached.
    pub enum LateRule {
        Paid = 0 "all of them",
        Unpaid = 1 "none of them",
        Young = 2 "those that come within `late_days` of their click",
    }
}

/// The terms of one click.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LateTerms {
    /// Version of the offer's terms, from 1.
    pub version: i64,
    /// The rule.
    pub rule: LateRule,
    /// Days of [`LateRule::Young`].
    pub days: i64,
}

impl LateTerms {
    /// As a click carries them.
    pub fn text(self) -> String {
        format!("{}:{}:{}", self.version, self.rule.code(), self.days)
    }

    /// What a click carries; none for what is not such a text.
    pub fn read(text: &str) -> Option<Self> {
        let mut parts = text.split(':').map(str::parse::<i64>);
        let (version, rule, days) = (parts.next()?.ok()?, parts.next()?.ok()?, parts.next()?.ok()?);
        let rule = LateRule::from_code(rule)?;
        (parts.next().is_none() && version > 0 && days >= 0).then_some(Self { version, rule, days })
    }

    /// Whether a late lead is paid that was reported at `sent`, of a click at `clicked`.
    pub fn pays(self, clicked: Time, sent: Time) -> bool {
        match self.rule {
            LateRule::Paid => true,
            LateRule::Unpaid => false,
            LateRule::Young => sent <= clicked.plus_days(self.days),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::time::DAY;

    #[test]
    fn each_rule_pays_what_it_says() {
        let terms = |rule| LateTerms { version: 1, rule, days: 2 };
        let clicked = Time(1_000_000);
        for (rule, after, is_paid) in [
            (LateRule::Paid, 1000 * DAY, true),
            (LateRule::Unpaid, 0, false),
            (LateRule::Young, 2 * DAY, true),
            (LateRule::Young, 2 * DAY + 1, false),
        ] {
            assert_eq!(terms(rule).pays(clicked, clicked.plus(after)), is_paid, "{rule:?} {after}");
        }
    }

    #[test]
    fn what_is_no_such_text_is_none() {
        for text in ["", "1", "1:2", "1:9:2", "0:1:0", "1:1:-1", "1:1:1:1", "a:b:c"] {
            assert_eq!(LateTerms::read(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn terms_read_back(version in 1..i64::MAX, rule in 0..3i64, days in 0..366i64) {
            let terms = LateTerms { version, rule: LateRule::from_code(rule).expect("a rule"), days };
            prop_assert_eq!(LateTerms::read(&terms.text()), Some(terms));
        }
    }
}
