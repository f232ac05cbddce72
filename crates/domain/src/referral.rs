//! Referrals: what a person who brought another one earns, and for how long.

use crate::Time;

/// Terms of those who are brought, unless others are agreed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReferralRules {
    /// Share of the payout, parts per million.
    pub ppm: i64,
    /// For how many days from the account's beginning; 0 for without end.
    pub days: i64,
}

impl Default for ReferralRules {
    fn default() -> Self {
        Self { ppm: 50_000, days: 365 }
    }
}

impl ReferralRules {
    /// Until when somebody who comes now is paid for.
    pub fn end(&self, now: Time) -> Option<Time> {
        (self.days > 0).then(|| now.plus_days(self.days))
    }
}

/// A name as those see it who need not know whose it is: its first letter.
pub fn masked_name(name: &str) -> String {
    name.trim().chars().take(1).chain("***".chars()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_term_has_an_end_unless_it_has_no_days() {
        assert_eq!(ReferralRules { ppm: 1, days: 2 }.end(Time(0)), Some(Time(172_800)));
        assert_eq!(ReferralRules { ppm: 1, days: 0 }.end(Time(0)), None);
    }

    #[test]
    fn a_masked_name_is_one_letter() {
        assert_eq!(masked_name(" Їжак Media"), "Ї***");
        assert_eq!(masked_name(""), "***");
    }
}
