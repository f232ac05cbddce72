//! Advances: money that webmasters had before their leads earned it.

use sea_orm::entity::prelude::*;
use sea_orm::{ConnectionTrait, QueryOrder, QuerySelect};
use serde::Serialize;
use whocpa_domain::ledger::CauseKind;
use whocpa_domain::money::MICRO;
use whocpa_domain::{Error, Result, Scope, Time};

use crate::db::{self, Db, Paging, Rows};
use crate::migrate::statement;
use crate::{listing, person};

/// One advance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, DeriveEntityModel)]
#[sea_orm(table_name = "advance")]
pub struct Model {
    /// Number; 0 for a row that is not stored yet.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Who has it.
    pub webmaster_id: i64,
    /// Of the balance.
    pub currency_id: i64,
    /// How much, micro-units.
    pub amount: i64,
    /// What is repaid of it.
    pub repaid: i64,
    /// Share of later earnings that repays it, parts per million.
    pub ppm: i64,
    /// What his leads had earned before, micro-units.
    pub base: i64,
    /// How many steps it has made: numbers the causes of its transfers.
    pub step: i64,
    /// Words of the operator.
    pub comment: String,
    /// Who gave it.
    pub operator_id: i64,
    /// Seconds.
    pub date_created: i64,
    /// When nothing was owed any more, seconds.
    pub date_repaid: Option<i64>,
}

/// Relations are not used.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// One advance.
pub type Advance = Model;

/// Which advances are wanted.
#[derive(Debug, Clone, Default)]
pub struct AdvanceFilter {
    /// Only these.
    pub ids: Option<Vec<i64>>,
    /// Only of these webmasters.
    pub webmaster_ids: Option<Vec<i64>>,
    /// Given from here, and before this.
    pub created: (Option<Time>, Option<Time>),
    /// Only open ones, or only repaid ones.
    pub is_open: Option<bool>,
}

fn visible(scope: Scope) -> Select<Entity> {
    match scope {
        Scope::All => Entity::find(),
        Scope::Webmaster(id) => Entity::find().filter(Column::WebmasterId.eq(id)),
        Scope::Manager(id) => Entity::find().filter(Column::WebmasterId.in_subquery(person::managed(id))),
        Scope::Advertiser(_) | Scope::Public => Entity::find().filter(Column::Id.eq(-1)),
    }
}

/// One page of advances, newest first.
pub async fn list(db: &Db, scope: Scope, filter: &AdvanceFilter, paging: Paging) -> Result<Rows<Advance>> {
    let mut select = visible(scope).order_by_desc(Column::Id);
    select = listing::among(select, Column::Id, filter.ids.as_deref());
    select = listing::among(select, Column::WebmasterId, filter.webmaster_ids.as_deref());
    select = listing::within(select, Column::DateCreated, filter.created);
    if let Some(is_open) = filter.is_open {
        let open = Column::DateRepaid;
        select = select.filter(if is_open { open.is_null() } else { open.is_not_null() });
    }
    db::page(db, select, paging).await
}

/// One advance.
pub async fn view(db: &Db, scope: Scope, id: i64) -> Result<Option<Advance>> {
    visible(scope).filter(Column::Id.eq(id)).one(&db.conn()).await.map_err(db::error)
}

/// One advance, kept from changing until the transaction ends.
pub async fn view_for_update(db: &Db, scope: Scope, id: i64) -> Result<Option<Advance>> {
    visible(scope).filter(Column::Id.eq(id)).lock_exclusive().one(&db.conn()).await.map_err(db::error)
}

/// The open ones, oldest first.
pub async fn open(db: &Db) -> Result<Vec<Advance>> {
    let select = Entity::find().filter(Column::DateRepaid.is_null()).order_by_asc(Column::Id);
    select.all(&db.conn()).await.map_err(db::error)
}

/// A webmaster's open ones in a currency, oldest first, kept from changing until the transaction ends.
pub async fn open_of(db: &Db, webmaster_id: i64, currency_id: i64) -> Result<Vec<Advance>> {
    let select = Entity::find()
        .filter(Column::DateRepaid.is_null())
        .filter(Column::WebmasterId.eq(webmaster_id))
        .filter(Column::CurrencyId.eq(currency_id))
        .order_by_asc(Column::Id)
        .lock_exclusive();
    select.all(&db.conn()).await.map_err(db::error)
}

/// What leads have put into an account so far, less what they took out of it again, micro-units.
pub async fn earned(db: &Db, account_id: i64) -> Result<i64> {
    let side = |column: &str, of: &str| {
        format!("COALESCE((SELECT SUM(amount {of}) FROM transfer WHERE {column} = $1 AND cause = $2), 0)")
    };
    let sql = format!(
        "SELECT CAST({} - {} AS BIGINT), CAST({} - {} AS BIGINT)",
        side("credit_id", "/ 1000000"),
        side("debit_id", "/ 1000000"),
        side("credit_id", "% 1000000"),
        side("debit_id", "% 1000000"),
    );
    let values = [account_id.into(), CauseKind::Lead.code().into()];
    let row = db.conn().query_one_raw(statement(db, &sql, values)).await.map_err(db::error)?;
    let row = row.ok_or_else(|| Error::Internal("a sum without a row".to_owned()))?;
    let part = |at: usize| row.try_get_by::<i64, _>(at).map(i128::from).map_err(db::error);
    let micros = part(0)? * i128::from(MICRO) + part(1)?;
    i64::try_from(micros).map_err(|_| Error::Internal("earnings overflow".to_owned()))
}

/// Writes all columns of a stored advance.
pub async fn update(db: &Db, row: Advance) -> Result<()> {
    db::save(db, row).await.map_err(db::error)
}

/// Stores a new advance; gives its id.
pub async fn create(db: &Db, row: Advance) -> Result<i64> {
    db::insert(db, row).await.map(|stored| stored.id).map_err(db::error)
}
