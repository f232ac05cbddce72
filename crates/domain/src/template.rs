//! Destinations of visitors: addresses with macros.
//!
//! A value can change neither host nor path of the address it is put into, whatever it is: it is percent-encoded, and
//! in the path a value of dots alone, which would step out of its place, has low lines instead.

pub(crate) mod parts;

use crate::alias::AD_CLICK_IDS;
use parts::{Part, encode};

/// A destination of visitors: where macros stand in it, found once when it is saved or loaded.
///
/// A template without the tid gets `tid=…` added to its query, because without the tid no lead finds its click.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UrlTemplate(Vec<Part<UrlMacro>>);

/// What a macro of a destination stands for. All of it is known from the click; unknown values are empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UrlMacro {
    /// The click's public id.
    Tid,
    /// The webmaster's labels, by index from 0.
    Subid(usize),
    /// The search phrase.
    Keyword,
    /// The offer.
    OfferId,
    /// The webmaster.
    WebmasterId,
    /// The webmaster's traffic source.
    AreaId,
    /// The tracked link.
    LinkId,
    /// The landing page.
    LandingId,
    /// Of a pre-landing page: the landing page that it leads on to.
    LandingUrl,
    /// The promo material.
    PromoId,
    /// ISO 3166 code of the visitor's country.
    Country,
    /// `desktop`, `phone`, `tablet`, `television`, `other`.
    Device,
    /// Operating system.
    Os,
    /// Its version.
    OsVersion,
    /// Browser.
    Browser,
    /// Its version.
    BrowserVersion,
    /// Language.
    Language,
    /// Visitor's address.
    Ip,
    /// Visitor's user agent.
    Ua,
    /// Second of the click since 1970.
    Timestamp,
    /// Click id of an ad network, by index in [`AD_CLICK_IDS`].
    AdClickId(usize),
}

/// Every macro with its spelling and, behind it, other networks' spellings of the same. The click ids of ad networks
/// go by their own names, [`AD_CLICK_IDS`].
#[rustfmt::skip]
pub const URL_MACROS: &[(UrlMacro, &[&str])] = &[
    (UrlMacro::Tid, &["tid", "transaction_id", "transactionid", "click_id", "clickid"]),
    (UrlMacro::Subid(0), &["subid1", "sub1", "sub_id1", "subid", "aff_sub"]),
    (UrlMacro::Subid(1), &["subid2", "sub2", "sub_id2", "aff_sub2"]),
    (UrlMacro::Subid(2), &["subid3", "sub3", "sub_id3", "aff_sub3"]),
    (UrlMacro::Subid(3), &["subid4", "sub4", "sub_id4", "aff_sub4"]),
    (UrlMacro::Subid(4), &["subid5", "sub5", "sub_id5", "aff_sub5"]),
    (UrlMacro::Keyword, &["keyword"]),
    (UrlMacro::OfferId, &["offer_id", "offerid"]),
    (UrlMacro::WebmasterId, &["webmaster_id", "aff_id", "affiliate_id", "pid", "pub_id"]),
    (UrlMacro::AreaId, &["area_id"]),
    (UrlMacro::LinkId, &["link_id"]),
    (UrlMacro::LandingId, &["landing_id"]),
    (UrlMacro::LandingUrl, &["landing_url"]),
    (UrlMacro::PromoId, &["promo_id", "creative_id"]),
    (UrlMacro::Country, &["country", "country_code", "geo"]),
    (UrlMacro::Device, &["device"]),
    (UrlMacro::Os, &["os"]),
    (UrlMacro::OsVersion, &["os_version"]),
    (UrlMacro::Browser, &["browser"]),
    (UrlMacro::BrowserVersion, &["browser_version"]),
    (UrlMacro::Language, &["language", "lang"]),
    (UrlMacro::Ip, &["ip"]),
    (UrlMacro::Ua, &["ua", "user_agent"]),
    (UrlMacro::Timestamp, &["timestamp"]),
];

impl UrlMacro {
    /// The macro with this spelling.
    fn named(name: &str) -> Result<Self, String> {
        if let Some(index) = AD_CLICK_IDS.iter().position(|known| *known == name) {
            return Ok(Self::AdClickId(index));
        }
        let found = URL_MACROS.iter().find(|(_, names)| names.contains(&name));
        found.map(|(found, _)| *found).ok_or_else(|| {
            parts::refusal(name, URL_MACROS.iter().flat_map(|(_, names)| *names).chain(AD_CLICK_IDS))
        })
    }
}

