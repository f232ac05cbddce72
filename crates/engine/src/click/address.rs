//! Where a click is sent: the offer's address with what the click knows in it.

use std::borrow::Cow;

use url::form_urlencoded;
use whocpa_domain::alias::AD_CLICK_IDS;
use whocpa_domain::click::Click;
use whocpa_domain::facts::DeviceKind;
use whocpa_domain::template::{UrlMacro, UrlTemplate};
use whocpa_domain::tid::click_ms;

/// The host of an address that was made here or judged when it was saved.
pub(super) fn host(address: &str) -> &str {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().unwrap_or_default()
}

/// Fills a destination; `landing_url` is where a pre-landing page leads on to. The template sees to it that no value can change host, path or other parameters.
pub(super) fn address(destination: &UrlTemplate, click: &Click, tid: &str, landing_url: &str) -> String {
    let mut out = String::with_capacity(200);
    destination.fill(&mut out, |name| match name {
        UrlMacro::LandingUrl => landing_url.into(),
        other => macro_value(other, click, tid),
    });
    out
}

/// What a click knows under this name.
fn macro_value<'a>(name: UrlMacro, click: &'a Click, tid: &'a str) -> Cow<'a, str> {
    let number = |id: i64| if id == 0 { Cow::Borrowed("") } else { id.to_string().into() };
    match name {
        UrlMacro::Tid => tid.into(),
        UrlMacro::Subid(index) => click.subid.get(index).map_or("", String::as_str).into(),
        UrlMacro::Keyword => click.keyword.as_str().into(),
        UrlMacro::OfferId => number(click.offer_id),
        UrlMacro::WebmasterId => number(click.webmaster_id),
        UrlMacro::AreaId => number(click.area_id),
        UrlMacro::LinkId => number(click.link_id),
        // Not of the click; told apart by the caller.
        UrlMacro::LandingUrl => Cow::Borrowed(""),
        UrlMacro::LandingId => number(click.landing_id),
        UrlMacro::PromoId => number(click.promo_id),
        UrlMacro::Country => click.country.as_str().into(),
        UrlMacro::Device => device_word(click.device).into(),
        UrlMacro::Os => click.os.as_str().into(),
        UrlMacro::OsVersion => click.os_version.as_str().into(),
        UrlMacro::Browser => click.browser.as_str().into(),
        UrlMacro::BrowserVersion => click.browser_version.as_str().into(),
        UrlMacro::Language => click.language.as_str().into(),
        UrlMacro::Ip => click.ip.as_str().into(),
        UrlMacro::Ua => click.ua.as_str().into(),
        UrlMacro::Timestamp => click_ms(click.id).div_euclid(1000).to_string().into(),
        UrlMacro::AdClickId(index) => {
            let wanted = AD_CLICK_IDS.get(index).copied().unwrap_or_default();
            let mut pairs = form_urlencoded::parse(click.params.as_bytes());
            pairs.find(|(name, _)| name == wanted).map_or(Cow::Borrowed(""), |(_, value)| value)
        }
    }
}

pub(crate) fn device_word(code: i64) -> &'static str {
    match DeviceKind::from_code(code) {
        Some(DeviceKind::Desktop) => "desktop",
        Some(DeviceKind::Phone) => "phone",
        Some(DeviceKind::Tablet) => "tablet",
        Some(DeviceKind::Television) => "television",
        Some(DeviceKind::Other) | None => "other",
    }
}

#[cfg(test)]
mod tests {
    use whocpa_domain::tid::click_id;

    use super::*;

    #[test]
    fn values_cannot_leave_their_place_in_the_address() {
        let destination = UrlTemplate::parse("https://shop.example/p/{subid1}?k={keyword}");
        let mut click = Click::default();
        for value in ["../../x", "@evil.example/", "\\\\evil", "a#b?c&d=e", "x\r\nSet-Cookie: a=b", "%2f%2e"]
        {
            click.subid[0] = value.to_owned();
            click.keyword = value.to_owned();
            let full = destination.as_ref().map(|to| address(to, &click, "T", "")).unwrap_or_default();
            let parsed = url::Url::parse(&full).unwrap_or_else(|e| panic!("{full}: {e}"));
            assert_eq!(parsed.host_str(), Some("shop.example"), "{full}");
            assert_eq!(parsed.path_segments().map(Iterator::count), Some(2), "{full}");
            assert_eq!(parsed.query_pairs().count(), 2, "{full}");
            assert!(parsed.fragment().is_none(), "{full}");
        }
    }

    #[test]
    fn everything_that_a_click_knows_has_a_macro() {
        let names = "{tid}|{sub2}|{country}|{device}|{os}|{os_version}|{browser}|{language}|{link_id}|{area_id}|{gclid}|{fbclid}|{timestamp}";
        let destination =
            UrlTemplate::parse(&format!("https://shop.example/?x={names}")).expect("a template");
        let click = Click {
            id: click_id(1_700_000_000_123, 0, 0),
            link_id: 7,
            subid: ["", "b", "", "", ""].map(str::to_owned),
            country: "UA".to_owned(),
            device: 2,
            os: "iOS".to_owned(),
            os_version: "18.5".to_owned(),
            browser: "Safari".to_owned(),
            language: "uk".to_owned(),
            params: "subid2=s2&gclid=A%26b".to_owned(),
            ..Click::default()
        };
        let expected = "T|b|UA|phone|iOS|18.5|Safari|uk|7||A%26b||1700000000";
        assert_eq!(address(&destination, &click, "T", ""), format!("https://shop.example/?x={expected}"));
        assert_eq!(host("https://shop.example:8080/x?y"), "shop.example:8080");
    }
}
