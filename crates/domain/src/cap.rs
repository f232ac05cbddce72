//! Caps: how much an offer takes in a day, a week, a month or at all.
//!
//! * **Clicks** are counted when they are decided. A cap is exact on one node; several nodes share what is stored, so
//!   that together they may go beyond it by what came in since they last looked.
//! * **Leads** are those that are pending or approved, by the moment at which they were created; **payout** is what
//!   webmasters earn with them. A cap on them stops redirects from the commit that reaches it. Leads of visitors who
//!   were sent before are accepted and paid all the same, so that such a cap may be exceeded by them.
//! * Days, weeks (from Monday) and months are those of the offer's time zone.

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan, Zoned};

use crate::input::read_json;
use crate::money::parse_micros;
use crate::{Time, codes, document};

/// Caps that one offer may have.
pub const CAP_LIMIT: usize = 50;
/// The largest number of clicks or leads that a cap may state.
const COUNT_LIMIT: i64 = 1_000_000_000_000;

codes! {
    /// What a cap counts.
    pub enum CapMeasure {
        Clicks = 1 "clicks that are sent to the offer",
        Leads = 2 "pending and approved leads",
        Payout = 3 "what webmasters earn with pending and approved leads",
    }
}

codes! {
    /// The time in which a cap counts.
    pub enum CapPeriod {
        Day = 1 "a day",
        Week = 2 "a week, from Monday",
        Month = 3 "a month",
        Total = 4 "without end",
    }
}

document! {
    /// A cap of an offer.
    pub struct Cap {
        /// What it counts.
        measure: Option<CapMeasure>,
        /// The time in which it counts, in the offer's zone.
        period: Option<CapPeriod>,
        /// How many clicks or leads, or how much money: a decimal such as `100` or `2500.00`.
        limit: String,
        /// Currency of the money; required with `measure` 3, which counts leads in this currency only.
        currency_id: Option<i64>,
        /// Counts leads of this goal only.
        goal_id: Option<i64>,
        /// Counts and stops this webmaster only.
        webmaster_id: Option<i64>,
        /// Counts and stops each webmaster apart.
        is_each: bool,
    }
}

/// A cap that is whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CapRule {
    /// What it counts.
    pub measure: CapMeasure,
    /// The time in which it counts.
    pub period: CapPeriod,
    /// A number, or micro-units.
    pub limit: i64,
    /// Only leads in this currency, 0 for all.
    pub currency_id: i64,
    /// Only leads of this goal, 0 for all.
    pub goal_id: i64,
    /// Only this webmaster, 0 for all.
    pub webmaster_id: i64,
    /// Each webmaster apart.
    pub is_each: bool,
}

/// A span of seconds: from the first to before the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Window {
    /// First second.
    pub start: Time,
    /// First second after it.
    pub end: Time,
}

impl Cap {
    /// The whole cap.
    ///
    /// # Errors
    /// Says what is wrong and with which member.
    pub fn rule(&self) -> Result<CapRule, String> {
        let measure = self.measure.ok_or("measure: This parameter is required")?;
        let period = self.period.ok_or("period: This parameter is required")?;
        let micros =
            parse_micros(&self.limit).ok_or("limit: Must be a plain decimal such as 100 or 2500.00")?;
        let limit = if measure == CapMeasure::Payout {
            micros
        } else {
            self.limit.parse().map_err(|_| "limit: Must be a whole number")?
        };
        if !(0..=COUNT_LIMIT.saturating_mul(1000)).contains(&limit) {
            return Err("limit: Must be from 0 to 1000000000".to_owned());
        }
        match (measure, self.goal_id, self.currency_id) {
            (CapMeasure::Clicks, Some(_), _) => return Err("goal_id: A click has no goal".to_owned()),
            (CapMeasure::Payout, _, None) => {
                return Err("currency_id: Must be given with a payout".to_owned());
            }
            (CapMeasure::Clicks | CapMeasure::Leads, _, Some(_)) => {
                return Err("currency_id: Must be given with a payout only".to_owned());
            }
            _ => {}
        }
        if self.is_each && self.webmaster_id.is_some() {
            return Err("is_each: Must not be given with a webmaster".to_owned());
        }
        Ok(CapRule {
            measure,
            period,
            limit,
            currency_id: self.currency_id.unwrap_or(0),
            goal_id: self.goal_id.unwrap_or(0),
            webmaster_id: self.webmaster_id.unwrap_or(0),
            is_each: self.is_each,
        })
    }
}

/// Reads the stored caps of an offer.
///
/// # Errors
/// Names the cap and its member that are wrong.
pub fn read_caps(text: &str) -> Result<Vec<Cap>, String> {
    let caps: Vec<Cap> = if text.is_empty() { Vec::new() } else { read_json(text)? };
    check_caps(&caps)?;
    Ok(caps)
}

/// The text that is stored; empty for none.
pub fn caps_text(caps: &[Cap]) -> String {
    if caps.is_empty() { String::new() } else { serde_json::to_string(caps).unwrap_or_default() }
}

/// Says which cap is wrong, and how. Goals, webmasters and currencies are not known here.
pub fn check_caps(caps: &[Cap]) -> Result<(), String> {
    if caps.len() > CAP_LIMIT {
        return Err(format!("At most {CAP_LIMIT} caps"));
    }
    for (at, cap) in caps.iter().enumerate() {
        let rule = cap.rule().map_err(|wrong| format!("[{at}].{wrong}"))?;
        let same =
            |other: &Cap| other.rule().is_ok_and(|other| CapRule { limit: rule.limit, ..other } == rule);
        if caps.iter().take(at).any(same) {
            return Err(format!("[{at}]: The same cap is there twice"));
        }
    }
    Ok(())
}

