//! Which leads are asked for, and what counters and indexes know of it.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::Condition;
use whocpa_domain::lead::{Closing, Contest, LeadReason, LeadStatus, LeadType};
use whocpa_domain::time::DAY;
use whocpa_domain::{Scope, Time};

use super::Column;
use crate::lead_count::Cells;
use crate::stats::Behind;

/// A span of time: from here on, and before there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Window {
    /// First second inside.
    pub from: Option<Time>,
    /// First second outside.
    pub until: Option<Time>,
}

/// Which leads are wanted; what is `None` is not asked for.
#[derive(Debug, Clone, Default)]
pub struct LeadFilter {
    /// Only these.
    pub ids: Option<Vec<i64>>,
    /// Only of these clicks.
    pub click_ids: Option<Vec<i64>>,
    /// Only with one of these sale ids.
    pub sale_ids: Option<Vec<String>>,
    /// Only of these webmasters.
    pub webmaster_ids: Option<Vec<i64>>,
    /// Only of these advertisers.
    pub advertiser_ids: Option<Vec<i64>>,
    /// Only of these offers.
    pub offer_ids: Option<Vec<i64>>,
    /// Only for these goals.
    pub goal_ids: Option<Vec<i64>>,
    /// Only in these currencies.
    pub currency_ids: Option<Vec<i64>>,
    /// Only with one of these statuses.
    pub status: Option<Vec<LeadStatus>>,
    /// Only whose status has one of these reasons.
    pub reasons: Option<Vec<LeadReason>>,
    /// Only whose refusal was contested, and what became of it.
    pub contests: Option<Vec<Contest>>,
    /// Only pending ones whose time for a decision is over at this moment, or only others.
    pub overdue: Option<(bool, Time)>,
    /// Only closed ones, or only those on hold.
    pub closed: Option<bool>,
    /// Only of these kinds.
    pub types: Option<Vec<LeadType>>,
    /// Created then.
    pub created: Window,
    /// Approved then.
    pub approved: Window,
    /// Closed then.
    pub closed_at: Window,
    /// Only of these links.
    pub link_ids: Option<Vec<i64>>,
    /// Only of these traffic sources.
    pub area_ids: Option<Vec<i64>>,
    /// Only of visitors in these countries (ISO 3166, capital letters).
    pub countries: Option<Vec<String>>,
    /// Only with one of these labels, for each of the five.
    pub subids: [Option<Vec<String>>; 5],
    /// Only whose search phrase contains this.
    pub keyword: Option<String>,
    /// Worth at least this, micro-units, as the caller sees it.
    pub money_from: Option<i64>,
    /// Worth at most this.
    pub money_to: Option<i64>,
    /// Only those that a number of statistics counts.
    pub behind: Option<Behind>,
}

/// The first filter that the counters do not know, and the index of webmasters has in it.
pub(super) fn scans_index(filter: &LeadFilter) -> Option<&'static str> {
    [
        ("subid1", filter.subids[0].is_some()),
        ("country", filter.countries.is_some()),
        ("link_id", filter.link_ids.is_some()),
    ]
    .into_iter()
    .find_map(|(name, is_asked)| is_asked.then_some(name))
}

/// The first filter that neither counters nor indexes know.
pub(super) fn scans(filter: &LeadFilter) -> Option<&'static str> {
    let window = |window: &Window| *window != Window::default();
    [
        ("subid2", filter.subids[1].is_some()),
        ("subid3", filter.subids[2].is_some()),
        ("subid4", filter.subids[3].is_some()),
        ("subid5", filter.subids[4].is_some()),
        ("keyword", filter.keyword.is_some()),
        ("type", filter.types.is_some()),
        ("reason", filter.reasons.is_some()),
        ("contest", filter.contests.is_some()),
        ("is_overdue", filter.overdue.is_some()),
        ("area_id", filter.area_ids.is_some()),
        ("money_from", filter.money_from.is_some()),
        ("money_to", filter.money_to.is_some()),
        ("cell", filter.behind.is_some()),
        ("d_approved_from", window(&filter.approved)),
        ("d_closed_from", window(&filter.closed_at)),
    ]
    .into_iter()
    .find_map(|(name, is_asked)| is_asked.then_some(name))
}

/// Whether the time for a decision is over, or is not.
pub(super) fn overdue(filter: &LeadFilter) -> Option<Condition> {
    let (is_overdue, now) = filter.overdue?;
    let over = Condition::all()
        .add(Column::Status.eq(LeadStatus::Pending.code()))
        .add(Column::DateDecideUntil.is_not_null())
        .add(Column::DateDecideUntil.lt(now.0));
    Some(if is_overdue { over } else { over.not() })
}

/// Columns of numbers and what is asked of them.
pub(super) fn numbers(filter: &LeadFilter) -> Vec<(Column, Vec<i64>)> {
    let status = filter.status.as_ref().map(|list| list.iter().map(|status| status.code()).collect());
    let types = filter.types.as_ref().map(|list| list.iter().map(|kind| kind.code()).collect());
    let reasons = filter.reasons.as_ref().map(|list| list.iter().map(|reason| reason.code()).collect());
    let contests = filter.contests.as_ref().map(|list| list.iter().map(|contest| contest.code()).collect());
    let closing = |closed| if closed { Closing::Closed } else { Closing::Hold };
    let is_closed = filter.closed.map(|closed| vec![closing(closed).code()]);
    [
        (Column::Id, filter.ids.clone()),
        (Column::ClickId, filter.click_ids.clone()),
        (Column::WebmasterId, filter.webmaster_ids.clone()),
        (Column::AdvertiserId, filter.advertiser_ids.clone()),
        (Column::OfferId, filter.offer_ids.clone()),
        (Column::GoalId, filter.goal_ids.clone()),
        (Column::CurrencyId, filter.currency_ids.clone()),
        (Column::Status, status),
        (Column::IsClosed, is_closed),
        (Column::Type, types),
        (Column::ReasonCode, reasons),
        (Column::Contest, contests),
        (Column::LinkId, filter.link_ids.clone()),
        (Column::AreaId, filter.area_ids.clone()),
    ]
    .into_iter()
    .filter_map(|(column, list)| list.map(|list| (column, list)))
    .collect()
}

/// What the counters are asked.
pub(super) fn cells(scope: Scope, filter: &LeadFilter) -> Cells {
    let counted = [
        (Column::WebmasterId, "webmaster_id"),
        (Column::AdvertiserId, "advertiser_id"),
        (Column::OfferId, "offer_id"),
        (Column::GoalId, "goal_id"),
        (Column::CurrencyId, "currency_id"),
        (Column::Status, "status"),
        (Column::IsClosed, "is_closed"),
    ];
    let name = |column: Column| counted.iter().find(|(known, _)| known.as_str() == column.as_str());
    let columns = numbers(filter).into_iter();
    let columns = columns.filter_map(|(column, list)| name(column).map(|(_, name)| (*name, list))).collect();
    let day = |at: Time| at.0.div_euclid(DAY);
    let days = (filter.created != Window::default()).then(|| {
        let from = filter.created.from.map_or(0, day).max(0);
        // The last second inside is one before the first outside.
        let until = filter.created.until.map_or(i64::MAX, |at| day(Time(at.0 - 1)) + 1);
        from..until.max(from)
    });
    Cells { scope: Some(scope), columns, days }
}
