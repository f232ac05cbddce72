//! The second factor of accounts: the secret of an app's codes, and recovery codes for when the app is lost (trust T5).

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait, IntoActiveModel, NotSet, QuerySelect, Set};
use whocpa_domain::{Result, Time};

use crate::db::{self, Db};

/// The secret of one account.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "second_factor")]
pub struct Model {
    /// Whose it is.
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: i64,
    /// The secret, sealed by the vault.
    pub secret_sealed: String,
    /// Seconds.
    pub date_created: i64,
    /// When a first code proved that the app has it, seconds; before that it asks nobody.
    pub date_confirmed: Option<i64>,
    /// The time step of the last code that was taken: no code works twice.
    pub step_used: i64,
}

/// Relations are not used.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// The second factor of one account.
pub type SecondFactor = Model;

/// Recovery codes, each for one use.
pub mod recovery {
    use sea_orm::entity::prelude::*;

    /// One code.
    #[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "recovery_code")]
    pub struct Model {
        /// Number.
        #[sea_orm(primary_key)]
        pub id: i64,
        /// Whose it is.
        pub user_id: i64,
        /// Keyed hash of the code.
        pub hash: String,
        /// When it was used, seconds.
        pub date_used: Option<i64>,
    }

    /// Relations are not used.
    #[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// An account's second factor, confirmed or not.
pub async fn view(db: &Db, user_id: i64) -> Result<Option<SecondFactor>> {
    Entity::find_by_id(user_id).one(&db.conn()).await.map_err(db::error)
}

/// The same, kept from changing until the transaction ends.
pub async fn view_for_update(db: &Db, user_id: i64) -> Result<Option<SecondFactor>> {
    Entity::find_by_id(user_id).lock_exclusive().one(&db.conn()).await.map_err(db::error)
}

/// Puts a secret in the place of whatever the account had.
pub async fn replace(db: &Db, row: SecondFactor) -> Result<()> {
    delete(db, row.user_id).await?;
    row.into_active_model().reset_all().insert(&db.conn()).await.map(drop).map_err(db::error)
}

/// Writes all columns of a stored one.
pub async fn update(db: &Db, row: SecondFactor) -> Result<()> {
    db::save(db, row).await.map_err(db::error)
}

/// Takes the second factor and its recovery codes away.
pub async fn delete(db: &Db, user_id: i64) -> Result<()> {
    let codes = recovery::Entity::delete_many().filter(recovery::Column::UserId.eq(user_id));
    codes.exec(&db.conn()).await.map_err(db::error)?;
    Entity::delete_by_id(user_id).exec(&db.conn()).await.map(drop).map_err(db::error)
}

/// Gives an account new recovery codes, by their hashes; the ones before are gone.
pub async fn recovery_replace(db: &Db, user_id: i64, hashes: &[String]) -> Result<()> {
    let old = recovery::Entity::delete_many().filter(recovery::Column::UserId.eq(user_id));
    old.exec(&db.conn()).await.map_err(db::error)?;
    let row = |hash: &String| recovery::ActiveModel {
        id: NotSet,
        user_id: Set(user_id),
        hash: Set(hash.clone()),
        date_used: Set(None),
    };
    let rows = recovery::Entity::insert_many(hashes.iter().map(row));
    rows.exec_without_returning(&db.conn()).await.map(drop).map_err(db::error)
}

/// How many recovery codes were not used yet.
pub async fn recovery_count(db: &Db, user_id: i64) -> Result<u64> {
    let left = recovery::Entity::find().filter(recovery::Column::UserId.eq(user_id));
    left.filter(recovery::Column::DateUsed.is_null()).count(&db.conn()).await.map_err(db::error)
}

/// Uses a recovery code up; tells whether there was one. Two who send the same one at once: one of them is taken.
pub async fn recovery_use(db: &Db, user_id: i64, hash: &str, now: Time) -> Result<bool> {
    let done = recovery::Entity::update_many()
        .col_expr(recovery::Column::DateUsed, Expr::value(now.0))
        .filter(recovery::Column::UserId.eq(user_id))
        .filter(recovery::Column::Hash.eq(hash))
        .filter(recovery::Column::DateUsed.is_null())
        .exec(&db.conn())
        .await;
    done.map(|done| done.rows_affected > 0).map_err(db::error)
}
