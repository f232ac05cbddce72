//! Clicks, written in large batches by the drainer of the click log.

mod list;
mod own;

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::entity::prelude::*;
use sea_orm::{ConnectionTrait, QuerySelect, QueryTrait};
use whocpa_domain::click::{Click, ClickReason};
use whocpa_domain::facts::BotMark;
use whocpa_domain::{Result, Scope};

use crate::bulk::{self, Table};
use crate::db::{self, Db};
use crate::migrate::{execute, statement};
use crate::stats;

pub use list::{CLICK_COUNT_LIMIT, CLICK_SCAN_LIMIT, ClickFilter, list, view};
pub use own::keep_own;

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
    /// `ClickWay` as a number.
    pub way: i64,
    /// `DeviceKind` as a number.
    pub device: i64,
    /// Visitor.
    pub os: String,
    /// Visitor.
    pub os_version: String,
    /// Visitor.
    pub browser: String,
    /// Visitor.
    pub browser_version: String,
    /// `BotMark` as a number.
    pub bot_mark: i64,
    /// First of visitor and offer in 24 hours.
    pub is_unique: bool,
    /// 0 for none.
    pub landing_id: i64,
    /// 0 for none.
    pub promo_id: i64,
    /// 0 for none.
    pub product_id: i64,
    /// 0 for none.
    pub stock_id: i64,
    /// 0 for none.
    pub deeplink_id: i64,
    /// 0 for none.
    pub domain_id: i64,
    /// The questions that were asked.
    pub trace: String,
    /// Click ids of ad networks and names of labels.
    pub params: String,
}

/// Relations are not used.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

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

/// These clicks, by id. Columns are read by their place: by name would cost more than the lookup.
pub async fn find(db: &Db, ids: &[i64]) -> Result<BTreeMap<i64, Click>> {
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let select = Entity::find().filter(bulk::among(db, Column::Id, ids));
    let rows = db.conn().query_all(&select.into_query()).await.map_err(db::error)?;
    let read = |row: &QueryResult| read(row).map(|click| (click.id, click));
    rows.iter().map(read).collect::<Result<_, DbErr>>().map_err(db::error)
}

/// Which of these clicks are stored.
pub async fn stored(db: &Db, ids: &[i64]) -> Result<BTreeSet<i64>> {
    if ids.is_empty() {
        return Ok(BTreeSet::new());
    }
    let select = Entity::find().select_only().column(Column::Id).filter(bulk::among(db, Column::Id, ids));
    let found: Vec<i64> = select.into_tuple().all(&db.conn()).await.map_err(db::error)?;
    Ok(found.into_iter().collect())
}

/// A click from a row of all columns in their order.
fn read(row: &QueryResult) -> Result<Click, DbErr> {
    let number = |place: usize| row.try_get_by::<i64, _>(place);
    let text = |place: usize| row.try_get_by::<String, _>(place);
    Ok(Click {
        id: number(0)?,
        link_id: number(1)?,
        offer_id: number(2)?,
        webmaster_id: number(3)?,
        area_id: number(4)?,
        reason: number(5)?,
        code: text(6)?,
        ip: text(7)?,
        country: text(8)?,
        ua: text(9)?,
        language: text(10)?,
        referer: text(11)?,
        keyword: text(12)?,
        subid: [text(13)?, text(14)?, text(15)?, text(16)?, text(17)?],
        query: text(18)?,
        cookie_ttl_days: number(19)?,
        way: number(20)?,
        device: number(21)?,
        os: text(22)?,
        os_version: text(23)?,
        browser: text(24)?,
        browser_version: text(25)?,
        bot_mark: number(26)?,
        is_unique: row.try_get_by(27)?,
        landing_id: number(28)?,
        promo_id: number(29)?,
        product_id: number(30)?,
        stock_id: number(31)?,
        deeplink_id: number(32)?,
        domain_id: number(33)?,
        trace: text(34)?,
        params: text(35)?,
    })
}

/// How many clicks the caller may see. A manager's are counted by [`list`], which reads who his people are: on SQLite
/// they are in another file.
pub async fn count(db: &Db, scope: Scope) -> Result<i64> {
    let select = match scope {
        Scope::All => Entity::find(),
        Scope::Webmaster(id) => Entity::find().filter(Column::WebmasterId.eq(id)),
        Scope::Manager(_) | Scope::Advertiser(_) | Scope::Public => Entity::find().filter(Column::Id.eq(-1)),
    };
    let count = select.count(&db.conn()).await.map_err(db::error)?;
    Ok(i64::try_from(count).unwrap_or(i64::MAX))
}

