//! Lists of offers: what is wanted, and in which order.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Condition, Expr, ExprTrait, SelectStatement, SubQueryStatement};
use sea_orm::{Order, QueryOrder, QuerySelect, QueryTrait};
use whocpa_domain::goal::MoneyType;
use whocpa_domain::offer::{OfferSort, OfferStatus};
use whocpa_domain::offer_figure::MIDDLE_RATING;
use whocpa_domain::sort::Sort;
use whocpa_domain::{Result, Scope, Time};

use super::sets::{category_pair, geo_pair, language_pair, traffic_pair};
use super::{Column, Entity, Offer, connected_with, visible};
use crate::db::{self, Db, Paging, Rows};
use crate::{goal, offer_figure as figure, promo, stock};

/// Which offers are wanted.
#[derive(Debug, Clone)]
pub struct OfferFilter {
    /// The present second.
    pub now: Time,
    /// Only these.
    pub ids: Option<Vec<i64>>,
    /// Only with this in the folded name, or with this number.
    pub search: Option<String>,
    /// Only of these advertisers.
    pub advertiser_ids: Option<Vec<i64>>,
    /// Only in these states; otherwise `show_stopped` says.
    pub status: Option<Vec<OfferStatus>>,
    /// Stopped and archived ones too, and those outside their dates.
    pub show_stopped: bool,
    /// Only those that went live and are not archived, or only others.
    pub is_public: Option<bool>,
    /// Flags of the row: only offers that have it, or only others.
    pub flags: Vec<(Flag, bool)>,
    /// Only those that first went live since then, or only others.
    pub live_since: Option<(Time, bool)>,
    /// Only those with a promo published since then, or only others.
    pub promo_since: Option<(Time, bool)>,
    /// Only those with a stock published since then, or only others.
    pub stock_since: Option<(Time, bool)>,
    /// Only those with a stock that runs now, or only others.
    pub is_active_stock: Option<bool>,
    /// Only those that this webmaster works with, or only others.
    pub connected: Option<(i64, bool)>,
    /// Only with one of these regions.
    pub geo_ids: Option<Vec<i64>>,
    /// Only in one of these categories.
    pub category_ids: Option<Vec<i64>>,
    /// Only those that allow one of these kinds of traffic.
    pub traffic: Option<Vec<i64>>,
    /// Only with one of these languages.
    pub languages: Option<Vec<String>>,
    /// Only with an active goal in this currency, which is also that of the amounts in the order.
    pub currency_id: Option<i64>,
    /// Only with an active goal that pays so much.
    pub payout: Option<PayoutFilter>,
    /// Only with at least this EPC, micro-units, in this currency.
    pub epc_from: Option<(i64, i64)>,
    /// Only with at least so many leads in a million clicks.
    pub cr_from: Option<i64>,
    /// Only with at least so many approved ones in a million decided leads.
    pub approve_rate_from: Option<i64>,
    /// Only with at least this rating.
    pub rating_from: Option<i64>,
    /// Only recommended ones, or only others.
    pub is_recommended: Option<bool>,
    /// Added from here.
    pub created_from: Option<Time>,
    /// Added before this.
    pub created_until: Option<Time>,
    /// The order; amounts are compared in `currency_id` only.
    pub sort: Sort<OfferSort>,
}

/// A flag of the row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flag {
    /// Only this network has it.
    Exclusive,
    /// A mobile product.
    Mobile,
    /// Its pages suit mobile visitors.
    MobileOptimised,
    /// Deeplinks are allowed.
    Deeplink,
    /// Visible to connected webmasters only.
    Private,
    /// Webmasters are connected without a decision.
    AutoConnect,
}

/// What an active goal with a fixed amount pays, in micro-units of one currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PayoutFilter {
    /// The currency.
    pub currency_id: i64,
    /// At least.
    pub from: Option<i64>,
    /// At most.
    pub to: Option<i64>,
}

/// One page of offers.
pub async fn list(db: &Db, scope: Scope, filter: &OfferFilter, paging: Paging) -> Result<Rows<Offer>> {
    let select = visible(scope).filter(own(filter)).filter(belonging(filter));
    let select = select.filter(materials(scope, filter)).filter(doing(filter));
    db::page(db, ordered(select, filter), paging).await
}

