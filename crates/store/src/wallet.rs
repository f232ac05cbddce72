//! Wallets: where webmasters' money goes out.

use std::collections::BTreeMap;

use sea_orm::entity::prelude::*;
use sea_orm::{QueryOrder, QuerySelect};
use serde::Serialize;
use whocpa_domain::payday::PayoutSchedule;
use whocpa_domain::wallet::{WalletKind, WalletStatus};
use whocpa_domain::{Result, Scope, Time};

use crate::db::{self, Db, Paging, Rows};
use crate::{listing, person};

/// One wallet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, DeriveEntityModel)]
#[sea_orm(table_name = "wallet")]
pub struct Model {
    /// Number; 0 for a row that is not stored yet.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Whose it is.
    pub webmaster_id: i64,
    /// [`WalletKind`] as a number.
    pub kind: i64,
    /// USDT: the name of the blockchain; else empty.
    pub chain: String,
    /// The account, sealed by the vault.
    #[serde(skip)]
    pub account_sealed: String,
    /// What is shown of it.
    pub account_masked: String,
    /// Tells whether it is the same account again.
    #[serde(skip)]
    pub account_hash: String,
    /// Name of the account's owner.
    pub holder: String,
    /// In which it takes money.
    pub currency_id: i64,
    /// What its owner calls it.
    pub name: String,
    /// Whether a payout that names no wallet goes here.
    pub is_default: bool,
    /// False once it is removed.
    pub is_active: bool,
    /// [`WalletStatus`] as a number.
    pub status: i64,
    /// The operator's reason for a refusal.
    pub reason: String,
    /// Seconds.
    pub date_created: i64,
    /// Nothing is paid to it before, seconds.
    pub date_usable: i64,
    /// `PayoutSchedule` as a number.
    pub schedule: i64,
    /// When its schedule was last looked at, seconds.
    pub date_asked: i64,
}

/// Relations are not used.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// One wallet.
pub type Wallet = Model;

/// Which wallets are wanted.
#[derive(Debug, Clone, Default)]
pub struct WalletFilter {
    /// Only these.
    pub ids: Option<Vec<i64>>,
    /// Only of these webmasters.
    pub webmaster_ids: Option<Vec<i64>>,
    /// Only of these kinds.
    pub kinds: Option<Vec<WalletKind>>,
    /// Only in one of these states.
    pub status: Option<Vec<WalletStatus>>,
    /// Only to whose account other webmasters are paid too, or only the others.
    pub is_shared: Option<bool>,
}

/// Wallets that were removed are seen by nobody; payouts to them name what they were.
fn visible(scope: Scope) -> Select<Entity> {
    let kept = Entity::find().filter(Column::IsActive.eq(true));
    match scope {
        Scope::All => kept,
        Scope::Webmaster(id) => kept.filter(Column::WebmasterId.eq(id)),
        Scope::Manager(id) => kept.filter(Column::WebmasterId.in_subquery(person::managed(id))),
        Scope::Advertiser(_) | Scope::Public => kept.filter(Column::Id.eq(-1)),
    }
}

/// One page of wallets, in the order of their ids.
pub async fn list(db: &Db, scope: Scope, filter: &WalletFilter, paging: Paging) -> Result<Rows<Wallet>> {
    let mut select = visible(scope).order_by_asc(Column::Id);
    select = listing::among(select, Column::Id, filter.ids.as_deref());
    select = listing::among(select, Column::WebmasterId, filter.webmaster_ids.as_deref());
    if let Some(kinds) = &filter.kinds {
        select = select.filter(Column::Kind.is_in(kinds.iter().map(|kind| kind.code())));
    }
    if let Some(states) = &filter.status {
        select = select.filter(Column::Status.is_in(states.iter().map(|status| status.code())));
    }
    if let Some(is_shared) = filter.is_shared {
        let others = format!(
            "EXISTS (SELECT 1 FROM wallet other WHERE other.account_hash = wallet.account_hash \
             AND other.webmaster_id <> wallet.webmaster_id AND {})",
            is_paid_to("other")
        );
        select = select.filter(Expr::cust(if is_shared { others } else { format!("NOT {others}") }));
    }
    db::page(db, select, paging).await
}