/// A visitor's first click on an offer, as far as the table says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FirstClick {
    /// The click.
    pub id: i64,
    /// The offer.
    pub offer_id: i64,
    /// Visitor's address.
    pub ip: String,
    /// Visitor's user agent.
    pub ua: String,
}

/// First clicks with ids below `before` and from `first` on, the newest first, out of the newest `limit` clicks there;
/// also the lowest id that was looked at, `None` when there was none.
pub async fn first_clicks(
    db: &Db,
    first: i64,
    before: i64,
    limit: i64,
) -> Result<(Vec<FirstClick>, Option<i64>)> {
    let sql = "SELECT id, is_unique, offer_id, ip, ua FROM click WHERE id >= $1 AND id < $2 ORDER BY id DESC LIMIT $3";
    let values = [first.into(), before.into(), limit.into()];
    let rows = db.conn().query_all_raw(statement(db, sql, values)).await.map_err(db::error)?;
    let read = |row: &QueryResult| -> Result<(bool, FirstClick), DbErr> {
        let (id, offer_id) = (row.try_get_by(0)?, row.try_get_by(2)?);
        Ok((row.try_get_by(1)?, FirstClick { id, offer_id, ip: row.try_get_by(3)?, ua: row.try_get_by(4)? }))
    };
    let rows: Vec<(bool, FirstClick)> =
        rows.iter().map(read).collect::<Result<_, DbErr>>().map_err(db::error)?;
    let lowest = rows.last().map(|(_, click)| click.id);
    Ok((rows.into_iter().filter(|(is_first, _)| *is_first).map(|(_, click)| click).collect(), lowest))
}

/// How many clicks with ids from `first` to before `end` were sent to each offer: all of people, repeated ones too,
/// and none that is counted apart.
pub async fn sent_by_offer(db: &Db, first: i64, end: i64) -> Result<BTreeMap<i64, i64>> {
    let sql = "SELECT offer_id, COUNT(*) FROM click WHERE id >= $1 AND id < $2 AND reason = $3 AND bot_mark = $4 \
               GROUP BY offer_id";
    let values = [first.into(), end.into(), ClickReason::Sent.code().into(), BotMark::None.code().into()];
    let rows = db.conn().query_all_raw(statement(db, sql, values)).await.map_err(db::error)?;
    rows.iter()
        .map(|row| Ok((row.try_get_by(0)?, row.try_get_by(1)?)))
        .collect::<Result<_, DbErr>>()
        .map_err(db::error)
}

const COLUMNS: usize = 36;

/// The columns in the order in which they are written.
pub(crate) const COLUMN_NAMES: &str = "id, link_id, offer_id, webmaster_id, area_id, reason, code, ip, country, ua, \
    language, referer, keyword, subid1, subid2, subid3, subid4, subid5, query, cookie_ttl_days, way, device, os, os_version, \
    browser, browser_version, bot_mark, is_unique, landing_id, promo_id, product_id, stock_id, deeplink_id, \
    domain_id, trace, params";

/// Remembers how far a log is stored.
pub(crate) const MOVE_MARK: &str = "INSERT INTO click_mark (log, segment, place) VALUES ($1, $2, $3) \
    ON CONFLICT (log) DO UPDATE SET segment = $2, place = $3";

/// Stores clicks with their sums and moves the log's mark past them, in the caller's transaction. A click that is there
/// already stays as it is and is not counted again, so that a replay adds nothing.
pub async fn create(db: &Db, log: &str, mark: ClickMark, clicks: &[Click]) -> Result<()> {
    let ids: Vec<i64> = clicks.iter().map(|click| click.id).collect();
    let mut known = stored(db, &ids).await?;
    let fresh: Vec<&Click> = clicks.iter().filter(|click| known.insert(click.id)).collect();
    let columns = COLUMN_NAMES.replace(", ", "\", \"");
    let tail = " ON CONFLICT (id) DO NOTHING";
    let table = Table { name: "click", columns: &columns, width: COLUMNS, tail };
    table.insert(db, &fresh, |click| values(click).into()).await.map_err(db::error)?;
    stats::add(db, &fresh).await?;
    execute(db, MOVE_MARK, [log.into(), mark.segment.into(), mark.place.into()]).await.map(drop)
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
        click.way.into(),
        click.device.into(),
        text(&click.os),
        text(&click.os_version),
        text(&click.browser),
        text(&click.browser_version),
        click.bot_mark.into(),
        click.is_unique.into(),
        click.landing_id.into(),
        click.promo_id.into(),
        click.product_id.into(),
        click.stock_id.into(),
        click.deeplink_id.into(),
        click.domain_id.into(),
        text(&click.trace),
        text(&click.params),
    ]
}
