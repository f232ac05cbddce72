//! Looking at leads.

use whocpa_domain::input::limits::Form;
use whocpa_domain::input::{Decimal, Limits, Until};
use whocpa_domain::lead::{Contest, LeadReason, LeadSort, LeadStatus, LeadType, NEWEST_FIRST};
use whocpa_domain::orphan::diagnose;
use whocpa_domain::sort::Sort;
use whocpa_domain::stat::{Dimension, Measure, Source};
use whocpa_domain::time::HOUR;
use whocpa_domain::{Error, FieldErrors, Level, Method, Page, PerPage, Resource, Result, Time, params};
use whocpa_store::lead::{self, LeadFilter, Window};
use whocpa_store::{Paging, Rows, buyer};

use super::shown::LeadRow;
use crate::stat::cell::{self, CELL};
use crate::{Caller, Engine, check, currency};

/// Leads with one telephone number that are looked at, the newest ones.
const PHONE_LEADS: u64 = 1000;
/// A telephone number; numbering plans say which ones there are.
const PHONE: Limits = Limits::Form(&Form {
    format: "telephone",
    pattern: r"^[+0-9 ().-]{6,40}$",
    longest: 40,
    wrong: |_| None,
});

params! {
    /// Which leads are wanted.
    pub struct LeadList {
        /// Only these leads.
        id: Option<Vec<i64>>,
        /// Only of these clicks.
        tid: Option<Vec<String>>,
        /// Only with one of these sale ids.
        sale_id: Option<Vec<String>>,
        /// Only of these offers.
        offer_id: Option<Vec<i64>>,
        /// Only for these goals.
        goal_id: Option<Vec<i64>>,
        /// Only with one of these statuses.
        status: Option<Vec<LeadStatus>>,
        /// Only whose status has one of these reasons.
        reason: Option<Vec<LeadReason>>,
        /// Only whose refusal was contested, and what became of it.
        contest: Option<Vec<Contest>>,
        /// Only pending leads whose time for a decision is over (1), or only others (0).
        is_overdue: Option<bool>,
        /// Only pending leads that have waited for a decision for at least so many hours.
        undecided_hours: Option<i64> where Limits::Range(0, 87_600),
        /// Only closed leads (1), or only those on hold (0).
        closed: Option<bool>,
        /// Only of these kinds.
        r#type: Option<Vec<LeadType>>,
        /// Created from here on.
        d_created_from: Option<Time>,
        /// Created until here, inclusive: a date takes its whole day in.
        d_created_to: Option<Until>,
        /// Approved from here on.
        d_approved_from: Option<Time>,
        /// Approved until here, inclusive: a date takes its whole day in.
        d_approved_to: Option<Until>,
        /// Closed from here on.
        d_closed_from: Option<Time>,
        /// Closed until here, inclusive: a date takes its whole day in.
        d_closed_to: Option<Until>,
        /// Only in these currencies.
        currency_id: Option<Vec<i64>>,
        /// Worth at least this (field `money`); needs one `currency_id`.
        money_from: Option<Decimal>,
        /// Worth at most this (field `money`); needs one `currency_id`.
        money_to: Option<Decimal>,
        /// Only of these tracked links.
        link_id: Option<Vec<i64>>,
        /// Only of these traffic sources.
        area_id: Option<Vec<i64>>,
        /// Only of visitors in these countries, ISO 3166.
        country: Option<Vec<String>>,
        /// Only with one of these first labels.
        subid1: Option<Vec<String>>,
        /// Only with one of these second labels.
        subid2: Option<Vec<String>>,
        /// Only with one of these third labels.
        subid3: Option<Vec<String>>,
        /// Only with one of these fourth labels.
        subid4: Option<Vec<String>>,
        /// Only with one of these fifth labels.
        subid5: Option<Vec<String>>,
        /// Only whose search phrase contains this, in any case of letters.
        keyword: Option<String>,
        /// Only those that a row of statistics counts: its `cell`.
        cell: Option<String> where CELL,
        /// With `cell`: only those that this number counts, for example `leads_pending`.
        measure: Option<Measure>,
        /// Only with this telephone number of the buyer, with its country's code; for advertisers and operators.
        phone: Option<String> where PHONE,
        /// Only of these webmasters; for advertisers and operators.
        webmaster_id: Option<Vec<i64>>,
        /// Only of these advertisers; for operators.
        advertiser_id: Option<Vec<i64>>,
        /// Order of the list, a minus in front for the newest or largest first; `-date_created` unless told.
        /// `date_closed` needs `closed=1`, `date_decide_until` needs `status=0` and leaves out leads without such a time,
        /// `money` needs one `currency_id`.
        sort: Option<Sort<LeadSort>>,
        /// Page of the list.
        page: Page,
        /// Leads on a page, 10 to 100.
        per_page: PerPage,
    }
}

