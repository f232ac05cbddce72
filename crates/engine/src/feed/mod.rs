//! Feeds: an advertiser's goods by the thousand, as YML or CSV, fetched from an address or uploaded.
//!
//! A feed is a resource of its own because an import is a thing with a state: it waits, runs, ends, tells what it did and
//! which rows it refused. One that is fetched may be fetched again every so many hours.
//!
//! * Products are found again by the advertiser's own id: new ones are added, known ones are changed or left alone.
//! * A **full** feed holds all goods of the offer: when it was read to its end, those that are missing in it cannot be
//!   bought any more (they are not removed). A run that fails or stops, a feed without goods, and one of which more than a
//!   tenth was refused, never take anything off sale; a refused row leaves its product as it is.
//! * The file is read as a stream: memory does not grow with it.

mod csv;
mod good;
mod import;
mod input;
mod lines;
mod run;
mod spool;
#[cfg(test)]
mod tests;
mod yml;

use whocpa_domain::feed::{FeedFormat, FeedStatus};
use whocpa_domain::{Error, FieldErrors, Method, Resource, Result, Scope, Time, view};
use whocpa_store::feed::{self, Feed, FeedFault, FeedFilter};
use whocpa_store::{Db, currency};

use crate::audit::Changes;
use crate::{Caller, Engine, Paging, Rows, check, material};

use input::REFRESH;
pub use input::{FeedCreate, FeedList, FeedUpdate};

/// Feeds that one advertiser may have.
const LIMIT: u64 = 100;
/// Seconds after which a worker that has not shown itself has lost its run.
const LEASE_SECONDS: i64 = 60;

view! {
    /// What was wrong in one row of a feed.
    pub struct FeedErrorView {
        /// Line of the file where the row begins, from 1.
        line: i64,
        /// The product's id, as far as it could be read.
        external_id: String,
        /// Which field.
        field: String,
        /// What is wrong.
        message: String,
    }
}

