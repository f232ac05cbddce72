//! The name of a row of a report: the lists of clicks and leads take it and show what the row counts.

use std::collections::BTreeMap;

use url::form_urlencoded;
use whocpa_domain::input::Limits;
use whocpa_domain::stat::{Calendar, Dimension, Key, Measure, Shape, Source};
use whocpa_domain::time::DAY;
use whocpa_domain::{Error, Level, Result, Time};
use whocpa_store::stats::{Cell, StatQuery};

use super::Asked;

/// Longest name: an address has a limit.
const LONGEST: usize = 3_000;
/// The form of a name in a request.
pub(crate) const CELL: Limits = Limits::Line(1, LONGEST);

/// The name of a row; empty when the question is too long for an address.
pub(super) fn name(asked: &Asked, key: &[Key]) -> String {
    let query = &asked.query;
    let mut only = query.only.clone();
    for (dimension, key) in query.group.iter().zip(key) {
        only.insert(*dimension, vec![key.clone()]);
    }
    let mut text = form_urlencoded::Serializer::new(String::new());
    text.append_pair("from", &query.period.from.0.to_string());
    text.append_pair("until", &query.period.until.0.to_string());
    text.append_pair("tz", asked.calendar.name());
    if let Some(at) = query.as_of {
        text.append_pair("as_of", &at.0.to_string());
    }
    for (sign, filters) in [("", &only), ("-", &query.not)] {
        for (dimension, keys) in filters {
            for key in keys {
                let value = match key {
                    Key::Number(number) => number.to_string(),
                    Key::Text(text) => text.clone(),
                };
                text.append_pair(&format!("{sign}{}", dimension.name()), &value);
            }
        }
    }
    let text = text.finish();
    if text.len() > LONGEST { String::new() } else { text }
}

/// What a name stands for, when the caller may ask it.
///
/// # Errors
/// [`Error::Invalid`] for anything that no report of the caller's level names.
pub(crate) fn read(text: &str, measure: Option<Measure>, level: Level) -> Result<Cell> {
    let wrong = || Error::field("cell", "Must be the cell of a row of statistics");
    let (mut from, mut until, mut zone, mut as_of) = (None, None, String::new(), None);
    let (mut only, mut not) = (BTreeMap::new(), BTreeMap::new());
    for (name, value) in form_urlencoded::parse(text.as_bytes()) {
        let number = || value.parse::<i64>().map_err(|_| wrong());
        match &*name {
            "from" => from = Some(Time(number()?)),
            "until" => until = Some(Time(number()?)),
            "as_of" => as_of = Some(Time(number()?)),
            "tz" => zone = value.into_owned(),
            other => {
                let (filters, word): (&mut BTreeMap<Dimension, Vec<Key>>, &str) =
                    match other.strip_prefix('-') {
                        Some(word) => (&mut not, word),
                        None => (&mut only, other),
                    };
                let dimension =
                    Dimension::by_name(word).filter(|known| known.is_for(level)).ok_or_else(wrong)?;
                let key = match dimension.shape() {
                    Shape::Text if value.contains('\0') => return Err(wrong()),
                    Shape::Text => Key::Text(value.into_owned()),
                    Shape::Time | Shape::Number => Key::Number(number()?),
                };
                filters.entry(dimension).or_default().push(key);
            }
        }
    }
    let (from, until) = from.zip(until).ok_or_else(wrong)?;
    let is_long = until.0.saturating_sub(from.0) > super::LONGEST * DAY;
    let is_period = 0 <= from.0 && from < until && until.0 <= super::LAST && !is_long;
    if !is_period {
        return Err(wrong());
    }
    let period = Calendar::new(&zone).map_err(|_| wrong())?.period(from, until);
    Ok(Cell { query: StatQuery { period, group: Vec::new(), only, not, as_of }, measure })
}

/// The cell and the measure that a list was asked for.
///
/// # Errors
/// [`Error::Invalid`] also for a measure of other rows.
pub(crate) fn asked(
    cell: Option<&str>,
    measure: Option<Measure>,
    level: Level,
    source: Source,
) -> Result<Option<Cell>> {
    let Some(text) = cell else {
        return match measure {
            Some(_) => Err(Error::field("measure", "Must be sent with cell")),
            None => Ok(None),
        };
    };
    if measure.is_some_and(|measure| measure.source() != source) {
        let words = if source == Source::Clicks { "clicks, uniques, bots, unsent" } else { "those of leads" };
        return Err(Error::field("measure", format!("Must be one of {words}")));
    }
    let cell = read(text, measure, level)?;
    if !cell.query.is_of(source) {
        return Err(Error::field("cell", "What it asks is not known of these rows"));
    }
    Ok(Some(cell))
}

/// The ids of a dimension that a cell names.
pub(crate) fn numbers(cell: &Cell, dimension: Dimension) -> Option<Vec<i64>> {
    let keys = cell.query.only.get(&dimension)?;
    Some(keys.iter().map(Key::number).collect())
}
