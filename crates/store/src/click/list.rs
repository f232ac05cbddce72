//! Lists of clicks.
//!
//! A page is found in an index: of one webmaster's clicks, or of all by their numbers, which rise with time. Clicks are
//! many, so the rows that one request looks at are bounded; what is more is refused with the advice to narrow the time.

use std::ops::Range;

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Condition, ExprTrait};
use sea_orm::{Order, QueryOrder, QuerySelect, QueryTrait};
use whocpa_domain::click::{Click, ClickReason};
use whocpa_domain::facts::{BotMark, ClickWay, DeviceKind};
use whocpa_domain::sort::{Sort, TimeSort};
use whocpa_domain::tid::ClickId;
use whocpa_domain::{Error, Result, Scope, Walk, WalkPlace};

use super::{Column, Entity, read};
use crate::bulk;
use crate::db::{self, Db, Paging, Rows};
use crate::person;
use crate::stats::Behind;

/// Clicks that one request may look at where no index helps: under a second.
pub const CLICK_SCAN_LIMIT: i64 = 200_000;
/// Clicks that one request may count in an index.
pub const CLICK_COUNT_LIMIT: i64 = 5_000_000;

/// Which clicks are wanted.
#[derive(Debug, Clone, Default)]
pub struct ClickFilter {
    /// Only these.
    pub ids: Option<Vec<ClickId>>,
    /// Only with numbers in this range, which is a range of time.
    pub window: Range<ClickId>,
    /// Only of these webmasters.
    pub webmaster_ids: Option<Vec<i64>>,
    /// Only to these offers.
    pub offer_ids: Option<Vec<i64>>,
    /// Only through these links.
    pub link_ids: Option<Vec<i64>>,
    /// Only from these areas.
    pub area_ids: Option<Vec<i64>>,
    /// Only from these countries.
    pub countries: Option<Vec<String>>,
    /// Only from these kinds of device.
    pub devices: Option<Vec<DeviceKind>>,
    /// Only with these reasons.
    pub reasons: Option<Vec<ClickReason>>,
    /// First of visitor and offer, or not.
    pub is_unique: Option<bool>,
    /// Marked, or not.
    pub is_bot: Option<bool>,
    /// Only these landing pages, promos, stocks, goods, deeplinks and parked domains.
    pub objects: [Option<Vec<i64>>; 6],
    /// Only with one of these operating systems, browsers, languages and addresses.
    pub visitor: [Option<Vec<String>>; 4],
    /// Only with one of these marks.
    pub bot_marks: Option<Vec<BotMark>>,
    /// Only that came in one of these ways.
    pub ways: Option<Vec<ClickWay>>,
    /// Only with these words in the search phrase.
    pub keyword: Option<String>,
    /// Only with one of these labels, first to fifth.
    pub subids: [Option<Vec<String>>; 5],
    /// Only with a number outside this list.
    pub not_ids: Option<Vec<ClickId>>,
    /// Only those that a number of statistics counts.
    pub behind: Option<Behind>,
    /// In which order; the newest first unless told.
    pub sort: Option<Sort<TimeSort>>,
}

/// The parameters and columns of [`ClickFilter::objects`].
const OBJECTS: [(&str, Column); 6] = [
    ("landing_id", Column::LandingId),
    ("promo_id", Column::PromoId),
    ("stock_id", Column::StockId),
    ("product_id", Column::ProductId),
    ("deeplink_id", Column::DeeplinkId),
    ("domain_id", Column::DomainId),
];
/// The parameters and columns of [`ClickFilter::visitor`].
const VISITOR: [(&str, Column); 4] =
    [("os", Column::Os), ("browser", Column::Browser), ("language", Column::Language), ("ip", Column::Ip)];
/// The parameters and columns of [`ClickFilter::subids`].
const SUBIDS: [(&str, Column); 5] = [
    ("subid1", Column::Subid1),
    ("subid2", Column::Subid2),
    ("subid3", Column::Subid3),
    ("subid4", Column::Subid4),
    ("subid5", Column::Subid5),
];

