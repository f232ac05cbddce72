//! Paydays: when a payout is asked for by itself.

use jiff::{Span, Timestamp, tz};

use crate::{Time, codes};

codes! {
    /// When everything that is available is asked for.
    pub enum PayoutSchedule {
        Request = 0 "when you ask for it",
        Weekly = 1 "every Monday",
        Monthly = 2 "on the first day of the month",
    }
}

impl PayoutSchedule {
    /// The last due day's beginning in a zone, at this moment; `None` on request, and for moments that no calendar has.
    pub fn due_since(self, zone: &str, now: Time) -> Option<Time> {
        let zone = tz::TimeZone::get(zone).ok()?;
        let date = Timestamp::from_second(now.0).ok()?.to_zoned(zone.clone()).date();
        let first = match self {
            Self::Request => return None,
            Self::Weekly => {
                let days = i64::from(date.weekday().to_monday_zero_offset());
                date.checked_sub(Span::new().days(days)).ok()?
            }
            Self::Monthly => date.first_of_month(),
        };
        // Where midnight is left out by a change of clocks, the day begins later.
        Some(Time(first.to_zoned(zone).ok()?.timestamp().as_second()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn due(schedule: PayoutSchedule, zone: &str, now: &str) -> String {
        let now = Time::parse(now).expect("a moment");
        schedule.due_since(zone, now).map_or("never".to_owned(), |time| time.to_string())
    }

    #[test]
    fn a_due_day_begins_at_midnight_of_its_zone() {
        use PayoutSchedule::{Monthly, Request, Weekly};
        // 2026-11-23 is a Monday.
        assert_eq!(due(Weekly, "UTC", "2026-11-22T23:59:59"), "2026-11-16T00:00:00Z");
        assert_eq!(due(Weekly, "UTC", "2026-11-23T00:00:00"), "2026-11-23T00:00:00Z");
        assert_eq!(due(Weekly, "Europe/Kyiv", "2026-11-22T22:00:00"), "2026-11-22T22:00:00Z");
        assert_eq!(due(Weekly, "Europe/Kyiv", "2026-11-22T21:59:59"), "2026-11-15T22:00:00Z");
        assert_eq!(due(Monthly, "UTC", "2026-11-30T23:00:00"), "2026-11-01T00:00:00Z");
        assert_eq!(due(Monthly, "Asia/Tokyo", "2026-11-30T15:00:00"), "2026-11-30T15:00:00Z");
        assert_eq!(due(Request, "UTC", "2026-11-30"), "never");
        assert_eq!(due(Weekly, "Mars/Base", "2026-11-30"), "never");
    }
}
