//! The same numbers of the period before.

use std::collections::BTreeMap;

use whocpa_domain::stat::{Dimension, Key, Period};
use whocpa_domain::{Error, Result, Time};
use whocpa_store::stats::Sums;

use super::Asked;

/// A row's numbers now and then.
pub(super) type Pair = (Sums, Sums);

/// The period before, of as many days or months, else seconds.
pub(super) struct Before {
    /// When it was.
    pub period: Period,
    /// First second.
    pub from: Time,
    days: i64,
    months: i64,
    seconds: i64,
    rows: BTreeMap<Vec<Key>, Sums>,
}

impl Before {
    /// # Errors
    /// [`Error::Invalid`] when weeks or months are asked apart, and the period has parts of them.
    pub fn new(asked: &Asked) -> Result<Self> {
        let (calendar, period) = (&asked.calendar, &asked.query.period);
        let (from, until) = (period.from, period.until);
        let asks = |dimension| asked.query.group.contains(&dimension);
        let refuse = |words: &str| Err(Error::field("compare", words));
        let mut shift = (0, 0, until.0 - from.0);
        if asks(Dimension::Month) {
            match calendar.months(from, until) {
                Some(_) if asks(Dimension::Day) || asks(Dimension::Week) || asks(Dimension::Hour) => {
                    return refuse("Months cannot be compared together with hours, days or weeks");
                }
                Some(months) => shift = (0, months, 0),
                None => return refuse("Months are compared when the period has whole ones"),
            }
        } else if let Some(days) = calendar.days(from, until) {
            if asks(Dimension::Week) && days % 7 != 0 {
                return refuse("Weeks are compared when the period has whole ones");
            }
            shift = (days, 0, 0);
        } else if asks(Dimension::Day) || asks(Dimension::Week) {
            return refuse("Days and weeks are compared when the period has whole ones");
        }
        let (days, months, seconds) = shift;
        let begin = calendar.later(from, -days, -months).plus(-seconds);
        Ok(Self {
            period: calendar.period(begin, from),
            from: begin,
            days,
            months,
            seconds,
            rows: BTreeMap::new(),
        })
    }

    /// Takes what was counted then, under the keys of now.
    pub fn take(&mut self, rows: BTreeMap<Vec<Key>, Sums>, asked: &Asked) {
        for (key, sums) in rows {
            let key = key.into_iter().zip(&asked.query.group);
            let key = key.map(|(key, dimension)| self.moved(*dimension, key, asked)).collect();
            let found: &mut Sums = self.rows.entry(key).or_default();
            found.add(&sums);
        }
    }

    fn moved(&self, dimension: Dimension, key: Key, asked: &Asked) -> Key {
        let number = key.number();
        Key::Number(match dimension {
            Dimension::Hour => {
                asked.calendar.later(Time(number), self.days, self.months).plus(self.seconds).0
            }
            Dimension::Day => number + self.days,
            Dimension::Week => number + self.days / 7,
            Dimension::Month => number + self.months,
            _ => return key,
        })
    }
}

/// All rows with what was counted before; those that had something only then, too.
pub(super) fn joined(now: BTreeMap<Vec<Key>, Sums>, before: Option<&Before>) -> Vec<(Vec<Key>, Pair)> {
    let mut rows: BTreeMap<Vec<Key>, Pair> =
        now.into_iter().map(|(key, sums)| (key, (sums, Sums::default()))).collect();
    for (key, sums) in before.into_iter().flat_map(|before| &before.rows) {
        rows.entry(key.clone()).or_default().1 = sums.clone();
    }
    rows.into_iter().collect()
}
