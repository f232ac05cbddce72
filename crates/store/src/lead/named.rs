//! Leads as other programs name them: by number, by sale id, by click.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Condition, Expr};
use sea_orm::{QueryOrder, QuerySelect};
use whocpa_domain::lead::natural_key;
use whocpa_domain::{Result, Scope};

use super::{Column, Entity, Lead, visible};
use crate::bulk;
use crate::db::{self, Db};

/// The leads within the caller's scope that are named by their numbers, their sale ids or their clicks; kept from
/// changing when they are to be decided.
pub async fn named(
    db: &Db,
    scope: Scope,
    (ids, sale_ids, clicks): (&[i64], &[String], &[i64]),
    is_locked: bool,
) -> Result<Vec<Lead>> {
    let mut ids = ids.to_vec();
    let mut conditions = Vec::new();
    if !sale_ids.is_empty() {
        conditions.extend(of_sales(db, sale_ids));
    }
    if !clicks.is_empty() {
        // A lead that holds its click is in one index, all others in another.
        conditions.push(Condition::all().add(bulk::among(db, Column::OtolClickId, clicks)));
        let others = bulk::among(db, Column::ClickId, clicks);
        conditions.push(Condition::all().add(others).add(Column::OtolClickId.is_null()));
    }
    for condition in conditions {
        let found = visible(scope).select_only().column(Column::Id).filter(condition);
        ids.extend(found.into_tuple::<i64>().all(&db.conn()).await.map_err(db::error)?);
    }
    ids.sort_unstable();
    ids.dedup();
    // In one order, so that two who lock the same leads do not wait for each other.
    let mut select = visible(scope).filter(bulk::among(db, Column::Id, &ids)).order_by_asc(Column::Id);
    if is_locked {
        select = select.lock_exclusive();
    }
    select.all(&db.conn()).await.map_err(db::error)
}

/// The leads with these sale ids, whoever's they are.
pub(super) async fn ids_of_sales(db: &Db, sale_ids: &[String]) -> Result<Vec<i64>> {
    let mut ids = Vec::new();
    for condition in of_sales(db, sale_ids) {
        let found = Entity::find().select_only().column(Column::Id).filter(condition);
        ids.extend(found.into_tuple::<i64>().all(&db.conn()).await.map_err(db::error)?);
    }
    Ok(ids)
}

/// Two conditions, each with an index of its own: a sale id is in the natural key of what was reported with it, and beside
/// that of an order whose sale was named later.
fn of_sales(db: &Db, sale_ids: &[String]) -> [Condition; 2] {
    let keys: Vec<String> = sale_ids.iter().map(|id| natural_key(id, 0)).collect();
    // The words of the index `lead_sale`, or SQLite would not use it.
    let is_named_later = Expr::cust("sale_id <> '' AND substr(natural_key, 1, 2) <> 's:'");
    [
        Condition::all().add(bulk::among_texts(db, Column::NaturalKey, &keys)),
        Condition::all().add(bulk::among_texts(db, Column::SaleId, sale_ids)).add(is_named_later),
    ]
}
