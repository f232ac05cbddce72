//! Tracked links of webmasters; those with a page of their own are deeplinks.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::ExprTrait;
use sea_orm::{ConnectionTrait, QuerySelect};
use serde::Serialize;
use whocpa_domain::click::ReferrerMode;
use whocpa_domain::rotation::LinkRotation;
use whocpa_domain::sort::{NamedSort, Sort};
use whocpa_domain::{Error, Result, Scope, Time};

use crate::db::{self, Backend, Db, Paging, Rows};
use crate::migrate::statement;
use crate::{bulk, listing, person};

/// One link.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, DeriveEntityModel)]
#[sea_orm(table_name = "link")]
pub struct Model {
    /// Number; 0 for a row that is not stored yet.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The word in its address, unique for ever.
    pub code: String,
    /// Whose it is.
    pub webmaster_id: i64,
    /// Where it leads.
    pub offer_id: i64,
    /// The page of the offer's site that a deeplink leads to; empty for a link.
    pub url_to: String,
    /// The parked domain that it is shown under.
    pub domain_id: Option<i64>,
    /// Where it is placed.
    pub area_id: Option<i64>,
    /// What its owner calls it.
    pub name: String,
    /// [`fold`](whocpa_domain::text::fold)ed name.
    #[serde(skip)]
    pub name_folded: String,
    /// Label of clicks that bring none of their own.
    pub subid1: String,
    /// As subid1.
    pub subid2: String,
    /// As subid1.
    pub subid3: String,
    /// As subid1.
    pub subid4: String,
    /// As subid1.
    pub subid5: String,
    /// Where visitors go who cannot go to the offer; empty for a page of ours.
    pub url_traffback: String,
    /// Seconds.
    pub date_created: i64,
    /// `ReferrerMode` as a number.
    pub referrer: i64,
    /// Seconds; a deleted link still answers clicks and never frees its code.
    pub date_deleted: Option<i64>,
    /// [`Targeting`](whocpa_domain::targeting::Targeting) as its text.
    pub targeting: String,
    /// The landing page of its own offer that it leads to.
    pub landing_id: Option<i64>,
    /// The page before that one.
    pub prelanding_id: Option<i64>,
    /// [`LinkRotation`] as a number.
    pub rotation: i64,
    /// [`Route`](whocpa_domain::rotation::Route)s as their text.
    pub routes: String,
    /// Ids of the categories of a smart link, `1,2`.
    pub categories: String,
    /// Percent of a smart link's visitors that try other offers.
    pub exploration: Option<i64>,
    /// The promo material that its visitors click on.
    pub promo_id: Option<i64>,
}

/// Relations are not used.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// One link.
pub type Link = Model;

/// What clicks need of most links.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkCore {
    /// Link id.
    pub id: i64,
    /// The word in its address.
    pub code: String,
    /// Whose it is.
    pub webmaster_id: i64,
    /// Where it leads.
    pub offer_id: i64,
    /// Where it is placed, 0 for nowhere.
    pub area_id: i64,
    /// Label of clicks that bring none of their own.
    pub subid1: String,
    /// There is nothing else to know of it.
    pub is_plain: bool,
}

/// The two resources that this table holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LinkKind {
    /// To the offer's own destination.
    #[default]
    Link,
    /// To a page of the offer's site.
    Deeplink,
}

/// Which links are wanted.
#[derive(Debug, Clone, Default)]
pub struct LinkFilter {
    /// Links, or deeplinks.
    pub kind: LinkKind,
    /// Only to these offers.
    pub offer_ids: Option<Vec<i64>>,
    /// Only of these webmasters.
    pub webmaster_ids: Option<Vec<i64>>,
    /// Only on these areas.
    pub area_ids: Option<Vec<i64>>,
    /// Only shown under these parked domains.
    pub domain_ids: Option<Vec<i64>>,
    /// Only behind these promo materials.
    pub promo_ids: Option<Vec<i64>>,
    /// Only with one of these first labels.
    pub subid1: Option<Vec<String>>,
    /// Only these.
    pub ids: Option<Vec<i64>>,
    /// Only with this in the folded name, or with this code.
    pub search: Option<String>,
    /// Made from here, and before this.
    pub created: (Option<Time>, Option<Time>),
    /// In which order; by their numbers unless told.
    pub sort: Option<Sort<NamedSort>>,
}

fn of_kind(scope: Scope, kind: LinkKind) -> Select<Entity> {
    let of_kind = match kind {
        LinkKind::Link => Column::UrlTo.eq(""),
        // As a literal, so that the index of deeplinks is found: they are few among the links.
        LinkKind::Deeplink => Expr::cust("url_to <> ''"),
    };
    visible(scope).filter(of_kind)
}

/// Links and deeplinks that somebody may see.
pub(crate) fn visible(scope: Scope) -> Select<Entity> {
    let live = Entity::find().filter(Column::DateDeleted.is_null());
    match scope {
        Scope::All => live,
        Scope::Webmaster(id) => live.filter(Column::WebmasterId.eq(id)),
        Scope::Manager(id) => live.filter(Column::WebmasterId.in_subquery(person::managed(id))),
        Scope::Advertiser(_) | Scope::Public => live.filter(Column::Id.eq(-1)),
    }
}