impl ClickFilter {
    /// The parameter that makes rows be looked at, if one does.
    fn scans(&self) -> Option<&'static str> {
        let used = |(name, list): (&'static str, bool)| list.then_some(name);
        let objects = OBJECTS.iter().zip(&self.objects).map(|((name, _), list)| (*name, list.is_some()));
        let visitor = VISITOR.iter().zip(&self.visitor).map(|((name, _), list)| (*name, list.is_some()));
        let subids = SUBIDS.iter().zip(&self.subids).map(|((name, _), list)| (*name, list.is_some()));
        let others = [
            ("offer_id", self.offer_ids.is_some()),
            ("link_id", self.link_ids.is_some()),
            ("area_id", self.area_ids.is_some()),
            ("country", self.countries.is_some()),
            ("device", self.devices.is_some()),
            ("reason", self.reasons.is_some()),
            ("is_unique", self.is_unique.is_some()),
            ("is_bot", self.is_bot.is_some()),
            ("bot_mark", self.bot_marks.is_some()),
            ("way", self.ways.is_some()),
            ("keyword", self.keyword.is_some()),
            ("has_lead", self.not_ids.is_some()),
            ("cell", self.behind.is_some()),
        ];
        others.into_iter().chain(subids).chain(objects).chain(visitor).find_map(used)
    }

    fn condition(&self, db: &Db) -> Condition {
        let numbers =
            |column: Column, ids: &Option<Vec<i64>>| ids.as_ref().map(|ids| bulk::among(db, column, ids));
        let texts = |column: Column, texts: &Option<Vec<String>>| {
            texts.as_ref().map(|texts| column.is_in(texts.iter().map(String::as_str)))
        };
        let devices = self.devices.as_ref().map(|list| list.iter().map(|kind| kind.code()).collect());
        let reasons = self.reasons.as_ref().map(|list| list.iter().map(|reason| reason.code()).collect());
        let is_bot = self.is_bot.map(|is_bot| {
            let none = BotMark::None.code();
            if is_bot { Column::BotMark.ne(none) } else { Column::BotMark.eq(none) }
        });
        let marks = self.bot_marks.as_ref().map(|list| list.iter().map(|mark| mark.code()).collect());
        let ways = self.ways.as_ref().map(|list| list.iter().map(|way| way.code()).collect());
        let mut all = Condition::all();
        for ((_, column), list) in OBJECTS.iter().zip(&self.objects) {
            all = all.add_option(numbers(*column, list));
        }
        for ((_, column), list) in VISITOR.iter().zip(&self.visitor).chain(SUBIDS.iter().zip(&self.subids)) {
            all = all.add_option(texts(*column, list));
        }
        all.add_option(numbers(Column::OfferId, &self.offer_ids))
            .add_option(numbers(Column::LinkId, &self.link_ids))
            .add_option(numbers(Column::AreaId, &self.area_ids))
            .add_option(texts(Column::Country, &self.countries))
            .add_option(numbers(Column::Device, &devices))
            .add_option(numbers(Column::Reason, &reasons))
            .add_option(self.is_unique.map(|is_unique| Column::IsUnique.eq(is_unique)))
            .add_option(is_bot)
            .add_option(numbers(Column::BotMark, &marks))
            .add_option(numbers(Column::Way, &ways))
            .add_option(self.keyword.as_ref().map(|words| db::contains(Column::Keyword, words)))
            .add_option(self.not_ids.as_ref().map(|ids| bulk::among(db, Column::Id, ids).not()))
            .add_option(self.behind.as_ref().map(Behind::expr))
    }
}

/// The clicks of a scope that stand in an index, by the window and the numbers that are asked for. The manager's people
/// are told by number: on SQLite people are in another file.
async fn indexed(main: &Db, clicks: &Db, scope: Scope, filter: &ClickFilter) -> Result<Option<Condition>> {
    let mut owners = match scope {
        Scope::All => None,
        Scope::Webmaster(id) => Some(vec![id]),
        Scope::Manager(id) => Some(person::managed_ids(main, id).await?),
        Scope::Advertiser(_) | Scope::Public => Some(Vec::new()),
    };
    if let Some(wanted) = &filter.webmaster_ids {
        let is_seen = |id: &i64| owners.as_ref().is_none_or(|owners| owners.contains(id));
        owners = Some(wanted.iter().copied().filter(is_seen).collect());
    }
    if owners.as_ref().is_some_and(Vec::is_empty) || filter.ids.as_ref().is_some_and(Vec::is_empty) {
        return Ok(None);
    }
    let owned = owners.map(|ids| match ids.as_slice() {
        // One number walks its index in order.
        [id] => Column::WebmasterId.eq(*id),
        ids => bulk::among(clicks, Column::WebmasterId, ids),
    });
    Ok(Some(
        Condition::all()
            .add_option(owned)
            .add(Column::Id.gte(filter.window.start))
            .add(Column::Id.lt(filter.window.end))
            .add_option(filter.ids.as_ref().map(|ids| bulk::among(clicks, Column::Id, ids))),
    ))
}

