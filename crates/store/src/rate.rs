//! Exchange rates: stated once, never changed.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Condition, OnConflict};
use sea_orm::{ActiveModelTrait, IntoActiveModel, NotSet, QueryOrder};
use serde::Serialize;
use whocpa_domain::rate::{Quote, RateSource};
use whocpa_domain::{Result, Scope, Time};

use crate::db::{self, Db, Paging, Rows};

/// One rate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, DeriveEntityModel)]
#[sea_orm(table_name = "rate")]
pub struct Model {
    /// Number; 0 for a row that is not stored yet.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// One unit of this …
    pub base_id: i64,
    /// … is so many of this.
    pub currency_id: i64,
    /// How many, in 10^-12.
    pub value: i64,
    /// From when on, seconds.
    pub date_from: i64,
    /// Until when, seconds.
    pub date_end: i64,
    /// When it was written down, seconds.
    pub date_recorded: i64,
    /// [`RateSource`] as a number.
    pub source: i64,
    /// The operator who stated it.
    pub user_id: Option<i64>,
    /// His words.
    pub comment: String,
}

/// Relations are not used.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// One rate.
pub type Rate = Model;

impl Rate {
    /// As the rules read it.
    pub fn quote(&self) -> Quote {
        Quote {
            id: self.id,
            base_id: self.base_id,
            currency_id: self.currency_id,
            value: self.value,
            date_from: Time(self.date_from),
            source: RateSource::from_code(self.source).unwrap_or(RateSource::Operator),
        }
    }
}

/// Which rates are wanted.
#[derive(Debug, Clone, Default)]
pub struct RateFilter {
    /// Only of these base currencies.
    pub base_ids: Option<Vec<i64>>,
    /// Only of these currencies.
    pub currency_ids: Option<Vec<i64>>,
    /// Only of these sources.
    pub sources: Option<Vec<RateSource>>,
    /// Only those that count at this moment.
    pub at: Option<Time>,
    /// Only those that had begun then.
    pub begun_at: Option<Time>,
}

/// Rates are the same for all; nobody who is nobody sees them.
fn visible(scope: Scope) -> Select<Entity> {
    match scope {
        Scope::Public => Entity::find().filter(Column::Id.eq(-1)),
        _ => Entity::find(),
    }
}

fn at(time: Time) -> Condition {
    Condition::all().add(Column::DateFrom.lte(time.0)).add(Column::DateEnd.gt(time.0))
}

/// One page of rates, the newest first.
pub async fn list(db: &Db, scope: Scope, filter: &RateFilter, paging: Paging) -> Result<Rows<Rate>> {
    let mut select = visible(scope).order_by_desc(Column::DateFrom).order_by_desc(Column::Id);
    let sources: Option<Vec<i64>> =
        filter.sources.as_ref().map(|all| all.iter().map(|source| source.code()).collect());
    for (column, wanted) in [
        (Column::BaseId, &filter.base_ids),
        (Column::CurrencyId, &filter.currency_ids),
        (Column::Source, &sources),
    ] {
        if let Some(wanted) = wanted {
            select = select.filter(column.is_in(wanted.iter().copied()));
        }
    }
    if let Some(time) = filter.begun_at {
        select = select.filter(Column::DateFrom.lte(time.0));
    }
    if let Some(time) = filter.at {
        select = select.filter(at(time));
    }
    db::page(db, select, paging).await
}

/// One rate.
pub async fn view(db: &Db, scope: Scope, id: i64) -> Result<Option<Rate>> {
    visible(scope).filter(Column::Id.eq(id)).one(&db.conn()).await.map_err(db::error)
}

/// All rates that count at this moment and have one of these two currencies in them.
pub async fn quotes(db: &Db, (from, to): (i64, i64), time: Time) -> Result<Vec<Quote>> {
    let touched =
        Condition::any().add(Column::BaseId.is_in([from, to])).add(Column::CurrencyId.is_in([from, to]));
    let rows = Entity::find().filter(touched).filter(at(time)).all(&db.conn()).await.map_err(db::error)?;
    Ok(rows.iter().map(Rate::quote).collect())
}

/// Stores a rate; gives its number.
pub async fn create(db: &Db, row: Rate) -> Result<i64> {
    db::insert(db, row).await.map(|stored| stored.id).map_err(db::error)
}

/// Stores rates of the European Central Bank; those that are there already stay. Gives how many are new.
pub async fn load(db: &Db, rows: &[Rate]) -> Result<u64> {
    if rows.is_empty() {
        return Ok(0);
    }
    let rows = rows.iter().map(|row| {
        let mut row = row.clone().into_active_model().reset_all();
        row.id = NotSet;
        row
    });
    let stored = Entity::insert_many(rows)
        .on_conflict(OnConflict::new().do_nothing().to_owned())
        .exec_without_returning(&db.conn())
        .await;
    match stored {
        Ok(count) => Ok(count),
        Err(DbErr::RecordNotInserted) => Ok(0),
        Err(error) => Err(db::error(error)),
    }
}
