//! The sums of clicks that are kept: which there are, how a batch of clicks is added to them, how they are made anew.

use std::collections::BTreeMap;
use std::fmt::Write;

use sea_orm::Value;
use whocpa_domain::Result;
use whocpa_domain::click::{Click, ClickReason};
use whocpa_domain::facts::BotMark;
use whocpa_domain::stat::{Dimension, Key, QUARTER};
use whocpa_domain::tid::{click_id, click_ms};
use whocpa_domain::time::DAY;

use crate::bulk::Table;
use crate::db::{self, Backend, Db};
use crate::migrate::execute;

/// A column of a sum's key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Column {
    Time,
    Webmaster,
    Offer,
    Country,
    Device,
}

/// One table of sums.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Rollup {
    /// Its name.
    pub table: &'static str,
    /// Seconds of one bucket, of which whole ones are counted.
    pub grain: i64,
    /// Its key, in order.
    pub key: &'static [Column],
    /// Cells that are read for a day of the whole network, as measured on a large one: for comparing plans only.
    pub cells: i64,
    /// The same for one value of the first column that is no time, where an index leads to it.
    pub cells_of_one: Option<(Column, i64)>,
}

/// All of them.
pub(super) static ALL: [Rollup; 6] = [
    Rollup {
        table: "stat_country_day",
        grain: DAY,
        key: &[Column::Time, Column::Country, Column::Device],
        cells: 160,
        cells_of_one: None,
    },
    Rollup {
        table: "stat_offer_day",
        grain: DAY,
        key: &[Column::Time, Column::Offer, Column::Country, Column::Device],
        cells: 6_000,
        cells_of_one: Some((Column::Offer, 12)),
    },
    Rollup {
        table: "stat_day",
        grain: DAY,
        key: &[Column::Time, Column::Webmaster, Column::Offer],
        cells: 10_000,
        cells_of_one: Some((Column::Webmaster, 10)),
    },
    Rollup {
        table: "stat_country",
        grain: QUARTER,
        key: &[Column::Time, Column::Country, Column::Device],
        cells: 15_000,
        cells_of_one: None,
    },
    Rollup {
        table: "stat_offer",
        grain: QUARTER,
        key: &[Column::Offer, Column::Time],
        cells: 50_000,
        cells_of_one: Some((Column::Offer, 96)),
    },
    Rollup {
        table: "stat_webmaster",
        grain: QUARTER,
        key: &[Column::Webmaster, Column::Time],
        cells: 100_000,
        cells_of_one: Some((Column::Webmaster, 96)),
    },
];

/// What is counted in each cell: visits of people, first ones of visitor and offer, marked ones, visits of people that
/// were not sent to the offer.
pub(super) const MEASURES: [&str; 4] = ["clicks", "uniques", "bots", "unsent"];

/// The same of rows of clicks, in SQL.
pub(super) const OF_ROWS: [&str; 4] = [
    "CASE WHEN bot_mark = 0 THEN 1 ELSE 0 END",
    "CASE WHEN bot_mark = 0 AND is_unique THEN 1 ELSE 0 END",
    "CASE WHEN bot_mark = 0 THEN 0 ELSE 1 END",
    "CASE WHEN bot_mark = 0 AND reason <> 0 THEN 1 ELSE 0 END",
];

/// What a cell counts, by its key.
type Cells = BTreeMap<Vec<Key>, [i64; 4]>;

/// The second of a click in SQL, from its number.
pub(super) const CLICK_SECOND: &str = "((id >> 22) / 1000 + 1577836800)";

impl Column {
    /// The column of rows of clicks that a dimension is found in; of [`Rollup`]s too.
    pub fn of(dimension: Dimension) -> Option<Self> {
        match dimension {
            Dimension::Webmaster => Some(Self::Webmaster),
            Dimension::Offer => Some(Self::Offer),
            Dimension::Country => Some(Self::Country),
            Dimension::Device => Some(Self::Device),
            _ => None,
        }
    }

