//! Accounts of the ledger: made when they are first used, never changed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;
use sea_orm::{NotSet, QuerySelect, Set};
use whocpa_domain::ledger::{Account, AccountKind};
use whocpa_domain::{Error, Result, Scope};

use crate::db::{self, Db};
use crate::person;

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

/// Accounts that are known to be committed. They never change, so their numbers need not be read again.
#[derive(Debug, Default)]
pub(crate) struct Committed(Mutex<BTreeMap<Account, i64>>);

/// Accounts that are remembered: far more than take part in a day, a few megabytes.
const REMEMBERED: usize = 50_000;

impl Committed {
    /// Those of these accounts that are remembered.
    fn of(&self, wanted: &BTreeSet<Account>) -> BTreeMap<Account, i64> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        wanted.iter().filter_map(|account| Some((*account, *known.get(account)?))).collect()
    }

    /// Remembers what a transaction used, after its commit: one that was rolled back may have made them.
    pub fn remember(&self, used: BTreeMap<Account, i64>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() + used.len() > REMEMBERED {
            known.clear();
        }
        known.extend(used);
    }
}

/// The accounts whose owner the scope reaches; the network's own are for those who see all.
pub(crate) fn visible(scope: Scope) -> Select<Entity> {
    match scope {
        Scope::All => Entity::find(),
        Scope::Webmaster(id) | Scope::Advertiser(id) => Entity::find().filter(Column::OwnerId.eq(id)),
        Scope::Manager(id) => Entity::find().filter(Column::OwnerId.in_subquery(person::managed(id))),
        Scope::Public => Entity::find().filter(Column::Id.eq(-1)),
    }
}

/// Accounts by their numbers, of those that the scope reaches.
pub async fn by_ids(db: &Db, scope: Scope, ids: &BTreeSet<i64>) -> Result<BTreeMap<i64, Account>> {
    let select = visible(scope).filter(Column::Id.is_in(ids.iter().copied()));
    let rows = select.all(&db.conn()).await.map_err(db::error)?;
    Ok(rows.iter().filter_map(|row| row.account().map(|account| (row.id, account))).collect())
}

/// The number of an account that something is about to be taken out of: nobody else takes anything until the transaction
/// ends. What comes in meanwhile does not wait.
pub async fn lock(db: &Db, account: Account) -> Result<i64> {
    let known = ensure(db, &BTreeSet::from([account])).await?;
    let missing = || Error::Internal(format!("account {account:?} is missing"));
    let id = known.get(&account).copied().ok_or_else(missing)?;
    let row = Entity::find_by_id(id).lock_exclusive().one(&db.conn()).await.map_err(db::error)?;
    row.map(|row| row.id).ok_or_else(missing)
}

/// The numbers of these accounts; those that do not exist yet are made.
pub async fn ensure(db: &Db, wanted: &BTreeSet<Account>) -> Result<BTreeMap<Account, i64>> {
    let mut known = db.committed_accounts().map(|accounts| accounts.of(wanted)).unwrap_or_default();
    let wanted: BTreeSet<Account> =
        wanted.iter().copied().filter(|account| !known.contains_key(account)).collect();
    if wanted.is_empty() {
        return Ok(known);
    }
    let found = find_or_make(db, &wanted).await?;
    db.account_used(&found);
    known.extend(found);
    Ok(known)
}

async fn find_or_make(db: &Db, wanted: &BTreeSet<Account>) -> Result<BTreeMap<Account, i64>> {
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
