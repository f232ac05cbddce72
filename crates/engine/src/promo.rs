//! Promos: creative material with which webmasters advertise an offer, moderated by operators.
//!
//! When its owner changes what a live promo shows or where it leads, it is on review again and is not shown until it
//! is approved: to keep something to show meanwhile, add the new one beside the old.

mod input;

use whocpa_domain::moderation::{Moderation, ModerationStatus};
use whocpa_domain::promo::PromoKind;
use whocpa_domain::{Error, FieldErrors, Method, Resource, Result, Scope, Time, view};
use whocpa_store::promo::{self, Promo, PromoFilter};
use whocpa_store::{Db, stock};

use crate::audit::Changes;
use crate::image::ImageView;
use crate::material::{self, Asked};
use crate::{Caller, Engine, Paging, Rows, image};

pub use input::{PromoCreate, PromoList, PromoUpdate};

/// Declares the row of the list and the richer object at once: what they share is written and documented once.
macro_rules! shown {
    (
        shared { $( $(#[doc = $doc:literal])* $(#[serde($($serde:tt)*)])? $field:ident : $ty:ty ),* $(,)? }
        more { $( $(#[doc = $more_doc:literal])* $more:ident : $more_ty:ty ),* $(,)? }
    ) => {
        view! {
            /// A promo in a list.
            pub struct PromoRow { $( $(#[doc = $doc])* $(#[serde($($serde)*)])? $field: $ty ),* }
        }
        view! {
            /// A promo with its template.
            pub struct PromoView {
                $( $(#[doc = $doc])* $(#[serde($($serde)*)])? $field: $ty, )*
                $( $(#[doc = $more_doc])* $more: $more_ty ),*
            }
        }
        impl PromoRow {
            /// The same promo with what only its own page shows.
            fn with(self, $($more: $more_ty),*) -> PromoView {
                PromoView { $( $field: self.$field, )* $( $more ),* }
            }
        }
    };
}

shown! {
    shared {
        /// Promo id.
        id: i64,
        /// Its offer.
        offer_id: i64,
        /// The stock that it advertises; `null` for none.
        stock_id: Option<i64>,
        /// What it is.
        kind: PromoKind,
        /// Name.
        name: String,
        /// Its language, an ISO 639-1 code, empty when not told.
        language: String,
        /// Where visitors are sent, empty for the offer's own address. Guests and webmasters see it without its query.
        url: String,
        /// Where the video or the showcase itself is, empty for others.
        url_content: String,
        /// Its picture in three sizes, empty for none.
        images: Vec<ImageView>,
        /// Width in pixels; `null` when it has none.
        width: Option<i64>,
        /// Height in pixels; `null` when it has none.
        height: Option<i64>,
        /// Whether it is approved and live.
        is_approved: bool,
        /// Whether it was approved for the first time in the last 14 days.
        is_new: bool,
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
    more {
        /// Its text or HTML, as its advertiser wrote it: show it as text, or in a sandboxed frame. `{link}` stands for
        /// the webmaster's own tracked link.
        template: String,
    }
}

impl Engine {
    /// One page of promos.
    pub async fn promo_list(&self, caller: Caller, input: PromoList) -> Result<Rows<PromoRow>> {
        let scope = caller.may(Resource::Promo, Method::List)?;
        material::filter_by_insiders(caller, "status", input.status.is_some())?;
        let (db, now) = (self.store().read(), self.now());
        material::offers_check(&db, scope, input.offer_id.as_deref()).await?;
        let filter = PromoFilter {
            ids: input.id,
            offer_ids: input.offer_id,
            stock_ids: input.stock_id,
            widths: input.width,
            heights: input.height,
            kinds: input.kind,
            status: input.status,
            languages: input.language,
            published_from: input.is_new.map(|wanted| (material::new_from(now), wanted)),
            search: input.search,
            updated_from: input.d_updated_from,
            sort: input.sort.unwrap_or_default(),
        };
        let rows = promo::list(&db, scope, &filter, Paging::new(input.page, input.per_page)).await?;
        Ok(rows.map(|row| self.promo_shown(row, caller, now)))
    }

    /// One promo with its template.
    pub async fn promo_view(&self, caller: Caller, id: i64) -> Result<PromoView> {
        let scope = caller.may(Resource::Promo, Method::View)?;
        let mut row = promo::view(&self.store().read(), scope, id).await?.ok_or(Error::NotFound)?;
        let template = std::mem::take(&mut row.template);
        Ok(self.promo_shown(row, caller, self.now()).with(template))
    }

    /// Changes a promo or its moderation; absent fields keep their value.
    pub async fn promo_update(&self, caller: Caller, id: i64, input: PromoUpdate) -> Result<()> {
        let scope = caller.may(Resource::Promo, Method::Update)?;
        let picture = self.image_read("image", &input.image).await?;
        let (now, input, picture) = (self.now(), &input, &picture);
        self.store()
            .write(move |db| async move {
                let before = promo::view_for_update(&db, scope, id).await?.ok_or(Error::NotFound)?;
                let mut row = before.clone();
                input.apply(&mut row);
                image::apply(&db, picture, &mut row.image).await?;
                self.promo_check(&db, &row).await?;
                let present = Moderation::stored(before.status, &before.reason);
                let asked = Asked { status: input.status, reason: input.reason.as_deref() };
                let is_content = input::content(&row) != input::content(&before);
                let moderation = material::moderated(caller, &present, row != before, is_content, &asked)?;
                row.status = moderation.status.code();
                row.date_published = material::published(row.date_published, moderation.status, now);
                row.reason = moderation.reason;
                if row != before {
                    row.date_updated = now.0;
                }
                let changes = Changes::updated(&before, &row);
                promo::update(&db, row).await?;
                self.note(&db, caller, Resource::Promo, id, changes).await
            })
            .await
    }

    /// Adds a promo, for moderation unless it is a draft; gives its id.
    pub async fn promo_create(&self, caller: Caller, input: PromoCreate) -> Result<i64> {
        let scope = caller.may(Resource::Promo, Method::Create)?;
        let picture = &self.image_read("image", &input.image).await?;
        let row = &input.row(self.now());
        self.store()
            .write(move |db| async move {
                material::offer_for(&db, scope, row.offer_id).await?;
                let mut row = row.clone();
                image::apply(&db, picture, &mut row.image).await?;
                self.promo_check(&db, &row).await?;
                let id = promo::create(&db, row.clone()).await?;
                self.note(&db, caller, Resource::Promo, id, Changes::created(&row)).await?;
                Ok(id)
            })
            .await
    }

    /// Removes a promo that was never approved; one that was is archived, because clicks and leads name it.
    pub async fn promo_delete(&self, caller: Caller, id: i64) -> Result<()> {
        let scope = caller.may(Resource::Promo, Method::Delete)?;
        let now = self.now().0;
        self.store()
            .write(move |db| async move {
                let row = promo::view_for_update(&db, scope, id).await?.ok_or(Error::NotFound)?;
                let changes = if row.date_published.is_none() {
                    promo::delete(&db, id).await?;
                    Changes::deleted(&row)
                } else {
                    let status = ModerationStatus::Archived.code();
                    let archived = Promo { status, date_updated: now, ..row.clone() };
                    let changes = Changes::archived(&row, &archived);
                    promo::update(&db, archived).await?;
                    changes
                };
                self.note(&db, caller, Resource::Promo, id, changes).await
            })
            .await
    }

    async fn promo_check(&self, db: &Db, row: &Promo) -> Result<()> {
        let mut errors = FieldErrors::default();
        input::check(&mut errors, row);
        self.check_away(&mut errors, "url", &row.url, 0);
        if let Some(id) = row.stock_id
            && stock::view(db, Scope::All, id).await?.is_none_or(|stock| stock.offer_id != row.offer_id)
        {
            errors.add("stock_id", "Stocks not found");
        }
        errors.finish()
    }

    fn promo_shown(&self, row: Promo, caller: Caller, now: Time) -> PromoRow {
        let status = ModerationStatus::from_code(row.status).unwrap_or(ModerationStatus::Draft);
        let sees_all = material::sees_all(caller);
        PromoRow {
            id: row.id,
            images: image::views(self.base_url(), row.image.as_deref()),
            offer_id: row.offer_id,
            stock_id: row.stock_id,
            kind: PromoKind::from_code(row.kind).unwrap_or(PromoKind::Text),
            name: row.name,
            language: row.language,
            url: material::address(caller, row.url),
            url_content: row.url_content,
            width: row.width,
            height: row.height,
            is_approved: status == ModerationStatus::Live,
            is_new: material::is_new(row.date_published, now),
            is_private: row.is_private,
            date_created: Time(row.date_created),
            date_updated: Time(row.date_updated),
            status: sees_all.then_some(status),
            reason: sees_all.then_some(row.reason),
        }
    }
}
