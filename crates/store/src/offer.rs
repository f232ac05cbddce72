//! Offers with their categories and regions.

mod list;
mod sets;

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Condition, SelectStatement};
use sea_orm::{QuerySelect, QueryTrait};
use serde::Serialize;
use whocpa_domain::connection::ConnectionStatus;
use whocpa_domain::offer::OfferStatus;
use whocpa_domain::{Error, Result, Scope};

use crate::db::{self, Db};
use crate::{
    connection, feed, goal, landing, link, news, offer_figure, offer_terms, person, product, promo, stock,
};

pub use list::{Flag, OfferFilter, PayoutFilter, list};
pub(crate) use sets::uses_category;
pub use sets::{
    categories, categories_of, geos, languages, set_categories, set_geos, set_languages, set_traffic, traffic,
};

/// One offer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, DeriveEntityModel)]
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
    /// Why an operator sent it back, stopped or archived it.
    pub reason: String,
    /// Operators' note.
    pub comment: String,
    /// Name.
    pub name: String,
    /// [`fold`](whocpa_domain::text::fold)ed name.
    #[serde(skip)]
    pub name_folded: String,
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
    /// Home page.
    pub url_homepage: String,
    /// Hosts that deeplinks may lead to, with commas between; empty for the host of `url_redirect`.
    pub deeplink_hosts: String,
    /// Where visitors are sent; a template with macros.
    pub url_redirect: String,
    /// Title of that page.
    pub url_name: String,
    /// Query that is added to `url_redirect`; a template with macros.
    pub utm_mask: String,
    /// When the call centre works, in words.
    pub call_hours: String,
    /// Lowest price of the product, micro-units.
    pub price_from: Option<i64>,
    /// Highest price of the product, micro-units.
    pub price_to: Option<i64>,
    /// Currency of these prices.
    pub price_currency_id: Option<i64>,
    /// Name of its picture.
    pub image: Option<String>,
    /// Days that the cookie with the tid lives.
    pub cookie_ttl_days: i64,
    /// Days in which the advertiser decides about a lead, 0 for none agreed.
    pub decision_days: i64,
    /// Leads that nobody decided about in these days are approved.
    pub is_silence_approval: bool,
    /// Seconds.
    pub date_created: i64,
    /// No visitors before this, seconds.
    pub date_start: Option<i64>,
    /// No visitors from here on, seconds.
    pub date_stop: Option<i64>,
    /// When it first went live, seconds.
    pub date_live: Option<i64>,
    /// Days for which a buyer's telephone number is one lead, 0 for no such rule.
    pub phone_double_days: i64,
    /// Reports of browsers are taken without a signature.
    pub is_pixel: bool,
    /// It has an order form.
    pub is_form: bool,
    /// What the form asks: numbers of `FormField` with commas.
    pub form_fields: String,
    /// [`Targeting`](whocpa_domain::targeting::Targeting) as its text.
    pub targeting: String,
    /// Where visitors go whom it does not take.
    pub url_traffback: String,
    /// Name of the IANA time zone of its caps, empty for UTC.
    pub time_zone: String,
    /// [`Cap`](whocpa_domain::cap::Cap)s as their text.
    pub caps: String,
    /// Whether some of its caps count leads or money.
    pub counts_leads: bool,
    /// `AttributionRule` as a number.
    pub attribution: i64,
    /// `LateRule` as a number.
    pub late_rule: i64,
    /// Its days.
    pub late_days: i64,
    /// Version of the terms, 0 for those that every offer begins with.
    pub terms_version: i64,
    /// When it was stopped or archived, seconds; none while it is neither.
    pub date_stopped: Option<i64>,
}

/// Relations are not used.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// One offer.
pub type Offer = Model;

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
            let seen = Condition::any()
                .add(Column::IsPrivate.eq(false))
                .add(Column::Id.in_subquery(connected_with(id)));
            Entity::find().filter(public()).filter(seen)
        }
    }
}

/// The ids of the offers that a webmaster works with.
fn connected_with(webmaster_id: i64) -> SelectStatement {
    connection::Entity::find()
        .select_only()
        .column(connection::Column::OfferId)
        .filter(connection::Column::WebmasterId.eq(webmaster_id))
        .filter(connection::Column::Status.eq(ConnectionStatus::Approved.code()))
        .into_query()
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

/// Whether any offer has caps.
pub async fn any_caps(db: &Db) -> Result<bool> {
    let some = Entity::find().select_only().column(Column::Id).filter(Column::Caps.ne("")).limit(1);
    let found: Option<i64> = some.into_tuple().one(&db.conn()).await.map_err(db::error)?;
    Ok(found.is_some())
}

/// Writes all columns of a stored offer.
pub async fn update(db: &Db, row: Offer) -> Result<()> {
    db::save(db, row).await.map_err(db::error)
}

/// Stores a new offer; gives its id.
pub async fn create(db: &Db, row: Offer) -> Result<i64> {
    db::insert(db, row).await.map(|stored| stored.id).map_err(db::error)
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
    sets::delete(db, id).await?;
    offer_figure::delete(db, id).await?;
    offer_terms::delete(db, id).await?;
    Entity::delete_by_id(id).exec(&db.conn()).await.map(drop).map_err(db::error)
}