/// One page of clicks. `main` is where people are, `clicks` where clicks are.
///
/// # Errors
/// [`Error::Invalid`] when more than [`CLICK_SCAN_LIMIT`] clicks would have to be looked at, or more than
/// [`CLICK_COUNT_LIMIT`] counted.
pub async fn list(
    (main, clicks): (&Db, &Db),
    scope: Scope,
    filter: &ClickFilter,
    paging: Paging,
) -> Result<Rows<Click>> {
    let Some(indexed) = indexed(main, clicks, scope, filter).await? else {
        return Ok(Rows { rows: Vec::new(), total_count: 0, paging });
    };
    let scans = filter.scans();
    let limit = if scans.is_some() { CLICK_SCAN_LIMIT } else { CLICK_COUNT_LIMIT };
    let few = Entity::find().select_only().column(Column::Id).filter(indexed.clone());
    if let Some(walk) = paging.walk.filter(|walk| walk.place != WalkPlace::Start) {
        // What there is to look at was judged where the walk began.
        return piece(clicks, Entity::find().filter(indexed).filter(filter.condition(clicks)), walk)
            .await
            .map(|(rows, walk)| Rows {
                rows,
                total_count: 0,
                paging: Paging { walk: Some(walk), ..paging },
            });
    }
    let at_most = few.limit(u64::try_from(limit + 1).unwrap_or(0)).count(&clicks.conn()).await;
    let at_most = i64::try_from(at_most.map_err(db::error)?).unwrap_or(i64::MAX);
    if at_most > limit {
        let name = scans.unwrap_or("d_created_from");
        let words = format!("More than {limit} clicks would have to be looked at: narrow the time");
        return Err(Error::field(name, words));
    }
    let select = Entity::find().filter(indexed).filter(filter.condition(clicks));
    if let Some(walk) = paging.walk {
        let (rows, walk) = piece(clicks, select, walk).await?;
        return Ok(Rows { rows, total_count: 0, paging: Paging { walk: Some(walk), ..paging } });
    }
    let total_count = if scans.is_some() {
        let found = select.clone().count(&clicks.conn()).await.map_err(db::error)?;
        i64::try_from(found).unwrap_or(i64::MAX)
    } else {
        at_most
    };
    let skip = u64::try_from((paging.page - 1).saturating_mul(paging.per_page)).unwrap_or(u64::MAX);
    let is_descending = filter.sort.is_none_or(|sort| sort.is_descending);
    let order = if is_descending { Order::Desc } else { Order::Asc };
    let page = select.order_by(Column::Id, order).offset(skip);
    let page = page.limit(u64::try_from(paging.per_page).unwrap_or(0));
    Ok(Rows { rows: found(clicks, page).await?, total_count, paging })
}

async fn found(clicks: &Db, select: Select<Entity>) -> Result<Vec<Click>> {
    let rows = clicks.conn().query_all(&select.into_query()).await.map_err(db::error)?;
    rows.iter().map(read).collect::<Result<_, DbErr>>().map_err(db::error)
}

/// The next piece of a walk, the newest first: numbers rise with time.
async fn piece(clicks: &Db, mut select: Select<Entity>, walk: Walk) -> Result<(Vec<Click>, Walk)> {
    match walk.place {
        WalkPlace::Start => {}
        WalkPlace::Behind { id, .. } => select = select.filter(Column::Id.lt(id)),
        WalkPlace::End => return Ok((Vec::new(), walk)),
    }
    let select = select.order_by(Column::Id, Order::Desc).limit(u64::try_from(walk.take).unwrap_or(0));
    let rows = found(clicks, select).await?;
    let walk = walk.after(rows.len(), rows.last().map(|click| (0, click.id)));
    Ok((rows, walk))
}

/// One click.
pub async fn view((main, clicks): (&Db, &Db), scope: Scope, id: ClickId) -> Result<Option<Click>> {
    let filter = ClickFilter { ids: Some(vec![id]), window: 0..i64::MAX, ..ClickFilter::default() };
    let paging = Paging::first(1);
    let found = list((main, clicks), scope, &filter, paging).await?;
    Ok(found.rows.into_iter().next())
}