impl Engine {
    /// One page of the leads that the caller brought, pays, or runs; newest first unless told.
    ///
    /// # Errors
    /// [`Error::Invalid`](whocpa_domain::Error::Invalid) also for filters that no index knows, when too many leads are left to look at.
    pub async fn lead_list(&self, caller: Caller, input: LeadList) -> Result<Rows<LeadRow>> {
        let scope = caller.may(Resource::Lead, Method::List)?;
        let paging = Paging::new(input.page, input.per_page);
        let order = input.sort.unwrap_or(NEWEST_FIRST);
        let phone = self.lead_phone(caller, input.phone.as_deref())?;
        let db = self.store().read();
        let named = cell::asked(input.cell.as_deref(), input.measure, caller.level, Source::Leads)?;
        let mut filter = self.lead_filter(caller, input)?;
        if let Some(cell) = named {
            let period = &cell.query.period;
            let (from, until) = (filter.created.from, filter.created.until);
            filter.created.from = Some(from.map_or(period.from, |from| from.max(period.from)));
            filter.created.until = Some(until.map_or(period.until, |until| until.min(period.until)));
            filter.webmaster_ids = filter.webmaster_ids.or(cell::numbers(&cell, Dimension::Webmaster));
            filter.offer_ids = filter.offer_ids.or(cell::numbers(&cell, Dimension::Offer));
            filter.behind = Some(cell.leads(&db).await?);
        }
        if let Some(hash) = phone {
            let mut known = buyer::leads_of_phone(&db, scope, &hash, PHONE_LEADS).await?;
            known.retain(|id| filter.ids.as_ref().is_none_or(|ids| ids.contains(id)));
            filter.ids = Some(known);
        }
        let rows = lead::list(&db, scope, &filter, order, paging).await?;
        let digits = currency::digits(&db).await?;
        let ids: Vec<i64> = rows.rows.iter().map(|lead| lead.id).collect();
        let mut buyers = self.buyers_shown(caller.level, scope, &ids).await?;
        Ok(rows.map(|lead| {
            let buyer = buyers.remove(&lead.id);
            LeadRow { buyer, ..self.lead_row(caller, lead, &digits) }
        }))
    }

    /// The hash of the telephone number that is looked for.
    fn lead_phone(&self, caller: Caller, phone: Option<&str>) -> Result<Option<String>> {
        match phone {
            Some(_) if caller.level == Level::Webmaster => {
                Err(Error::field("phone", "Only advertisers and operators may use this"))
            }
            Some(phone) => self.phone_hash_of(phone).map(Some),
            None => Ok(None),
        }
    }

