//! News and who has read them.

use std::collections::BTreeSet;

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Condition, Expr, ExprTrait, OnConflict, Query, SelectStatement};
use sea_orm::{ConnectionTrait, QueryOrder, QuerySelect, QueryTrait, Set};
use serde::Serialize;
use whocpa_domain::connection::ConnectionStatus;
use whocpa_domain::news::{NewsStatus, NewsType};
use whocpa_domain::time::DAY;
use whocpa_domain::{Result, Scope, Time};

use crate::db::{self, Db, Paging, Rows};
use crate::{connection, listing, offer};

/// One piece of news.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, DeriveEntityModel)]
#[sea_orm(table_name = "news")]
pub struct Model {
    /// Number; 0 for a row that is not stored yet.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// [`NewsType`] as a number: 1 system, 2 offer.
    pub r#type: i64,
    /// The offer that it is about.
    pub offer_id: Option<i64>,
    /// The stock of that offer that it is about.
    pub stock_id: Option<i64>,
    /// Headline.
    pub header: String,
    /// Sanitised HTML.
    pub body: String,
    /// The text of the body without markup, on one line.
    #[serde(skip)]
    pub plain: String,
    /// Picture address, empty for none.
    pub img: String,
    /// Must be read.
    pub is_important: bool,
    /// Seconds.
    pub date_created: i64,
    /// Shown from here, seconds.
    pub date_start: i64,
    /// Shown until here, seconds.
    pub date_end: Option<i64>,
}

/// Relations are not used.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// One piece of news.
pub type News = Model;

/// Which news was read by whom.
mod read {
    use sea_orm::entity::prelude::*;
    #[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "news_read")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub user_id: i64,
        #[sea_orm(primary_key, auto_increment = false)]
        pub news_id: i64,
        pub date_read: i64,
    }
    #[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

/// Names of notices that say of which news readers outside were told.
const TOLD: &str = "told/";

/// What the network announced by itself, so that nothing is announced twice.
mod notice {
    use sea_orm::entity::prelude::*;
    #[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "news_notice")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub name: String,
        pub date_created: i64,
    }
    #[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

/// Which news are wanted.
#[derive(Debug, Clone, Default)]
pub struct NewsFilter {
    /// Only these.
    pub ids: Option<Vec<i64>>,
    /// Published from here, seconds.
    pub from: Option<Time>,
    /// Published before this, seconds.
    pub until: Option<Time>,
    /// Bits of [`NewsType`].
    pub kinds: Option<i64>,
    /// Only of these offers.
    pub offer_ids: Option<Vec<i64>>,
    /// Only those that this person has read, or has not.
    pub read: Option<(i64, bool)>,
    /// Only those that must be read, or need not.
    pub is_important: Option<bool>,
    /// Only in one of these states.
    pub status: Option<Vec<NewsStatus>>,
    /// Only whose headline or text contains this.
    pub search: Option<String>,
}

/// News of offers that the caller may see (an advertiser: all public ones and his own), and those of the network.
fn visible(scope: Scope, now: Time) -> Select<Entity> {
    let offers = |scope| offer::visible(scope).select_only().column(offer::Column::Id).into_query();
    let mut seen = Condition::any().add(Column::OfferId.is_null());
    match scope {
        Scope::All => return Entity::find(),
        Scope::Manager(_) => return Entity::find().filter(Column::OfferId.in_subquery(offers(scope))),
        Scope::Advertiser(_) => {
            seen = seen.add(Column::OfferId.in_subquery(offers(Scope::Public)));
            seen = seen.add(Column::OfferId.in_subquery(offers(scope)));
        }
        Scope::Public | Scope::Webmaster(_) => seen = seen.add(Column::OfferId.in_subquery(offers(scope))),
    }
    Entity::find().filter(seen).filter(in_state(NewsStatus::Active, now))
}

fn in_state(status: NewsStatus, now: Time) -> Condition {
    let started = Condition::all().add(Column::DateStart.lte(now.0));
    match status {
        NewsStatus::Future => Condition::all().add(Column::DateStart.gt(now.0)),
        NewsStatus::Active => {
            started.add(Condition::any().add(Column::DateEnd.is_null()).add(Column::DateEnd.gt(now.0)))
        }
        NewsStatus::Expired => started.add(Column::DateEnd.lte(now.0)),
    }
}

