//! What may be sent about promos, and what is checked.

use whocpa_domain::input::Patch;
use whocpa_domain::input::limits::{self, Limits};
use whocpa_domain::material::MaterialSort;
use whocpa_domain::moderation::{Moderation, ModerationStatus};
use whocpa_domain::promo::{LINK_PLACE, PromoKind};
use whocpa_domain::sort::Sort;
use whocpa_domain::{FieldErrors, Page, PerPage, Time, params};
use whocpa_store::promo::Promo;

use crate::image::ImageFile;
use crate::{check, material};

/// Longest side of a banner, in pixels.
const SIDE_LIMIT: i64 = 10_000;
/// A side of a banner, in pixels.
const SIDE: Limits = Limits::Range(1, SIDE_LIMIT);

params! {
    /// Which promos are wanted.
    pub struct PromoList {
        /// Only these.
        id: Option<Vec<i64>>,
        /// Only of these offers. When one of them is unknown or not visible to you, the request is refused.
        offer_id: Option<Vec<i64>>,
        /// Only those that advertise these stocks.
        stock_id: Option<Vec<i64>>,
        /// Only of these kinds.
        kind: Option<Vec<PromoKind>>,
        /// Only in these languages, ISO 639-1 codes.
        language: Option<Vec<String>> where limits::LANGUAGE,
        /// Only of these widths, pixels.
        width: Option<Vec<i64>>,
        /// Only of these heights, pixels.
        height: Option<Vec<i64>>,
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
    /// A new promo.
    pub struct PromoCreate {
        /// The offer.
        offer_id: i64,
        /// The stock that it advertises.
        stock_id: Option<i64>,
        /// What it is.
        kind: PromoKind,
        /// Name.
        name: String where limits::NAME,
        /// Its language, an ISO 639-1 code.
        language: Option<String> where limits::LANGUAGE,
        /// Its text or HTML; required for texts, e-mails and HTML blocks. `{link}` stands for the webmaster's own tracked
        /// link; e-mails and HTML blocks must have it.
        template: Option<String> where limits::TEXT,
        /// Where visitors are sent, with macros as in an offer's `url_redirect`; the offer's own address unless told.
        url: Option<String> where check::URL_TEMPLATE,
        /// Where the video or the showcase itself is; required for these two kinds.
        url_content: Option<String> where check::URL,
        /// Its picture: PNG, JPEG or WebP; required for banners.
        image: Patch<ImageFile>,
        /// Width in pixels; required for banners.
        width: Option<i64> where SIDE,
        /// Height in pixels; required for banners.
        height: Option<i64> where SIDE,
        /// Whether only webmasters who are connected with the offer see it; no unless told.
        is_private: Option<bool>,
        /// 1 keeps it out of moderation as a draft.
        is_draft: Option<bool>,
    }
}

params! {
    /// Changes of a promo. Its offer and its kind stay. When you change what an approved promo shows or where it leads,
    /// it goes on review again and is not shown until it is approved.
    pub struct PromoUpdate {
        /// The stock that it advertises; empty for none.
        stock_id: Patch<i64>,
        /// Name.
        name: Option<String> where limits::NAME,
        /// Its language, an ISO 639-1 code; empty for none.
        language: Option<String> where limits::LANGUAGE,
        /// Its text or HTML.
        template: Option<String> where limits::TEXT,
        /// Where visitors are sent; empty for the offer's own address.
        url: Option<String> where check::URL_TEMPLATE,
        /// Where the video or the showcase itself is.
        url_content: Option<String> where check::URL,
        /// Its picture: PNG, JPEG or WebP; empty for none.
        image: Patch<ImageFile>,
        /// Width in pixels; empty for none.
        width: Patch<i64> where SIDE,
        /// Height in pixels; empty for none.
        height: Patch<i64> where SIDE,
        /// Whether only webmasters who are connected with the offer see it.
        is_private: Option<bool>,
        /// The wanted state. You send a draft for review, take it back, stop what is live, let it go on, archive it or
        /// take it out of the archive; operators approve, send back, stop.
        status: Option<ModerationStatus>,
        /// Why it is sent back, stopped or archived; for operators, required when they send back or stop.
        reason: Option<String> where limits::TEXT,
    }
}

impl PromoCreate {
    /// The new row, still without its picture.
    pub(super) fn row(self, now: Time) -> Promo {
        Promo {
            id: 0,
            offer_id: self.offer_id,
            stock_id: self.stock_id,
            kind: self.kind.code(),
            status: Moderation::new(self.is_draft.unwrap_or(false)).status.code(),
            reason: String::new(),
            name: self.name,
            language: self.language.unwrap_or_default(),
            template: self.template.unwrap_or_default(),
            url: self.url.unwrap_or_default(),
            url_content: self.url_content.unwrap_or_default(),
            image: None,
            width: self.width,
            height: self.height,
            is_private: self.is_private.unwrap_or(false),
            date_created: now.0,
            date_updated: now.0,
            date_published: None,
        }
    }
}

impl PromoUpdate {
    /// Puts what was sent into the row, except its moderation.
    pub(super) fn apply(&self, row: &mut Promo) {
        for (place, sent) in [
            (&mut row.name, &self.name),
            (&mut row.language, &self.language),
            (&mut row.template, &self.template),
            (&mut row.url, &self.url),
            (&mut row.url_content, &self.url_content),
        ] {
            if let Some(sent) = sent {
                place.clone_from(sent);
            }
        }
        row.stock_id = self.stock_id.or(row.stock_id);
        row.width = self.width.or(row.width);
        row.height = self.height.or(row.height);
        row.is_private = self.is_private.unwrap_or(row.is_private);
    }
}

/// What an operator approves.
pub(super) fn content(row: &Promo) -> [&str; 5] {
    [&row.name, &row.template, &row.url, &row.url_content, row.image.as_deref().unwrap_or_default()]
}

/// Checks a row before it is written.
pub(super) fn check(errors: &mut FieldErrors, row: &Promo) {
    check::name(errors, "name", &row.name);
    material::language(errors, &row.language);
    check::text(errors, "template", &row.template);
    check::url_template(errors, "url", &row.url);
    check::url(errors, "url_content", &row.url_content);
    for (field, side) in [("width", row.width), ("height", row.height)] {
        if let Some(side) = side {
            SIDE.check_number(errors, field, side);
        }
    }
    match PromoKind::from_code(row.kind) {
        Some(PromoKind::Banner) => {
            for (field, is_missing) in [
                ("image", row.image.is_none()),
                ("width", row.width.is_none()),
                ("height", row.height.is_none()),
            ] {
                if is_missing {
                    errors.add(field, "Must be given for a banner");
                }
            }
        }
        Some(PromoKind::Text | PromoKind::Email | PromoKind::Html) if row.template.trim().is_empty() => {
            errors.add("template", "Must be given for this kind of promo");
        }
        Some(PromoKind::Email | PromoKind::Html) if !row.template.contains(LINK_PLACE) => {
            errors.add("template", "Must have {link} where the webmaster's link belongs");
        }
        Some(PromoKind::Video | PromoKind::Showcase) if row.url_content.is_empty() => {
            errors.add("url_content", "Must be given for this kind of promo");
        }
        _ => {}
    }
}
