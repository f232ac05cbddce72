//! When the money of approved leads on hold becomes available.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{QueryOrder, QuerySelect};
use whocpa_domain::Result;
use whocpa_domain::lead::LeadStatus;

use super::{Column, Entity};
use crate::db::{self, Db};

/// No zone is off by a part of this: a quarter of an hour.
const STRETCH: i64 = 900;

/// What a webmaster's approved leads on hold are worth, by the quarter of an hour in which their hold ends, so that they can be
/// counted by the days of any zone, and by currency: the end of the last of them, the currency, how many they are,
/// micro-units.
pub async fn holds(db: &Db, webmaster_id: i64) -> Result<Vec<(i64, i64, i64, i64)>> {
    let stretch = Expr::cust(format!("date_hold_end / {STRETCH}"));
    Entity::find()
        .select_only()
        .column_as(Column::DateHoldEnd.max(), "date_end")
        .column(Column::CurrencyId)
        .column_as(Column::Id.count(), "leads")
        .expr_as(Expr::col(Column::Payout).sum().cast_as("BIGINT"), "money")
        .filter(Column::WebmasterId.eq(webmaster_id))
        .filter(Column::Status.eq(LeadStatus::Approved.code()))
        .filter(Column::IsClosed.eq(0))
        .group_by(stretch)
        .group_by(Column::CurrencyId)
        .order_by_asc(Column::CurrencyId)
        .into_tuple()
        .all(&db.conn())
        .await
        .map_err(db::error)
}
