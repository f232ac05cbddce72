//! Offers with their categories and regions.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::Condition;
use sea_orm::{QueryOrder, QuerySelect, QueryTrait, Set};
use serde::Serialize;
use whocpa_domain::connection::ConnectionStatus;
use whocpa_domain::offer::OfferStatus;
use whocpa_domain::{Error, Result, Scope};

use crate::db::{self, Db, Paging, Rows};
use crate::{connection, feed, goal, landing, link, news, person, product, promo, stock};

/// One offer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, DeriveEntityModel)]
#[sea_orm(table_name = "offer")]
#[expect(clippy::struct_excessive_bools, reason = "the protocol has these flags as separate fields")]
pub struct Model {
    /// Number; 0 for a row that is not stored yet.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Whose it is.
    pub advertiser_id: i64,
    /// [`OfferStatus`] as a number.
    pub status: i64,
    /// Visible to connected webmasters only.
    pub is_private: bool,
    /// Name.
    pub name: String,
    /// Full description.
    pub description: String,
    /// Short description.
    pub description_short: String,
    /// The advertiser's rules.
    pub rules_full: String,
    /// The advertiser's rules in short.
    pub rules_short: String,
    /// Deeplinks are allowed.
    pub is_deeplink: bool,
    /// Only this network has it.
    pub is_exclusive: bool,
    /// Leads are tracked by phone.
    pub is_phone_tracking: bool,
    /// A mobile product.
    pub is_mobile: bool,
    /// Its pages suit mobile visitors.
    pub is_mobile_optimised: bool,
    /// Webmasters are connected without a decision.
    pub is_auto_connect: bool,
    /// 1..10.
    pub rating: i64,
    /// Recommended by the network.
    pub is_recommended: bool,
    /// Home page.
    pub url_homepage: String,
    /// Where visitors are sent; a template with macros.
    pub url_redirect: String,
    /// Title of that page.
    pub url_name: String,
    /// Name of its picture.
    pub image: Option<String>,
    /// Days that the cookie with the tid lives.
    pub cookie_ttl_days: i64,
    /// Seconds.
    pub date_created: i64,
}

/// Relations are not used.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// One offer.
pub type Offer = Model;

/// Which offers are wanted.
#[derive(Debug, Clone, Default)]
pub struct OfferFilter {
    /// Only these.
    pub ids: Option<Vec<i64>>,
    /// Only exclusive ones, or only others.
    pub is_exclusive: Option<bool>,
    /// Only mobile products, or only others.
    pub is_mobile: Option<bool>,
    /// Only optimised for mobile, or only others.
    pub is_mobile_optimised: Option<bool>,
    /// Stopped and archived ones too.
    pub show_stopped: bool,
    /// Only with one of these regions.
    pub geo_ids: Option<Vec<i64>>,
    /// Only in one of these categories.
    pub category_ids: Option<Vec<i64>>,
}

/// A pair of an offer and something it belongs to.
mod category_pair {
    use sea_orm::entity::prelude::*;
    #[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "offer_category")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub offer_id: i64,
        #[sea_orm(primary_key, auto_increment = false)]
        pub category_id: i64,
    }
    #[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

mod geo_pair {
    use sea_orm::entity::prelude::*;
    #[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "offer_geo")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub offer_id: i64,
        #[sea_orm(primary_key, auto_increment = false)]
        pub geo_id: i64,
    }
    #[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

/// The offers that a caller may see: guests and webmasters what went live, private ones only when connected;
/// an advertiser his own only.
pub(crate) fn visible(scope: Scope) -> Select<Entity> {
    let public = || Column::Status.is_in([OfferStatus::Live.code(), OfferStatus::Stopped.code()]);
    match scope {
        Scope::All => Entity::find(),
        Scope::Advertiser(id) => Entity::find().filter(Column::AdvertiserId.eq(id)),
        Scope::Manager(id) => Entity::find().filter(Column::AdvertiserId.in_subquery(person::managed(id))),
        Scope::Public => Entity::find().filter(public()).filter(Column::IsPrivate.eq(false)),
        Scope::Webmaster(id) => {
            let connected = connection::Entity::find()
                .select_only()
                .column(connection::Column::OfferId)
                .filter(connection::Column::WebmasterId.eq(id))
                .filter(connection::Column::Status.eq(ConnectionStatus::Approved.code()))
                .into_query();
            let seen =
                Condition::any().add(Column::IsPrivate.eq(false)).add(Column::Id.in_subquery(connected));
            Entity::find().filter(public()).filter(seen)
        }
    }
}

