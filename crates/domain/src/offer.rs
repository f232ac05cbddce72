//! Offers: an advertiser's product, its rules, where and how it may be promoted.

/// Life of an offer: it goes live after moderation (design §4).
pub use crate::moderation::ModerationStatus as OfferStatus;

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

/// A destination of visitors: where macros stand in it, found once when the offer is saved or loaded.
///
/// A template without `{tid}` gets `tid=…` added to its query, because without the tid no lead finds its click.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UrlTemplate(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Macro(UrlMacro),
}

/// A macro that a destination may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UrlMacro {
    /// `{tid}`: the click's public id.
    Tid,
    /// `{subid1}`..`{subid5}`: the webmaster's labels, by index from 0.
    Subid(usize),
    /// `{keyword}`: the search phrase.
    Keyword,
    /// `{offer_id}`
    OfferId,
    /// `{webmaster_id}`
    WebmasterId,
    /// `{country}`: ISO 3166 code of the visitor, empty when unknown.
    Country,
}

/// Every macro with its spelling.
pub const URL_MACROS: [(&str, UrlMacro); 10] = [
    ("tid", UrlMacro::Tid),
    ("subid1", UrlMacro::Subid(0)),
    ("subid2", UrlMacro::Subid(1)),
    ("subid3", UrlMacro::Subid(2)),
    ("subid4", UrlMacro::Subid(3)),
    ("subid5", UrlMacro::Subid(4)),
    ("keyword", UrlMacro::Keyword),
    ("offer_id", UrlMacro::OfferId),
    ("webmaster_id", UrlMacro::WebmasterId),
    ("country", UrlMacro::Country),
];

impl UrlTemplate {
    /// Reads a template; an unknown macro or an address that is not `http(s)://host…` is refused in words.
    pub fn parse(text: &str) -> Result<Self, String> {
        let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
        let host = rest.and_then(|rest| rest.split(['/', '?', '#']).next()).unwrap_or_default();
        if host.is_empty() || host.contains(['{', '@', '\\', ' ']) {
            return Err("Must be an http or https address with a host".to_owned());
        }
        if text.chars().any(|c| c.is_control() || c == ' ') {
            return Err("Must not contain spaces or control characters".to_owned());
        }
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let (name, tail) = after.split_once('}').ok_or("A macro is not closed with }")?;
            let known = URL_MACROS.iter().find(|(spelling, _)| *spelling == name);
            let (_, found) = known.ok_or_else(|| format!("Unknown macro {{{name}}}"))?;
            parts.push(Part::Text(before.to_owned()));
            parts.push(Part::Macro(*found));
            rest = tail;
        }
        parts.push(Part::Text(rest.to_owned()));
        if !parts.contains(&Part::Macro(UrlMacro::Tid)) {
            add_tid(&mut parts, text);
        }
        parts.retain(|part| !matches!(part, Part::Text(text) if text.is_empty()));
        Ok(Self(parts))
    }

    /// Writes the address; `write` appends the encoded value of a macro.
    pub fn fill(&self, out: &mut String, mut write: impl FnMut(UrlMacro, &mut String)) {
        for part in &self.0 {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Macro(name) => write(*name, out),
            }
        }
    }
}

/// Adds `tid={tid}` to the query, before a fragment.
fn add_tid(parts: &mut Vec<Part>, whole: &str) {
    let Some(last) = parts.iter_mut().rev().find_map(|part| match part {
        Part::Text(text) => Some(text),
        Part::Macro(_) => None,
    }) else {
        return;
    };
    let query = whole.split('#').next().unwrap_or_default();
    let glue = match query.split_once('?') {
        None => "?",
        Some((_, "")) => "",
        Some(_) => "&",
    };
    // A fragment with a macro in it is rare and stands in an earlier part; then the tid goes to the very end.
    let fragment = last.find('#').map_or_else(String::new, |at| last.split_off(at));
    last.push_str(glue);
    last.push_str("tid=");
    parts.push(Part::Macro(UrlMacro::Tid));
    parts.push(Part::Text(fragment));
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

    fn filled(template: &str) -> Result<String, String> {
        let mut out = String::new();
        UrlTemplate::parse(template)?.fill(&mut out, |name, out| match name {
            UrlMacro::Tid => out.push('T'),
            UrlMacro::Subid(index) => out.push_str(&index.to_string()),
            _ => out.push('x'),
        });
        Ok(out)
    }

    #[test]
    fn the_tid_always_reaches_the_destination() {
        for (template, address) in [
            ("https://shop.example/", "https://shop.example/?tid=T"),
            ("https://shop.example/?a=1", "https://shop.example/?a=1&tid=T"),
            ("https://shop.example/?", "https://shop.example/?tid=T"),
            ("https://shop.example/#top", "https://shop.example/?tid=T#top"),
            ("https://shop.example/{tid}/x?s={subid2}", "https://shop.example/T/x?s=1"),
            ("https://shop.example/?s={subid1}", "https://shop.example/?s=0&tid=T"),
        ] {
            assert_eq!(filled(template).as_deref(), Ok(address));
        }
    }

    #[test]
    fn a_destination_is_a_plain_web_address_with_known_macros() {
        for bad in [
            "",
            "shop.example",
            "javascript:alert(1)",
            "https://",
            "https://{subid1}.example/",
            "https://a@b/",
            "https://shop.example/{clickid}",
            "https://shop.example/{tid",
            "https://shop.example/a b",
            "https:///x",
        ] {
            assert!(filled(bad).is_err(), "{bad}");
        }
    }
}
