//! Hours of the week in a time zone: when something takes visitors.

use std::cell::Cell;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::{Time, document};

document! {
    /// Hours of the week.
    pub struct Schedule {
        /// Time zone by its IANA name, for example `Europe/Kyiv`; UTC unless told.
        zone: String,
        /// The hours, any of which will do; empty for always.
        hours: Vec<Hours>,
    }
}

document! {
    /// Hours on some days of the week.
    pub struct Hours {
        /// Days from 1 (Monday) to 7 (Sunday); every day unless told.
        days: Vec<i64>,
        /// First hour, 0 to 23.
        from: i64,
        /// The hour at which it ends, 1 to 24. One that is not after the first is on the next day.
        to: i64,
    }
}

/// A schedule, ready to be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Week {
    zone: TimeZone,
    /// A bit for each hour of Monday to Sunday.
    hours: [u32; 7],
}

/// A day from Monday, 0 to 6, and its hour.
type Hour = (usize, i8);

/// A moment, with its hour in the zones in which it was asked for: finding it takes longer than all other rules.
#[derive(Debug, Clone)]
pub struct Moment {
    now: Time,
    /// By the place of the zone's name in memory, which does not move while somebody asks.
    hours: [Cell<Option<(usize, Hour)>>; 4],
}

impl Moment {
    /// A moment in which nothing was asked yet.
    pub fn new(now: Time) -> Self {
        Self { now, hours: Default::default() }
    }
}

/// The zone with this IANA name, UTC for none.
///
/// # Errors
/// Says that it is unknown.
pub fn zone(name: &str) -> Result<TimeZone, String> {
    if name.is_empty() {
        return Ok(TimeZone::UTC);
    }
    TimeZone::get(name)
        .map_err(|_| format!("Unknown time zone {name}; it must be an IANA name such as Europe/Kyiv"))
}

impl Schedule {
    /// Says what is wrong with it.
    pub fn check(&self) -> Result<(), String> {
        zone(&self.zone).map_err(|wrong| format!("zone: {wrong}"))?;
        for (at, hours) in self.hours.iter().enumerate() {
            let wrong = |member: &str, message: &str| Err(format!("hours[{at}].{member}: {message}"));
            if hours.days.iter().any(|day| !(1..=7).contains(day)) {
                return wrong("days", "Must be from 1 (Monday) to 7 (Sunday)");
            }
            if !(0..=23).contains(&hours.from) {
                return wrong("from", "Must be from 0 to 23");
            }
            if !(1..=24).contains(&hours.to) {
                return wrong("to", "Must be from 1 to 24");
            }
            if hours.from == hours.to {
                return wrong("to", "Must differ from the first hour");
            }
        }
        Ok(())
    }

    /// Ready to be asked; none when it says always, or cannot be read.
    pub fn compile(&self) -> Option<Week> {
        if self.hours.is_empty() || self.check().is_err() {
            return None;
        }
        let mut week = [0_u32; 7];
        for hours in &self.hours {
            let every = [1, 2, 3, 4, 5, 6, 7];
            let days = if hours.days.is_empty() { &every[..] } else { &hours.days };
            let end = if hours.to > hours.from { hours.to } else { hours.to + 24 };
            for day in days {
                for hour in hours.from..end {
                    let day = (day - 1 + hour / 24) % 7;
                    if let Some(bits) = usize::try_from(day).ok().and_then(|day| week.get_mut(day)) {
                        *bits |= 1 << (hour % 24);
                    }
                }
            }
        }
        zone(&self.zone).ok().map(|zone| Week { zone, hours: week })
    }
}

impl Week {
    /// Whether the moment lies in one of the hours.
    pub fn holds(&self, now: Time) -> bool {
        self.hour(now).is_some_and(|hour| self.has(hour))
    }

    /// As [`holds`](Self::holds), for one moment and many weeks: its hour is found once for each zone.
    pub fn holds_at(&self, moment: &Moment) -> bool {
        // Two zones under one name are the same; under two names they are found twice.
        let zone = self.zone.iana_name().map_or(0, |name| name.as_ptr().addr());
        let known = moment.hours.iter().filter_map(Cell::get).find(|(known, _)| *known == zone);
        let hour = match known {
            Some((_, hour)) if zone != 0 => Some(hour),
            _ => {
                let hour = self.hour(moment.now);
                let free = moment.hours.iter().find(|cell| cell.get().is_none());
                if let (Some(free), Some(hour)) = (free, hour) {
                    free.set(Some((zone, hour)));
                }
                hour
            }
        };
        hour.is_some_and(|hour| self.has(hour))
    }

    fn hour(&self, now: Time) -> Option<Hour> {
        let local = self.zone.to_datetime(Timestamp::from_second(now.0).ok()?);
        Some((usize::try_from(local.weekday().to_monday_zero_offset()).unwrap_or(0), local.hour()))
    }

    fn has(&self, (day, hour): Hour) -> bool {
        self.hours.get(day).is_some_and(|bits| bits & (1 << hour) != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Time {
        Time::parse(text).unwrap_or_default()
    }

    fn week(zone: &str, days: &[i64], from: i64, to: i64) -> Option<Week> {
        let hours = vec![Hours { days: days.to_vec(), from, to }];
        Schedule { zone: zone.to_owned(), hours }.compile()
    }

    #[test]
    fn hours_are_those_of_the_zone() {
        let office = week("Europe/Kyiv", &[1, 2, 3, 4, 5], 9, 18).expect("right");
        // Friday in winter: two hours ahead of UTC.
        assert!(!office.holds(at("2024-01-05T06:59:59")) && office.holds(at("2024-01-05T07:00:00")));
        assert!(office.holds(at("2024-01-05T15:59:59")) && !office.holds(at("2024-01-05T16:00:00")));
        assert!(!office.holds(at("2024-01-06T10:00:00")), "Saturday");
        let moment = Moment::new(at("2024-01-05T07:00:00"));
        let far = week("Asia/Tokyo", &[5], 16, 17).expect("right");
        for _ in 0..2 {
            assert!(office.holds_at(&moment) && far.holds_at(&moment), "each in its own zone");
            assert!(!week("", &[5], 9, 18).expect("right").holds_at(&moment));
        }
        // In summer three.
        assert!(office.holds(at("2024-07-05T06:00:00")));
    }

    #[test]
    fn a_night_ends_on_the_next_day() {
        let night = week("", &[7], 22, 6).expect("right");
        assert!(night.holds(at("2024-01-07T23:00:00")) && night.holds(at("2024-01-08T05:59:59")));
        assert!(!night.holds(at("2024-01-07T05:00:00")) && !night.holds(at("2024-01-08T06:00:00")));
    }

    #[test]
    fn nonsense_is_refused_with_its_place() {
        assert!(Schedule { zone: "Mars/Olympus".to_owned(), hours: Vec::new() }.check().is_err());
        for (days, from, to, place) in
            [(vec![0], 1, 2, "days"), (vec![], 24, 2, "from"), (vec![], 1, 25, "to"), (vec![], 5, 5, "to")]
        {
            let hours = [Hours::default(), Hours { days, from, to }];
            let said = Schedule { zone: String::new(), hours: hours[1..].to_vec() }.check();
            assert!(said.is_err_and(|said| said.starts_with(&format!("hours[0].{place}"))), "{place}");
        }
    }
}
