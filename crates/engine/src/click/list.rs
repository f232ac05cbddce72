//! Looking at clicks.

use std::ops::Range;

use whocpa_domain::click::{Click, ClickReason};
use whocpa_domain::facts::{BotMark, ClickWay, DeviceKind};
use whocpa_domain::input::{Until, limits};
use whocpa_domain::sort::{Sort, TimeSort};
use whocpa_domain::stat::{Dimension, Measure, Source};
use whocpa_domain::tid::{ClickId, first_click_id};
use whocpa_domain::{Error, FieldErrors, Method, Page, PerPage, Resource, Result, Scope, Time, params};
use whocpa_store::click::{self, CLICK_SCAN_LIMIT, ClickFilter};
use whocpa_store::{Db, Paging, Rows, lead, person};

use super::shown::{ClickRow, ClickView, site, steps};
use super::stored_form;
use crate::audit::{ADDRESS, plain_address};
use crate::stat::cell::{self, CELL};
use crate::{Caller, Engine, check};

params! {
    /// Which clicks are wanted.
    pub struct ClickList {
        /// Only clicks with these tids.
        tid: Option<Vec<String>>,
        /// Only to these offers.
        offer_id: Option<Vec<i64>>,
        /// Only through these links.
        link_id: Option<Vec<i64>>,
        /// Only from these areas.
        area_id: Option<Vec<i64>>,
        /// Only of these webmasters; for operators.
        webmaster_id: Option<Vec<i64>>,
        /// Clicked from here on.
        d_created_from: Option<Time>,
        /// Clicked until here, inclusive: a date takes its whole day in.
        d_created_to: Option<Until>,
        /// Only from these countries, ISO 3166 codes such as `UA`.
        country: Option<Vec<String>>,
        /// Only from these kinds of device.
        device: Option<Vec<DeviceKind>>,
        /// Only with these reasons.
        reason: Option<Vec<ClickReason>>,
        /// Only with these operating systems.
        os: Option<Vec<String>>,
        /// Only with these browsers.
        browser: Option<Vec<String>>,
        /// Only in these languages, ISO 639-1 codes such as `uk`.
        language: Option<Vec<String>>,
        /// Only of visitors with these addresses.
        ip: Option<Vec<String>> where ADDRESS,
        /// Only on these landing pages.
        landing_id: Option<Vec<i64>>,
        /// Only with these promo materials.
        promo_id: Option<Vec<i64>>,
        /// Only of these stocks (promotions).
        stock_id: Option<Vec<i64>>,
        /// Only for these products.
        product_id: Option<Vec<i64>>,
        /// Only through these deeplinks.
        deeplink_id: Option<Vec<i64>>,
        /// Only through these parked domains.
        domain_id: Option<Vec<i64>>,
        /// Only that came about in these ways.
        way: Option<Vec<ClickWay>>,
        /// Only first visits of a visitor to an offer within 24 hours (1), or only repeated ones (0).
        is_unique: Option<bool>,
        /// Only marked clicks (1), or only those without a mark (0).
        is_bot: Option<bool>,
        /// Only with these marks.
        bot_mark: Option<Vec<BotMark>>,
        /// Only clicks that brought a lead (1), or only those that did not (0).
        has_lead: Option<bool>,
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
        keyword: Option<String> where limits::LINE,
        /// Only those that a row of statistics counts: its `cell`.
        cell: Option<String> where CELL,
        /// With `cell`: only those that this number counts, for example `uniques`.
        measure: Option<Measure>,
        /// Order of the list, a minus in front for the other direction; `-date_created` unless told.
        sort: Option<Sort<TimeSort>>,
        /// Number of the page.
        page: Page,
        /// Rows on a page.
        per_page: PerPage,
    }
}

impl Engine {
    /// One page of the clicks that the caller brought or runs, newest first.
    ///
    /// # Errors
    /// [`Error::Invalid`] also when too many clicks would have to be looked at.
    pub async fn click_list(&self, caller: Caller, input: ClickList) -> Result<Rows<ClickRow>> {
        let scope = caller.may(Resource::Click, Method::List)?;
        let paging = Paging::new(input.page, input.per_page);
        let has_lead = input.has_lead;
        let (main, clicks) = (self.store().read(), self.store().clicks());
        let named = cell::asked(input.cell.as_deref(), input.measure, caller.level, Source::Clicks)?;
        let mut filter = self.click_filter(caller, input)?;
        if let Some(cell) = named {
            let period = window(Some(cell.query.period.from), Some(cell.query.period.until));
            filter.window = filter.window.start.max(period.start)..filter.window.end.min(period.end);
            filter.webmaster_ids = filter.webmaster_ids.or(cell::numbers(&cell, Dimension::Webmaster));
            filter.behind = Some(cell.clicks(&main).await?);
        }
        if let Some(has_lead) = has_lead {
            let limit = CLICK_SCAN_LIMIT.unsigned_abs();
            let with = lead::clicks_with_lead(&main, scope, &filter.window, limit).await?;
            if with.len() as u64 >= limit {
                let words = format!("More than {limit} clicks brought leads: narrow the time");
                return Err(Error::field("has_lead", words));
            }
            if has_lead {
                filter.ids = Some(match filter.ids {
                    Some(ids) => ids.into_iter().filter(|id| with.binary_search(id).is_ok()).collect(),
                    None => with,
                });
            } else {
                filter.not_ids = Some(with);
            }
        }
        let rows = click::list((&main, &clicks), scope, &filter, paging).await?;
        let ids: Vec<ClickId> = rows.rows.iter().map(|click| click.id).collect();
        let leads = lead::of_clicks(&main, scope, &ids).await?;
        Ok(rows.map(|click| self.click_row(caller.level, click, &leads)))
    }

