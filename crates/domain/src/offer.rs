//! Offers: an advertiser's product, its rules, where and how it may be promoted.

/// Life of an offer: it goes live after moderation (design §4).
pub use crate::moderation::ModerationStatus as OfferStatus;
pub use crate::template::{URL_MACROS, UrlMacro, UrlTemplate};

use crate::{Time, codes, sort_keys};

codes! {
    /// How a webmaster brings visitors; an offer allows some kinds and forbids others.
    pub enum TrafficKind {
        SearchAds = 1 "search advertising",
        BrandSearch = 2 "search advertising on the brand's name",
        SocialAds = 3 "advertising in social networks",
        SocialGroups = 4 "communities and bloggers of social networks",
        Messenger = 5 "messenger channels and chats",
        Teaser = 6 "teaser and native networks",
        Banner = 7 "banner networks",
        Push = 8 "push notifications",
        Pop = 9 "pop-up, pop-under and click-under windows",
        Email = 10 "e-mail",
        Sms = 11 "SMS",
        Seo = 12 "sites with visitors from search engines",
        Doorway = 13 "doorway pages",
        Video = 14 "video channels",
        InApp = 15 "advertising in applications",
        Adult = 16 "adult sites",
        Motivated = 17 "visitors who are rewarded for the action",
        Cashback = 18 "cashback services",
        Coupon = 19 "coupons and promo codes",
        Retargeting = 20 "retargeting",
        Redirect = 21 "redirects of domains",
        Other = 99 "other",
    }
}

sort_keys! {
    /// What a list of offers may be sorted by.
    pub enum OfferSort {
        /// Number.
        Id = "id",
        /// Name, in any case of letters.
        Name = "name",
        /// When it was added.
        Date = "date",
        /// Highest amount that a webmaster gets for an action, in one currency.
        Payout = "payout",
        /// Earnings of a click, in one currency.
        Epc = "epc",
        /// Leads in a hundred clicks.
        Cr = "cr",
        /// Approved leads in a hundred decided ones.
        ApproveRate = "approve_rate",
        /// 1 to 10.
        Rating = "rating",
    }
}

/// Days during which something counts as new: an offer after it first went live, promo materials and stocks after they
/// were first approved.
pub const NEW_DAYS: i64 = 14;

/// What began at or after this moment is new at `now`.
pub fn new_since(now: Time) -> Time {
    now.plus_days(-NEW_DAYS)
}

/// Whether an offer takes visitors at `now`, as far as its dates say: from the start on, and before the stop.
pub fn is_within(start: Option<i64>, stop: Option<i64>, now: Time) -> bool {
    start.is_none_or(|start| start <= now.0) && stop.is_none_or(|stop| now.0 < stop)
}

/// A destination with an offer's UTM mask in its query, before the fragment.
pub fn with_mask(url: &str, mask: &str) -> String {
    if mask.is_empty() {
        return url.to_owned();
    }
    let (page, fragment) = url.find('#').map_or((url, ""), |at| url.split_at(at));
    let joint = match page.chars().next_back() {
        Some('?' | '&') => "",
        _ if page.contains('?') => "&",
        _ => "?",
    };
    format!("{page}{joint}{mask}{fragment}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mask_stands_in_the_query() {
        let mask = "utm_source=whocpa";
        for (url, whole) in [
            ("https://a.example", "https://a.example?utm_source=whocpa"),
            ("https://a.example/?x=1#y?z", "https://a.example/?x=1&utm_source=whocpa#y?z"),
            ("https://a.example/?", "https://a.example/?utm_source=whocpa"),
        ] {
            assert_eq!(with_mask(url, mask), whole);
            assert_eq!(with_mask(url, ""), url);
        }
    }

    #[test]
    fn dates_bound_an_offer() {
        let now = Time(100);
        assert!(is_within(None, None, now) && is_within(Some(100), Some(101), now));
        assert!(!is_within(Some(101), None, now) && !is_within(None, Some(100), now));
    }

    #[test]
    fn new_is_what_began_in_the_last_days() {
        let now = Time(1_700_000_000);
        let is_new = |at: Time| at >= new_since(now);
        assert!(is_new(now) && is_new(now.plus_days(-NEW_DAYS)));
        assert!(!is_new(now.plus_days(-NEW_DAYS).plus(-1)));
    }
}
