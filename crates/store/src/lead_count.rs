//! How many leads there are, kept beside them so that nobody has to count ten million rows.
//!
//! Triggers on `lead` write what changes into `lead_count_change`, in the lead's own transaction, and only ever insert:
//! no writer waits for another. A job folds the changes into `lead_count`. Both tables together are exact at any moment.
//!
//! `lead_count` holds the same leads three times: by webmaster (`day` is -1), by day of creation (`webmaster_id` is 0),
//! and all together (both are -1). Each question reads the smallest of them that can answer it. Each of the three has
//! a mark of its own in the key's first column: statistics of single columns tell PostgreSQL how few rows the last has.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::ops::Range;

use sea_orm::{ConnectionTrait, QueryResult, Value};
use whocpa_domain::{Result, Scope};

use crate::bulk;
use crate::db::{self, Db};
use crate::migrate::{execute, statement};

/// What a cell counts, without its webmaster and day.
const DIMENSIONS: &str = "advertiser_id, offer_id, goal_id, currency_id, status, is_closed";
/// How many there are.
const WIDTH: usize = 6;
/// Stands for all webmasters together, by day.
const EVERYBODY: i64 = 0;
/// Stands for all webmasters and all days together.
const TOTAL: i64 = -1;
/// Stands for all days together.
const ALWAYS: i64 = -1;

/// Which leads are counted; what is not named is not asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Cells {
    /// Whose they are; the manager's people on either side.
    pub scope: Option<Scope>,
    /// Columns and their values.
    pub columns: Vec<(&'static str, Vec<i64>)>,
    /// Days of creation. Of one webmaster's leads the days are not known: then this is ignored.
    pub days: Option<Range<i64>>,
}

/// A question in SQL.
struct Sql {
    text: String,
    values: Vec<Value>,
}

impl Sql {
    fn bind(&mut self, value: i64) -> String {
        self.values.push(value.into());
        format!("${}", self.values.len())
    }
}

impl Cells {
    /// Whether the leads are looked for by webmaster: their days are not known then.
    pub fn by_webmaster(&self) -> bool {
        matches!(self.scope, Some(Scope::Webmaster(_) | Scope::Manager(_)))
            || self.columns.iter().any(|(column, _)| *column == "webmaster_id")
    }

    /// How many leads there are, and the advertiser if it is only one who has any.
    pub async fn total(&self, db: &Db) -> Result<(i64, Option<i64>)> {
        let rows = self.read(db, "advertiser_id", "").await?;
        let mut found = rows.into_iter().filter(|(_, count)| *count > 0);
        let first = found.next();
        let second = found.next();
        let rest: i64 = found.map(|(_, count)| count).sum();
        let of = |row: Option<(i64, i64)>| row.map_or(0, |(_, count)| count);
        let sole = if second.is_none() { first.map(|(advertiser_id, _)| advertiser_id) } else { None };
        Ok((of(first) + of(second) + rest, sole))
    }

    /// Days that have leads, with their numbers, oldest first; not for a webmaster's.
    pub async fn by_day(&self, db: &Db) -> Result<Vec<(i64, i64)>> {
        let all = Self { days: Some(self.days.clone().unwrap_or(0..i64::MAX)), ..self.clone() };
        all.read(db, "day", " ORDER BY day").await
    }

    /// How many leads each offer has.
    pub async fn by_offer(&self, db: &Db) -> Result<Vec<(i64, i64)>> {
        let mut rows = self.read(db, "offer_id", "").await?;
        rows.retain(|(_, count)| *count > 0);
        Ok(rows)
    }

