//! What an offer has several of: categories, regions, kinds of traffic, languages.

use std::collections::BTreeMap;

use sea_orm::entity::prelude::*;
use sea_orm::{QueryOrder, Set};
use whocpa_domain::Result;

use crate::db::{self, Db};

/// A table of pairs of an offer and one more value, which others than this file use for filtering only.
macro_rules! pairs {
    ($($module:ident $table:literal $other:ident: $ty:ty;)*) => { $(
        pub(super) mod $module {
            use sea_orm::entity::prelude::*;
            #[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
            #[sea_orm(table_name = $table)]
            pub struct Model {
                #[sea_orm(primary_key, auto_increment = false)]
                pub offer_id: i64,
                #[sea_orm(primary_key, auto_increment = false)]
                pub $other: $ty,
            }
            #[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
            pub enum Relation {}
            impl ActiveModelBehavior for ActiveModel {}
        }
    )* };
}
pairs! {
    category_pair "offer_category" category_id: i64;
    geo_pair "offer_geo" geo_id: i64;
    language_pair "offer_language" language: String;
}

pub(super) mod traffic_pair {
    use sea_orm::entity::prelude::*;
    #[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "offer_traffic")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub offer_id: i64,
        #[sea_orm(primary_key, auto_increment = false)]
        pub kind: i64,
        pub is_allowed: bool,
    }
    #[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

fn grouped<T>(pairs: impl Iterator<Item = (i64, T)>) -> BTreeMap<i64, Vec<T>> {
    let mut groups: BTreeMap<i64, Vec<T>> = BTreeMap::new();
    for (offer_id, other) in pairs {
        groups.entry(offer_id).or_default().push(other);
    }
    groups
}

/// The category ids of each of these offers.
pub async fn categories(db: &Db, offer_ids: &[i64]) -> Result<BTreeMap<i64, Vec<i64>>> {
    let pairs = category_pair::Entity::find()
        .filter(category_pair::Column::OfferId.is_in(offer_ids.iter().copied()))
        .order_by_asc(category_pair::Column::CategoryId);
    let pairs = pairs.all(&db.conn()).await.map_err(db::error)?;
    Ok(grouped(pairs.into_iter().map(|pair| (pair.offer_id, pair.category_id))))
}

/// The category ids of every offer, or of these.
pub async fn categories_of(db: &Db, offer_ids: Option<&[i64]>) -> Result<BTreeMap<i64, Vec<i64>>> {
    if let Some(ids) = offer_ids {
        return categories(db, ids).await;
    }
    let pairs = category_pair::Entity::find().all(&db.conn()).await.map_err(db::error)?;
    Ok(grouped(pairs.into_iter().map(|pair| (pair.offer_id, pair.category_id))))
}

/// The region ids of each of these offers.
pub async fn geos(db: &Db, offer_ids: &[i64]) -> Result<BTreeMap<i64, Vec<i64>>> {
    let pairs = geo_pair::Entity::find()
        .filter(geo_pair::Column::OfferId.is_in(offer_ids.iter().copied()))
        .order_by_asc(geo_pair::Column::GeoId);
    let pairs = pairs.all(&db.conn()).await.map_err(db::error)?;
    Ok(grouped(pairs.into_iter().map(|pair| (pair.offer_id, pair.geo_id))))
}

/// The languages of each of these offers.
pub async fn languages(db: &Db, offer_ids: &[i64]) -> Result<BTreeMap<i64, Vec<String>>> {
    let pairs = language_pair::Entity::find()
        .filter(language_pair::Column::OfferId.is_in(offer_ids.iter().copied()))
        .order_by_asc(language_pair::Column::Language);
    let pairs = pairs.all(&db.conn()).await.map_err(db::error)?;
    Ok(grouped(pairs.into_iter().map(|pair| (pair.offer_id, pair.language))))
}

