//! Connections: which webmaster may work with which offer.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::Condition;
use sea_orm::{QueryOrder, QuerySelect, QueryTrait};
use serde::Serialize;
use whocpa_domain::connection::ConnectionStatus;
use whocpa_domain::sort::{ConnectionSort, Sort};
use whocpa_domain::{Result, Scope, Time};

use crate::db::{self, Db, Paging, Rows};
use crate::{listing, offer, person};

/// One webmaster's work with one offer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, DeriveEntityModel)]
#[sea_orm(table_name = "connection")]
pub struct Model {
    /// Number; 0 for a row that is not stored yet.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// Who.
    pub webmaster_id: i64,
    /// With what; the pair is unique.
    pub offer_id: i64,
    /// [`ConnectionStatus`] as a number.
    pub status: i64,
    /// The webmaster's words.
    pub comment: String,
    /// Why it was refused.
    pub reason: String,
    /// Seconds.
    pub date_created: i64,
    /// Seconds.
    pub date_decided: Option<i64>,
}

/// Relations are not used.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// One connection.
pub type Connection = Model;

/// Which connections are wanted.
#[derive(Debug, Clone, Default)]
pub struct ConnectionFilter {
    /// Only with these offers.
    pub offer_ids: Option<Vec<i64>>,
    /// Only of these webmasters.
    pub webmaster_ids: Option<Vec<i64>>,
    /// Only with offers of these advertisers.
    pub advertiser_ids: Option<Vec<i64>>,
    /// Only in one of these states.
    pub status: Option<Vec<ConnectionStatus>>,
    /// Only these.
    pub ids: Option<Vec<i64>>,
    /// Only with offers with this in the folded name.
    pub search: Option<String>,
    /// Asked for from here, and before this.
    pub created: (Option<Time>, Option<Time>),
    /// Decided from here, and before this.
    pub decided: (Option<Time>, Option<Time>),
    /// In which order; by their numbers unless told.
    pub sort: Option<Sort<ConnectionSort>>,
}

fn visible(scope: Scope) -> Select<Entity> {
    match scope {
        Scope::All => Entity::find(),
        Scope::Webmaster(id) => Entity::find().filter(Column::WebmasterId.eq(id)),
        Scope::Manager(id) => {
            let offers = offer::visible(scope).select_only().column(offer::Column::Id).into_query();
            let mine = Condition::any()
                .add(Column::WebmasterId.in_subquery(person::managed(id)))
                .add(Column::OfferId.in_subquery(offers));
            Entity::find().filter(mine)
        }
        Scope::Advertiser(_) => {
            let own = offer::visible(scope).select_only().column(offer::Column::Id).into_query();
            Entity::find().filter(Column::OfferId.in_subquery(own))
        }
        Scope::Public => Entity::find().filter(Column::Id.eq(-1)),
    }
}

/// One page of connections.
pub async fn list(
    db: &Db,
    scope: Scope,
    filter: &ConnectionFilter,
    paging: Paging,
) -> Result<Rows<Connection>> {
    let mut select = listing::among(visible(scope), Column::Id, filter.ids.as_deref());
    select = listing::among(select, Column::OfferId, filter.offer_ids.as_deref());
    select = listing::among(select, Column::WebmasterId, filter.webmaster_ids.as_deref());
    select = listing::within(select, Column::DateCreated, filter.created);
    select = listing::within(select, Column::DateDecided, filter.decided);
    if let Some(ids) = &filter.advertiser_ids {
        let offers = offer::Entity::find().select_only().column(offer::Column::Id);
        let offers = offers.filter(offer::Column::AdvertiserId.is_in(ids.iter().copied()));
        select = select.filter(Column::OfferId.in_subquery(offers.into_query()));
    }
    if let Some(states) = &filter.status {
        select = select.filter(Column::Status.is_in(states.iter().map(|status| status.code())));
    }
    if let Some(search) = &filter.search {
        let offers = offer::Entity::find().select_only().column(offer::Column::Id);
        let offers = offers.filter(db::contains(offer::Column::NameFolded, search));
        select = select.filter(Column::OfferId.in_subquery(offers.into_query()));
    }
    let column = match filter.sort.map(|sort| sort.key) {
        None | Some(ConnectionSort::Id) => Column::Id,
        Some(ConnectionSort::Created) => Column::DateCreated,
        Some(ConnectionSort::Decided) => Column::DateDecided,
    };
    select =
        listing::sorted(select, (column, Column::Id), filter.sort.is_some_and(|sort| sort.is_descending));
    db::page(db, select, paging).await
}

/// One connection.
pub async fn view(db: &Db, scope: Scope, id: i64) -> Result<Option<Connection>> {
    visible(scope).filter(Column::Id.eq(id)).one(&db.conn()).await.map_err(db::error)
}

/// One connection, kept from changing until the transaction ends.
pub async fn view_for_update(db: &Db, scope: Scope, id: i64) -> Result<Option<Connection>> {
    visible(scope).filter(Column::Id.eq(id)).lock_exclusive().one(&db.conn()).await.map_err(db::error)
}

/// The connection of a pair, if there is one.
pub async fn of_pair(db: &Db, webmaster_id: i64, offer_id: i64) -> Result<Option<Connection>> {
    let pair =
        Entity::find().filter(Column::WebmasterId.eq(webmaster_id)).filter(Column::OfferId.eq(offer_id));
    pair.one(&db.conn()).await.map_err(db::error)
}

/// The webmasters who work with an offer, for what they are told of it.
pub async fn webmasters(db: &Db, offer_id: i64) -> Result<Vec<i64>> {
    let select =
        Entity::find().select_only().column(Column::WebmasterId).filter(Column::OfferId.eq(offer_id));
    let select = select.filter(Column::Status.eq(ConnectionStatus::Approved.code()));
    select.order_by_asc(Column::WebmasterId).into_tuple().all(&db.conn()).await.map_err(db::error)
}

/// Approved pairs (webmaster, offer), for the catalogue of clicks: all of them, or those of these offers.
pub async fn approved_pairs(db: &Db, offer_ids: Option<&[i64]>) -> Result<Vec<(i64, i64)>> {
    let mut select = Entity::find().filter(Column::Status.eq(ConnectionStatus::Approved.code()));
    if let Some(ids) = offer_ids {
        select = select.filter(Column::OfferId.is_in(ids.iter().copied()));
    }
    let pairs = select.select_only().column(Column::WebmasterId).column(Column::OfferId);
    pairs.into_tuple().all(&db.conn()).await.map_err(db::error)
}

/// Writes all columns of a stored connection.
pub async fn update(db: &Db, row: Connection) -> Result<()> {
    db::save(db, row).await.map_err(db::error)
}

/// Stores a new connection; gives its id.
pub async fn create(db: &Db, row: Connection) -> Result<i64> {
    let stored = db::insert(db, row).await;
    stored
        .map(|stored| stored.id)
        .map_err(|e| db::unique(e, "offer_id", "You have a connection with this offer already"))
}

/// Removes a connection.
pub async fn delete(db: &Db, id: i64) -> Result<()> {
    Entity::delete_by_id(id).exec(&db.conn()).await.map(drop).map_err(db::error)
}