/// Declares the row of the list and the richer object at once: what they share is written and documented once.
macro_rules! shown {
    (
        shared { $( $(#[doc = $doc:literal])* $field:ident : $ty:ty ),* $(,)? }
        more { $( $(#[doc = $more_doc:literal])* $more:ident : $more_ty:ty ),* $(,)? }
    ) => {
        view! {
            /// A feed in a list.
            pub struct FeedRow { $( $(#[doc = $doc])* $field: $ty ),* }
        }
        view! {
            /// A feed with the errors of its last run.
            pub struct FeedView {
                $( $(#[doc = $doc])* $field: $ty, )*
                $( $(#[doc = $more_doc])* $more: $more_ty ),*
            }
        }
        impl FeedRow {
            /// The same feed with what only its own page shows.
            fn with(self, $($more: $more_ty),*) -> FeedView {
                FeedView { $( $field: self.$field, )* $( $more ),* }
            }
        }
    };
}

shown! {
    shared {
        /// Feed id.
        id: i64,
        /// Its offer.
        offer_id: i64,
        /// Name.
        name: String,
        /// Where it is fetched; empty for an uploaded one.
        url: String,
        /// How it is written.
        format: FeedFormat,
        /// Currency of goods that name none; `null` when each names its own.
        currency_id: Option<i64>,
        /// Whether it holds all goods of the offer, so that those missing in it cannot be bought.
        is_full: bool,
        /// Hours between its runs, 0 when it runs once.
        refresh_hours: i64,
        /// How the last run went.
        status: FeedStatus,
        /// Why it failed, or what else you should know; empty for nothing.
        message: String,
        /// Rows of the last run that were dealt with so far.
        rows_read: i64,
        /// Products that it added.
        rows_created: i64,
        /// Products that it changed.
        rows_updated: i64,
        /// Products that were as the feed has them.
        rows_unchanged: i64,
        /// Rows that were refused.
        rows_failed: i64,
        /// Products that were not in the feed any more and cannot be bought now.
        rows_missing: i64,
        /// When it was added.
        date_created: Time,
        /// When the last run began; `null` before the first.
        date_started: Option<Time>,
        /// When the last run ended; `null` until then.
        date_finished: Option<Time>,
        /// When the next run begins; `null` when none is planned.
        date_next: Option<Time>,
    }
    more {
        /// What was wrong in rows of the last run: the first 200 errors, in the order of the lines.
        errors: Vec<FeedErrorView>,
    }
}

impl Engine {
    /// One page of feeds, the newest first.
    pub async fn feed_list(&self, caller: Caller, input: FeedList) -> Result<Rows<FeedRow>> {
        let scope = caller.may(Resource::Feed, Method::List)?;
        let db = self.store().read();
        material::offers_check(&db, scope, input.offer_id.as_deref()).await?;
        let mut errors = FieldErrors::default();
        let created = check::period(&mut errors, "created", (input.d_created_from, input.d_created_to));
        errors.finish()?;
        let filter = FeedFilter {
            ids: input.id,
            offer_ids: input.offer_id,
            status: input.status,
            formats: input.format,
            search: input.search,
            created,
            sort: input.sort,
        };
        let rows = feed::list(&db, scope, &filter, Paging::new(input.page, input.per_page)).await?;
        Ok(rows.map(shown))
    }

    /// One feed with the errors of its last run.
    pub async fn feed_view(&self, caller: Caller, id: i64) -> Result<FeedView> {
        let scope = caller.may(Resource::Feed, Method::View)?;
        let db = self.store().read();
        let row = feed::view(&db, scope, id).await?.ok_or(Error::NotFound)?;
        let errors = feed::faults(&db, id).await?.into_iter().map(FeedErrorView::from).collect();
        Ok(shown(row).with(errors))
    }

    /// Changes a feed, stops it or lets it run again; absent fields keep their value.
    ///
    /// # Errors
    /// [`Error::Conflict`] when an uploaded feed is to run again without a new file.
    pub async fn feed_update(&self, caller: Caller, id: i64, input: FeedUpdate) -> Result<()> {
        let scope = caller.may(Resource::Feed, Method::Update)?;
        // Before a file is kept: nobody fills the store through others' feeds.
        feed::view(&self.store().read(), scope, id).await?.ok_or(Error::NotFound)?;
        let upload_id = self.feed_keep(input.file.as_ref()).await?;
        let (now, input) = (self.now(), &input);
        self.store()
            .write(move |db| async move {
                let before = feed::view_for_update(&db, scope, id).await?.ok_or(Error::NotFound)?;
                let mut row = input.applied(before.clone(), upload_id, now)?;
                self.feed_check(&db, &row, before.currency_id).await?;
                if let Some(old) = before.upload_id.filter(|old| row.upload_id != Some(*old)) {
                    feed::delete_parts(&db, old).await?;
                }
                if row.refresh_hours == 0 {
                    row.date_next = None;
                }
                let changes = Changes::updated(&before, &row);
                feed::update(&db, row).await?;
                self.note(&db, caller, Resource::Feed, id, changes).await
            })
            .await
    }

    /// Adds a feed, which runs as soon as a worker is free; gives its id.
    pub async fn feed_create(&self, caller: Caller, input: FeedCreate) -> Result<i64> {
        let scope = caller.may(Resource::Feed, Method::Create)?;
        // Before the file is kept: nobody fills the store of others' offers.
        material::offer_for_reading(&self.store().read(), scope, input.offer_id).await?;
        let upload_id = self.feed_keep(input.file.as_ref()).await?;
        let row = &input.row(upload_id, self.now())?;
        self.store()
            .write(move |db| async move {
                let offer = material::offer_for(&db, scope, row.offer_id).await?;
                if feed::count(&db, offer.advertiser_id).await? >= LIMIT {
                    return Err(Error::field(
                        "offer_id",
                        format!("This advertiser has {LIMIT} feeds already"),
                    ));
                }
                self.feed_check(&db, row, None).await?;
                let id = feed::create(&db, row.clone()).await?;
                self.note(&db, caller, Resource::Feed, id, Changes::created(row)).await?;
                Ok(id)
            })
            .await
    }

    /// Removes a feed; a run of it ends, and its products stay.
    pub async fn feed_delete(&self, caller: Caller, id: i64) -> Result<()> {
        let scope = caller.may(Resource::Feed, Method::Delete)?;
        self.store()
            .write(move |db| async move {
                let row = feed::view_for_update(&db, scope, id).await?.ok_or(Error::NotFound)?;
                if let Some(upload_id) = row.upload_id {
                    feed::delete_parts(&db, upload_id).await?;
                }
                feed::delete(&db, id).await?;
                self.note(&db, caller, Resource::Feed, id, Changes::deleted(&row)).await
            })
            .await
    }

    async fn feed_check(&self, db: &Db, row: &Feed, present: Option<i64>) -> Result<()> {
        let mut errors = FieldErrors::default();
        check::name(&mut errors, "name", &row.name);
        REFRESH.check_number(&mut errors, "refresh_hours", row.refresh_hours);
        if row.url.is_empty() {
            if row.refresh_hours > 0 {
                errors.add("refresh_hours", "Only a feed with an address can be fetched again");
            }
        } else {
            if let Err(refused) = self.outbound().check(&row.url) {
                errors.add("url", refused.to_string());
            }
            self.check_away(&mut errors, "url", &row.url, 0);
        }
        if let Some(id) = row.currency_id {
            let known = currency::view(db, Scope::All, id).await?;
            if known.is_none_or(|known| !known.is_active && present != Some(id)) {
                errors.add("currency_id", "Currencies not found");
            }
        }
        errors.finish()
    }
}

impl From<FeedFault> for FeedErrorView {
    fn from(row: FeedFault) -> Self {
        Self { line: row.line, external_id: row.external_id, field: row.field, message: row.message }
    }
}

fn shown(row: Feed) -> FeedRow {
    FeedRow {
        id: row.id,
        offer_id: row.offer_id,
        name: row.name,
        url: row.url,
        format: FeedFormat::from_code(row.format).unwrap_or(FeedFormat::Auto),
        currency_id: row.currency_id,
        is_full: row.is_full,
        refresh_hours: row.refresh_hours,
        status: FeedStatus::from_code(row.status).unwrap_or(FeedStatus::Failed),
        message: row.message,
        rows_read: row.rows_read,
        rows_created: row.rows_created,
        rows_updated: row.rows_updated,
        rows_unchanged: row.rows_unchanged,
        rows_failed: row.rows_failed,
        rows_missing: row.rows_missing,
        date_created: Time(row.date_created),
        date_started: row.date_started.map(Time),
        date_finished: row.date_finished.map(Time),
        date_next: row.date_next.map(Time),
    }
}