    /// What the store is asked for.
    fn lead_filter(&self, caller: Caller, input: LeadList) -> Result<LeadFilter> {
        let click_ids = check_list(self, caller, &input)?;
        let window = |from: Option<Time>, to: Option<Until>| Window { from, until: to.map(|until| until.0) };
        let capitals = |list: Vec<String>| list.iter().map(|code| code.to_ascii_uppercase()).collect();
        let (status, created) = undecided(&input, self.now());
        Ok(LeadFilter {
            ids: input.id,
            click_ids,
            sale_ids: input.sale_id,
            webmaster_ids: input.webmaster_id,
            advertiser_ids: input.advertiser_id,
            offer_ids: input.offer_id,
            goal_ids: input.goal_id,
            currency_ids: input.currency_id,
            status,
            reasons: input.reason,
            contests: input.contest,
            overdue: input.is_overdue.map(|is_overdue| (is_overdue, self.now())),
            closed: input.closed,
            types: input.r#type,
            created,
            approved: window(input.d_approved_from, input.d_approved_to),
            closed_at: window(input.d_closed_from, input.d_closed_to),
            link_ids: input.link_id,
            area_ids: input.area_id,
            countries: input.country.map(capitals),
            subids: [input.subid1, input.subid2, input.subid3, input.subid4, input.subid5],
            keyword: input.keyword.filter(|words| !words.is_empty()),
            money_from: input.money_from.map(|micros| micros.0),
            money_to: input.money_to.map(|micros| micros.0),
            behind: None,
        })
    }
}

/// Statuses and times of creation: what has waited for so long was created so long ago, and is pending still.
fn undecided(input: &LeadList, now: Time) -> (Option<Vec<LeadStatus>>, Window) {
    let mut created = Window { from: input.d_created_from, until: input.d_created_to.map(|until| until.0) };
    let Some(hours) = input.undecided_hours else { return (input.status.clone(), created) };
    let latest = now.plus(1 - hours * HOUR);
    created.until = Some(created.until.map_or(latest, |until| until.min(latest)));
    let mut status = vec![LeadStatus::Pending];
    status.retain(|pending| input.status.as_ref().is_none_or(|wanted| wanted.contains(pending)));
    (Some(status), created)
}

/// Looks at all parameters; gives the clicks that `tid` names.
fn check_list(engine: &Engine, caller: Caller, input: &LeadList) -> Result<Option<Vec<i64>>> {
    let mut errors = FieldErrors::default();
    if input.webmaster_id.is_some() && caller.level == Level::Webmaster {
        errors.add("webmaster_id", "Only advertisers and operators may use this");
    }
    if input.advertiser_id.is_some() && caller.level != Level::Operator {
        errors.add("advertiser_id", "Only operators may use this");
    }
    for (name, other, from, to) in [
        ("d_created_to", "d_created_from", input.d_created_from, input.d_created_to),
        ("d_approved_to", "d_approved_from", input.d_approved_from, input.d_approved_to),
        ("d_closed_to", "d_closed_from", input.d_closed_from, input.d_closed_to),
    ] {
        if from.zip(to).is_some_and(|(from, to)| to.0 <= from) {
            errors.add(name, format!("Must not be before {other}"));
        }
    }
    let is_code = |text: &String| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_alphabetic());
    if !input.country.iter().flatten().all(is_code) {
        errors.add("country", "Must be two letters, ISO 3166");
    }
    if input.money_from.zip(input.money_to).is_some_and(|(from, to)| to < from) {
        errors.add("money_to", "Must not be below money_from");
    }
    let by = input.sort.map(|sort| sort.key);
    let is_priced = input.money_from.is_some() || input.money_to.is_some() || by == Some(LeadSort::Money);
    if is_priced && input.currency_id.as_ref().is_none_or(|ids| ids.len() != 1) {
        errors.add("currency_id", "Must name one currency: amounts in different ones cannot be compared");
    }
    if by == Some(LeadSort::Closed) && input.closed != Some(true) {
        errors.add("sort", "Only closed leads have a date of closing: send closed=1");
    }
    if by == Some(LeadSort::DecideUntil) && input.status.as_deref() != Some(&[LeadStatus::Pending]) {
        errors.add("sort", "Only pending leads wait for a decision: send status=0");
    }
    check::text(&mut errors, "keyword", input.keyword.as_deref().unwrap_or_default());
    let mut click_ids = Vec::new();
    for tid in input.tid.iter().flatten() {
        match engine.tid_keys().read(tid) {
            Ok(click_id) => click_ids.push(click_id),
            Err(_) => errors.add("tid", diagnose(tid).1),
        }
    }
    errors.finish()?;
    Ok(input.tid.as_ref().map(|_| click_ids))
}