/// One page of offers, in the order of their ids.
pub async fn list(db: &Db, scope: Scope, filter: &OfferFilter, paging: Paging) -> Result<Rows<Offer>> {
    let mut select = visible(scope).order_by_asc(Column::Id);
    if let Some(ids) = &filter.ids {
        select = select.filter(Column::Id.is_in(ids.iter().copied()));
    }
    for (column, wanted) in [
        (Column::IsExclusive, filter.is_exclusive),
        (Column::IsMobile, filter.is_mobile),
        (Column::IsMobileOptimised, filter.is_mobile_optimised),
    ] {
        if let Some(wanted) = wanted {
            select = select.filter(column.eq(wanted));
        }
    }
    if !filter.show_stopped {
        let gone = [OfferStatus::Stopped.code(), OfferStatus::Archived.code()];
        select = select.filter(Column::Status.is_not_in(gone));
    }
    if let Some(ids) = &filter.geo_ids {
        let pairs = geo_pair::Entity::find().select_only().column(geo_pair::Column::OfferId);
        let pairs = pairs.filter(geo_pair::Column::GeoId.is_in(ids.iter().copied()));
        select = select.filter(Column::Id.in_subquery(pairs.into_query()));
    }
    if let Some(ids) = &filter.category_ids {
        let pairs = category_pair::Entity::find().select_only().column(category_pair::Column::OfferId);
        let pairs = pairs.filter(category_pair::Column::CategoryId.is_in(ids.iter().copied()));
        select = select.filter(Column::Id.in_subquery(pairs.into_query()));
    }
    db::page(db, select, paging).await
}

/// Those of `ids` that the caller may see.
pub async fn known(db: &Db, scope: Scope, ids: &[i64]) -> Result<Vec<i64>> {
    let select =
        visible(scope).select_only().column(Column::Id).filter(Column::Id.is_in(ids.iter().copied()));
    select.into_tuple().all(&db.conn()).await.map_err(db::error)
}

/// Those of `ids` that the webmaster is connected with.
pub async fn connected(db: &Db, webmaster_id: i64, ids: &[i64]) -> Result<BTreeSet<i64>> {
    let select = connection::Entity::find()
        .select_only()
        .column(connection::Column::OfferId)
        .filter(connection::Column::WebmasterId.eq(webmaster_id))
        .filter(connection::Column::OfferId.is_in(ids.iter().copied()))
        .filter(connection::Column::Status.eq(ConnectionStatus::Approved.code()));
    let ids: Vec<i64> = select.into_tuple().all(&db.conn()).await.map_err(db::error)?;
    Ok(ids.into_iter().collect())
}

/// The names of offers that the caller was shown already.
pub async fn names(db: &Db, ids: &[i64]) -> Result<BTreeMap<i64, String>> {
    let select = Entity::find()
        .select_only()
        .column(Column::Id)
        .column(Column::Name)
        .filter(Column::Id.is_in(ids.iter().copied()));
    let pairs: Vec<(i64, String)> = select.into_tuple().all(&db.conn()).await.map_err(db::error)?;
    Ok(pairs.into_iter().collect())
}

/// One offer.
pub async fn view(db: &Db, scope: Scope, id: i64) -> Result<Option<Offer>> {
    visible(scope).filter(Column::Id.eq(id)).one(&db.conn()).await.map_err(db::error)
}

/// One offer, kept from changing until the transaction ends.
pub async fn view_for_update(db: &Db, scope: Scope, id: i64) -> Result<Option<Offer>> {
    visible(scope).filter(Column::Id.eq(id)).lock_exclusive().one(&db.conn()).await.map_err(db::error)
}

/// Offers for the catalogue of clicks: all of them, or these.
pub async fn all(db: &Db, ids: Option<&[i64]>) -> Result<Vec<Offer>> {
    let select = match ids {
        Some(ids) => Entity::find().filter(Column::Id.is_in(ids.iter().copied())),
        None => Entity::find(),
    };
    select.all(&db.conn()).await.map_err(db::error)
}

/// Writes all columns of a stored offer.
pub async fn update(db: &Db, row: Offer) -> Result<()> {
    db::save(db, row).await.map_err(db::error)
}

/// Stores a new offer; gives its id.
pub async fn create(db: &Db, row: Offer) -> Result<i64> {
    db::insert(db, row).await.map(|stored| stored.id).map_err(db::error)
}

