//! Which lead of an offer holds a telephone number. Whoever reports the number again locks its row first, so that of
//! two reports at one moment one is the first (design §6).

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;
use sea_orm::{IntoActiveModel, QueryOrder, QuerySelect};
use whocpa_domain::Result;

use crate::bulk;
use crate::db::{self, Db};

/// One number in one offer.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "phone_claim")]
pub struct Model {
    /// Of which offer.
    #[sea_orm(primary_key, auto_increment = false)]
    pub offer_id: i64,
    /// Keyed hash of the telephone number.
    #[sea_orm(primary_key, auto_increment = false)]
    pub phone_hash: String,
    /// The lead that holds it, none yet for a row that was only locked.
    pub lead_id: Option<i64>,
}

/// Relations are not used.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// One number in one offer.
pub type PhoneClaim = Model;

/// Locks the rows of these (offer, number) pairs until the transaction ends and gives them; missing ones are made.
/// The pairs are locked in one order, so that two transactions never wait for each other.
pub async fn lock(db: &Db, pairs: &[(i64, String)]) -> Result<Vec<PhoneClaim>> {
    let mut pairs = pairs.to_vec();
    pairs.sort_unstable();
    pairs.dedup();
    if pairs.is_empty() {
        return Ok(Vec::new());
    }
    let rows = pairs.iter().map(|(offer_id, phone_hash)| {
        let row = PhoneClaim { offer_id: *offer_id, phone_hash: phone_hash.clone(), lead_id: None };
        row.into_active_model().reset_all()
    });
    let keep = OnConflict::columns([Column::OfferId, Column::PhoneHash]).do_nothing().to_owned();
    let made = Entity::insert_many(rows.collect::<Vec<_>>()).on_conflict(keep);
    made.exec_without_returning(&db.conn()).await.map_err(db::error)?;
    let hashes: Vec<String> = pairs.iter().map(|(_, hash)| hash.clone()).collect();
    let found = Entity::find()
        .filter(bulk::among_texts(db, Column::PhoneHash, &hashes))
        .order_by_asc(Column::OfferId)
        .order_by_asc(Column::PhoneHash)
        .lock_exclusive()
        .all(&db.conn())
        .await
        .map_err(db::error)?;
    Ok(found.into_iter().filter(|row| pairs.contains(&(row.offer_id, row.phone_hash.clone()))).collect())
}

/// Gives a number to a lead; its row is locked by [`lock`].
pub async fn update(db: &Db, offer_id: i64, phone_hash: &str, lead_id: i64) -> Result<()> {
    Entity::update_many()
        .col_expr(Column::LeadId, Expr::value(lead_id))
        .filter(Column::OfferId.eq(offer_id))
        .filter(Column::PhoneHash.eq(phone_hash))
        .exec(&db.conn())
        .await
        .map(drop)
        .map_err(db::error)
}
