//! Clicks, written in large batches by the drainer of the click log.

use std::collections::BTreeMap;
use std::fmt::Write;

use sea_orm::ConnectionTrait;
use sea_orm::entity::prelude::*;
use whocpa_domain::click::Click;
use whocpa_domain::{Result, Scope};

use crate::db::{self, Backend, Db};
use crate::migrate::{execute, statement};

/// One click as stored; [`Click`] is what the rest of the product reads.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "click")]
pub struct Model {
    /// Click id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    /// 0 for none.
    pub link_id: i64,
    /// 0 for none.
    pub offer_id: i64,
    /// 0 for none.
    pub webmaster_id: i64,
    /// 0 for none.
    pub area_id: i64,
    /// `ClickReason` as a number.
    pub reason: i64,
    /// As asked for.
    pub code: String,
    /// Visitor.
    pub ip: String,
    /// Visitor.
    pub country: String,
    /// Visitor.
    pub ua: String,
    /// Visitor.
    pub language: String,
    /// Visitor.
    pub referer: String,
    /// Search phrase.
    pub keyword: String,
    /// Label.
    pub subid1: String,
    /// Label.
    pub subid2: String,
    /// Label.
    pub subid3: String,
    /// Label.
    pub subid4: String,
    /// Label.
    pub subid5: String,
    /// Raw.
    pub query: String,
    /// Days.
    pub cookie_ttl_days: i64,
}

/// Relations are not used.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl From<Model> for Click {
    fn from(row: Model) -> Self {
        Self {
            id: row.id,
            link_id: row.link_id,
            offer_id: row.offer_id,
            webmaster_id: row.webmaster_id,
            area_id: row.area_id,
            reason: row.reason,
            code: row.code,
            ip: row.ip,
            country: row.country,
            ua: row.ua,
            language: row.language,
            referer: row.referer,
            keyword: row.keyword,
            subid: [row.subid1, row.subid2, row.subid3, row.subid4, row.subid5],
            query: row.query,
            cookie_ttl_days: row.cookie_ttl_days,
        }
    }
}

/// How far a click log has been stored.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ClickMark {
    /// Segment number.
    pub segment: i64,
    /// Byte in that segment.
    pub place: i64,
}

/// The mark of this log; the start for a log that the store has not seen.
pub async fn mark(db: &Db, log: &str) -> Result<ClickMark> {
    let sql = "SELECT segment, place FROM click_mark WHERE log = $1";
    let row = db.conn().query_one_raw(statement(db, sql, [log.into()])).await.map_err(db::error)?;
    let read = |row: QueryResult| Ok(ClickMark { segment: row.try_get_by(0)?, place: row.try_get_by(1)? });
    row.map(|row| read(row).map_err(db::error)).transpose().map(Option::unwrap_or_default)
}

/// These clicks, by id.
pub async fn find(db: &Db, ids: &[i64]) -> Result<BTreeMap<i64, Click>> {
    let rows = Entity::find()
        .filter(Column::Id.is_in(ids.iter().copied()))
        .all(&db.conn())
        .await
        .map_err(db::error)?;
    Ok(rows.into_iter().map(|row| (row.id, row.into())).collect())
}

/// How many clicks the caller may see.
pub async fn count(db: &Db, scope: Scope) -> Result<i64> {
    let select = match scope {
        Scope::All => Entity::find(),
        Scope::Webmaster(id) => Entity::find().filter(Column::WebmasterId.eq(id)),
        Scope::Advertiser(_) | Scope::Public => Entity::find().filter(Column::Id.eq(-1)),
    };
    let count = select.count(&db.conn()).await.map_err(db::error)?;
    Ok(i64::try_from(count).unwrap_or(i64::MAX))
}

/// Rows of one statement: a power of two below both databases' limits of bound values.
const CHUNK: usize = 256;
const COLUMNS: usize = 20;

/// The columns in the order in which they are written.
pub(crate) const COLUMN_NAMES: &str = "id, link_id, offer_id, webmaster_id, area_id, reason, code, ip, country, ua, \
    language, referer, keyword, subid1, subid2, subid3, subid4, subid5, query, cookie_ttl_days";

/// Remembers how far a log is stored.
pub(crate) const MOVE_MARK: &str = "INSERT INTO click_mark (log, segment, place) VALUES ($1, $2, $3) \
    ON CONFLICT (log) DO UPDATE SET segment = $2, place = $3";

/// Stores clicks and moves the log's mark past them, in the caller's transaction. A click that is there already
/// stays as it is, so that a replay adds nothing.
pub async fn create(db: &Db, log: &str, mark: ClickMark, mut clicks: &[Click]) -> Result<()> {
    while !clicks.is_empty() {
        // Only powers of two, so that a handful of statements is prepared once and used for ever.
        let size = CHUNK.min(1 << clicks.len().ilog2());
        let (chunk, rest) = clicks.split_at(size);
        execute(db, &insert_text(size, db.backend()), chunk.iter().flat_map(values)).await?;
        clicks = rest;
    }
    execute(db, MOVE_MARK, [log.into(), mark.segment.into(), mark.place.into()]).await.map(drop)
}

/// SQLite keeps the names of named values in a list that it walks for each of them: thousands of `$n` take seconds,
/// thousands of nameless `?` take none.
fn insert_text(rows: usize, backend: Backend) -> String {
    let mut sql = format!("INSERT INTO click ({COLUMN_NAMES}) VALUES ");
    for row in 0..rows {
        sql.push_str(if row == 0 { "(" } else { ",(" });
        for column in 1..=COLUMNS {
            sql.push_str(if column == 1 { "" } else { "," });
            match backend {
                Backend::Sqlite => sql.push('?'),
                // Writing to a String cannot fail.
                Backend::Postgres => drop(write!(sql, "${}", row * COLUMNS + column)),
            }
        }
        sql.push(')');
    }
    sql.push_str(" ON CONFLICT (id) DO NOTHING");
    sql
}

fn values(click: &Click) -> [Value; COLUMNS] {
    let [subid1, subid2, subid3, subid4, subid5] = &click.subid;
    let text = |text: &String| Value::from(text.as_str());
    [
        click.id.into(),
        click.link_id.into(),
        click.offer_id.into(),
        click.webmaster_id.into(),
        click.area_id.into(),
        click.reason.into(),
        text(&click.code),
        text(&click.ip),
        text(&click.country),
        text(&click.ua),
        text(&click.language),
        text(&click.referer),
        text(&click.keyword),
        text(subid1),
        text(subid2),
        text(subid3),
        text(subid4),
        text(subid5),
        text(&click.query),
        click.cookie_ttl_days.into(),
    ]
}
