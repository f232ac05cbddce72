//! From where the clicks of a question are counted: the smallest sums that know its dimensions, and rows where none do.
//!
//! A period is cut in up to three: its middle of whole days or quarters of an hour is read from sums, its two ends from
//! what is finer. So the sums of days of UTC serve every zone, unless days or hours themselves are asked apart.

use whocpa_domain::stat::{Dimension, Period};
use whocpa_domain::time::DAY;

use super::rollup::{ALL, Column, Rollup};

/// Rows of clicks of a day of the whole network, as measured on a large one, and of one webmaster: for comparing only.
const ROWS: (i64, i64) = (1_100_000, 5_000);

/// A stretch of time and what its clicks are counted in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    /// First second.
    pub from: i64,
    /// First second after it.
    pub until: i64,
    /// The sums; `None` for the clicks themselves.
    pub rollup: Option<&'static Rollup>,
}

/// What a question needs to know of each click.
#[derive(Debug, Clone)]
pub(super) struct Needs {
    /// Dimensions that it is grouped or filtered by.
    pub dimensions: Vec<Dimension>,
    /// How many webmasters and offers it names.
    pub named: [(Option<usize>, Column); 2],
}

impl Needs {
    /// Whether these sums know all of it, for whole buckets.
    fn is_known(&self, rollup: &Rollup, period: &Period) -> bool {
        self.dimensions.iter().all(|dimension| {
            if !dimension.is_time() {
                return Column::of(*dimension).is_some_and(|column| rollup.key.contains(&column));
            }
            if rollup.grain < DAY {
                return period.is_in_quarters();
            }
            let is_of_days = !matches!(dimension, Dimension::Hour | Dimension::HourOfDay);
            is_of_days && period.is_utc()
        })
    }

    /// Cells or rows of one day.
    fn cost(&self, rollup: Option<&Rollup>) -> i64 {
        let named = |column: Column| {
            let found = self.named.iter().find(|(count, of)| *of == column && count.is_some());
            found.and_then(|(count, _)| i64::try_from((*count)?).ok())
        };
        let (all, one) = match rollup {
            Some(rollup) => (rollup.cells, rollup.cells_of_one),
            None => (ROWS.0, Some((Column::Webmaster, ROWS.1))),
        };
        let few = one.and_then(|(column, cells)| Some(named(column)?.saturating_mul(cells)));
        few.map_or(all, |few| few.min(all))
    }

    /// The parts of a period, in order of time.
    pub fn plan(&self, period: &Period) -> Vec<Part> {
        self.parts(period, (period.from.0, period.until.0), i64::MAX)
    }

    fn parts(&self, period: &Period, (from, until): (i64, i64), below: i64) -> Vec<Part> {
        if from >= until {
            return Vec::new();
        }
        let middle = |rollup: &Rollup| {
            let up = |second: i64| {
                second.div_euclid(rollup.grain) + i64::from(second.rem_euclid(rollup.grain) != 0)
            };
            (up(from) * rollup.grain, until.div_euclid(rollup.grain) * rollup.grain)
        };
        let fits = |rollup: &&Rollup| {
            let (begin, end) = middle(rollup);
            rollup.grain < below && begin < end && self.is_known(rollup, period)
        };
        let best = ALL.iter().filter(fits).min_by_key(|rollup| self.cost(Some(rollup)));
        let Some(best) = best.filter(|best| self.cost(Some(best)) <= self.cost(None)) else {
            return vec![Part { from, until, rollup: None }];
        };
        let (begin, end) = middle(best);
        let mut parts = self.parts(period, (from, begin), best.grain);
        parts.push(Part { from: begin, until: end, rollup: Some(best) });
        parts.extend(self.parts(period, (end, until), best.grain));
        parts
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use whocpa_domain::Time;
    use whocpa_domain::stat::Calendar;

    fn plan(zone: &str, dimensions: &[Dimension], webmasters: Option<usize>) -> Vec<(&'static str, i64)> {
        let calendar = Calendar::new(zone).expect("a zone");
        let begin = calendar.begin(calendar.date(Time(1_710_000_000)));
        let period = calendar.period(begin, calendar.begin(calendar.date(begin.plus_days(10))));
        let needs = Needs {
            dimensions: dimensions.to_vec(),
            named: [(webmasters, Column::Webmaster), (None, Column::Offer)],
        };
        let parts = needs.plan(&period);
        assert_eq!((parts[0].from, parts[parts.len() - 1].until), (period.from.0, period.until.0));
        assert!(parts.windows(2).all(|pair| pair[0].until == pair[1].from), "{parts:?}");
        let hours = |part: &Part| (part.until - part.from) / 3600;
        parts.iter().map(|part| (part.rollup.map_or("click", |rollup| rollup.table), hours(part))).collect()
    }

    #[test]
    fn the_smallest_sums_that_know_the_question_are_read() {
        use Dimension::{Country, Day, Device, Hour, Offer, Subid1, Webmaster};
        let one = Some(1);
        assert_eq!(plan("UTC", &[Day, Webmaster], one), [("stat_day", 240)]);
        assert_eq!(plan("Europe/Kyiv", &[Day, Webmaster], one), [("stat_webmaster", 240)]);
        let ends = [("stat_country", 2), ("stat_country_day", 216), ("stat_country", 22)];
        assert_eq!(plan("Europe/Kyiv", &[Country, Device], None), ends);
        let ends = [("click", 2), ("stat_day", 216), ("click", 22)];
        assert_eq!(plan("Europe/Kyiv", &[Offer, Webmaster], one), ends);
        assert_eq!(plan("UTC", &[Hour, Country], None), [("stat_country", 240)]);
        assert_eq!(plan("UTC", &[Subid1, Webmaster], one), [("click", 240)]);
        assert_eq!(plan("UTC", &[Day], None), [("stat_country_day", 240)]);
    }
}
