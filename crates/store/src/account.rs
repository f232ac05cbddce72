//! Accounts of the ledger: made when they are first used, never changed.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;
use sea_orm::{NotSet, Set};
use whocpa_domain::Result;
use whocpa_domain::ledger::{Account, AccountKind};

use crate::db::{self, Db};

/// One account.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "account")]
pub struct Model {
    /// Number.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// [`AccountKind`] as a number.
    pub kind: i64,
    /// User id, 0 for the house.
    pub owner_id: i64,
    /// Currency of every amount in it.
    pub currency_id: i64,
}

/// Relations are not used.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// The account as the rules name it.
    pub fn account(&self) -> Option<Account> {
        let kind = AccountKind::from_code(self.kind)?;
        Some(Account { kind, owner_id: self.owner_id, currency_id: self.currency_id })
    }
}

/// The numbers of these accounts; those that do not exist yet are made.
pub async fn ensure(db: &Db, wanted: &BTreeSet<Account>) -> Result<BTreeMap<Account, i64>> {
    let mut found = find(db, wanted).await?;
    let missing: Vec<ActiveModel> = wanted
        .iter()
        .filter(|account| !found.contains_key(account))
        .map(|account| ActiveModel {
            id: NotSet,
            kind: Set(account.kind.code()),
            owner_id: Set(account.owner_id),
            currency_id: Set(account.currency_id),
        })
        .collect();
    if !missing.is_empty() {
        let natural =
            OnConflict::columns([Column::OwnerId, Column::Kind, Column::CurrencyId]).do_nothing().to_owned();
        let insert =
            Entity::insert_many(missing).on_conflict(natural).exec_without_returning(&db.conn()).await;
        insert.map_err(db::error)?;
        found = find(db, wanted).await?;
    }
    Ok(found)
}

async fn find(db: &Db, wanted: &BTreeSet<Account>) -> Result<BTreeMap<Account, i64>> {
    let owners: BTreeSet<i64> = wanted.iter().map(|account| account.owner_id).collect();
    let rows =
        Entity::find().filter(Column::OwnerId.is_in(owners)).all(&db.conn()).await.map_err(db::error)?;
    let named = rows.iter().filter_map(|row| row.account().map(|account| (account, row.id)));
    Ok(named.filter(|(account, _)| wanted.contains(account)).collect())
}
