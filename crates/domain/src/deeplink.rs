//! Deeplinks: which pages of an advertiser's site a webmaster may link to (design §5.4).
//!
//! Only hosts that the advertiser allows, so that no link of the network leads anywhere else (trust R1).

use url::Url;

use crate::offer::{UrlTemplate, with_mask};

/// Hosts that an offer may name.
pub const HOSTS_LIMIT: usize = 50;
/// Longest address of a deeplink, in characters.
const URL_LIMIT: usize = 2000;

/// The hosts that deeplinks of one offer may lead to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeeplinkHosts(Vec<Allowed>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Allowed {
    host: String,
    port: Option<u16>,
    /// `*.host`: every name below it, not the host itself.
    is_below: bool,
}

impl DeeplinkHosts {
    /// Reads what an advertiser wrote: `shop.example`, `*.shop.example`, each perhaps with a port.
    ///
    /// # Errors
    /// In words, naming the entry.
    pub fn parse<'a>(entries: impl IntoIterator<Item = &'a str>) -> Result<Self, String> {
        let mut hosts = Vec::new();
        for entry in entries {
            let (is_below, rest) = entry.strip_prefix("*.").map_or((false, entry), |rest| (true, rest));
            let wrong = || format!("{entry} is not a host such as shop.example or *.shop.example");
            let url = Url::parse(&format!("https://{rest}/")).map_err(|_| wrong())?;
            let host = url.host_str().unwrap_or_default().to_owned();
            let is_name = host
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b':' | b'[' | b']'));
            let is_plain = is_name
                && url.path() == "/"
                && url.query().is_none()
                && url.fragment().is_none()
                && url.username().is_empty();
            // `*.com` would be everybody.
            if !is_plain
                || host.is_empty()
                || rest.contains(['/', '?', '#', '@', '\\'])
                || is_below && !host.contains('.')
            {
                return Err(wrong());
            }
            hosts.push(Allowed { host, port: url.port(), is_below });
        }
        if hosts.len() > HOSTS_LIMIT {
            return Err(format!("Must be at most {HOSTS_LIMIT} hosts"));
        }
        Ok(Self(hosts))
    }

    /// The hosts of an offer: those that its advertiser wrote, with commas between, else the host of its destination.
    pub fn of_offer(written: &str, url_redirect: &str) -> Self {
        if !written.is_empty() {
            return Self::parse(written.split(',')).unwrap_or_default();
        }
        // Macros stand behind the host only.
        let own = url_redirect.split(['{', '?', '#']).next().unwrap_or_default();
        let own = Url::parse(own).ok().and_then(|url| Some((url.host_str()?.to_owned(), url.port())));
        Self(own.map(|(host, port)| Allowed { host, port, is_below: false }).into_iter().collect())
    }

    /// Whether a page of this address may be linked to.
    fn allow(&self, url: &Url) -> bool {
        let host = url.host_str().unwrap_or_default().trim_end_matches('.');
        self.0.iter().any(|allowed| {
            let is_host = if allowed.is_below {
                host.strip_suffix(allowed.host.as_str())
                    .is_some_and(|rest| rest.len() > 1 && rest.ends_with('.'))
            } else {
                host == allowed.host
            };
            is_host && url.port() == allowed.port
        })
    }

    /// Where a deeplink leads: the page, with the offer's mask and the tid in its query.
    ///
    /// # Errors
    /// In words, when it is no web address or its host is not allowed.
    pub fn destination(&self, page: &str, utm_mask: &str) -> Result<UrlTemplate, &'static str> {
        const WRONG: &str = "Must be a web address such as https://shop.example/page";
        if page.chars().count() > URL_LIMIT {
            return Err("Must be at most 2000 characters");
        }
        if page.chars().any(|c| c.is_control() || c.is_whitespace() || c == '\\') {
            return Err(WRONG);
        }
        let url = Url::parse(page).map_err(|_| WRONG)?;
        if !matches!(url.scheme(), "http" | "https") || !url.username().is_empty() || url.password().is_some()
        {
            return Err(WRONG);
        }
        if !self.allow(&url) {
            return Err("The offer allows no deeplinks to this host");
        }
        // What looks like a macro in a page's address is a part of that address.
        let page = url.as_str().replace('{', "%7B").replace('}', "%7D");
        UrlTemplate::parse(&with_mask(&page, utm_mask)).map_err(|_| WRONG)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(hosts: &DeeplinkHosts, page: &str) -> Result<String, &'static str> {
        let mut out = String::new();
        hosts.destination(page, "utm_source=net")?.fill(&mut out, |_| "T".into());
        Ok(out)
    }

    #[test]
    fn a_page_keeps_its_address_and_gets_the_tid() {
        let hosts =
            DeeplinkHosts::parse(["shop.example", "*.shop.example", "alt.example:8443"]).expect("hosts");
        for (page, address) in [
            ("https://shop.example/tea?x=1#top", "https://shop.example/tea?x=1&utm_source=net&tid=T#top"),
            ("http://SHOP.example", "http://shop.example/?utm_source=net&tid=T"),
            ("https://a.b.shop.example/", "https://a.b.shop.example/?utm_source=net&tid=T"),
            ("https://alt.example:8443/", "https://alt.example:8443/?utm_source=net&tid=T"),
            ("https://shop.example/{subid1}", "https://shop.example/%7Bsubid1%7D?utm_source=net&tid=T"),
        ] {
            assert_eq!(filled(&hosts, page).as_deref(), Ok(address));
        }
    }

    /// The corpus of trust R1: none may leave the allowed hosts.
    #[test]
    fn nothing_else_is_led_to() {
        let hosts = DeeplinkHosts::parse(["shop.example", "*.safe.example"]).expect("hosts");
        for bad in [
            "",
            "//evil.example",
            "///evil.example",
            "/\\evil.example",
            "https:evil.example",
            "https:/evil.example",
            "https://evil.example",
            "https://shop.example.evil.example/",
            "https://evilshop.example/",
            "https://evilsafe.example/",
            "https://safe.example/",
            "https://.safe.example/",
            "https://shop.example@evil.example/",
            "https://user@shop.example/",
            "https://shop.example:8443/",
            "https://shop.example\\@evil.example/",
            "https://evil.example#@shop.example",
            "https://evil.example?shop.example",
            "https://evil.example%23.shop.example",
            "https://shop.example\t.evil.example/",
            "javascript:alert(1)//shop.example",
            "data:text/html,shop.example",
            "ftp://shop.example/",
            "https://shop。evil.example/",
            "https://127.0.0.1/",
            "https://{subid1}/",
            "{deeplink}",
            "https://shop.example/\r\nSet-Cookie: a=b",
            "https://shop.example /",
        ] {
            assert!(filled(&hosts, bad).is_err(), "{bad}: {:?}", filled(&hosts, bad));
        }
    }

    #[test]
    fn without_a_list_the_destination_decides() {
        let hosts = DeeplinkHosts::of_offer("", "https://shop.example:444/go?x={subid1}");
        assert!(filled(&hosts, "https://shop.example:444/any").is_ok());
        assert!(filled(&hosts, "https://shop.example/any").is_err());
        assert!(filled(&DeeplinkHosts::of_offer("", "nonsense"), "https://shop.example/").is_err());
        assert!(
            filled(&DeeplinkHosts::of_offer("a.example", "https://shop.example/"), "https://shop.example/")
                .is_err()
        );
    }

    #[test]
    fn hosts_are_hosts() {
        for bad in [
            "",
            "*",
            "*.com",
            "https://shop.example",
            "shop.example/x",
            "a b",
            "x@shop.example",
            "shop.example?",
        ] {
            assert!(DeeplinkHosts::parse([bad]).is_err(), "{bad}");
        }
        assert!(DeeplinkHosts::parse(["пример.рф"]).is_ok());
        assert!(DeeplinkHosts::parse(std::iter::repeat_n("a.example", HOSTS_LIMIT + 1)).is_err());
    }
}
