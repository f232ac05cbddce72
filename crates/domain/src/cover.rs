//! Cover: whether what an advertiser has pays for what his leads cost.

use crate::codes;

codes! {
    /// Whether there is money for an advertiser's leads.
    pub enum CoverState {
        Covered = 1 "covered: as much as a week of leads costs is there, or he pays afterwards",
        Partly = 2 "partly covered: less than a week of leads costs is there",
        Uncovered = 3 "not covered: nothing is left",
    }
}

/// Of how many days the leads are counted.
pub const COVER_DAYS: i64 = 7;

/// What is counted of an advertiser in one currency, micro-units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Covering {
    /// What is prepaid and not reserved yet; below zero when he owes.
    pub available: i64,
    /// What the network trusts him with.
    pub credit_limit: i64,
    /// He pays afterwards, whatever it is.
    pub is_postpaid: bool,
    /// What his leads of the last [`COVER_DAYS`] cost that were not refused, and no less than the dearest lead that can
    /// come.
    pub week_charge: i64,
}

impl Covering {
    /// What leads may still cost; `None` for without a limit.
    pub fn room(&self) -> Option<i64> {
        (!self.is_postpaid).then(|| self.available.saturating_add(self.credit_limit))
    }

    /// The rule: nothing left is uncovered, less than a week costs is partly covered.
    pub fn state(&self) -> CoverState {
        match self.room() {
            Some(room) if room <= 0 => CoverState::Uncovered,
            Some(room) if room < self.week_charge => CoverState::Partly,
            _ => CoverState::Covered,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_week_must_be_there() {
        let prepaid = Covering { available: 100, credit_limit: 0, is_postpaid: false, week_charge: 100 };
        assert_eq!(prepaid.state(), CoverState::Covered);
        assert_eq!(Covering { available: 99, ..prepaid }.state(), CoverState::Partly);
        assert_eq!(Covering { available: 0, ..prepaid }.state(), CoverState::Uncovered);
        assert_eq!(Covering { available: 0, week_charge: 0, ..prepaid }.state(), CoverState::Uncovered);
        let trusted = Covering { available: -50, credit_limit: 50, ..prepaid };
        assert_eq!(trusted.state(), CoverState::Uncovered);
        assert_eq!(Covering { credit_limit: 51, ..trusted }.state(), CoverState::Partly);
        assert_eq!(Covering { is_postpaid: true, ..trusted }.state(), CoverState::Covered);
        assert_eq!(
            Covering { available: i64::MAX, credit_limit: i64::MAX, ..prepaid }.state(),
            CoverState::Covered
        );
    }
}
