//! Regions: country groups, countries, region groups, regions, cities.

use sea_orm::entity::prelude::*;
use sea_orm::{QueryOrder, QuerySelect};
use serde::Serialize;
use whocpa_domain::{Result, Scope};

use crate::db::{self, Db};

/// One region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, DeriveEntityModel)]
#[sea_orm(table_name = "geo")]
pub struct Model {
    /// Stable number.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    /// The region that it lies in.
    pub parent_id: Option<i64>,
    /// 25 group of countries, 30 country, 35 group of regions, 40 region, 50 city.
    pub r#type: i64,
    /// ISO 3166 or GeoNames code, empty where there is none.
    pub code: String,
    /// Name in English.
    pub name_en: String,
    /// Name in Russian.
    pub name_ru: String,
    /// People, where known.
    pub population: Option<i64>,
    /// Whether offers may use it.
    pub is_displayed: bool,
}

/// Relations are not used.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// One region.
pub type Geo = Model;

/// All regions that the caller may see, parents before children.
pub async fn list(db: &Db, scope: Scope) -> Result<Vec<Geo>> {
    let select = match scope {
        Scope::All => Entity::find(),
        _ => Entity::find().filter(Column::IsDisplayed.eq(true)),
    };
    select.order_by_asc(Column::Type).order_by_asc(Column::Id).all(&db.conn()).await.map_err(db::error)
}

/// One region, for changing it.
pub async fn view_for_update(db: &Db, id: i64) -> Result<Option<Geo>> {
    Entity::find_by_id(id).lock_exclusive().one(&db.conn()).await.map_err(db::error)
}

/// Those of `ids` that exist and are displayed.
pub async fn known(db: &Db, ids: &[i64]) -> Result<Vec<i64>> {
    let select =
        Entity::find().select_only().column(Column::Id).filter(Column::Id.is_in(ids.iter().copied()));
    select.filter(Column::IsDisplayed.eq(true)).into_tuple().all(&db.conn()).await.map_err(db::error)
}

/// Writes all columns of a stored region.
pub async fn update(db: &Db, row: Geo) -> Result<()> {
    db::save(db, row).await.map_err(db::error)
}