/// The ids of what a person has read.
fn read_ids(user_id: i64) -> SelectStatement {
    let marks = read::Entity::find().filter(read::Column::UserId.eq(user_id));
    marks.select_only().column(read::Column::NewsId).into_query()
}

fn is_read_by(user_id: i64, is_read: bool) -> Expr {
    let marks = read_ids(user_id);
    if is_read { Column::Id.in_subquery(marks) } else { Column::Id.not_in_subquery(marks) }
}

/// One page of news, newest first.
pub async fn list(
    db: &Db,
    scope: Scope,
    filter: &NewsFilter,
    now: Time,
    paging: Paging,
) -> Result<Rows<News>> {
    let mut select = visible(scope, now).order_by_desc(Column::DateStart).order_by_desc(Column::Id);
    select = listing::among(select, Column::Id, filter.ids.as_deref());
    select = listing::within(select, Column::DateStart, (filter.from, filter.until));
    if let Some(kinds) = filter.kinds {
        select = select.filter(of_kinds(scope, kinds));
    }
    if let Some(ids) = &filter.offer_ids {
        select = select.filter(Column::OfferId.is_in(ids.iter().copied()));
    }
    if let Some((user_id, is_read)) = filter.read {
        select = select.filter(is_read_by(user_id, is_read));
    }
    if let Some(is_important) = filter.is_important {
        select = select.filter(Column::IsImportant.eq(is_important));
    }
    if let Some(states) = &filter.status {
        let any = states.iter().fold(Condition::any(), |any, status| any.add(in_state(*status, now)));
        select = select.filter(any);
    }
    if let Some(search) = &filter.search {
        select = select.filter(db::contains(Column::Header, search).or(db::contains(Column::Plain, search)));
    }
    db::page(db, select, paging).await
}

/// How many of the news that the caller sees now this person has not read.
pub async fn count_unread(db: &Db, scope: Scope, user_id: i64, now: Time) -> Result<i64> {
    let unread = visible(scope, now)
        .filter(in_state(NewsStatus::Active, now))
        .filter(is_read_by(user_id, false))
        .count(&db.conn())
        .await;
    Ok(i64::try_from(unread.map_err(db::error)?).unwrap_or(i64::MAX))
}

/// Bit 4 means offer news of the offers that the caller works with; nobody's for a guest or an operator.
fn of_kinds(scope: Scope, kinds: i64) -> Condition {
    let mut any = Condition::any();
    for kind in [NewsType::System, NewsType::Offer] {
        if kinds & kind.code() != 0 {
            any = any.add(Column::Type.eq(kind.code()));
        }
    }
    if kinds & NewsType::MyOffers.code() != 0 {
        let mine = match scope {
            Scope::Webmaster(id) => connection::Entity::find()
                .select_only()
                .column(connection::Column::OfferId)
                .filter(connection::Column::WebmasterId.eq(id))
                .filter(connection::Column::Status.eq(ConnectionStatus::Approved.code()))
                .into_query(),
            Scope::Public | Scope::All => offer::Entity::find()
                .select_only()
                .column(offer::Column::Id)
                .filter(offer::Column::Id.eq(-1))
                .into_query(),
            Scope::Advertiser(_) | Scope::Manager(_) => {
                offer::visible(scope).select_only().column(offer::Column::Id).into_query()
            }
        };
        any = any.add(Column::OfferId.in_subquery(mine));
    }
    any
}

/// One piece of news.
pub async fn view(db: &Db, scope: Scope, now: Time, id: i64) -> Result<Option<News>> {
    visible(scope, now).filter(Column::Id.eq(id)).one(&db.conn()).await.map_err(db::error)
}

/// Which of these news the person has read.
pub async fn read_by(db: &Db, user_id: i64, ids: &[i64]) -> Result<BTreeSet<i64>> {
    let marks = read::Entity::find().filter(read::Column::UserId.eq(user_id));
    let marks = marks.filter(read::Column::NewsId.is_in(ids.iter().copied())).all(&db.conn()).await;
    Ok(marks.map_err(db::error)?.into_iter().map(|mark| mark.news_id).collect())
}