/// What makes a wallet one that somebody is paid to: without an operator's word it is only a number that was typed.
pub(crate) fn is_paid_to(wallet: &str) -> String {
    format!("{wallet}.is_active AND {wallet}.status = {}", WalletStatus::Approved.code())
}

/// The other webmasters who are paid to the accounts of these wallets, by wallet.
pub async fn shared_with(db: &Db, rows: &[Wallet]) -> Result<BTreeMap<i64, Vec<i64>>> {
    let accounts = rows.iter().map(|row| row.account_hash.as_str());
    let found: Vec<(String, i64)> = Entity::find()
        .select_only()
        .column(Column::AccountHash)
        .column(Column::WebmasterId)
        .distinct()
        .filter(Column::AccountHash.is_in(accounts))
        .filter(Expr::cust(is_paid_to("wallet")))
        .order_by_asc(Column::WebmasterId)
        .into_tuple()
        .all(&db.conn())
        .await
        .map_err(db::error)?;
    let others = |row: &Wallet| {
        let is_other = |(hash, id): &&(String, i64)| *hash == row.account_hash && *id != row.webmaster_id;
        found.iter().filter(is_other).map(|(_, id)| *id).collect()
    };
    Ok(rows.iter().map(|row| (row.id, others(row))).collect())
}

/// One wallet.
pub async fn view(db: &Db, scope: Scope, id: i64) -> Result<Option<Wallet>> {
    visible(scope).filter(Column::Id.eq(id)).one(&db.conn()).await.map_err(db::error)
}

/// One wallet, kept from changing until the transaction ends.
pub async fn view_for_update(db: &Db, scope: Scope, id: i64) -> Result<Option<Wallet>> {
    visible(scope).filter(Column::Id.eq(id)).lock_exclusive().one(&db.conn()).await.map_err(db::error)
}

/// The wallet to which a webmaster's payouts go that name none, kept from changing until the transaction ends.
pub async fn view_default(db: &Db, webmaster_id: i64) -> Result<Option<Wallet>> {
    let select = visible(Scope::Webmaster(webmaster_id)).filter(Column::IsDefault.eq(true));
    select.order_by_asc(Column::Id).lock_exclusive().one(&db.conn()).await.map_err(db::error)
}

/// A wallet also after it was removed: payouts to it go on.
pub async fn view_kept(db: &Db, id: i64) -> Result<Option<Wallet>> {
    Entity::find_by_id(id).one(&db.conn()).await.map_err(db::error)
}

/// The same, kept from changing until the transaction ends.
pub async fn view_kept_for_update(db: &Db, id: i64) -> Result<Option<Wallet>> {
    Entity::find_by_id(id).lock_exclusive().one(&db.conn()).await.map_err(db::error)
}

/// Wallets of people whose accounts work, with this schedule, that were not asked for since `due`.
pub async fn scheduled(db: &Db, schedule: PayoutSchedule, due: Time, limit: u64) -> Result<Vec<Wallet>> {
    Entity::find()
        .filter(Column::Schedule.eq(schedule.code()))
        .filter(Column::DateAsked.lt(due.0))
        .filter(Column::IsActive.eq(true))
        .filter(Column::WebmasterId.in_subquery(person::active_ids()))
        .order_by_asc(Column::Id)
        .limit(limit)
        .all(&db.conn())
        .await
        .map_err(db::error)
}

/// Writes all columns of a stored wallet.
pub async fn update(db: &Db, row: Wallet) -> Result<()> {
    db::save(db, row).await.map_err(db::error)
}

/// None of a webmaster's wallets is the default any more.
pub async fn clear_default(db: &Db, webmaster_id: i64) -> Result<()> {
    let none = Entity::update_many()
        .col_expr(Column::IsDefault, false.into())
        .filter(Column::WebmasterId.eq(webmaster_id))
        .filter(Column::IsDefault.eq(true));
    none.exec(&db.conn()).await.map(drop).map_err(db::error)
}

/// Stores a new wallet; gives its id.
pub async fn create(db: &Db, row: Wallet) -> Result<i64> {
    let stored = db::insert(db, row).await.map(|stored| stored.id);
    stored.map_err(|e| db::unique(e, "account", "You have a wallet with this account already"))
}