/// The category ids of each of these offers.
pub async fn categories(db: &Db, offer_ids: &[i64]) -> Result<BTreeMap<i64, Vec<i64>>> {
    let pairs = category_pair::Entity::find()
        .filter(category_pair::Column::OfferId.is_in(offer_ids.iter().copied()))
        .order_by_asc(category_pair::Column::CategoryId)
        .all(&db.conn())
        .await
        .map_err(db::error)?;
    Ok(grouped(pairs.into_iter().map(|pair| (pair.offer_id, pair.category_id))))
}

/// The region ids of each of these offers.
pub async fn geos(db: &Db, offer_ids: &[i64]) -> Result<BTreeMap<i64, Vec<i64>>> {
    let pairs = geo_pair::Entity::find()
        .filter(geo_pair::Column::OfferId.is_in(offer_ids.iter().copied()))
        .order_by_asc(geo_pair::Column::GeoId)
        .all(&db.conn())
        .await
        .map_err(db::error)?;
    Ok(grouped(pairs.into_iter().map(|pair| (pair.offer_id, pair.geo_id))))
}

fn grouped(pairs: impl Iterator<Item = (i64, i64)>) -> BTreeMap<i64, Vec<i64>> {
    let mut groups: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
    for (offer_id, other_id) in pairs {
        groups.entry(offer_id).or_default().push(other_id);
    }
    groups
}

/// Replaces an offer's categories.
pub async fn set_categories(db: &Db, offer_id: i64, ids: &[i64]) -> Result<()> {
    let old = category_pair::Entity::delete_many().filter(category_pair::Column::OfferId.eq(offer_id));
    old.exec(&db.conn()).await.map_err(db::error)?;
    let pair = |id: &i64| category_pair::ActiveModel { offer_id: Set(offer_id), category_id: Set(*id) };
    let rows: Vec<_> = ids.iter().map(pair).collect();
    if rows.is_empty() {
        return Ok(());
    }
    category_pair::Entity::insert_many(rows)
        .exec_without_returning(&db.conn())
        .await
        .map(drop)
        .map_err(db::error)
}

/// Replaces an offer's regions.
pub async fn set_geos(db: &Db, offer_id: i64, ids: &[i64]) -> Result<()> {
    let old = geo_pair::Entity::delete_many().filter(geo_pair::Column::OfferId.eq(offer_id));
    old.exec(&db.conn()).await.map_err(db::error)?;
    let rows: Vec<_> =
        ids.iter().map(|id| geo_pair::ActiveModel { offer_id: Set(offer_id), geo_id: Set(*id) }).collect();
    if rows.is_empty() {
        return Ok(());
    }
    geo_pair::Entity::insert_many(rows).exec_without_returning(&db.conn()).await.map(drop).map_err(db::error)
}

/// Whether any offer is in this category.
pub(crate) async fn uses_category(db: &Db, category_id: i64) -> Result<bool> {
    let pair = category_pair::Entity::find().filter(category_pair::Column::CategoryId.eq(category_id));
    let count = pair.count(&db.conn()).await.map_err(db::error)?;
    Ok(count > 0)
}

/// Whether anything refers to this offer: goals, connections, links, news, materials, goods.
pub async fn is_used(db: &Db, id: i64) -> Result<bool> {
    macro_rules! any_of {
        ($($table:ident),*) => {
            false $(|| {
                let used = $table::Entity::find().select_only().column($table::Column::OfferId);
                let used = used.filter($table::Column::OfferId.eq(id)).limit(1);
                let found: Option<i64> = used.into_tuple().one(&db.conn()).await.map_err(db::error)?;
                found.is_some()
            })*
        };
    }
    Ok(any_of!(goal, connection, link, landing, promo, stock, product, feed)
        || news::Entity::find()
            .filter(news::Column::OfferId.eq(id))
            .count(&db.conn())
            .await
            .map_err(db::error)?
            > 0)
}

/// Removes an offer that never was public; the caller checks that nothing refers to it.
pub async fn delete(db: &Db, scope: Scope, id: i64) -> Result<()> {
    if view_for_update(db, scope, id).await?.is_none() {
        return Err(Error::NotFound);
    }
    set_categories(db, id, &[]).await?;
    set_geos(db, id, &[]).await?;
    Entity::delete_by_id(id).exec(&db.conn()).await.map(drop).map_err(db::error)
}