/// Marks a piece of news as read, or as not read.
pub async fn set_read(db: &Db, user_id: i64, news_id: i64, is_read: bool, now: Time) -> Result<()> {
    if is_read {
        let mark = read::ActiveModel { user_id: Set(user_id), news_id: Set(news_id), date_read: Set(now.0) };
        let once = OnConflict::columns([read::Column::UserId, read::Column::NewsId]).do_nothing().to_owned();
        let insert = read::Entity::insert(mark).on_conflict(once).exec_without_returning(&db.conn()).await;
        insert.map(drop).map_err(db::error)
    } else {
        let mark = read::Entity::delete_by_id((user_id, news_id)).exec(&db.conn()).await;
        mark.map(drop).map_err(db::error)
    }
}

/// Marks a piece of news and all that the caller sees and that were published before it as read.
pub async fn set_read_with_older(db: &Db, scope: Scope, user_id: i64, row: &News, now: Time) -> Result<()> {
    let older = Condition::any()
        .add(Column::DateStart.lt(row.date_start))
        .add(Condition::all().add(Column::DateStart.eq(row.date_start)).add(Column::Id.lte(row.id)));
    let marks = visible(scope, now)
        .filter(older)
        .select_only()
        .expr(Expr::val(user_id))
        .column(Column::Id)
        .expr(Expr::val(now.0))
        .into_query();
    let columns = [read::Column::UserId, read::Column::NewsId, read::Column::DateRead];
    let mut insert = Query::insert();
    insert.into_table(read::Entity).columns(columns);
    insert.select_from(marks).map_err(|e| whocpa_domain::Error::Internal(e.to_string()))?;
    insert.on_conflict(
        OnConflict::columns([read::Column::UserId, read::Column::NewsId]).do_nothing().to_owned(),
    );
    db.conn().execute(&insert).await.map(drop).map_err(db::error)
}

/// Remembers that something was announced; false when it was before.
pub async fn notice_create(db: &Db, name: &str, now: Time) -> Result<bool> {
    let row = notice::ActiveModel { name: Set(name.to_owned()), date_created: Set(now.0) };
    let once = OnConflict::column(notice::Column::Name).do_nothing().to_owned();
    let insert = notice::Entity::insert(row).on_conflict(once).exec_without_returning(&db.conn()).await;
    insert.map(|added| added == 1).map_err(db::error)
}

/// Writes all columns of stored news.
pub async fn update(db: &Db, row: News) -> Result<()> {
    db::save(db, row).await.map_err(db::error)
}

/// Stores new news; gives their id.
pub async fn create(db: &Db, row: News) -> Result<i64> {
    db::insert(db, row).await.map(|stored| stored.id).map_err(db::error)
}

/// Removes news and their read marks.
pub async fn delete(db: &Db, id: i64) -> Result<()> {
    let marks = read::Entity::delete_many().filter(read::Column::NewsId.eq(id)).exec(&db.conn()).await;
    marks.map_err(db::error)?;
    Entity::delete_by_id(id).exec(&db.conn()).await.map(drop).map_err(db::error)
}

/// News that are shown and that readers outside were not told of yet, of the last day; the oldest first.
pub async fn untold(db: &Db, now: Time, limit: u64) -> Result<Vec<News>> {
    let told = format!("EXISTS (SELECT 1 FROM news_notice WHERE name = '{TOLD}' || CAST(news.id AS TEXT))");
    let select = Entity::find()
        .filter(in_state(NewsStatus::Active, now))
        .filter(Column::DateStart.gt(now.0 - DAY))
        .filter(Expr::cust(format!("NOT {told}")))
        .order_by_asc(Column::Id)
        .limit(limit);
    select.all(&db.conn()).await.map_err(db::error)
}

/// Notes that readers outside are told of news; false when they were.
pub async fn set_told(db: &Db, id: i64, now: Time) -> Result<bool> {
    notice_create(db, &format!("{TOLD}{id}"), now).await
}