impl CapRule {
    /// Whether clicks of this webmaster are counted and stopped by it.
    pub fn concerns(&self, webmaster_id: i64) -> bool {
        self.webmaster_id == 0 || self.webmaster_id == webmaster_id
    }

    /// Whose count it is: a webmaster's, or 0 for all together.
    pub fn counted_for(&self, webmaster_id: i64) -> i64 {
        if self.is_each || self.webmaster_id != 0 { webmaster_id } else { 0 }
    }
}

impl CapPeriod {
    /// The window of this kind around `now`, in a zone.
    pub fn window(self, zone: &TimeZone, now: Time) -> Window {
        let all = Window { start: Time(0), end: Time(i64::MAX) };
        let Ok(at) = Timestamp::from_second(now.0) else { return all };
        let today = at.to_zoned(zone.clone()).start_of_day();
        let Ok(today) = today else { return all };
        let found = match self {
            Self::Total => return all,
            Self::Day => Some((today.clone(), today.checked_add(1.day()))),
            Self::Week => {
                let back = i64::from(today.weekday().to_monday_zero_offset());
                let monday = today.checked_sub(back.days()).and_then(|day| day.start_of_day());
                monday.ok().map(|monday| (monday.clone(), monday.checked_add(1.week())))
            }
            Self::Month => {
                let first = today.first_of_month().and_then(|day| day.start_of_day());
                first.ok().map(|first| (first.clone(), first.checked_add(1.month())))
            }
        };
        let second = |at: Zoned| Time(at.timestamp().as_second());
        match found {
            Some((start, Ok(end))) => {
                let end = end.start_of_day().map_or(Time(i64::MAX), second);
                Window { start: second(start), end }
            }
            _ => all,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::schedule::zone;

    fn shown(period: CapPeriod, zone_name: &str, now: &str) -> (String, String) {
        let zone = zone(zone_name).expect("a zone");
        let window = period.window(&zone, Time::parse(now).expect("a moment"));
        (window.start.to_string(), window.end.to_string())
    }

    #[test]
    fn windows_are_those_of_the_zone() {
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        let kyiv = "Europe/Kyiv";
        assert_eq!(
            shown(CapPeriod::Day, kyiv, "2024-03-30T22:30:00"),
            // The last Sunday of March has 23 hours.
            pair("2024-03-30T22:00:00Z", "2024-03-31T21:00:00Z")
        );
        assert_eq!(
            shown(CapPeriod::Week, "", "2024-01-07T23:59:59"),
            pair("2024-01-01T00:00:00Z", "2024-01-08T00:00:00Z")
        );
        assert_eq!(
            shown(CapPeriod::Month, kyiv, "2024-02-29T23:00:00"),
            pair("2024-02-29T22:00:00Z", "2024-03-31T21:00:00Z")
        );
        assert_eq!(CapPeriod::Total.window(&TimeZone::UTC, Time(5)).start, Time(0));
    }

    #[test]
    fn caps_are_read_strictly() {
        let good = r#"[{"measure":1,"period":1,"limit":"100"},{"measure":3,"period":3,"limit":"2500.50","currency_id":840,"is_each":true}]"#;
        let caps = read_caps(good).expect("right");
        assert_eq!(caps_text(&caps), good);
        assert_eq!(caps[1].rule().expect("whole").limit, 2_500_500_000);
        for (text, said) in [
            (r#"[{"period":1,"limit":"1"}]"#, "[0].measure: This parameter is required"),
            (r#"[{"measure":1,"limit":"1"}]"#, "[0].period: This parameter is required"),
            (r#"[{"measure":2,"period":1,"limit":"1.5"}]"#, "[0].limit: Must be a whole number"),
            (r#"[{"measure":2,"period":1,"limit":"-1"}]"#, "[0].limit:"),
            (r#"[{"measure":3,"period":1,"limit":"1"}]"#, "[0].currency_id: Must be given"),
            (r#"[{"measure":1,"period":1,"limit":"1","goal_id":5}]"#, "[0].goal_id:"),
            (r#"[{"measure":1,"period":1,"limit":"1","webmaster_id":5,"is_each":true}]"#, "[0].is_each:"),
            (r#"[{"measure":1,"period":9,"limit":"1"}]"#, "[0].period: Must be one of 1, 2, 3, 4"),
            (r#"[{"measure":1,"period":1,"limit":1}]"#, "[0].limit: invalid type"),
            (
                r#"[{"measure":1,"period":1,"limit":"1"},{"measure":1,"period":1,"limit":"2"}]"#,
                "[1]: The same cap is there twice",
            ),
        ] {
            let wrong = read_caps(text).expect_err(text);
            assert!(wrong.starts_with(said), "{text}: {wrong}");
        }
    }

    proptest! {
        /// Every moment lies in its window, and the window of its last second is the same one.
        #[test]
        fn windows_cover_time_without_gaps(
            now in 0_i64..4_000_000_000,
            period in proptest::sample::select(vec![CapPeriod::Day, CapPeriod::Week, CapPeriod::Month]),
            name in proptest::sample::select(vec!["", "Europe/Kyiv", "America/Sao_Paulo", "Asia/Kolkata", "Pacific/Apia"]),
        ) {
            let zone = zone(name).expect("a zone");
            let window = period.window(&zone, Time(now));
            prop_assert!(window.start.0 <= now && now < window.end.0);
            prop_assert_eq!(period.window(&zone, window.start), window);
            prop_assert_eq!(period.window(&zone, window.end.plus(-1)), window);
            prop_assert_eq!(period.window(&zone, window.end).start, window.end);
        }
    }
}