/// What stands in the row itself.
fn own(filter: &OfferFilter) -> Condition {
    let mut all = Condition::all();
    if let Some(ids) = &filter.ids {
        all = all.add(Column::Id.is_in(ids.iter().copied()));
    }
    if let Some(ids) = &filter.advertiser_ids {
        all = all.add(Column::AdvertiserId.is_in(ids.iter().copied()));
    }
    if let Some(search) = &filter.search {
        let number = search.parse::<i64>().ok().map(|id| Column::Id.eq(id));
        all = all.add(Condition::any().add(db::contains(Column::NameFolded, search)).add_option(number));
    }
    for (flag, wanted) in &filter.flags {
        let column = match flag {
            Flag::Exclusive => Column::IsExclusive,
            Flag::Mobile => Column::IsMobile,
            Flag::MobileOptimised => Column::IsMobileOptimised,
            Flag::Deeplink => Column::IsDeeplink,
            Flag::Private => Column::IsPrivate,
            Flag::AutoConnect => Column::IsAutoConnect,
        };
        all = all.add(column.eq(*wanted));
    }
    if let Some(states) = &filter.status {
        all = all.add(Column::Status.is_in(states.iter().map(|status| status.code())));
    } else if !filter.show_stopped {
        let gone = [OfferStatus::Stopped.code(), OfferStatus::Archived.code()];
        all = all.add(Column::Status.is_not_in(gone)).add(running(filter.now));
    }
    if let Some(wanted) = filter.is_public {
        let is_public = Column::Status.is_in([OfferStatus::Live.code(), OfferStatus::Stopped.code()]);
        all = all.add(if wanted { is_public } else { is_public.not() });
    }
    if let Some((since, wanted)) = filter.live_since {
        let is_new = Column::DateLive.is_not_null().and(Column::DateLive.gte(since.0));
        all = all.add(if wanted { is_new } else { is_new.not() });
    }
    if let Some(from) = filter.created_from {
        all = all.add(Column::DateCreated.gte(from.0));
    }
    if let Some(until) = filter.created_until {
        all = all.add(Column::DateCreated.lt(until.0));
    }
    all
}

/// Not a live offer outside its dates; see [`whocpa_domain::offer::is_within`].
fn running(now: Time) -> Condition {
    let started = Condition::any().add(Column::DateStart.is_null()).add(Column::DateStart.lte(now.0));
    let goes_on = Condition::any().add(Column::DateStop.is_null()).add(Column::DateStop.gt(now.0));
    let within = Condition::all().add(started).add(goes_on);
    Condition::any().add(Column::Status.ne(OfferStatus::Live.code())).add(within)
}

/// What stands in other tables.
fn belonging(filter: &OfferFilter) -> Condition {
    let mut all = Condition::all();
    if let Some((webmaster_id, wanted)) = filter.connected {
        let offers = connected_with(webmaster_id);
        all =
            all.add(if wanted { Column::Id.in_subquery(offers) } else { Column::Id.not_in_subquery(offers) });
    }
    if let Some(ids) = &filter.geo_ids {
        let pairs = geo_pair::Entity::find().select_only().column(geo_pair::Column::OfferId);
        let pairs = pairs.filter(geo_pair::Column::GeoId.is_in(ids.iter().copied()));
        all = all.add(Column::Id.in_subquery(pairs.into_query()));
    }
    if let Some(ids) = &filter.category_ids {
        let pairs = category_pair::Entity::find().select_only().column(category_pair::Column::OfferId);
        let pairs = pairs.filter(category_pair::Column::CategoryId.is_in(ids.iter().copied()));
        all = all.add(Column::Id.in_subquery(pairs.into_query()));
    }
    if let Some(kinds) = &filter.traffic {
        let pairs = traffic_pair::Entity::find().select_only().column(traffic_pair::Column::OfferId);
        let pairs = pairs
            .filter(traffic_pair::Column::Kind.is_in(kinds.iter().copied()))
            .filter(traffic_pair::Column::IsAllowed.eq(true));
        all = all.add(Column::Id.in_subquery(pairs.into_query()));
    }
    if let Some(languages) = &filter.languages {
        let pairs = language_pair::Entity::find().select_only().column(language_pair::Column::OfferId);
        let pairs = pairs.filter(language_pair::Column::Language.is_in(languages.iter().map(String::as_str)));
        all = all.add(Column::Id.in_subquery(pairs.into_query()));
    }
    if let Some(currency_id) = filter.currency_id {
        let goals = goal::Entity::find()
            .select_only()
            .column(goal::Column::OfferId)
            .filter(goal::Column::IsActive.eq(true))
            .filter(goal::Column::CurrencyId.eq(currency_id));
        all = all.add(Column::Id.in_subquery(goals.into_query()));
    }
    if let Some(payout) = filter.payout {
        all = all.add(Column::Id.in_subquery(paying(payout, filter.now)));
    }
    all
}

/// What stands in the materials that the caller sees.
fn materials(scope: Scope, filter: &OfferFilter) -> Condition {
    let offers = [
        filter.promo_since.map(|(from, wanted)| (promo::new_offers(scope, from), wanted)),
        filter.stock_since.map(|(from, wanted)| (stock::new_offers(scope, from), wanted)),
        filter.is_active_stock.map(|wanted| (stock::active_offers(scope, filter.now), wanted)),
    ];
    let among = |(offers, wanted): (SelectStatement, bool)| {
        if wanted { Column::Id.in_subquery(offers) } else { Column::Id.not_in_subquery(offers) }
    };
    offers.into_iter().flatten().map(among).fold(Condition::all(), Condition::add)
}

