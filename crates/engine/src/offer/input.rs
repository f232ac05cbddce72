//! What requests about offers may carry, and how it becomes a row.

use whocpa_domain::input::Patch;
use whocpa_domain::offer::OfferStatus;
use whocpa_domain::{Error, FieldErrors, Level, Page, PerPage, Result, params};
use whocpa_store::offer::Offer;

use crate::image::ImageFile;
use crate::{Caller, check};

/// Longest life of the cookie with the tid, in days.
const COOKIE_LIMIT_DAYS: i64 = 365;

params! {
    /// Which offers are wanted.
    pub struct OfferList {
        /// These offers.
        id: Option<Vec<i64>>,
        /// 1 for exclusive offers only, 0 for the others only.
        is_exclusive: Option<bool>,
        /// 1 for mobile products only, 0 for the others only.
        is_mobile: Option<bool>,
        /// 1 for offers optimised for mobile only, 0 for the others only.
        is_mobile_optimised: Option<bool>,
        /// 1 for offers with new promo materials only; no offer has them yet.
        is_new_promo: Option<bool>,
        /// 1 for offers with a new stock only; no offer has one yet.
        is_new_stock: Option<bool>,
        /// 1 for offers with a running stock only; no offer has one yet.
        is_active_stock: Option<bool>,
        /// 1 to include stopped offers (and archived ones, where you may see them).
        show_stopped: Option<bool>,
        /// Offers available in these regions: for a region itself, for one that it lies in, or for one in it.
        geo: Option<Vec<i64>>,
        /// Offers of these categories.
        categories: Option<Vec<i64>>,
        /// Page, from 1.
        page: Page,
        /// Rows on a page, 10 to 100.
        per_page: PerPage,
    }
}