impl UrlTemplate {
    /// Reads a template; an unknown macro or an address that is not `http(s)://host…` is refused in words.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut parts = parts::read(text, UrlMacro::named)?;
        let is_tid = |part: &Part<UrlMacro>| matches!(part, Part::Macro { name: UrlMacro::Tid, .. });
        if !parts.iter().any(is_tid) {
            add_tid(&mut parts, text);
        }
        parts.retain(|part| !matches!(part, Part::Text(text) if text.is_empty()));
        Ok(Self(parts))
    }

    /// Writes the address; `value` gives the value of a macro as it is.
    pub fn fill<'a>(&self, out: &mut String, value: impl Fn(UrlMacro) -> std::borrow::Cow<'a, str>) {
        for part in &self.0 {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Macro { name, is_path } => encode(out, &value(*name), *is_path),
            }
        }
    }
}

/// Adds `tid={tid}` to the query, before a fragment.
fn add_tid(parts: &mut Vec<Part<UrlMacro>>, whole: &str) {
    let Some(last) = parts.iter_mut().rev().find_map(|part| match part {
        Part::Text(text) => Some(text),
        Part::Macro { .. } => None,
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
    parts.push(Part::Macro { name: UrlMacro::Tid, is_path: false });
    parts.push(Part::Text(fragment));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn filled(template: &str) -> Result<String, String> {
        let mut out = String::new();
        UrlTemplate::parse(template)?.fill(&mut out, |name| match name {
            UrlMacro::Tid => "T".into(),
            UrlMacro::Subid(index) => index.to_string().into(),
            _ => "x".into(),
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
            ("https://shop.example/?c={clickid}&g={gclid}&s={sub5}", "https://shop.example/?c=T&g=x&s=4"),
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
            "https://shop.example{subid1}/",
            "https://shop.example:{subid1}/",
            "https://a@b/",
            "https://shop.example/{nonsense}",
            "https://shop.example/{tid",
            "https://shop.example/a b",
            "https:///x",
            "http://127.0.0.1:18102./",
            "https://xn--/",
            "http://a.example:99999/",
            "http://./",
            "https://a%00b.example/{tid}",
        ] {
            assert!(filled(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_unknown_macro_is_refused_with_the_nearest_name() {
        for (name, words) in [
            ("sub_id_1", "Unknown macro {sub_id_1}: did you mean {sub_id1}?"),
            ("Tid", "Unknown macro {Tid}: did you mean {tid}?"),
            ("contry", "Unknown macro {contry}: did you mean {country}?"),
            ("payout_currency", "Unknown macro {payout_currency}"),
            ("", "Unknown macro {}"),
        ] {
            assert_eq!(filled(&format!("https://a.example/?x={{{name}}}")), Err(words.to_owned()));
        }
    }

    #[test]
    fn no_spelling_means_two_things() {
        let mut names: Vec<&str> =
            URL_MACROS.iter().flat_map(|(_, names)| *names).chain(AD_CLICK_IDS).copied().collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }

    #[test]
    fn the_documentation_names_every_parameter_and_macro() {
        let page = include_str!("../../../docs/clicks.md");
        for (_, names) in crate::alias::CLICK_PARAMS {
            let list: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
            assert!(page.replace('\n', " ").replace("  ", " ").contains(&list.join(", ")), "{list:?}");
        }
        for name in AD_CLICK_IDS {
            assert!(page.contains(&format!("`{name}`")), "{name}");
        }
        for name in URL_MACROS.iter().flat_map(|(_, names)| *names) {
            assert!(page.contains(&format!("`{{{name}}}`")), "{name}");
        }
    }

    proptest! {
        /// Whatever the values are: the address before the query has the same host and the same number of steps, none
        /// of which goes up, and the query has the same parameters.
        #[test]
        fn values_stay_in_their_places(value in "\\PC{0,12}|[./\\\\%?#&=@:2eEfF]{0,8}") {
            let mut out = String::new();
            let template = UrlTemplate::parse("https://shop.example/a/{subid1}/b-{subid2}?k={keyword}&tid={tid}#f");
            template.unwrap_or_else(|e| panic!("{e}")).fill(&mut out, |_| value.as_str().into());
            prop_assert!(out.bytes().all(|byte| byte.is_ascii_graphic()));
            let (address, rest) = out.split_once('?').unwrap_or_default();
            let steps: Vec<&str> = address.split('/').collect();
            prop_assert_eq!(steps.len(), 6, "{}", out);
            prop_assert_eq!((steps[0], steps[2], steps[3]), ("https:", "shop.example", "a"));
            let up = |step: &&str| matches!(step.to_ascii_lowercase().replace("%2e", ".").as_str(), "." | "..");
            prop_assert!(!steps[4..].iter().any(up), "{}", out);
            let (query, fragment) = rest.split_once('#').unwrap_or_default();
            prop_assert_eq!((query.split('&').count(), query.matches('=').count(), fragment), (2, 2, "f"));
            prop_assert!(!address.contains(['\\', '@']));
        }
    }
}
