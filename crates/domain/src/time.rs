//! Moments in whole seconds of UTC: how they are read, written and counted.

use std::fmt;

use jiff::{Timestamp, civil, tz};

/// A moment: seconds since 1970-01-01 UTC. Output is RFC 3339 UTC, `2024-04-25T14:15:16Z` (design §3).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(pub i64);

/// Seconds of an hour.
pub const HOUR: i64 = 3600;
/// Seconds of a day.
pub const DAY: i64 = 86_400;

impl Time {
    /// The moment `days` whole days later.
    #[must_use]
    pub fn plus_days(self, days: i64) -> Self {
        Self(self.0.saturating_add(days.saturating_mul(DAY)))
    }

    /// The moment `seconds` later.
    #[must_use]
    pub fn plus(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds))
    }

    /// Reads `2023-04-27` (midnight UTC) or `2024-04-25T14:15:16` (UTC unless a zone is given), design §3.
    pub fn parse(text: &str) -> Option<Self> {
        Moment::parse(text).map(|moment| moment.start)
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Timestamp::from_second(self.0) {
            Ok(at) => write!(f, "{}", at.strftime("%Y-%m-%dT%H:%M:%SZ")),
            Err(_) => write!(f, "{}", self.0),
        }
    }
}

impl serde::Serialize for Time {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A date or a second as it was written: `[start, end)` is the span that it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// First second of the span.
    pub start: Time,
    /// First second after it: the next day for a date, the next second for a date-time.
    pub end: Time,
}

impl Moment {
    /// Reads both forms that the protocol accepts; `None` for anything else. A fraction of a second, as JavaScript
    /// writes it, is left out: the protocol has whole seconds.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() < 10 || !text.is_ascii() {
            return None;
        }
        if text.len() == 10 {
            let date: civil::Date = text.parse().ok()?;
            let start = Time(date.to_zoned(tz::TimeZone::UTC).ok()?.timestamp().as_second());
            return Some(Self { start, end: start.plus_days(1) });
        }
        if !matches!(text.as_bytes().get(10), Some(b'T' | b't' | b' ')) {
            return None;
        }
        let start = if let Ok(at) = text.parse::<Timestamp>() {
            whole_second(at)
        } else {
            let local: civil::DateTime = text.parse().ok()?;
            whole_second(local.to_zoned(tz::TimeZone::UTC).ok()?.timestamp())
        };
        Some(Self { start, end: start.plus(1) })
    }
}

/// The second that a moment lies in, before 1970 too.
fn whole_second(at: Timestamp) -> Time {
    Time(at.as_second() - i64::from(at.subsec_nanosecond() < 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_read_and_written_in_utc() {
        let shown = |text| Time::parse(text).map(|at| at.to_string());
        assert_eq!(shown("2023-04-27").as_deref(), Some("2023-04-27T00:00:00Z"));
        assert_eq!(shown("2024-04-25T14:15:16").as_deref(), Some("2024-04-25T14:15:16Z"));
        assert_eq!(shown("2024-04-25T14:15:16Z").as_deref(), Some("2024-04-25T14:15:16Z"));
        assert_eq!(shown("2024-04-25T14:15:16+03:00").as_deref(), Some("2024-04-25T11:15:16Z"));
        assert_eq!(shown("2024-04-25T14:15:16.999Z").as_deref(), Some("2024-04-25T14:15:16Z"));
        assert_eq!(shown("1969-12-31T23:59:58.500").as_deref(), Some("1969-12-31T23:59:58Z"));
    }

    #[test]
    fn anything_else_is_refused() {
        for text in
            ["", "today", "2023-4-27", "27.04.2023", "2023-02-30", "2023-04-27T", "1682553600", "٢٠٢٣-٠٤-٢٧"]
        {
            assert_eq!(Time::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_date_names_its_whole_day() {
        let day = Moment::parse("2023-04-27").unwrap_or_else(|| unreachable!());
        assert_eq!(day.end.0 - day.start.0, DAY);
    }
}