/// The kinds of traffic of each of these offers that are allowed (`true`) or forbidden.
pub async fn traffic(db: &Db, offer_ids: &[i64]) -> Result<BTreeMap<i64, Vec<(i64, bool)>>> {
    let pairs = traffic_pair::Entity::find()
        .filter(traffic_pair::Column::OfferId.is_in(offer_ids.iter().copied()))
        .order_by_asc(traffic_pair::Column::Kind);
    let pairs = pairs.all(&db.conn()).await.map_err(db::error)?;
    Ok(grouped(pairs.into_iter().map(|pair| (pair.offer_id, (pair.kind, pair.is_allowed)))))
}

/// Replaces an offer's categories.
pub async fn set_categories(db: &Db, offer_id: i64, ids: &[i64]) -> Result<()> {
    let old = category_pair::Entity::delete_many().filter(category_pair::Column::OfferId.eq(offer_id));
    old.exec(&db.conn()).await.map_err(db::error)?;
    let row = |id: &i64| category_pair::ActiveModel { offer_id: Set(offer_id), category_id: Set(*id) };
    insert::<category_pair::Entity, _>(db, ids.iter().map(row).collect()).await
}

/// Replaces an offer's regions.
pub async fn set_geos(db: &Db, offer_id: i64, ids: &[i64]) -> Result<()> {
    let old = geo_pair::Entity::delete_many().filter(geo_pair::Column::OfferId.eq(offer_id));
    old.exec(&db.conn()).await.map_err(db::error)?;
    let row = |id: &i64| geo_pair::ActiveModel { offer_id: Set(offer_id), geo_id: Set(*id) };
    insert::<geo_pair::Entity, _>(db, ids.iter().map(row).collect()).await
}

/// Replaces an offer's languages.
pub async fn set_languages(db: &Db, offer_id: i64, languages: &[String]) -> Result<()> {
    let old = language_pair::Entity::delete_many().filter(language_pair::Column::OfferId.eq(offer_id));
    old.exec(&db.conn()).await.map_err(db::error)?;
    let row =
        |code: &String| language_pair::ActiveModel { offer_id: Set(offer_id), language: Set(code.clone()) };
    insert::<language_pair::Entity, _>(db, languages.iter().map(row).collect()).await
}

/// Replaces an offer's kinds of traffic, allowed (`true`) and forbidden ones.
pub async fn set_traffic(db: &Db, offer_id: i64, kinds: &[(i64, bool)]) -> Result<()> {
    let old = traffic_pair::Entity::delete_many().filter(traffic_pair::Column::OfferId.eq(offer_id));
    old.exec(&db.conn()).await.map_err(db::error)?;
    let row = |(kind, is_allowed): &(i64, bool)| traffic_pair::ActiveModel {
        offer_id: Set(offer_id),
        kind: Set(*kind),
        is_allowed: Set(*is_allowed),
    };
    insert::<traffic_pair::Entity, _>(db, kinds.iter().map(row).collect()).await
}

async fn insert<E, A>(db: &Db, rows: Vec<A>) -> Result<()>
where
    E: EntityTrait,
    A: ActiveModelTrait<Entity = E> + Send,
{
    if rows.is_empty() {
        return Ok(());
    }
    E::insert_many(rows).exec_without_returning(&db.conn()).await.map(drop).map_err(db::error)
}

/// Removes all of them.
pub(super) async fn delete(db: &Db, offer_id: i64) -> Result<()> {
    set_categories(db, offer_id, &[]).await?;
    set_geos(db, offer_id, &[]).await?;
    set_languages(db, offer_id, &[]).await?;
    set_traffic(db, offer_id, &[]).await
}

/// Whether any offer is in this category.
pub(crate) async fn uses_category(db: &Db, category_id: i64) -> Result<bool> {
    let pair = category_pair::Entity::find().filter(category_pair::Column::CategoryId.eq(category_id));
    let count = pair.count(&db.conn()).await.map_err(db::error)?;
    Ok(count > 0)
}
