//! Categories of offers.

use sea_orm::QueryOrder;
use sea_orm::entity::prelude::*;
use serde::Serialize;
use whocpa_domain::{Result, Scope};

use crate::db::{self, Db};

/// One category.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, DeriveEntityModel)]
#[sea_orm(table_name = "category")]
pub struct Model {
    /// Number; 0 for a row that is not stored yet.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Name in English, unique.
    pub name_en: String,
    /// Name in Russian.
    pub name_ru: String,
    /// Whether offers may use it and the public sees it.
    pub is_active: bool,
}

/// Relations are not used: joins are written where they are needed.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// The row that the rest of the product calls a category.
pub type Category = Model;

fn visible(scope: Scope) -> Select<Entity> {
    match scope {
        Scope::All => Entity::find(),
        _ => Entity::find().filter(Column::IsActive.eq(true)),
    }
}

/// All categories by name.
pub async fn list(db: &Db, scope: Scope) -> Result<Vec<Category>> {
    visible(scope).order_by_asc(Column::NameEn).all(&db.conn()).await.map_err(db::error)
}

/// One category.
pub async fn view(db: &Db, scope: Scope, id: i64) -> Result<Option<Category>> {
    visible(scope).filter(Column::Id.eq(id)).one(&db.conn()).await.map_err(db::error)
}

/// Writes all columns of a stored category.
pub async fn update(db: &Db, row: Category) -> Result<()> {
    db::save(db, row).await.map_err(|e| db::unique(e, "name_en", "Already taken"))
}

/// Stores a new category; gives its id.
pub async fn create(db: &Db, row: Category) -> Result<i64> {
    db::insert(db, row).await.map(|stored| stored.id).map_err(|e| db::unique(e, "name_en", "Already taken"))
}

/// Removes a category; false when offers use it (they keep it).
pub async fn delete(db: &Db, id: i64) -> Result<bool> {
    let used = crate::offer::uses_category(db, id).await?;
    if !used {
        Entity::delete_by_id(id).exec(&db.conn()).await.map_err(db::error)?;
    }
    Ok(!used)
}
