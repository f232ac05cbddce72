//! Idempotency keys: a write that runs or is done, under a name that its sender chose (trust §5).

use sea_orm::entity::prelude::*;

/// One claim.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "claim")]
pub struct Model {
    /// Number; 0 for a row that is not stored yet.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Whose it is.
    pub user_id: i64,
    /// Method and path.
    pub place: String,
    /// The `Idempotency-Key`.
    pub name: String,
    /// SHA-256 of the request's parameters, hexadecimal.
    pub request_hash: String,
    /// Grows whenever another request takes the row over.
    pub fence: i64,
    /// Whether the write is done.
    pub is_done: bool,
    /// What was answered.
    pub answer: String,
    /// Seconds.
    pub date_created: i64,
    /// Until when the running request holds it, seconds.
    pub date_until: i64,
}

/// Relations are not used.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// One claim.
pub type Claim = Model;
