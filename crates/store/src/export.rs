//! Exports: who asked for which list, how far its file is, and the file in pieces.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Condition, Expr, Func};
use sea_orm::{ExprTrait, QueryOrder, QuerySelect, QueryTrait};
use serde::Serialize;
use whocpa_domain::export::ExportStatus;
use whocpa_domain::{Result, Scope, Time};

use crate::db::{self, Db, Paging, Rows};
use crate::{listing, person};

/// One export.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, DeriveEntityModel)]
#[sea_orm(table_name = "export")]
pub struct Model {
    /// Number; 0 for a row that is not stored yet.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Who asked for it.
    pub user_id: i64,
    /// With which key, 0 without one.
    pub key_id: i64,
    /// What its owner calls it.
    pub name: String,
    /// Whose list.
    pub resource: String,
    /// `ExportFormat` as a number.
    pub format: i64,
    /// Parameters of that list.
    pub query: String,
    /// Columns with commas between them, empty for all.
    pub fields: String,
    /// [`ExportStatus`] as a number.
    pub status: i64,
    /// Why it failed.
    pub reason: String,
    /// Rows that are written.
    #[serde(skip)]
    pub row_count: i64,
    /// Rows that the list had when it was asked for, where it tells.
    pub row_total: Option<i64>,
    /// Bytes of the file.
    pub size: i64,
    /// Bytes that its pieces take.
    pub stored: i64,
    /// Of the file, hexadecimal.
    pub sha256: String,
    /// Grows whenever another worker takes it; that of its pieces once it is ready.
    #[serde(skip)]
    pub fence: i64,
    /// Until when the worker must have shown itself, seconds.
    #[serde(skip)]
    pub date_until: i64,
    /// Seconds.
    pub date_created: i64,
    /// When the file was ready, seconds.
    pub date_ready: Option<i64>,
    /// When the file is removed, seconds.
    pub date_expires: Option<i64>,
    /// When its owner put it away, seconds.
    pub date_deleted: Option<i64>,
}

/// Relations are not used.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// One export.
pub type Export = Model;

/// Pieces of files.
pub mod piece {
    use sea_orm::entity::prelude::*;

    /// One piece.
    #[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "export_piece")]
    pub struct Model {
        /// Of which export.
        #[sea_orm(primary_key, auto_increment = false)]
        pub export_id: i64,
        /// Written by the worker with this fence.
        #[sea_orm(primary_key, auto_increment = false)]
        pub fence: i64,
        /// From 1.
        #[sea_orm(primary_key, auto_increment = false)]
        pub number: i64,
        /// Deflated.
        pub content: Vec<u8>,
    }

