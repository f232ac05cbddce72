//! The period of a report, and the clock of the zone in which its days begin.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use super::{Dimension, Key};
use crate::Time;
use crate::input::{ParamKind, Single};
use crate::schedule::zone;
use crate::time::{DAY, HOUR};

/// Seconds of the smallest sum that is kept: every zone begins its days with one.
pub const QUARTER: i64 = 900;

/// One end of a period as it was written: a date or a time of the zone, or a moment with a zone of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edge {
    /// A whole day of the zone.
    Date(Date),
    /// A second of the zone.
    Local(DateTime),
    /// A second that names its zone.
    Moment(Time),
}

impl Single for Edge {
    const KIND: ParamKind = ParamKind::Date;
    fn parse(text: &str) -> Result<Self, String> {
        let wrong = || "Must be a date such as 2023-04-27 or 2024-04-25T14:15:16".to_owned();
        // The protocol's own reading refuses what is no date.
        let moment = Time::parse(text).ok_or_else(wrong)?;
        if text.len() == 10 {
            return text.parse().map(Self::Date).map_err(|_| wrong());
        }
        if text.parse::<Timestamp>().is_ok() {
            return Ok(Self::Moment(moment));
        }
        text.parse().map(Self::Local).map_err(|_| wrong())
    }
}

/// The clock of a zone over some years: between two changes all clocks are as far from UTC.
#[derive(Debug, Clone)]
pub struct Calendar {
    zone: TimeZone,
    name: String,
}

/// A span of time and its clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Period {
    /// First second inside.
    pub from: Time,
    /// First second after it.
    pub until: Time,
    /// From which second on the clock is how many seconds before UTC, oldest first; the first holds from the beginning.
    pub offsets: Vec<(i64, i64)>,
    /// Numbers of the months inside with the first day (since 1970) of the month after each.
    pub months: Vec<(i64, i64)>,
}

impl Calendar {
    /// The clock of the zone with this IANA name; UTC for none.
    ///
    /// # Errors
    /// Says that there is none.
    pub fn new(name: &str) -> Result<Self, String> {
        let found = zone(name)?;
        let name = found.iana_name().unwrap_or("UTC").to_owned();
        Ok(Self { zone: found, name })
    }

    /// The zone's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The day of the zone at a moment.
    pub fn date(&self, at: Time) -> Date {
        self.local(at).date()
    }

    /// The clock at a moment.
    pub fn local(&self, at: Time) -> DateTime {
        let at = Timestamp::from_second(at.0).unwrap_or(Timestamp::UNIX_EPOCH);
        self.zone.to_datetime(at)
    }

    /// The first second of a day.
    pub fn begin(&self, day: Date) -> Time {
        self.second(day.at(0, 0, 0, 0))
    }

    /// The seconds that one end of a period names: its first, and the first after it.
    pub fn span(&self, edge: Edge) -> (Time, Time) {
        match edge {
            Edge::Date(day) => (self.begin(day), self.begin(day.saturating_add(1.day()))),
            Edge::Local(at) => (self.second(at), self.second(at).plus(1)),
            Edge::Moment(at) => (at, at.plus(1)),
        }
    }

    /// The second at which the zone's clock shows this; the earlier one of two, the next one where none does.
    fn second(&self, at: DateTime) -> Time {
        let found = self.zone.to_ambiguous_timestamp(at).compatible();
        Time(found.map_or(0, Timestamp::as_second))
    }

    /// The same time of the clock so many days and months later.
    pub fn later(&self, at: Time, days: i64, months: i64) -> Time {
        self.second(self.local(at).saturating_add(months.months()).saturating_add(days.days()))
    }

    /// Days of the clock from one moment to another, where both begin one.
    pub fn days(&self, from: Time, until: Time) -> Option<i64> {
        let is_begin = |at: Time| self.begin(self.date(at)) == at;
        (is_begin(from) && is_begin(until))
            .then(|| day_number(self.date(until)) - day_number(self.date(from)))
    }

    /// Months of the clock from one moment to another, where both begin one.
    pub fn months(&self, from: Time, until: Time) -> Option<i64> {
        let is_first = |at: Time| self.date(at).day() == 1;
        let is_whole = self.days(from, until).is_some() && is_first(from) && is_first(until);
        is_whole.then(|| month_number(self.date(until)) - month_number(self.date(from)))
    }

    /// What a period needs to know of the clock.
    pub fn period(&self, from: Time, until: Time) -> Period {
        let at = |time: Time| Timestamp::from_second(time.0).unwrap_or(Timestamp::UNIX_EPOCH);
        let first = self.zone.to_offset(at(from)).seconds();
        let mut offsets = vec![(i64::MIN, i64::from(first))];
        for change in self.zone.following(at(from)) {
            if change.timestamp() >= at(until) {
                break;
            }
            offsets.push((change.timestamp().as_second(), i64::from(change.offset().seconds())));
        }
        let (mut month, last) = (self.date(from).first_of_month(), self.date(until.plus(-1)));
        let mut months = Vec::new();
        while month <= last {
            let next = month.saturating_add(1.month());
            months.push((month_number(month), day_number(next)));
            month = next;
        }
        Period { from, until, offsets, months }
    }
}

impl Period {
    /// Whether quarters of an hour end where days of this clock do.
    pub fn is_in_quarters(&self) -> bool {
        let whole = |second: i64| second == i64::MIN || second % QUARTER == 0;
        self.offsets.iter().all(|(from, offset)| whole(*from) && whole(*offset))
    }

    /// Whether the clock is that of UTC.
    pub fn is_utc(&self) -> bool {
        self.offsets.iter().all(|(_, offset)| *offset == 0)
    }