/// Declares both sets of parameters at once: what they share is written and documented once.
macro_rules! writing {
    (
        $(#[doc = $create_about:literal])* create { $($create:tt)* }
        $(#[doc = $update_about:literal])* update { $($update:tt)* }
        shared { $( $(#[doc = $doc:literal])* $field:ident : $ty:ty ),* $(,)? }
    ) => {
        params! {
            $(#[doc = $create_about])*
            pub struct OfferCreate { $($create)* $( $(#[doc = $doc])* $field: $ty ),* }
        }
        params! {
            $(#[doc = $update_about])*
            pub struct OfferUpdate { $($update)* $( $(#[doc = $doc])* $field: $ty ),* }
        }
        impl From<OfferCreate> for OfferUpdate {
            fn from(input: OfferCreate) -> Self {
                Self {
                    name: Some(input.name),
                    url_redirect: Some(input.url_redirect),
                    is_stopped: None,
                    $( $field: input.$field ),*
                }
            }
        }
    };
}

writing! {
    /// A new offer. At least one category and one region must be named.
    create {
        /// Whose offer it is: an advertiser's user id. Operators only, who must name it.
        advertiser_id: Option<i64>,
        /// Name.
        name: String,
        /// Where visitors are sent: an http or https address, which may hold the macros {tid}, {subid1} to {subid5},
        /// {keyword}, {offer_id}, {webmaster_id}, {country}. Without {tid}, tid is added to its query.
        url_redirect: String,
    }
    /// Changes of an offer.
    update {
        /// Name.
        name: Option<String>,
        /// Where visitors are sent: an http or https address, which may hold the macros {tid}, {subid1} to {subid5},
        /// {keyword}, {offer_id}, {webmaster_id}, {country}. Without {tid}, tid is added to its query.
        url_redirect: Option<String>,
        /// 1 stops a live offer, 0 lets a stopped one go on.
        is_stopped: Option<bool>,
    }
    shared {
        /// 1 keeps the offer out of moderation as a draft, 0 sends it there. Not for offers that went live.
        is_draft: Option<bool>,
        /// State of the offer. Operators only: this is moderation.
        status: Option<OfferStatus>,
        /// Whether only connected webmasters see it.
        is_private: Option<bool>,
        /// Whether webmasters are connected without a decision.
        is_auto_connect: Option<bool>,
        /// Full description.
        description: Option<String>,
        /// Short description.
        description_short: Option<String>,
        /// The advertiser's rules.
        rules_full: Option<String>,
        /// The advertiser's rules in short.
        rules_short: Option<String>,
        /// Ids of the offer's categories; they replace the present ones.
        categories: Option<Vec<i64>>,
        /// Ids of the regions where it is available; they replace the present ones.
        geo: Option<Vec<i64>>,
        /// Whether deeplinks are allowed.
        is_deeplink: Option<bool>,
        /// Whether only this network has it. Operators only.
        is_exclusive: Option<bool>,
        /// Whether leads are tracked by phone.
        is_phone_tracking: Option<bool>,
        /// Whether it is a mobile product: a game, an application.
        is_mobile: Option<bool>,
        /// Whether its pages suit mobile visitors.
        is_mobile_optimised: Option<bool>,
        /// Rating, 1 to 10. Operators only.
        rating: Option<i64>,
        /// Whether the network recommends it. Operators only.
        is_recommended: Option<bool>,
        /// Home page; empty for none.
        url_homepage: Option<String>,
        /// Title of the page where visitors are sent.
        url_name: Option<String>,
        /// Its picture: a file in PNG, JPEG or WebP, of at most 5 MiB and 16 million pixels. It is made anew in three
        /// sizes, see `images`. Sent empty, the present one goes.
        image: Patch<ImageFile>,
        /// Days that the cookie with the tid lives, 1 to 365; 30 unless told.
        cookie_ttl_days: Option<i64>,
    }
}

/// Refuses every field that only an operator may set.
pub(super) fn operator_only(caller: Caller, input: &OfferUpdate, advertiser_id: Option<i64>) -> Result<()> {
    let mut errors = FieldErrors::default();
    if caller.level != Level::Operator {
        for (field, is_sent) in [
            ("advertiser_id", advertiser_id.is_some()),
            ("status", input.status.is_some()),
            ("rating", input.rating.is_some()),
            ("is_recommended", input.is_recommended.is_some()),
            ("is_exclusive", input.is_exclusive.is_some()),
        ] {
            if is_sent {
                errors.add(field, "Only an operator may set this");
            }
        }
    }
    for (field, is_sent) in
        [("is_draft", input.is_draft.is_some()), ("is_stopped", input.is_stopped.is_some())]
    {
        if is_sent && input.status.is_some() {
            errors.add(field, "Must not be sent together with status");
        }
    }
    errors.finish()
}

/// Puts what was sent into the row, except the state, which [`next_status`] decides.
pub(super) fn apply(row: &mut Offer, input: &OfferUpdate) {
    for (place, sent) in [
        (&mut row.name, &input.name),
        (&mut row.description, &input.description),
        (&mut row.description_short, &input.description_short),
        (&mut row.rules_full, &input.rules_full),
        (&mut row.rules_short, &input.rules_short),
        (&mut row.url_homepage, &input.url_homepage),
        (&mut row.url_redirect, &input.url_redirect),
        (&mut row.url_name, &input.url_name),
    ] {
        if let Some(sent) = sent {
            place.clone_from(sent);
        }
    }
    for (place, sent) in [
        (&mut row.is_private, input.is_private),
        (&mut row.is_auto_connect, input.is_auto_connect),
        (&mut row.is_deeplink, input.is_deeplink),
        (&mut row.is_exclusive, input.is_exclusive),
        (&mut row.is_phone_tracking, input.is_phone_tracking),
        (&mut row.is_mobile, input.is_mobile),
        (&mut row.is_mobile_optimised, input.is_mobile_optimised),
        (&mut row.is_recommended, input.is_recommended),
    ] {
        *place = sent.unwrap_or(*place);
    }
    row.rating = input.rating.unwrap_or(row.rating);
    row.cookie_ttl_days = input.cookie_ttl_days.unwrap_or(row.cookie_ttl_days);
}

/// The state after an update; what is asked for already holds changes nothing.
///
/// # Errors
/// [`Error::Conflict`] when the present state does not allow it.
pub(super) fn next_status(present: OfferStatus, input: &OfferUpdate) -> Result<OfferStatus> {
    let mut status = input.status.unwrap_or(present);
    if let Some(is_draft) = input.is_draft {
        status = match (status, is_draft) {
            (OfferStatus::Draft | OfferStatus::Review, true) => OfferStatus::Draft,
            (OfferStatus::Draft, false) => OfferStatus::Review,
            (other, false) => other,
            (_, true) => {
                return Err(Error::Conflict("This offer went live: it cannot be a draft again".to_owned()));
            }
        };
    }
    match (input.is_stopped, status) {
        (Some(true), OfferStatus::Live | OfferStatus::Stopped) => Ok(OfferStatus::Stopped),
        (Some(true), _) => Err(Error::Conflict("Only a live offer can be stopped".to_owned())),
        (Some(false), OfferStatus::Stopped) => Ok(OfferStatus::Live),
        (Some(false), OfferStatus::Archived) => {
            Err(Error::Conflict("An archived offer cannot go on".to_owned()))
        }
        (Some(false) | None, _) => Ok(status),
    }
}

/// Checks a row before it is written.
pub(super) fn check(errors: &mut FieldErrors, row: &Offer) {
    check::name(errors, "name", &row.name);
    for (field, value) in [
        ("description", &row.description),
        ("description_short", &row.description_short),
        ("rules_full", &row.rules_full),
        ("rules_short", &row.rules_short),
    ] {
        check::text(errors, field, value);
    }
    if row.url_redirect.is_empty() {
        errors.add("url_redirect", "Must not be empty");
    }
    check::url_template(errors, "url_redirect", &row.url_redirect);
    if !row.url_name.is_empty() {
        check::name(errors, "url_name", &row.url_name);
    }
    check::url(errors, "url_homepage", &row.url_homepage);
    check::range(errors, "rating", row.rating, 1, 10);
    check::range(errors, "cookie_ttl_days", row.cookie_ttl_days, 1, COOKIE_LIMIT_DAYS);
}
