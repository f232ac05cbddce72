//! The leads that clicks brought.

use std::collections::BTreeMap;
use std::ops::Range;

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::Condition;
use sea_orm::{QueryOrder, QuerySelect};
use whocpa_domain::tid::ClickId;
use whocpa_domain::{Result, Scope};

use super::{Column, visible};
use crate::bulk;
use crate::db::{self, Db};

/// The leads that the caller may see of these clicks, in the order of their numbers; a click without any is absent.
pub async fn of_clicks(db: &Db, scope: Scope, clicks: &[ClickId]) -> Result<BTreeMap<ClickId, Vec<i64>>> {
    if clicks.is_empty() {
        return Ok(BTreeMap::new());
    }
    let holders = Condition::all().add(bulk::among(db, Column::OtolClickId, clicks));
    let others =
        Condition::all().add(bulk::among(db, Column::ClickId, clicks)).add(Column::OtolClickId.is_null());
    let mut found: BTreeMap<ClickId, Vec<i64>> = BTreeMap::new();
    for (click_id, id) in pairs(db, scope, [holders, others], None).await? {
        found.entry(click_id).or_default().push(id);
    }
    for ids in found.values_mut() {
        ids.sort_unstable();
    }
    Ok(found)
}

/// The clicks with numbers in `window` that brought a lead which the caller may see, at most about `limit`.
pub async fn clicks_with_lead(
    db: &Db,
    scope: Scope,
    window: &Range<ClickId>,
    limit: u64,
) -> Result<Vec<ClickId>> {
    let within = |column: Column| Condition::all().add(column.gte(window.start)).add(column.lt(window.end));
    // Each by its own index: the first of those that claim a click for themselves, the second of all others.
    let holders = within(Column::OtolClickId);
    let others = within(Column::ClickId).add(Column::OtolClickId.is_null());
    let mut found: Vec<ClickId> =
        pairs(db, scope, [holders, others], Some(limit)).await?.into_iter().map(|(click, _)| click).collect();
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

/// `(click, lead)` of the leads under either condition.
async fn pairs(
    db: &Db,
    scope: Scope,
    conditions: [Condition; 2],
    limit: Option<u64>,
) -> Result<Vec<(ClickId, i64)>> {
    let mut found = Vec::new();
    for condition in conditions {
        let select = visible(scope).filter(condition).select_only();
        let select =
            select.columns([Column::ClickId, Column::Id]).order_by_desc(Column::ClickId).limit(limit);
        found.extend(select.into_tuple::<(i64, i64)>().all(&db.conn()).await.map_err(db::error)?);
    }
    Ok(found)
}
