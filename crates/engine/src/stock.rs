//! Stocks: time-limited promotions of an offer (акции, not inventory), moderated by operators.
//!
//! When its owner changes what a live stock promises (texts, code, address, picture) it is on review again and is not
//! shown until it is approved. Its dates are his own: he may end it sooner or later without a review.

use whocpa_domain::input::limits::{self, Limits};
use whocpa_domain::input::{Patch, Until};
use whocpa_domain::material::MaterialSort;
use whocpa_domain::moderation::{Moderation, ModerationStatus};
use whocpa_domain::sort::Sort;
use whocpa_domain::{Error, FieldErrors, Method, Page, PerPage, Resource, Result, Time, params, view};
use whocpa_store::stock::{self, Stock, StockFilter};

use crate::audit::Changes;
use crate::image::{ImageFile, ImageView};
use crate::material::{self, Asked};
use crate::{Caller, Engine, Paging, Rows, check, image};

/// Longest code that a buyer enters, in characters.
const CODE_LIMIT: usize = 100;
/// A code that a buyer enters.
const CODE: Limits = Limits::Line(0, CODE_LIMIT);

params! {
    /// Which stocks are wanted.
    pub struct StockList {
        /// Only these.
        id: Option<Vec<i64>>,
        /// Only of these offers. When one of them is unknown or not visible to you, the request is refused.
        offer_id: Option<Vec<i64>>,
        /// 1 for live ones that run now only, 0 for the others only.
        is_active: Option<bool>,
        /// 1 for those approved for the first time in the last 14 days only, 0 for the others only.
        is_new: Option<bool>,
        /// Only in these states; for advertisers and operators. Others see the live ones.
        status: Option<Vec<ModerationStatus>>,
        /// Only whose name contains this.
        search: Option<String> where limits::LINE,
        /// Only changed since this moment.
        d_updated_from: Option<Time>,
        /// Order of the list, a minus in front for the other direction; `id` unless told.
        sort: Option<Sort<MaterialSort>>,
        /// Page, from 1.
        page: Page,
        /// Rows on a page, 10 to 100.
        per_page: PerPage,
    }
}

params! {
    /// A new stock.
    pub struct StockCreate {
        /// The offer.
        offer_id: i64,
        /// Name.
        name: String where limits::NAME,
        /// What is promised to the buyer.
        description: Option<String> where limits::TEXT,
        /// When it begins.
        date_start: Time,
        /// When it ends; a date takes its whole day in.
        date_end: Until,
        /// The code that a buyer enters.
        promo_code: Option<String> where CODE,
        /// Where visitors are sent, with macros as in an offer's `url_redirect`; the offer's own address unless told.
        url: Option<String> where check::URL_TEMPLATE,
        /// Its picture: PNG, JPEG or WebP.
        image: Patch<ImageFile>,
        /// Whether only webmasters who are connected with the offer see it; no unless told.
        is_private: Option<bool>,
        /// 1 keeps it out of moderation as a draft.
        is_draft: Option<bool>,
    }
}

params! {
    /// Changes of a stock. Its offer stays. When you change name, description, code, address or picture of an approved
    /// stock, it goes on review again and is not shown until it is approved.
    pub struct StockUpdate {
        /// Name.
        name: Option<String> where limits::NAME,
        /// What is promised to the buyer.
        description: Option<String> where limits::TEXT,
        /// When it begins.
        date_start: Option<Time>,
        /// When it ends; a date takes its whole day in.
        date_end: Option<Until>,
        /// The code that a buyer enters; empty for none.
        promo_code: Option<String> where CODE,
        /// Where visitors are sent; empty for the offer's own address.
        url: Option<String> where check::URL_TEMPLATE,
        /// Its picture: PNG, JPEG or WebP; empty for none.
        image: Patch<ImageFile>,
        /// Whether only webmasters who are connected with the offer see it.
        is_private: Option<bool>,
        /// The wanted state. You send a draft for review, take it back, stop what is live, let it go on, archive it or
        /// take it out of the archive; operators approve, send back, stop.
        status: Option<ModerationStatus>,
        /// Why it is sent back, stopped or archived; for operators, required when they send back or stop.
        reason: Option<String> where limits::TEXT,
    }
}