/// What stands in the figures.
fn doing(filter: &OfferFilter) -> Condition {
    let with = |condition: Condition| {
        let rows = figure::Entity::find().select_only().column(figure::Column::OfferId).filter(condition);
        rows.into_query()
    };
    let mut all = Condition::all();
    if let Some((epc, currency_id)) = filter.epc_from {
        let is_so = figure::Column::Epc.gte(epc).and(figure::Column::CurrencyId.eq(currency_id));
        all = all.add(Column::Id.in_subquery(with(Condition::all().add(is_so))));
    }
    for (column, least) in
        [(figure::Column::Cr, filter.cr_from), (figure::Column::ApproveRate, filter.approve_rate_from)]
    {
        if let Some(least) = least {
            all = all.add(Column::Id.in_subquery(with(Condition::all().add(column.gte(least)))));
        }
    }
    if let Some(least) = filter.rating_from {
        // An offer without figures has the middle rating.
        let below = with(Condition::all().add(figure::Column::Rating.lt(least)));
        let above = with(Condition::all().add(figure::Column::Rating.gte(least)));
        let middle = least <= MIDDLE_RATING;
        all = all.add(if middle { Column::Id.not_in_subquery(below) } else { Column::Id.in_subquery(above) });
    }
    if let Some(wanted) = filter.is_recommended {
        let offers = with(Condition::all().add(figure::Column::IsRecommended.eq(true)));
        all =
            all.add(if wanted { Column::Id.in_subquery(offers) } else { Column::Id.not_in_subquery(offers) });
    }
    all
}

/// The terms in force of active goals with a fixed amount in one currency.
fn fixed_terms(currency_id: i64, now: Time, goals: Condition) -> Select<goal::version::Entity> {
    use goal::version::{Column as Terms, Entity as Version};
    let goals = goal::Entity::find()
        .select_only()
        .column(goal::Column::Id)
        .filter(goal::Column::IsActive.eq(true))
        .filter(goal::Column::CurrencyId.eq(currency_id))
        .filter(goals);
    Version::find()
        .select_only()
        .filter(Terms::Id.in_subquery(goal::newest(now).into_query()))
        .filter(Terms::GoalId.in_subquery(goals.into_query()))
        .filter(Terms::MoneyType.eq(MoneyType::Fixed.code()))
}

/// The offers with a goal that pays so much.
fn paying(payout: PayoutFilter, now: Time) -> SelectStatement {
    use goal::version::Column as Terms;
    let mut terms = fixed_terms(payout.currency_id, now, Condition::all()).column(Terms::GoalId);
    if let Some(from) = payout.from {
        terms = terms.filter(Terms::Payment.gte(from));
    }
    if let Some(to) = payout.to {
        terms = terms.filter(Terms::Payment.lte(to));
    }
    let goals = goal::Entity::find().select_only().column(goal::Column::OfferId);
    goals.filter(goal::Column::Id.in_subquery(terms.into_query())).into_query()
}

/// Puts the rows in order; those without the value come last in both directions, equal ones by their number.
fn ordered(select: Select<Entity>, filter: &OfferFilter) -> Select<Entity> {
    let order = if filter.sort.is_descending { Order::Desc } else { Order::Asc };
    let own = |column: Column| Expr::col((Entity, column));
    let value = match filter.sort.key {
        OfferSort::Id => return select.order_by(Column::Id, order),
        OfferSort::Name => own(Column::NameFolded),
        OfferSort::Date => own(Column::DateCreated),
        OfferSort::Rating => {
            let rating = of_figures(figure::Column::Rating, None);
            Expr::expr(sea_orm::sea_query::Func::coalesce([rating, Expr::value(MIDDLE_RATING)]))
        }
        OfferSort::Cr => of_figures(figure::Column::Cr, None),
        OfferSort::ApproveRate => of_figures(figure::Column::ApproveRate, None),
        OfferSort::Epc => of_figures(figure::Column::Epc, filter.currency_id),
        OfferSort::Payout => {
            let of_offer = goal::Column::OfferId.into_expr().eq(own(Column::Id));
            let currency_id = filter.currency_id.unwrap_or_default();
            let terms = fixed_terms(currency_id, filter.now, Condition::all().add(of_offer));
            single(terms.expr(goal::version::Column::Payment.max()).into_query())
        }
    };
    select.order_by(value.clone().is_null(), Order::Asc).order_by(value, order).order_by_asc(Column::Id)
}

/// One figure of the row's offer.
fn of_figures(column: figure::Column, currency_id: Option<i64>) -> Expr {
    let of_offer = figure::Column::OfferId.into_expr().eq(Expr::col((Entity, Column::Id)));
    let mut rows = figure::Entity::find().select_only().column(column).filter(of_offer);
    if let Some(currency_id) = currency_id {
        rows = rows.filter(figure::Column::CurrencyId.eq(currency_id));
    }
    single(rows.into_query())
}

/// A statement that gives one value, as that value.
fn single(select: SelectStatement) -> Expr {
    Expr::from(SubQueryStatement::from(select))
}