    /// Relations are not used.
    #[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// A piece of a file.
pub type Piece = piece::Model;

/// Which exports are wanted.
#[derive(Debug, Clone, Default)]
pub struct ExportFilter {
    /// Only these.
    pub ids: Option<Vec<i64>>,
    /// Only in one of these states.
    pub status: Option<Vec<ExportStatus>>,
    /// Only of these resources.
    pub resources: Option<Vec<String>>,
    /// Only of these people.
    pub user_ids: Option<Vec<i64>>,
}

fn visible(scope: Scope) -> Select<Entity> {
    let kept = Entity::find().filter(Column::DateDeleted.is_null());
    match scope {
        Scope::All => kept,
        Scope::Webmaster(id) | Scope::Advertiser(id) => kept.filter(Column::UserId.eq(id)),
        Scope::Manager(id) => {
            let own = Condition::any().add(Column::UserId.eq(id));
            kept.filter(own.add(Column::UserId.in_subquery(person::managed(id))))
        }
        Scope::Public => Entity::find().filter(Column::Id.eq(-1)),
    }
}

/// One page of exports, the newest first.
pub async fn list(db: &Db, scope: Scope, filter: &ExportFilter, paging: Paging) -> Result<Rows<Export>> {
    let mut select = visible(scope).order_by_desc(Column::Id);
    select = listing::among(select, Column::Id, filter.ids.as_deref());
    select = listing::among(select, Column::UserId, filter.user_ids.as_deref());
    if let Some(states) = &filter.status {
        select = select.filter(Column::Status.is_in(states.iter().map(|status| status.code())));
    }
    if let Some(names) = &filter.resources {
        select = select.filter(Column::Resource.is_in(names.iter().map(String::as_str)));
    }
    db::page(db, select, paging).await
}

/// One export.
pub async fn view(db: &Db, scope: Scope, id: i64) -> Result<Option<Export>> {
    visible(scope).filter(Column::Id.eq(id)).one(&db.conn()).await.map_err(db::error)
}

/// One export, kept from changing until the transaction ends.
pub async fn view_for_update(db: &Db, scope: Scope, id: i64) -> Result<Option<Export>> {
    visible(scope).filter(Column::Id.eq(id)).lock_exclusive().one(&db.conn()).await.map_err(db::error)
}

fn is_open() -> Expr {
    Column::Status.is_in([ExportStatus::Waiting.code(), ExportStatus::Running.code()])
}

/// The export that waits longest for a worker.
pub async fn due(db: &Db, now: Time) -> Result<Option<i64>> {
    let select = visible(Scope::All)
        .select_only()
        .column(Column::Id)
        .filter(is_open())
        .filter(Column::DateUntil.lte(now.0))
        .order_by_asc(Column::DateUntil)
        .order_by_asc(Column::Id);
    select.into_tuple().one(&db.conn()).await.map_err(db::error)
}

/// How many of a person's exports wait or run, and how many of his files are kept.
pub async fn counts(db: &Db, user_id: i64) -> Result<(u64, u64)> {
    let own = || visible(Scope::All).filter(Column::UserId.eq(user_id));
    let open = own().filter(is_open()).count(&db.conn()).await.map_err(db::error)?;
    let ready = own().filter(Column::Status.eq(ExportStatus::Ready.code()));
    Ok((open, ready.count(&db.conn()).await.map_err(db::error)?))
}

/// Bytes that all kept files take in the store.
pub async fn stored(db: &Db) -> Result<i64> {
    let sum = Expr::expr(Func::coalesce([Column::Stored.sum(), Expr::value(0_i64)]));
    let select = Entity::find().select_only().expr(sum.cast_as("BIGINT")).filter(Column::Stored.gt(0));
    let found: Option<i64> = select.into_tuple().one(&db.conn()).await.map_err(db::error)?;
    Ok(found.unwrap_or(0))
}

/// Stores a new export; gives its id.
pub async fn create(db: &Db, row: Export) -> Result<i64> {
    db::insert(db, row).await.map(|stored| stored.id).map_err(db::error)
}

/// Writes all columns of a stored export.
pub async fn update(db: &Db, row: Export) -> Result<()> {
    db::save(db, row).await.map_err(db::error)
}

/// Stores a piece of a file.
pub async fn create_piece(db: &Db, row: Piece) -> Result<()> {
    let content = piece::ActiveModel::from(row);
    piece::Entity::insert(content).exec_without_returning(&db.conn()).await.map(drop).map_err(db::error)
}

/// A piece of a file.
pub async fn piece(db: &Db, (export_id, fence): (i64, i64), number: i64) -> Result<Option<Vec<u8>>> {
    let found = piece::Entity::find_by_id((export_id, fence, number)).one(&db.conn()).await;
    Ok(found.map_err(db::error)?.map(|piece| piece.content))
}

/// Ready exports whose time is over: at most a hundred.
pub async fn expired(db: &Db, now: Time) -> Result<Vec<i64>> {
    let select = visible(Scope::All)
        .select_only()
        .column(Column::Id)
        .filter(Column::Status.eq(ExportStatus::Ready.code()))
        .filter(Column::DateExpires.lte(now.0))
        .limit(100);
    select.into_tuple().all(&db.conn()).await.map_err(db::error)
}

/// Removes at most so many pieces of what is no ready file: of exports that failed, were put away or are over, and of runs that
/// broke off. Gives how many went. Of an export that runs, only pieces of earlier runs go.
pub async fn delete_pieces(db: &Db, limit: u64) -> Result<u64> {
    let is_of = |status: ExportStatus| Column::Status.eq(status.code());
    let kept = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::DateDeleted.is_null())
        .filter(is_of(ExportStatus::Ready).or(is_of(ExportStatus::Running)))
        .filter(Expr::col((Entity, Column::Fence)).equals((piece::Entity, piece::Column::Fence)))
        .filter(Expr::col((Entity, Column::Id)).equals((piece::Entity, piece::Column::ExportId)));
    let dead: Vec<(i64, i64, i64)> = piece::Entity::find()
        .select_only()
        .column(piece::Column::ExportId)
        .column(piece::Column::Fence)
        .column(piece::Column::Number)
        .filter(Expr::exists(kept.into_query()).not())
        .limit(limit)
        .into_tuple()
        .all(&db.conn())
        .await
        .map_err(db::error)?;
    for key in &dead {
        piece::Entity::delete_by_id(*key).exec(&db.conn()).await.map_err(db::error)?;
    }
    Ok(dead.len() as u64)
}