view! {
    /// A time-limited promotion of an offer.
    pub struct StockView {
        /// Stock id.
        id: i64,
        /// Its offer.
        offer_id: i64,
        /// Name.
        name: String,
        /// What is promised to the buyer.
        description: String,
        /// The code that a buyer enters, empty for none.
        promo_code: String,
        /// Where visitors are sent, empty for the offer's own address. Guests and webmasters see it without its query.
        url: String,
        /// Its picture in three sizes, empty for none.
        images: Vec<ImageView>,
        /// When it begins.
        date_start: Time,
        /// Its last second.
        date_end: Time,
        /// Whether it is live and runs now.
        is_active: bool,
        /// Whether it was approved for the first time in the last 14 days.
        is_new: bool,
        /// Whether it is approved and live.
        is_approved: bool,
        /// Whether only webmasters who are connected with the offer see it.
        is_private: bool,
        /// When it was added.
        date_created: Time,
        /// When it was changed last.
        date_updated: Time,
        /// State of moderation; for its advertiser and operators only.
        #[serde(skip_serializing_if = "Option::is_none")]
        status: Option<ModerationStatus>,
        /// The operator's reason, empty for none; for its advertiser and operators only.
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    }
}

impl Engine {
    /// One page of stocks.
    pub async fn stock_list(&self, caller: Caller, input: StockList) -> Result<Rows<StockView>> {
        let scope = caller.may(Resource::Stock, Method::List)?;
        material::filter_by_insiders(caller, "status", input.status.is_some())?;
        let (db, now) = (self.store().read(), self.now());
        material::offers_check(&db, scope, input.offer_id.as_deref()).await?;
        let filter = StockFilter {
            ids: input.id,
            offer_ids: input.offer_id,
            status: input.status,
            active_at: input.is_active.map(|wanted| (now, wanted)),
            published_from: input.is_new.map(|wanted| (material::new_from(now), wanted)),
            search: input.search,
            updated_from: input.d_updated_from,
            sort: input.sort.unwrap_or_default(),
        };
        let rows = stock::list(&db, scope, &filter, Paging::new(input.page, input.per_page)).await?;
        Ok(rows.map(|row| self.stock_shown(row, caller, now)))
    }

    /// One stock.
    pub async fn stock_view(&self, caller: Caller, id: i64) -> Result<StockView> {
        let scope = caller.may(Resource::Stock, Method::View)?;
        let row = stock::view(&self.store().read(), scope, id).await?.ok_or(Error::NotFound)?;
        Ok(self.stock_shown(row, caller, self.now()))
    }

    /// Changes a stock or its moderation; absent fields keep their value.
    pub async fn stock_update(&self, caller: Caller, id: i64, input: StockUpdate) -> Result<()> {
        let scope = caller.may(Resource::Stock, Method::Update)?;
        let picture = self.image_read("image", &input.image).await?;
        let (now, input, picture) = (self.now(), &input, &picture);
        self.store()
            .write(move |db| async move {
                let before = stock::view_for_update(&db, scope, id).await?.ok_or(Error::NotFound)?;
                let mut row = before.clone();
                apply(&mut row, input);
                image::apply(&db, picture, &mut row.image).await?;
                self.stock_check(&row)?;
                let present = Moderation::stored(before.status, &before.reason);
                let asked = Asked { status: input.status, reason: input.reason.as_deref() };
                let is_content = content(&row) != content(&before);
                let moderation = material::moderated(caller, &present, row != before, is_content, &asked)?;
                row.status = moderation.status.code();
                row.date_published = material::published(row.date_published, moderation.status, now);
                row.reason = moderation.reason;
                if row != before {
                    row.date_updated = now.0;
                }
                let changes = Changes::updated(&before, &row);
                stock::update(&db, row).await?;
                self.note(&db, caller, Resource::Stock, id, changes).await
            })
            .await
    }

