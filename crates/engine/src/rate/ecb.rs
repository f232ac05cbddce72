//! Reference rates of the European Central Bank, in the bank's own form: a line a day, a column a currency.

use std::collections::BTreeMap;

use csv::ReaderBuilder;
use whocpa_domain::rate::{ECB_DAYS, RateSource, parse_rate};
use whocpa_domain::{Error, Result, Scope, Time};
use whocpa_store::rate::{self, Rate};
use whocpa_store::{Store, currency};

use crate::{Engine, EngineConfig, open};

/// The history that ships with the program; `data/rate/README.md` has its source.
pub const SHIPPED: &str = include_str!("../../../../data/rate/ecb.csv");
/// The bank publishes a day's rates at about 16:00 in Frankfurt: they count from 16:00 UTC, when they are out all the year.
const PUBLISHED: i64 = 16 * 3600;
/// Number of the euro.
const EURO: i64 = 978;
/// Rows of one transaction.
const CHUNK: usize = 1000;

/// Loads a file of the bank into a network, beside its running server. Gives how many rates are new.
///
/// # Errors
/// [`Error::Invalid`] for another file.
pub async fn load(config: &EngineConfig, text: &str, now: Time) -> Result<u64> {
    let store = open::connect(config).await?;
    let loaded = store_rates(&store, text, (Time(0), now), now).await;
    store.close().await;
    loaded
}

impl Engine {
    /// Loads what ships with the program, from a day on; gives how many rates are new.
    pub async fn rate_load_shipped(&self, since: Time) -> Result<u64> {
        store_rates(self.store(), SHIPPED, (since, Time(i64::MAX)), self.now()).await
    }
}

/// Stores the rates of days from `since` on; none of them may come after `until`.
async fn store_rates(store: &Store, text: &str, (since, until): (Time, Time), now: Time) -> Result<u64> {
    let rows = currency::list(&store.read(), Scope::All).await?;
    let known: BTreeMap<String, i64> = rows.into_iter().map(|row| (row.code, row.id)).collect();
    let rates = read(text, &known, now).map_err(|words| Error::field("file", words))?;
    if let Some(early) = rates.iter().find(|rate| rate.date_from - PUBLISHED > until.0) {
        return Err(Error::field("file", format!("{} has not come yet", Time(early.date_from))));
    }
    let rates: Vec<Rate> = rates.into_iter().filter(|rate| rate.date_from >= since.0).collect();
    let mut count = 0;
    for chunk in rates.chunks(CHUNK) {
        count += store.write(move |db| async move { rate::load(&db, chunk).await }).await?;
    }
    Ok(count)
}

/// The rates of a file; columns of unknown currencies and empty fields are left out.
fn read(text: &str, known: &BTreeMap<String, i64>, now: Time) -> std::result::Result<Vec<Rate>, String> {
    let mut reader = ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let headings = reader.headers().map_err(|error| error.to_string())?.clone();
    if headings.get(0).map(str::trim) != Some("Date") || headings.len() < 2 {
        return Err("Not a file of the ECB's reference rates: its first heading must be Date".to_owned());
    }
    let columns: Vec<Option<i64>> = headings.iter().map(|code| known.get(code.trim()).copied()).collect();
    let mut rates = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| error.to_string())?;
        let line = record.position().map_or(0, csv::Position::line);
        let day = record.get(0).unwrap_or_default().trim();
        let day = read_day(day).ok_or_else(|| format!("Line {line}: {day:?} is no date"))?;
        for (value, currency_id) in record.iter().zip(&columns).skip(1) {
            let (value, Some(currency_id)) = (value.trim(), *currency_id) else { continue };
            if value.is_empty() || value == "N/A" || currency_id == EURO {
                continue;
            }
            let value = parse_rate(value).ok_or_else(|| format!("Line {line}: {value:?} is no rate"))?;
            let date_from = day.plus(PUBLISHED);
            rates.push(Rate {
                id: 0,
                base_id: EURO,
                currency_id,
                value,
                date_from: date_from.0,
                date_end: date_from.plus_days(ECB_DAYS).0,
                date_recorded: now.0,
                source: RateSource::Ecb.code(),
                user_id: None,
                comment: String::new(),
            });
        }
    }
    Ok(rates)
}

/// A day, as the bank writes it in the file of all days (`2026-01-05`) and in that of the newest one (`05 January 2026`).
fn read_day(text: &str) -> Option<Time> {
    Time::parse(text).or_else(|| {
        let day = jiff::civil::Date::strptime("%d %B %Y", text).ok()?;
        Time::parse(&day.to_string())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_history_is_read() {
        let known = BTreeMap::from([("USD".to_owned(), 840), ("RUB".to_owned(), 643)]);
        let rates = read(SHIPPED, &known, Time(0)).expect("the file");
        assert!(rates.len() > 700, "{}", rates.len());
        let newest = rates.iter().filter(|rate| rate.currency_id == 840).max_by_key(|rate| rate.date_from);
        let newest = newest.expect("a rate");
        assert_eq!((newest.value, newest.base_id), (1_117_200_000_000, EURO));
        assert!(rates.iter().any(|rate| rate.currency_id == 643), "the rouble until 2022");
    }

    #[test]
    fn another_file_is_refused() {
        let known = BTreeMap::from([("USD".to_owned(), 840), ("EUR".to_owned(), EURO)]);
        for text in ["", "a,b\n1,2\n", "Date\n", "Date,USD\nx,1\n", "Date,USD\n2026-01-01,-1\n"] {
            assert!(read(text, &known, Time(0)).is_err(), "{text}");
        }
        let text = "Date, USD, EUR, XXX, \n05 January 2026, 1.25, 1, 9, \n2026-01-06,N/A,,,\n";
        let rates = read(text, &known, Time(0)).expect("the bank's daily file");
        assert_eq!(rates.len(), 1);
        assert_eq!(Time(rates[0].date_from), Time::parse("2026-01-05T16:00:00Z").expect("a moment"));
    }
}
