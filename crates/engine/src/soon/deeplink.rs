//! Deeplinks: tracked links to an inner page of the advertiser's site.

use whocpa_domain::input::Patch;
use whocpa_domain::{Page, PerPage, Time, params, view};

params! {
    /// Which deeplinks are wanted.
    pub struct DeeplinkList {
        /// Only of these offers.
        offer_id: Option<Vec<i64>>,
        /// Only on this area.
        area_id: Option<i64>,
        /// Only of this webmaster; for operators.
        webmaster_id: Option<i64>,
        /// Number of the page.
        page: Page,
        /// Rows on a page.
        per_page: PerPage,
    }
}

params! {
    /// A new deeplink.
    pub struct DeeplinkCreate {
        /// The offer; it must allow deeplinks and you must be connected to it.
        offer_id: i64,
        /// The inner page; its host must be one of those that the offer allows.
        url_to: String,
        /// The area where it is placed.
        area_id: Option<i64>,
        /// Parked domain of its address; the network's own unless told.
        domain_id: Option<i64>,
        /// What you call it.
        name: Option<String>,
        /// Label of clicks that bring no `subid1` of their own, at most 600 characters.
        subid1: Option<String>,
        /// As `subid1`.
        subid2: Option<String>,
        /// As `subid1`.
        subid3: Option<String>,
        /// As `subid1`.
        subid4: Option<String>,
        /// As `subid1`.
        subid5: Option<String>,
        /// Where visitors go who cannot go to the offer; a page of the network unless given.
        url_traffback: Option<String>,
    }
}

params! {
    /// Changes of a deeplink. Its offer and its code stay.
    pub struct DeeplinkUpdate {
        /// The inner page; its host must be one of those that the offer allows.
        url_to: Option<String>,
        /// The area where it is placed; empty for none.
        area_id: Patch<i64>,
        /// Parked domain of its address; empty for the network's own.
        domain_id: Patch<i64>,
        /// What you call it.
        name: Option<String>,
        /// Label of clicks that bring no `subid1` of their own, at most 600 characters.
        subid1: Option<String>,
        /// As `subid1`.
        subid2: Option<String>,
        /// As `subid1`.
        subid3: Option<String>,
        /// As `subid1`.
        subid4: Option<String>,
        /// As `subid1`.
        subid5: Option<String>,
        /// Where visitors go who cannot go to the offer; empty for a page of the network.
        url_traffback: Option<String>,
    }
}

view! {
    /// A deeplink.
    pub struct DeeplinkView {
        /// Deeplink id.
        id: i64,
        /// The word in its address.
        code: String,
        /// The address for visitors; `subid1` to `subid5` may be added as parameters.
        url: String,
        /// The inner page that it leads to.
        url_to: String,
        /// Whose it is; for operators only.
        #[serde(skip_serializing_if = "Option::is_none")]
        webmaster_id: Option<i64>,
        /// The offer that it belongs to.
        offer_id: i64,
        /// The area where it is placed.
        area_id: Option<i64>,
        /// Parked domain of its address, `null` for the network's own.
        domain_id: Option<i64>,
        /// What its owner calls it.
        name: String,
        /// Label of clicks that bring no `subid1` of their own.
        subid1: String,
        /// As `subid1`.
        subid2: String,
        /// As `subid1`.
        subid3: String,
        /// As `subid1`.
        subid4: String,
        /// As `subid1`.
        subid5: String,
        /// Where visitors go who cannot go to the offer, empty for a page of the network.
        url_traffback: String,
        /// When it was made.
        date_created: Time,
    }
}
