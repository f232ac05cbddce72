//! Who sees what belongs to an offer: landings, promos, stocks and goods share one rule.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::Condition;
use sea_orm::{IdenStatic, Order, QueryOrder, QuerySelect, QueryTrait, Select};
use whocpa_domain::connection::ConnectionStatus;
use whocpa_domain::moderation::ModerationStatus;
use whocpa_domain::{Scope, Time};

use crate::{connection, offer};

/// The columns that the rule reads.
pub(crate) struct Columns<C> {
    /// The offer.
    pub offer_id: C,
    /// State of moderation.
    pub status: C,
    /// Shown to connected webmasters only.
    pub is_private: C,
}

/// Rows of the offers that a caller may see; guests and webmasters see the live ones only, and what is private only
/// webmasters who are connected with the offer.
pub(crate) fn visible<E: EntityTrait>(scope: Scope, columns: &Columns<E::Column>) -> Select<E> {
    let select = of_visible_offers::<E>(scope, columns.offer_id);
    let live = columns.status.eq(ModerationStatus::Live.code());
    let open = columns.is_private.eq(false);
    match scope {
        Scope::All | Scope::Advertiser(_) | Scope::Manager(_) => select,
        Scope::Public => select.filter(live).filter(open),
        Scope::Webmaster(id) => {
            let connected = connection::Entity::find()
                .select_only()
                .column(connection::Column::OfferId)
                .filter(connection::Column::WebmasterId.eq(id))
                .filter(connection::Column::Status.eq(ConnectionStatus::Approved.code()));
            let connected = columns.offer_id.in_subquery(connected.into_query());
            select.filter(live).filter(Condition::any().add(open).add(connected))
        }
    }
}

/// Rows of the offers that a caller may see.
pub(crate) fn of_visible_offers<E: EntityTrait>(scope: Scope, offer_id: E::Column) -> Select<E> {
    if scope == Scope::All {
        return E::find();
    }
    let offers = offer::visible(scope).select_only().column(offer::Column::Id);
    E::find().filter(offer_id.in_subquery(offers.into_query()))
}

/// Published since `from`, or else before it or never.
pub(crate) fn published<C: ColumnTrait>(column: C, from: Time, wanted: bool) -> Condition {
    if wanted {
        Condition::all().add(column.gte(from.0))
    } else {
        Condition::any().add(column.lt(from.0)).add(column.is_null())
    }
}

/// Rows by a column; those without a value come last in both directions, equal ones by their number.
pub(crate) fn ordered<E: EntityTrait>(
    select: Select<E>,
    column: E::Column,
    is_descending: bool,
    id: E::Column,
) -> Select<E> {
    let order = if is_descending { Order::Desc } else { Order::Asc };
    if column.as_str() == id.as_str() {
        return select.order_by(id, order);
    }
    let select = if column.def().is_null() { select.order_by(column.is_null(), Order::Asc) } else { select };
    select.order_by(column, order).order_by_asc(id)
}
