//! Offers as answers show them.

use std::collections::{BTreeMap, BTreeSet};

use whocpa_domain::connection::ConnectionStatus;
use whocpa_domain::offer::{NEW_DAYS, OfferStatus};
use whocpa_domain::{Level, Result, Scope, Time, view};
use whocpa_store::Db;
use whocpa_store::offer::{self, Offer};

use crate::goal::GoalSummary;
use crate::image::{self, ImageView};
use crate::{Caller, Engine};

view! {
    /// The rules of an offer.
    pub struct OfferRules {
        /// In short.
        short: String,
        /// In full.
        full: String,
    }
}

/// Declares the row of the list and the richer object at once: what they share is written and documented once.
macro_rules! shown {
    (
        shared { $( $(#[doc = $doc:literal])* $(#[serde($($serde:tt)*)])? $field:ident : $ty:ty ),* $(,)? }
        more { $( $(#[doc = $more_doc:literal])* $more:ident : $more_ty:ty ),* $(,)? }
    ) => {
        view! {
            /// An offer in a list.
            pub struct OfferRow { $( $(#[doc = $doc])* $(#[serde($($serde)*)])? $field: $ty ),* }
        }
        view! {
            /// An offer with its goals.
            pub struct OfferView {
                $( $(#[doc = $doc])* $(#[serde($($serde)*)])? $field: $ty, )*
                $( $(#[doc = $more_doc])* $more: $more_ty ),*
            }
        }
        impl OfferRow {
            /// The same offer with what only its own page shows.
            pub(super) fn with(self, $($more: $more_ty),*) -> OfferView {
                OfferView { $( $field: self.$field, )* $( $more ),* }
            }
        }
    };
}

shown! {
    shared {
        /// Offer id.
        id: i64,
        /// For a webmaster: whether he is connected with the offer and may work with it. For others: whether it went
        /// live, that is, passed moderation.
        is_approved: bool,
        /// Whether it is paused: no visitors are sent to it now.
        is_stopped: bool,
        /// Name.
        name: String,
        /// Full description.
        description: String,
        /// Short description.
        description_short: String,
        /// The advertiser's rules.
        rules: OfferRules,
        /// Whether deeplinks are allowed.
        is_deeplink: bool,
        /// Whether it was added in the last 14 days.
        is_new: bool,
        /// Whether it has new promo materials.
        is_new_promo: bool,
        /// Whether it has a new stock.
        is_new_stock: bool,
        /// Whether only this network has it.
        is_exclusive: bool,
        /// Whether leads are tracked by phone.
        is_phone_tracking: bool,
        /// Rating, 1 to 10.
        rating: i64,
        /// Home page, empty for none.
        url_homepage: String,
        /// Where visitors are sent. Guests and webmasters see it without its query.
        url_redirect: String,
        /// Title of that page.
        url_name: String,
        /// Its picture in three sizes; empty when it has none.
        images: Vec<ImageView>,
        /// Days that the cookie with the tid lives.
        cookie_ttl_days: i64,
        /// When it was added.
        date_created: Time,
        /// Whether it is a mobile product: a game, an application.
        is_mobile: bool,
        /// Whether its pages suit mobile visitors.
        is_mobile_optimised: bool,
        /// Whether the network recommends it.
        is_recommended: bool,
        /// Ids of its categories.
        categories: Vec<i64>,
        /// Ids of the regions where it is available.
        geo: Vec<i64>,
        /// Whose offer it is; for its advertiser and operators only.
        #[serde(skip_serializing_if = "Option::is_none")]
        advertiser_id: Option<i64>,
        /// State of the offer; for its advertiser and operators only.
        #[serde(skip_serializing_if = "Option::is_none")]
        status: Option<OfferStatus>,
        /// Whether only connected webmasters see it; for its advertiser and operators only.
        #[serde(skip_serializing_if = "Option::is_none")]
        is_private: Option<bool>,
        /// Whether webmasters are connected without a decision; for its advertiser and operators only.
        #[serde(skip_serializing_if = "Option::is_none")]
        is_auto_connect: Option<bool>,
    }
    more {
        /// Its goals with the terms that are in force.
        goals: Vec<GoalSummary>,
        /// State of your connection with it; `null` when you have none or are not a webmaster.
        connection_status: Option<ConnectionStatus>,
    }
}

/// What a page of offers needs besides its rows, read once for all of them.
pub(super) struct Around {
    level: Level,
    now: Time,
    base_url: String,
    connected: BTreeSet<i64>,
    categories: BTreeMap<i64, Vec<i64>>,
    geos: BTreeMap<i64, Vec<i64>>,
}

impl Around {
    pub(super) async fn load(
        engine: &Engine,
        db: &Db,
        (caller, scope): (Caller, Scope),
        ids: &[i64],
    ) -> Result<Self> {
        Ok(Self {
            level: caller.level,
            now: engine.now(),
            base_url: engine.base_url().to_owned(),
            connected: match scope {
                Scope::Webmaster(id) => offer::connected(db, id, ids).await?,
                Scope::Public | Scope::Advertiser(_) | Scope::Manager(_) | Scope::All => BTreeSet::new(),
            },
            categories: offer::categories(db, ids).await?,
            geos: offer::geos(db, ids).await?,
        })
    }

    pub(super) fn row(&self, row: Offer) -> OfferRow {
        let status = OfferStatus::from_code(row.status).unwrap_or(OfferStatus::Draft);
        let sees_all = matches!(self.level, Level::Advertiser | Level::Operator);
        OfferRow {
            id: row.id,
            is_approved: match self.level {
                Level::Webmaster => self.connected.contains(&row.id),
                Level::Guest | Level::Advertiser | Level::Operator => status.is_public(),
            },
            is_stopped: matches!(status, OfferStatus::Stopped | OfferStatus::Archived),
            images: image::views(&self.base_url, row.image.as_deref()),
            rules: OfferRules { short: row.rules_short, full: row.rules_full },
            is_new: Time(row.date_created).plus_days(NEW_DAYS) > self.now,
            is_new_promo: false,
            is_new_stock: false,
            url_redirect: if sees_all { row.url_redirect } else { without_query(&row.url_redirect) },
            categories: self.categories.get(&row.id).cloned().unwrap_or_default(),
            geo: self.geos.get(&row.id).cloned().unwrap_or_default(),
            date_created: Time(row.date_created),
            advertiser_id: sees_all.then_some(row.advertiser_id),
            status: sees_all.then_some(status),
            is_private: sees_all.then_some(row.is_private),
            is_auto_connect: sees_all.then_some(row.is_auto_connect),
            name: row.name,
            description: row.description,
            description_short: row.description_short,
            is_deeplink: row.is_deeplink,
            is_exclusive: row.is_exclusive,
            is_phone_tracking: row.is_phone_tracking,
            rating: row.rating,
            url_homepage: row.url_homepage,
            url_name: row.url_name,
            cookie_ttl_days: row.cookie_ttl_days,
            is_mobile: row.is_mobile,
            is_mobile_optimised: row.is_mobile_optimised,
            is_recommended: row.is_recommended,
        }
    }
}

/// The query of a template may hold keys between the advertiser and the network.
fn without_query(url: &str) -> String {
    url.split(['?', '#']).next().unwrap_or_default().to_owned()
}