    fn of_click(self, click: &Click, grain: i64) -> Key {
        match self {
            Self::Time => Key::Number(click_ms(click.id).div_euclid(1000 * grain)),
            Self::Webmaster => Key::Number(click.webmaster_id),
            Self::Offer => Key::Number(click.offer_id),
            Self::Country => Key::Text(click.country.clone()),
            Self::Device => Key::Number(click.device),
        }
    }
}

impl Rollup {
    /// The column with the number of the bucket.
    pub fn time(&self) -> &'static str {
        if self.grain == DAY { "day" } else { "bucket" }
    }

    fn name(&self, column: Column) -> &'static str {
        match column {
            Column::Time => self.time(),
            Column::Webmaster => "webmaster_id",
            Column::Offer => "offer_id",
            Column::Country => "country",
            Column::Device => "device",
        }
    }

    fn key_names(&self) -> Vec<&'static str> {
        self.key.iter().map(|column| self.name(*column)).collect()
    }

    fn cells(&self, clicks: &[&Click]) -> Cells {
        let mut cells = Cells::new();
        for click in clicks {
            let key = self.key.iter().map(|column| column.of_click(click, self.grain)).collect();
            let sums: &mut [i64; 4] = cells.entry(key).or_default();
            let is_person = click.bot_mark == BotMark::None.code();
            let is_unsent = click.reason != ClickReason::Sent.code();
            for (sum, is_counted) in sums.iter_mut().zip([
                is_person,
                is_person && click.is_unique,
                !is_person,
                is_person && is_unsent,
            ]) {
                *sum += i64::from(is_counted);
            }
        }
        cells
    }

    /// What follows the values: a cell that is there grows.
    fn tail(&self) -> String {
        let grow = MEASURES.map(|name| format!("{name} = {}.{name} + excluded.{name}", self.table));
        format!(" ON CONFLICT ({}) DO UPDATE SET {}", self.key_names().join(", "), grow.join(", "))
    }

    /// PostgreSQL: one array for each column, as a text; one statement whatever the number of cells.
    fn arrays(&self, cells: &Cells) -> (String, Vec<String>) {
        let mut arrays = vec![String::from("{"); self.key.len() + MEASURES.len()];
        for (key, sums) in cells {
            let sums = sums.iter().map(|sum| Key::Number(*sum));
            for (array, value) in arrays.iter_mut().zip(key.iter().cloned().chain(sums)) {
                let comma = if array.len() > 1 { "," } else { "" };
                // Writing to a String cannot fail.
                let _ = match value {
                    Key::Number(number) => write!(array, "{comma}{number}"),
                    Key::Text(text) => {
                        let text = text.replace('\\', "\\\\").replace('"', "\\\"");
                        write!(array, "{comma}\"{text}\"")
                    }
                };
            }
        }
        let kinds = self.key.iter().map(|column| if *column == Column::Country { "TEXT" } else { "BIGINT" });
        let kinds = kinds.chain(MEASURES.map(|_| "BIGINT"));
        let sources: Vec<String> =
            kinds.enumerate().map(|(at, kind)| format!("CAST(${} AS TEXT)::{kind}[]", at + 1)).collect();
        let names = [self.key_names(), MEASURES.to_vec()].concat().join(", ");
        let (table, tail) = (self.table, self.tail());
        let sql = format!("INSERT INTO {table} ({names}) SELECT * FROM UNNEST({}){tail}", sources.join(", "));
        (sql, arrays.into_iter().map(|array| array + "}").collect())
    }
}

/// Statements for PostgreSQL with their values, each adding clicks to one table of sums. Cells are in the order of their
/// keys, tables in one order: nodes that add to the same ones wait in one direction only.
pub(crate) fn statements(clicks: &[&Click]) -> Vec<(String, Vec<String>)> {
    ALL.iter().map(|rollup| rollup.arrays(&rollup.cells(clicks))).collect()
}

