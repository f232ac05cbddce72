//! What may be sent about feeds.

use whocpa_domain::feed::{FEED_UPLOAD_BYTES, FeedFormat, FeedStatus};
use whocpa_domain::input::limits::{self, Limits};
use whocpa_domain::input::{Patch, Until, Upload};
use whocpa_domain::sort::{FeedSort, Sort};
use whocpa_domain::{Error, FieldErrors, Page, PerPage, Result, Time, params};
use whocpa_store::feed::Feed;

use crate::check;

/// Hours between two runs, 0 for one run.
pub(super) const REFRESH: Limits = Limits::Range(0, 168);

/// A feed that is sent.
pub(super) type FeedFile = Upload<FEED_UPLOAD_BYTES>;

params! {
    /// Which feeds are wanted.
    pub struct FeedList {
        /// Only these.
        id: Option<Vec<i64>>,
        /// Only of these offers. When one of them is unknown or not yours, the request is refused.
        offer_id: Option<Vec<i64>>,
        /// Only whose last run is in one of these states.
        status: Option<Vec<FeedStatus>>,
        /// Only in these formats.
        format: Option<Vec<FeedFormat>>,
        /// Part of the name or of the address, in any case of letters.
        search: Option<String> where limits::LINE,
        /// Added from here on.
        d_created_from: Option<Time>,
        /// Added until here, inclusive: a date takes its whole day in.
        d_created_to: Option<Until>,
        /// Order of the list, a minus in front for the other direction; `-id` unless told.
        sort: Option<Sort<FeedSort>>,
        /// Page, from 1.
        page: Page,
        /// Rows on a page, 10 to 100.
        per_page: PerPage,
    }
}

params! {
    /// A new feed: either `url` or `file`.
    ///
    /// CSV needs a row of headings, in any order and any case: `id` (also `external_id`, `sku`), `name` (`title`), `url`
    /// (`link`), `price`, and if you like `price_old` (`oldprice`), `currency`, `picture` (`image_link`), `category`,
    /// `vendor` (`brand`), `available`, `description`; between the fields `;`, `,` or tabs.
    pub struct FeedCreate {
        /// The offer.
        offer_id: i64,
        /// Name; the host of the address, or the day, unless told.
        name: Option<String> where limits::NAME,
        /// Where it is fetched: a public address.
        url: Option<String> where check::URL,
        /// The feed itself, at most 20 MiB; it may be compressed by gzip. UTF-8, windows-1251, or what the XML says.
        file: Option<FeedFile>,
        /// How it is written; found out unless told.
        format: Option<FeedFormat>,
        /// Currency of goods that name none.
        currency_id: Option<i64>,
        /// Whether it holds all goods of the offer, so that those missing in it cannot be bought any more; yes unless told.
        is_full: Option<bool>,
        /// Hours until it is fetched again, up to 168; 0, the default, for once.
        refresh_hours: Option<i64> where REFRESH,
    }
}

params! {
    /// Changes of a feed. Its offer stays.
    pub struct FeedUpdate {
        /// Name.
        name: Option<String> where limits::NAME,
        /// Where it is fetched; a new address is fetched at once.
        url: Option<String> where check::URL,
        /// Another content, which is imported at once; the feed has no address then.
        file: Option<FeedFile>,
        /// How it is written.
        format: Option<FeedFormat>,
        /// Currency of goods that name none; empty for none.
        currency_id: Patch<i64>,
        /// Whether it holds all goods of the offer, so that those missing in it cannot be bought any more.
        is_full: Option<bool>,
        /// Hours until it is fetched again, 0 for never.
        refresh_hours: Option<i64> where REFRESH,
        /// 1 ends the present run and plans no other; 0 lets it run again now.
        is_stopped: Option<bool>,
    }
}

impl FeedCreate {
    /// The new row, which waits for its run.
    pub(super) fn row(&self, upload_id: Option<i64>, now: Time) -> Result<Feed> {
        let url = self.url.clone().unwrap_or_default();
        one_source(!url.is_empty(), upload_id.is_some(), true)?;
        let default_name = || check::host(&url).unwrap_or_else(|| now.to_string());
        Ok(Feed {
            id: 0,
            offer_id: self.offer_id,
            name: self.name.clone().unwrap_or_else(default_name),
            url,
            upload_id,
            format: self.format.unwrap_or(FeedFormat::Auto).code(),
            currency_id: self.currency_id,
            is_full: self.is_full.unwrap_or(true),
            refresh_hours: self.refresh_hours.unwrap_or(0),
            status: FeedStatus::Waiting.code(),
            message: String::new(),
            run: 0,
            fence: 0,
            date_until: 0,
            content_hash: String::new(),
            rows_read: 0,
            rows_created: 0,
            rows_updated: 0,
            rows_unchanged: 0,
            rows_failed: 0,
            rows_missing: 0,
            date_created: now.0,
            date_started: None,
            date_finished: None,
            date_next: None,
        })
    }
}

impl FeedUpdate {
    /// The feed after the change.
    pub(super) fn applied(&self, mut row: Feed, upload_id: Option<i64>, now: Time) -> Result<Feed> {
        let url = self.url.clone().filter(|url| !url.is_empty());
        one_source(url.is_some(), upload_id.is_some(), false)?;
        let is_new_source = upload_id.is_some() || url.as_ref().is_some_and(|url| *url != row.url);
        if is_new_source && self.is_stopped == Some(true) {
            return Err(Error::field("is_stopped", "A new content is imported at once"));
        }
        if let Some(upload_id) = upload_id {
            (row.url, row.upload_id) = (String::new(), Some(upload_id));
        }
        if let Some(url) = url {
            (row.url, row.upload_id) = (url, None);
        }
        row.name = self.name.clone().unwrap_or(row.name);
        row.format = self.format.map_or(row.format, FeedFormat::code);
        row.currency_id = self.currency_id.or(row.currency_id);
        row.is_full = self.is_full.unwrap_or(row.is_full);
        row.refresh_hours = self.refresh_hours.unwrap_or(row.refresh_hours);
        if is_new_source || self.is_stopped == Some(false) {
            if row.url.is_empty() && row.upload_id.is_none() {
                return Err(Error::Conflict("The uploaded file is imported: send it again".to_owned()));
            }
            // Whoever runs it now finds that it is not his any more.
            row.fence += 1;
            row.status = FeedStatus::Waiting.code();
            row.date_until = 0;
        } else if self.is_stopped == Some(true) {
            let is_on = [FeedStatus::Waiting.code(), FeedStatus::Running.code()].contains(&row.status);
            if is_on {
                row.status = FeedStatus::Stopped.code();
                row.date_finished = Some(now.0);
            }
            (row.date_until, row.date_next) = (0, None);
        }
        Ok(row)
    }
}

/// A feed has one source.
fn one_source(has_url: bool, has_file: bool, is_needed: bool) -> Result<()> {
    let mut errors = FieldErrors::default();
    if has_url && has_file {
        errors.add("file", "Must not be sent together with url");
    }
    if is_needed && !has_url && !has_file {
        errors.add("url", "Either url or file must be given");
    }
    errors.finish()
}