/// One page of links.
pub async fn list(db: &Db, scope: Scope, filter: &LinkFilter, paging: Paging) -> Result<Rows<Link>> {
    let mut select = of_kind(scope, filter.kind);
    for (column, wanted) in [
        (Column::Id, &filter.ids),
        (Column::OfferId, &filter.offer_ids),
        (Column::WebmasterId, &filter.webmaster_ids),
        (Column::AreaId, &filter.area_ids),
        (Column::DomainId, &filter.domain_ids),
        (Column::PromoId, &filter.promo_ids),
    ] {
        select = listing::among(select, column, wanted.as_deref());
    }
    if let Some(labels) = &filter.subid1 {
        select = select.filter(Column::Subid1.is_in(labels.iter().map(String::as_str)));
    }
    if let Some(search) = &filter.search {
        select = select.filter(db::contains(Column::NameFolded, search).or(Column::Code.eq(search.as_str())));
    }
    select = listing::within(select, Column::DateCreated, filter.created);
    let column = match filter.sort.map(|sort| sort.key) {
        None | Some(NamedSort::Id) => Column::Id,
        Some(NamedSort::Name) => Column::NameFolded,
        Some(NamedSort::Created) => Column::DateCreated,
    };
    select =
        listing::sorted(select, (column, Column::Id), filter.sort.is_some_and(|sort| sort.is_descending));
    db::page(db, select, paging).await
}

/// One link.
pub async fn view(db: &Db, scope: Scope, kind: LinkKind, id: i64) -> Result<Option<Link>> {
    of_kind(scope, kind).filter(Column::Id.eq(id)).one(&db.conn()).await.map_err(db::error)
}

/// One link or deeplink.
pub async fn view_any(db: &Db, scope: Scope, id: i64) -> Result<Option<Link>> {
    visible(scope).filter(Column::Id.eq(id)).one(&db.conn()).await.map_err(db::error)
}

/// The webmasters whose links these are; whoever asks about leads sees his own only all the same.
pub(crate) async fn owners(db: &Db, ids: &[i64]) -> Result<Vec<i64>> {
    let owners = Entity::find().filter(Column::Id.is_in(ids.iter().copied())).select_only();
    let owners = owners.column(Column::WebmasterId).distinct().into_tuple().all(&db.conn()).await;
    owners.map_err(db::error)
}

/// One link, kept from changing until the transaction ends.
pub async fn view_for_update(db: &Db, scope: Scope, kind: LinkKind, id: i64) -> Result<Option<Link>> {
    of_kind(scope, kind).filter(Column::Id.eq(id)).lock_exclusive().one(&db.conn()).await.map_err(db::error)
}

/// Every link, deleted ones too, for the catalogue of clicks; `ids` limits it to some.
pub async fn all(db: &Db, ids: Option<&[i64]>) -> Result<Vec<Link>> {
    let select = match ids {
        Some(ids) => Entity::find().filter(bulk::among(db, Column::Id, ids)),
        None => Entity::find(),
    };
    select.all(&db.conn()).await.map_err(db::error)
}

/// The next links behind an id, deleted ones too. All of them come as one value: a million rows, one by one, would take
/// seconds to be handed from the driver's thread to ours.
pub async fn page(db: &Db, after: i64, limit: u64) -> Result<Vec<LinkCore>> {
    let (list, row) = match db.backend() {
        Backend::Sqlite => ("json_group_array", "json_array"),
        Backend::Postgres => ("json_agg", "json_build_array"),
    };
    let sql = format!(
        "SELECT CAST({list}({row}(id, code, webmaster_id, offer_id, COALESCE(area_id, 0), subid1, is_plain)) AS TEXT) \
         FROM (SELECT id, code, webmaster_id, offer_id, area_id, subid1, CASE WHEN \
         url_to = '' AND subid2 = '' AND subid3 = '' AND subid4 = '' AND subid5 = '' AND url_traffback = '' \
         AND referrer = {} AND date_deleted IS NULL AND targeting = '' AND landing_id IS NULL AND promo_id IS NULL \
         AND prelanding_id IS NULL AND rotation = {} AND routes = '' THEN 1 ELSE 0 END AS is_plain \
         FROM link WHERE id > $1 ORDER BY id LIMIT {limit}) AS page",
        ReferrerMode::Keep.code(),
        LinkRotation::Order.code(),
    );
    let found = db.conn().query_one_raw(statement(db, &sql, [after.into()])).await.map_err(db::error)?;
    let list: Option<String> = found.map(|row| row.try_get_by(0)).transpose().map_err(db::error)?.flatten();
    // PostgreSQL has no list of no rows.
    let Some(list) = list else { return Ok(Vec::new()) };
    let rows: Vec<(i64, String, i64, i64, i64, String, u8)> = serde_json::from_str(&list)
        .map_err(|e| Error::Internal(format!("a page of links cannot be read: {e}")))?;
    let core = |(id, code, webmaster_id, offer_id, area_id, subid1, is_plain)| LinkCore {
        id,
        code,
        webmaster_id,
        offer_id,
        area_id,
        subid1,
        is_plain: is_plain == 1,
    };
    Ok(rows.into_iter().map(core).collect())
}

/// Shows the links of a domain under the network's own name from now on.
pub async fn leave_domain(db: &Db, domain_id: i64) -> Result<()> {
    let links = Entity::update_many().col_expr(Column::DomainId, Expr::value(None::<i64>));
    links.filter(Column::DomainId.eq(domain_id)).exec(&db.conn()).await.map(drop).map_err(db::error)
}

/// Writes all columns of a stored link.
pub async fn update(db: &Db, row: Link) -> Result<()> {
    db::save(db, row).await.map_err(db::error)
}

/// Stores a new link; gives its id. A code that is taken is [`Error::Unavailable`], so that [`crate::Store::write`]
/// tries again: its work then draws another.
pub async fn create(db: &Db, row: Link) -> Result<i64> {
    db::insert(db, row).await.map(|stored| stored.id).map_err(|e| {
        match db::unique(e, "code", "Already taken") {
            Error::Invalid(_) => Error::Unavailable("a new link's code is taken".to_owned()),
            other => other,
        }
    })
}