    async fn read(&self, db: &Db, key: &str, tail: &str) -> Result<Vec<(i64, i64)>> {
        let mut sql = Sql { text: String::new(), values: Vec::new() };
        let mut conditions = self.conditions(&mut sql);
        let (mut kept, mut changed) = (String::new(), String::new());
        if self.by_webmaster() {
            let _ = write!(kept, "webmaster_id > {EVERYBODY} AND day = {ALWAYS}");
            changed.push_str("1 = 1");
        } else if let Some(days) = &self.days {
            let (from, until) = (sql.bind(days.start), sql.bind(days.end));
            let _ = write!(changed, "day >= {from} AND day < {until}");
            let _ = write!(kept, "webmaster_id = {EVERYBODY} AND {changed}");
        } else {
            let _ = write!(kept, "webmaster_id = {TOTAL} AND day = {ALWAYS}");
            changed.push_str("1 = 1");
        }
        conditions.insert(0, String::new());
        let conditions = conditions.join(" AND ");
        let _ = write!(
            sql.text,
            "SELECT {key}, CAST(SUM(count) AS BIGINT) FROM \
             (SELECT {key}, count FROM lead_count WHERE {kept}{conditions} UNION ALL \
             SELECT {key}, count FROM lead_count_change WHERE {changed}{conditions}) AS cells GROUP BY {key}{tail}"
        );
        let rows = db.conn().query_all_raw(statement(db, &sql.text, sql.values)).await.map_err(db::error)?;
        let read = |row: &QueryResult| Ok((row.try_get_by(0)?, row.try_get_by(1)?));
        rows.iter().map(read).collect::<std::result::Result<_, sea_orm::DbErr>>().map_err(db::error)
    }

    fn conditions(&self, sql: &mut Sql) -> Vec<String> {
        let mut all = Vec::new();
        match self.scope {
            None | Some(Scope::All) => {}
            Some(Scope::Webmaster(id)) => all.push(format!("webmaster_id = {}", sql.bind(id))),
            Some(Scope::Advertiser(id)) => all.push(format!("advertiser_id = {}", sql.bind(id))),
            Some(Scope::Manager(id)) => {
                let managed = format!("IN (SELECT id FROM person WHERE manager_id = {})", sql.bind(id));
                all.push(format!("(webmaster_id {managed} OR advertiser_id {managed})"));
            }
            Some(Scope::Public) => all.push("1 = 0".to_owned()),
        }
        for (column, values) in &self.columns {
            let list: Vec<String> = values.iter().map(|value| sql.bind(*value)).collect();
            all.push(match list.as_slice() {
                [] => "1 = 0".to_owned(),
                [one] => format!("{column} = {one}"),
                many => format!("{column} IN ({})", many.join(", ")),
            });
        }
        all
    }
}

/// Adds up to `limit` changes to the counts; gives how many there were.
///
/// It takes the changes out first and then writes what it took, so that two nodes that do it at once fold different
/// ones, and what another transaction commits meanwhile stays for the next time.
pub async fn fold(db: &Db, limit: i64) -> Result<u64> {
    let sql = format!(
        "DELETE FROM lead_count_change WHERE id IN (SELECT id FROM lead_count_change ORDER BY id LIMIT $1) \
         RETURNING webmaster_id, day, count, {DIMENSIONS}"
    );
    let rows = db.conn().query_all_raw(statement(db, &sql, [limit.into()])).await.map_err(db::error)?;
    let mut cells: BTreeMap<[i64; WIDTH + 2], i64> = BTreeMap::new();
    for row in &rows {
        let mut numbers = [0; WIDTH + 3];
        for (at, number) in numbers.iter_mut().enumerate() {
            *number = row.try_get_by(at).map_err(db::error)?;
        }
        let [webmaster_id, day, count, rest @ ..] = numbers;
        for (webmaster_id, day) in [(webmaster_id, ALWAYS), (EVERYBODY, day), (TOTAL, ALWAYS)] {
            let mut cell = [webmaster_id, day, 0, 0, 0, 0, 0, 0];
            cell[2..].copy_from_slice(&rest);
            *cells.entry(cell).or_default() += count;
        }
    }
    // In the order of the key: two nodes never wait for each other crosswise.
    let cells: Vec<([i64; WIDTH + 2], i64)> = cells.into_iter().filter(|(_, count)| *count != 0).collect();
    let names = format!("webmaster_id, day, {DIMENSIONS}");
    let table = bulk::Table {
        name: "lead_count",
        columns: &format!("{names}, count").replace(", ", "\", \""),
        width: WIDTH + 3,
        tail: &format!(" ON CONFLICT ({names}) DO UPDATE SET count = lead_count.count + excluded.count"),
    };
    let values = |(cell, count): &([i64; WIDTH + 2], i64)| -> Vec<Value> {
        cell.iter().chain([count]).map(|number| (*number).into()).collect()
    };
    table.insert(db, &cells, values).await.map_err(db::error)?;
    execute(db, "DELETE FROM lead_count WHERE count = 0", []).await?;
    Ok(u64::try_from(rows.len()).unwrap_or(u64::MAX))
}