/// Adds clicks to all sums, in the transaction that stores them. Whoever calls has left out those that are there already.
pub(crate) async fn add(db: &Db, clicks: &[&Click]) -> Result<()> {
    if clicks.is_empty() {
        return Ok(());
    }
    if db.backend() == Backend::Postgres {
        for (sql, values) in statements(clicks) {
            execute(db, &sql, values.into_iter().map(Value::from)).await?;
        }
        return Ok(());
    }
    for rollup in &ALL {
        let cells: Vec<(Vec<Key>, [i64; 4])> = rollup.cells(clicks).into_iter().collect();
        let names = [rollup.key_names(), MEASURES.to_vec()].concat();
        let table = Table {
            name: rollup.table,
            columns: &names.join("\", \""),
            width: names.len(),
            tail: &rollup.tail(),
        };
        let values = |(key, sums): &(Vec<Key>, [i64; 4])| {
            let key = key.iter().map(|key| match key {
                Key::Number(number) => Value::from(*number),
                Key::Text(text) => Value::from(text.as_str()),
            });
            key.chain(sums.iter().map(|sum| Value::from(*sum))).collect()
        };
        table.insert(db, &cells, values).await.map_err(db::error)?;
    }
    Ok(())
}

/// Makes all sums of one day of UTC anew from its clicks, in the caller's transaction. Nobody adds to them meanwhile:
/// SQLite has one writer, on PostgreSQL others wait for the tables.
pub(super) async fn rebuild(db: &Db, day: i64) -> Result<()> {
    let tables: Vec<&str> = ALL.iter().map(|rollup| rollup.table).collect();
    if db.backend() == Backend::Postgres {
        execute(db, &format!("LOCK TABLE {} IN EXCLUSIVE MODE", tables.join(", ")), []).await?;
    }
    let begin = |day: i64| click_id(day * DAY * 1000, 0, 0);
    for rollup in &ALL {
        let (table, time) = (rollup.table, rollup.time());
        let (from, until) = (day * DAY / rollup.grain, (day + 1) * DAY / rollup.grain);
        let window = format!("{time} >= {from} AND {time} < {until}");
        // The key begins with another column: each of its values is gone to by the index.
        let head = rollup.name(rollup.key[0]);
        let window = match rollup.key[0] {
            Column::Time => window,
            _ => format!("{head} IN ({}) AND {window}", each(table, head)),
        };
        execute(db, &format!("DELETE FROM {table} WHERE {window}"), []).await?;
        let key = rollup.key.iter().map(|column| match column {
            Column::Time => format!("{CLICK_SECOND} / {}", rollup.grain),
            column => rollup.name(*column).to_owned(),
        });
        let sums = OF_ROWS.iter().map(|sum| format!("CAST(SUM({sum}) AS BIGINT)"));
        let columns: Vec<String> = key.chain(sums).collect();
        let places: Vec<String> = (1..=rollup.key.len()).map(|place| place.to_string()).collect();
        let names = [rollup.key_names(), MEASURES.to_vec()].concat().join(", ");
        let sql = format!(
            "INSERT INTO {table} ({names}) SELECT {} FROM click WHERE id >= $1 AND id < $2 GROUP BY {}",
            columns.join(", "),
            places.join(", ")
        );
        execute(db, &sql, [begin(day).into(), begin(day + 1).into()]).await?;
    }
    Ok(())
}

/// Every value of a key's first column, each found by one step in the index.
pub(super) fn each(table: &str, column: &str) -> String {
    format!(
        "WITH RECURSIVE known(value) AS (SELECT MIN({column}) FROM {table} UNION ALL \
         SELECT (SELECT MIN({column}) FROM {table} WHERE {column} > known.value) FROM known WHERE known.value IS NOT NULL) \
         SELECT value FROM known WHERE value IS NOT NULL"
    )
}