    /// Adds a stock, for moderation unless it is a draft; gives its id.
    pub async fn stock_create(&self, caller: Caller, input: StockCreate) -> Result<i64> {
        let scope = caller.may(Resource::Stock, Method::Create)?;
        let picture = &self.image_read("image", &input.image).await?;
        let now = self.now().0;
        let row = &Stock {
            id: 0,
            offer_id: input.offer_id,
            status: Moderation::new(input.is_draft.unwrap_or(false)).status.code(),
            reason: String::new(),
            name: input.name,
            description: input.description.unwrap_or_default(),
            promo_code: input.promo_code.unwrap_or_default(),
            url: input.url.unwrap_or_default(),
            image: None,
            is_private: input.is_private.unwrap_or(false),
            date_start: input.date_start.0,
            date_end: input.date_end.0.0,
            date_created: now,
            date_updated: now,
            date_published: None,
        };
        self.stock_check(row)?;
        self.store()
            .write(move |db| async move {
                material::offer_for(&db, scope, row.offer_id).await?;
                let mut row = row.clone();
                image::apply(&db, picture, &mut row.image).await?;
                let id = stock::create(&db, row.clone()).await?;
                self.note(&db, caller, Resource::Stock, id, Changes::created(&row)).await?;
                Ok(id)
            })
            .await
    }

    /// Removes a stock that was never approved and has no promos; one that was is archived, because clicks and leads
    /// name it.
    pub async fn stock_delete(&self, caller: Caller, id: i64) -> Result<()> {
        let scope = caller.may(Resource::Stock, Method::Delete)?;
        let now = self.now().0;
        self.store()
            .write(move |db| async move {
                let row = stock::view_for_update(&db, scope, id).await?.ok_or(Error::NotFound)?;
                let changes = if row.date_published.is_none() {
                    if !stock::delete(&db, id).await? {
                        return Err(Error::Conflict("Promos belong to this stock".to_owned()));
                    }
                    Changes::deleted(&row)
                } else {
                    let status = ModerationStatus::Archived.code();
                    let archived = Stock { status, date_updated: now, ..row.clone() };
                    let changes = Changes::archived(&row, &archived);
                    stock::update(&db, archived).await?;
                    changes
                };
                self.note(&db, caller, Resource::Stock, id, changes).await
            })
            .await
    }

    fn stock_check(&self, row: &Stock) -> Result<()> {
        let mut errors = FieldErrors::default();
        check::name(&mut errors, "name", &row.name);
        check::text(&mut errors, "description", &row.description);
        CODE.check(&mut errors, "promo_code", &row.promo_code);
        check::url_template(&mut errors, "url", &row.url);
        self.check_away(&mut errors, "url", &row.url, 0);
        if row.date_end <= row.date_start {
            errors.add("date_end", "Must be later than date_start");
        }
        errors.finish()
    }

    fn stock_shown(&self, row: Stock, caller: Caller, now: Time) -> StockView {
        let status = ModerationStatus::from_code(row.status).unwrap_or(ModerationStatus::Draft);
        let sees_all = material::sees_all(caller);
        let is_live = status == ModerationStatus::Live;
        StockView {
            id: row.id,
            offer_id: row.offer_id,
            name: row.name,
            description: row.description,
            promo_code: row.promo_code,
            url: material::address(caller, row.url),
            images: image::views(self.base_url(), row.image.as_deref()),
            date_start: Time(row.date_start),
            date_end: Time(row.date_end - 1),
            is_active: is_live && row.date_start <= now.0 && now.0 < row.date_end,
            is_new: material::is_new(row.date_published, now),
            is_approved: is_live,
            is_private: row.is_private,
            date_created: Time(row.date_created),
            date_updated: Time(row.date_updated),
            status: sees_all.then_some(status),
            reason: sees_all.then_some(row.reason),
        }
    }
}

/// What an operator approves.
fn content(row: &Stock) -> [&str; 5] {
    let image = row.image.as_deref().unwrap_or_default();
    [&row.name, &row.description, &row.promo_code, &row.url, image]
}

/// Puts what was sent into the row, except its moderation.
fn apply(row: &mut Stock, input: &StockUpdate) {
    for (place, sent) in [
        (&mut row.name, &input.name),
        (&mut row.description, &input.description),
        (&mut row.promo_code, &input.promo_code),
        (&mut row.url, &input.url),
    ] {
        if let Some(sent) = sent {
            place.clone_from(sent);
        }
    }
    row.date_start = input.date_start.map_or(row.date_start, |at| at.0);
    row.date_end = input.date_end.map_or(row.date_end, |until| until.0.0);
    row.is_private = input.is_private.unwrap_or(row.is_private);
}
