//! Pictures in their three sizes, stored once under the hash of their content. They are in the database, so that all
//! nodes have them and one backup holds everything.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;
use sea_orm::{IntoActiveModel, QuerySelect};
use whocpa_domain::image::{ImageName, ImageSize};
use whocpa_domain::{Result, Time};

use crate::db::{self, Db};

/// One picture.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "image")]
pub struct Model {
    /// [`ImageName`] as it is stored; tables that show a picture refer to it.
    #[sea_orm(primary_key, auto_increment = false)]
    pub name: String,
    /// The small one, encoded.
    pub small: Vec<u8>,
    /// The middle one.
    pub middle: Vec<u8>,
    /// The big one.
    pub big: Vec<u8>,
    /// When it was last sent, seconds.
    pub date_used: i64,
}

/// Relations are not used.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// One picture.
pub type Image = Model;

/// One size of a picture; pictures are seen by everybody who knows their name.
pub async fn view(db: &Db, name: &ImageName, size: ImageSize) -> Result<Option<Vec<u8>>> {
    let column = match size {
        ImageSize::Small => Column::Small,
        ImageSize::Middle => Column::Middle,
        ImageSize::Big => Column::Big,
    };
    let select = Entity::find().select_only().column(column).filter(Column::Name.eq(name.stored()));
    select.into_tuple().one(&db.conn()).await.map_err(db::error)
}

/// Stores a picture unless it is there already, and keeps it from being tidied away while the caller's transaction
/// refers to it.
pub async fn ensure(db: &Db, image: &Image) -> Result<()> {
    // An update, not nothing: it locks the row and makes it young again.
    let again = OnConflict::column(Column::Name).update_column(Column::DateUsed).to_owned();
    let insert = Entity::insert(image.clone().into_active_model().reset_all()).on_conflict(again);
    insert.exec_without_returning(&db.conn()).await.map(drop).map_err(db::error)
}

/// The columns that show pictures, all named `image`: a picture that stands in none of them is removed after a week.
pub const USES: [(&str, &str); 3] = [("offer", "image"), ("promo", "image"), ("stock", "image")];

/// Removes pictures that were last sent before `before` and that nothing shows; at most `limit`.
pub async fn delete_unused(db: &Db, before: Time, limit: i64) -> Result<u64> {
    let unseen = |(table, column): &(&str, &str)| {
        format!(" AND NOT EXISTS (SELECT 1 FROM {table} u WHERE u.{column} = i.name)")
    };
    let unused = USES.iter().map(unseen).collect::<Vec<_>>().concat();
    let sql = format!(
        "DELETE FROM image WHERE name IN (SELECT i.name FROM image i WHERE i.date_used < $1{unused} LIMIT $2)"
    );
    crate::migrate::execute(db, &sql, [before.0.into(), limit.into()]).await
}
