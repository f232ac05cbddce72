//! What a report may be sorted by.

use super::{Dimension, Source};
use crate::input::{ParamKind, Single};
use crate::sort::SortKey;

/// A number of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// `clicks`
    Clicks,
    /// `uniques`
    Uniques,
    /// `bots`
    Bots,
    /// `unsent`
    Unsent,
    /// `leads`
    Leads,
    /// `leads_quality`
    Quality,
    /// `leads_pending`
    Pending,
    /// `leads_approved_hold`
    ApprovedHold,
    /// `leads_approved`
    Approved,
    /// `leads_rejected_hold`
    RejectedHold,
    /// `leads_rejected`
    Rejected,
    /// `leads_spam`
    Spam,
    /// `leads_double`
    Double,
    /// `cr`
    Cr,
    /// `approve_rate`
    ApproveRate,
    /// `average_hold`
    AverageHold,
    /// `money`
    Money,
    /// `epc`
    Epc,
}

impl Measure {
    /// Those that count rows.
    const COUNTS: &'static [&'static str] = &[
        "clicks",
        "uniques",
        "bots",
        "unsent",
        "leads",
        "leads_quality",
        "leads_pending",
        "leads_approved_hold",
        "leads_approved",
        "leads_rejected_hold",
        "leads_rejected",
        "leads_spam",
        "leads_double",
    ];

    /// What it counts.
    pub fn source(self) -> Source {
        match self {
            Self::Clicks | Self::Uniques | Self::Bots | Self::Unsent => Source::Clicks,
            _ => Source::Leads,
        }
    }
}

impl Single for Measure {
    const KIND: ParamKind = ParamKind::Word(Self::COUNTS);
    fn parse(text: &str) -> Result<Self, String> {
        match StatSort::by_word(text) {
            Some(StatSort::Measure(measure)) if Self::COUNTS.contains(&text) => Ok(measure),
            _ => Err(format!("Must be one of {}", Self::COUNTS.join(", "))),
        }
    }
}

/// A dimension that the report is grouped by, or a measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatSort {
    /// By its values.
    Dimension(Dimension),
    /// By the number.
    Measure(Measure),
}

impl SortKey for StatSort {
    const WORDS: &'static [&'static str] = &[
        "hour",
        "-hour",
        "day",
        "-day",
        "week",
        "-week",
        "month",
        "-month",
        "hour_of_day",
        "-hour_of_day",
        "weekday",
        "-weekday",
        "offer",
        "-offer",
        "goal",
        "-goal",
        "advertiser",
        "-advertiser",
        "webmaster",
        "-webmaster",
        "manager",
        "-manager",
        "area",
        "-area",
        "link",
        "-link",
        "landing",
        "-landing",
        "promo",
        "-promo",
        "stock",
        "-stock",
        "deeplink",
        "-deeplink",
        "country",
        "-country",
        "device",
        "-device",
        "os",
        "-os",
        "browser",
        "-browser",
        "language",
        "-language",
        "subid1",
        "-subid1",
        "subid2",
        "-subid2",
        "subid3",
        "-subid3",
        "subid4",
        "-subid4",
        "subid5",
        "-subid5",
        "keyword",
        "-keyword",
        "click_reason",
        "-click_reason",
        "status",
        "-status",
        "reason",
        "-reason",
        "currency",
        "-currency",
        "clicks",
        "-clicks",
        "uniques",
        "-uniques",
        "bots",
        "-bots",
        "unsent",
        "-unsent",
        "leads",
        "-leads",
        "leads_quality",
        "-leads_quality",
        "leads_pending",
        "-leads_pending",
        "leads_approved_hold",
        "-leads_approved_hold",
        "leads_approved",
        "-leads_approved",
        "leads_rejected_hold",
        "-leads_rejected_hold",
        "leads_rejected",
        "-leads_rejected",
        "leads_spam",
        "-leads_spam",
        "leads_double",
        "-leads_double",
        "cr",
        "-cr",
        "approve_rate",
        "-approve_rate",
        "average_hold",
        "-average_hold",
        "money",
        "-money",
        "epc",
        "-epc",
    ];

    fn by_word(word: &str) -> Option<Self> {
        if let Some(dimension) = Dimension::by_name(word) {
            return Some(Self::Dimension(dimension));
        }
        let measure = match word {
            "clicks" => Measure::Clicks,
            "uniques" => Measure::Uniques,
            "bots" => Measure::Bots,
            "unsent" => Measure::Unsent,
            "leads" => Measure::Leads,
            "leads_quality" => Measure::Quality,
            "leads_pending" => Measure::Pending,
            "leads_approved_hold" => Measure::ApprovedHold,
            "leads_approved" => Measure::Approved,
            "leads_rejected_hold" => Measure::RejectedHold,
            "leads_rejected" => Measure::Rejected,
            "leads_spam" => Measure::Spam,
            "leads_double" => Measure::Double,
            "cr" => Measure::Cr,
            "approve_rate" => Measure::ApproveRate,
            "average_hold" => Measure::AverageHold,
            "money" => Measure::Money,
            "epc" => Measure::Epc,
            _ => return None,
        };
        Some(Self::Measure(measure))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_known_in_both_directions() {
        for word in StatSort::WORDS {
            assert!(StatSort::by_word(word.trim_start_matches('-')).is_some(), "{word}");
        }
        for dimension in Dimension::WORDS {
            assert!(StatSort::WORDS.contains(dimension), "{dimension} is missing");
        }
    }
}