    /// One click: its trace and its leads.
    pub async fn click_view(&self, caller: Caller, tid: String) -> Result<ClickView> {
        let scope = caller.may(Resource::Click, Method::View)?;
        let id = self.tid_keys().read(&tid).map_err(|_| Error::NotFound)?;
        let click = self.click_seen(scope, id).await?.ok_or(Error::NotFound)?;
        let main = self.store().read();
        let mut leads = lead::of_clicks(&main, scope, &[id]).await?;
        let (way, query, params) =
            (ClickWay::from_code(click.way), click.query.clone(), click.params.clone());
        let (url_to, trace) = (site(&click.trace), steps(&click.trace));
        let row = self.click_row(caller.level, click, &leads);
        Ok(ClickView {
            row,
            way: way.unwrap_or(ClickWay::Redirect),
            query,
            params,
            url_to,
            trace,
            lead_ids: leads.remove(&id).unwrap_or_default(),
        })
    }

    /// A click that the caller may see.
    pub(crate) async fn click_seen(&self, scope: Scope, id: ClickId) -> Result<Option<Click>> {
        let (main, clicks) = (self.store().read(), self.store().clicks());
        match click::view((&main, &clicks), scope, id).await? {
            Some(click) => Ok(Some(click)),
            // It may not be stored yet.
            None => self.click_in_log(&main, scope, id).await,
        }
    }

    /// A click that the caller may see and that is in this node's log.
    async fn click_in_log(&self, main: &Db, scope: Scope, id: ClickId) -> Result<Option<Click>> {
        let found = self.click_log().find(id).map_err(|e| Error::Unavailable(e.to_string()))?;
        let Some(mut click) = found.as_deref().and_then(stored_form) else { return Ok(None) };
        click::keep_own(main, std::iter::once(&mut click)).await?;
        let is_seen = match scope {
            Scope::All => true,
            Scope::Webmaster(webmaster_id) => click.webmaster_id == webmaster_id,
            Scope::Manager(_) => person::view(main, scope, click.webmaster_id).await?.is_some(),
            Scope::Advertiser(_) | Scope::Public => false,
        };
        Ok(Some(click).filter(|_| is_seen))
    }

    /// What the store is asked for.
    fn click_filter(&self, caller: Caller, input: ClickList) -> Result<ClickFilter> {
        let mut errors = FieldErrors::default();
        check::for_operators(&mut errors, caller, &[("webmaster_id", input.webmaster_id.is_some())]);
        let (from, to) = check::period(&mut errors, "created", (input.d_created_from, input.d_created_to));
        let addresses = input.ip.map(|texts| texts.iter().map(|text| plain_address(text)).collect());
        let is_code = |text: &String| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_alphabetic());
        if !input.country.iter().flatten().all(is_code) {
            errors.add("country", "Must be two letters, ISO 3166");
        }
        let mut ids = Vec::new();
        for tid in input.tid.iter().flatten() {
            match self.tid_keys().read(tid) {
                Ok(id) => ids.push(id),
                Err(wrong) => errors.add("tid", wrong.to_string()),
            }
        }
        errors.finish()?;
        let small = |list: Vec<String>| list.iter().map(|code| code.to_ascii_lowercase()).collect();
        let capitals = |list: Vec<String>| list.iter().map(|code| code.to_ascii_uppercase()).collect();
        Ok(ClickFilter {
            ids: input.tid.is_some().then_some(ids),
            window: window(from, to),
            webmaster_ids: input.webmaster_id,
            offer_ids: input.offer_id,
            link_ids: input.link_id,
            area_ids: input.area_id,
            countries: input.country.map(capitals),
            devices: input.device,
            reasons: input.reason,
            is_unique: input.is_unique,
            is_bot: input.is_bot,
            objects: [
                input.landing_id,
                input.promo_id,
                input.stock_id,
                input.product_id,
                input.deeplink_id,
                input.domain_id,
            ],
            visitor: [input.os, input.browser, input.language.map(small), addresses],
            bot_marks: input.bot_mark,
            ways: input.way,
            keyword: input.keyword.filter(|words| !words.is_empty()),
            subids: [input.subid1, input.subid2, input.subid3, input.subid4, input.subid5],
            not_ids: None,
            behind: None,
            sort: input.sort,
        })
    }
}

/// Click numbers of a time: they rise with it.
fn window(from: Option<Time>, until: Option<Time>) -> Range<ClickId> {
    from.map_or(0, first_click_id)..until.map_or(ClickId::MAX, first_click_id)
}