    /// The value of a dimension of time at a moment; `None` for other dimensions. SQL computes the same.
    pub fn key(&self, dimension: Dimension, at: Time) -> Option<Key> {
        let offset =
            self.offsets.iter().rev().find(|(from, _)| *from <= at.0).map_or(0, |(_, offset)| *offset);
        let local = at.0 + offset;
        let day = local.div_euclid(DAY);
        let number = match dimension {
            Dimension::Hour => at.0 - local.rem_euclid(HOUR),
            Dimension::Day => day,
            Dimension::Week => (day + 3).div_euclid(7),
            Dimension::Month => self
                .months
                .iter()
                .find(|(_, next)| day < *next)
                .or(self.months.last())
                .map_or(0, |month| month.0),
            Dimension::HourOfDay => local.rem_euclid(DAY) / HOUR,
            Dimension::Weekday => (day + 3).rem_euclid(7) + 1,
            _ => return None,
        };
        Some(Key::Number(number))
    }
}

/// Days since 1970.
fn day_number(day: Date) -> i64 {
    let at = day.at(0, 0, 0, 0).to_zoned(TimeZone::UTC).map_or(0, |at| at.timestamp().as_second());
    at.div_euclid(DAY)
}

/// The day with this number.
fn day_of(number: i64) -> Date {
    let at = Timestamp::from_second(number.saturating_mul(DAY)).unwrap_or(Timestamp::UNIX_EPOCH);
    TimeZone::UTC.to_datetime(at).date()
}

/// How a value of a dimension of time is written: an hour with its distance from UTC, so that the one that comes twice
/// in autumn is two; a week by its Monday.
pub fn written(dimension: Dimension, number: i64, calendar: &Calendar) -> String {
    match dimension {
        Dimension::Hour => {
            let at = Timestamp::from_second(number).unwrap_or(Timestamp::UNIX_EPOCH);
            at.to_zoned(calendar.zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
        }
        Dimension::Day => day_of(number).to_string(),
        Dimension::Week => day_of(number * 7 - 3).to_string(),
        Dimension::Month => format!("{:04}-{:02}", number.div_euclid(12), number.rem_euclid(12) + 1),
        _ => number.to_string(),
    }
}

/// Months since the year 0.
fn month_number(day: Date) -> i64 {
    i64::from(day.year()) * 12 + i64::from(day.month()) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The clock is asked directly, second by second.
    fn naive(calendar: &Calendar, dimension: Dimension, at: Time) -> String {
        let local = calendar.local(at);
        let monday = i64::from(local.date().weekday().to_monday_zero_offset());
        match dimension {
            Dimension::Day => local.date().to_string(),
            Dimension::Week => local.date().saturating_sub(monday.days()).to_string(),
            Dimension::Month => local.strftime("%Y-%m").to_string(),
            Dimension::HourOfDay => local.hour().to_string(),
            Dimension::Weekday => (monday + 1).to_string(),
            _ => String::new(),
        }
    }

    #[test]
    fn numbers_are_what_the_clock_shows() {
        for name in ["UTC", "Europe/Kyiv", "Asia/Kathmandu", "Australia/Lord_Howe", "America/St_Johns"] {
            let calendar = Calendar::new(name).unwrap_or_else(|_| unreachable!());
            let from = Time(1_700_000_000);
            let period = calendar.period(from, from.plus_days(500));
            assert!(period.is_in_quarters(), "{name}");
            for step in 0..7_000 {
                let at = from.plus(step * 6_170);
                for dimension in [
                    Dimension::Day,
                    Dimension::Week,
                    Dimension::Month,
                    Dimension::HourOfDay,
                    Dimension::Weekday,
                ] {
                    let number = period.key(dimension, at).map_or(0, |key| key.number());
                    assert_eq!(
                        written(dimension, number, &calendar),
                        naive(&calendar, dimension, at),
                        "{name} {at} {dimension:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn an_hour_that_comes_twice_is_two() {
        let calendar = Calendar::new("Europe/Kyiv").unwrap_or_else(|_| unreachable!());
        // 2024-10-27 04:00 of summer becomes 03:00 of winter.
        let first = Time::parse("2024-10-27T00:30:00Z").unwrap_or_default();
        let period = calendar.period(first, first.plus_days(1));
        let shown = |at: Time| {
            let number = period.key(Dimension::Hour, at).map_or(0, |key| key.number());
            written(Dimension::Hour, number, &calendar)
        };
        assert_eq!(shown(first), "2024-10-27T03:00:00+03:00");
        assert_eq!(shown(first.plus(HOUR)), "2024-10-27T03:00:00+02:00");
        assert_eq!(calendar.begin(day_of(20_023)), Time::parse("2024-10-26T21:00:00Z").unwrap_or_default());
        assert_eq!(calendar.begin(day_of(20_024)).0 - calendar.begin(day_of(20_023)).0, 25 * HOUR);
    }

    #[test]
    fn dates_are_of_the_zone() {
        let calendar = Calendar::new("Asia/Kathmandu").unwrap_or_else(|_| unreachable!());
        let span = |text: &str| Edge::parse(text).map(|edge| calendar.span(edge).0.to_string());
        assert_eq!(span("2024-05-01").as_deref(), Ok("2024-04-30T18:15:00Z"));
        assert_eq!(span("2024-05-01T05:45:00").as_deref(), Ok("2024-05-01T00:00:00Z"));
        assert_eq!(span("2024-05-01T05:45:00Z").as_deref(), Ok("2024-05-01T05:45:00Z"));
        for bad in ["", "2024-13-01", "yesterday", "2024-05-01T"] {
            assert!(Edge::parse(bad).is_err(), "{bad}");
        }
    }
}
