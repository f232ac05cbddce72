//! Clicks: what is remembered of a visit, and why it was sent where it was sent.

use serde::{Deserialize, Serialize};

use crate::codes;
use crate::tid::ClickId;

codes! {
    /// Why a click went where it went; stored with the click (design §5.2).
    pub enum ClickReason {
        Sent = 0 "sent to the offer",
        UnknownCode = 1 "no link has this code",
        LinkDeleted = 2 "the link was deleted",
        OfferStopped = 3 "the offer is stopped",
        NotConnected = 4 "the webmaster is not connected to the offer",
        AccountBlocked = 5 "the webmaster's account is blocked",
        OutOfGeo = 6 "not for the visitor's country",
        OutOfDevice = 7 "not for the visitor's device",
        OutOfSystem = 8 "not for the visitor's operating system",
        OutOfBrowser = 9 "not for the visitor's browser",
        OutOfLanguage = 10 "not for the visitor's language",
        OutOfSchedule = 11 "not at this hour",
        OutOfConnection = 12 "not for this kind of connection",
        OutOfVisitor = 13 "not for new visitors, or not for returning ones",
        OutOfArea = 14 "not for visitors from this area",
        OutOfSubid = 15 "not for visitors with these labels",
        Capped = 16 "a cap of the offer is reached",
        Paused = 17 "a rule about the quality of traffic paused the source",
        Uncovered = 18 "nothing is left that pays for the advertiser's leads",
    }
}

codes! {
    /// Whether a link tells the advertiser's site which page its visitors come from.
    pub enum ReferrerMode {
        Keep = 0 "as the browser does by itself",
        Hide = 1 "hidden: the redirect tells the browser not to send it",
        Page = 2 "hidden by a page in between too, for browsers that do not listen to the redirect",
    }
}

/// Longest label, in characters (rivals.md §5.7). A longer one of a link is refused; of a click it is cut, and the
/// answer says so.
pub const SUBID_LIMIT: usize = 600;

/// Everything that is remembered of one click. The log stores it as it is, the store as a row.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Click {
    /// Time-ordered number; its public form is the tid.
    pub id: ClickId,
    /// The link, 0 for an unknown code.
    pub link_id: i64,
    /// The offer, 0 for an unknown code.
    pub offer_id: i64,
    /// The webmaster, 0 for an unknown code.
    pub webmaster_id: i64,
    /// The webmaster's traffic source, 0 for none.
    pub area_id: i64,
    /// [`ClickReason`] as a number.
    pub reason: i64,
    /// The code in the address as it was asked for.
    pub code: String,
    /// Visitor's address.
    pub ip: String,
    /// ISO 3166 code of the visitor's country, empty when unknown.
    pub country: String,
    /// Visitor's user agent.
    pub ua: String,
    /// Visitor's first accepted language, lower case, empty when unknown.
    pub language: String,
    /// Page that the visitor came from, empty when unknown.
    pub referer: String,
    /// Search phrase.
    pub keyword: String,
    /// The webmaster's labels.
    pub subid: [String; 5],
    /// The raw query, so that nothing that was sent is lost.
    pub query: String,
    /// Days that the cookie with the tid lives, as promised at the time of the click.
    pub cookie_ttl_days: i64,
    /// [`ClickWay`](crate::facts::ClickWay) as a number.
    pub way: i64,
    /// [`DeviceKind`](crate::facts::DeviceKind) as a number.
    pub device: i64,
    /// Operating system, empty when unknown.
    pub os: String,
    /// Its version, empty when unknown.
    pub os_version: String,
    /// Browser, empty when unknown.
    pub browser: String,
    /// Its version, empty when unknown.
    pub browser_version: String,
    /// [`BotMark`](crate::facts::BotMark) as a number.
    pub bot_mark: i64,
    /// First click of this visitor on this offer within 24 hours.
    pub is_unique: bool,
    /// Landing page, 0 for none.
    pub landing_id: i64,
    /// Promo material, 0 for none.
    pub promo_id: i64,
    /// Product, 0 for none.
    pub product_id: i64,
    /// Stock (promotion), 0 for none.
    pub stock_id: i64,
    /// Deeplink, 0 for none.
    pub deeplink_id: i64,
    /// Parked domain that the visitor came through, 0 for the network's own.
    pub domain_id: i64,
    /// The questions that were asked, as [`Trace`](crate::trace::Trace) stores them.
    pub trace: String,
    /// Click ids of ad networks, and under which names the labels came: a query such as `subid1=clickid&gclid=…`.
    pub params: String,
}
