//! One visit of a tracked link, from the request to the answer.

use std::borrow::Cow;
use std::net::IpAddr;

use url::form_urlencoded;
use whocpa_domain::click::{Click, ClickReason, SUBID_LIMIT};
use whocpa_domain::offer::{UrlMacro, UrlTemplate};

use super::decide;
use super::log::Durability;
use crate::Engine;

/// Characters that are kept of a code that no link has.
const CODE_LIMIT: usize = 64;
/// Characters that are kept of a user agent or referrer.
const TEXT_LIMIT: usize = 2000;
/// Characters that are kept of the raw query.
const QUERY_LIMIT: usize = 8000;

/// What is known of a visitor. Texts are as the browser sent them.
#[derive(Debug, Clone, Copy)]
pub struct Visit<'a> {
    /// The code in the address.
    pub code: &'a str,
    /// The raw query, without the question mark.
    pub query: &'a str,
    /// The visitor's address: of the socket, or told by a trusted proxy.
    pub ip: IpAddr,
    /// `User-Agent`, empty for none.
    pub ua: &'a str,
    /// `Referer`, empty for none.
    pub referer: &'a str,
    /// `Accept-Language`, empty for none.
    pub languages: &'a str,
}

/// What became of a visit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tracked {
    /// The click's public id.
    pub tid: String,
    /// Why it goes where it goes.
    pub reason: ClickReason,
    /// Where to: the offer, or the link's traffic-back address. `None` means a page of ours that says why.
    pub location: Option<String>,
    /// The offer, 0 for an unknown code; names the cookie.
    pub offer_id: i64,
    /// Days that the cookie lives.
    pub cookie_ttl_days: i64,
    /// Something that the visitor brought was longer than what is kept.
    pub is_cut: bool,
    /// False when the log could not be made durable: the visitor is redirected all the same, the click is counted as
    /// unacknowledged and may be lost.
    pub is_durable: bool,
}

impl Engine {
    /// Decides about a visit and remembers it; returns when the click is durable in the node's log (design §5.3).
    pub async fn click_track(&self, visit: Visit<'_>) -> Tracked {
        let decision = decide(&self.catalogue().now(), visit.code, self.now());
        let id = self.node_ids().next();
        let (click, is_cut) = record(id, visit, &decision);
        let tid = self.tid_keys().write(id);
        let location = match (decision.reason, &decision.offer) {
            (ClickReason::Sent, Some(offer)) => {
                offer.destination.as_ref().map(|to| address(to, &click, &tid))
            }
            _ => decision.link.as_ref().and_then(|link| link.url_traffback.clone()),
        };
        let durability = self.click_log().append(id, |buffer| encode(&click, buffer)).await;
        Tracked {
            tid,
            reason: decision.reason,
            location,
            offer_id: click.offer_id,
            cookie_ttl_days: click.cookie_ttl_days,
            is_cut,
            is_durable: durability == Durability::Durable,
        }
    }
}

/// First byte of a record: the form of what follows.
const FORM: u8 = 1;

/// Appends to the log's buffer, which holds other records too and must keep them.
struct Append<'a>(&'a mut Vec<u8>);

impl postcard::ser_flavors::Flavor for Append<'_> {
    type Output = ();

    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.0.push(byte);
        Ok(())
    }

    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    fn finalize(self) -> postcard::Result<()> {
        Ok(())
    }
}

/// Writes the log's form of a click. Numbers and texts into memory: there is nothing that could fail.
fn encode(click: &Click, buffer: &mut Vec<u8>) {
    buffer.push(FORM);
    if let Err(error) = postcard::serialize_with_flavor(click, Append(buffer)) {
        tracing::error!(click.id, %error, "a click could not be encoded");
    }
}

/// Reads the log's form of a click; another version's form is refused, never misread.
pub(crate) fn decode(payload: &[u8]) -> Result<Click, postcard::Error> {
    match payload.split_first() {
        Some((&FORM, fields)) => postcard::from_bytes(fields),
        _ => Err(postcard::Error::DeserializeBadEncoding),
    }
}

/// The click, and whether something in it had to be cut.
fn record(id: i64, visit: Visit<'_>, decision: &super::Decision) -> (Click, bool) {
    let mut is_cut = false;
    let mut kept = |text: Cow<'_, str>, limit: usize| storable(text, limit, &mut is_cut);
    let link = decision.link.as_deref();
    let (mut subid, mut keyword) = (<[String; 5]>::default(), String::new());
    for (name, value) in form_urlencoded::parse(visit.query.as_bytes()) {
        let slot = match &*name {
            "subid1" => &mut subid[0],
            "subid2" => &mut subid[1],
            "subid3" => &mut subid[2],
            "subid4" => &mut subid[3],
            "subid5" => &mut subid[4],
            "keyword" => &mut keyword,
            _ => continue,
        };
        // The first value counts, as in every tracker; the raw query keeps the others.
        if slot.is_empty() {
            *slot = kept(value, SUBID_LIMIT);
        }
    }
    if let Some(link) = link {
        for (slot, default) in subid.iter_mut().zip(&link.subid) {
            if slot.is_empty() {
                slot.clone_from(default);
            }
        }
    }
    let click = Click {
        id,
        link_id: link.map_or(0, |link| link.id),
        offer_id: link.map_or(0, |link| link.offer_id),
        webmaster_id: link.map_or(0, |link| link.webmaster_id),
        area_id: link.map_or(0, |link| link.area_id),
        reason: decision.reason.code(),
        code: kept(visit.code.into(), CODE_LIMIT),
        ip: visit.ip.to_string(),
        country: iptocc::country_code(visit.ip).unwrap_or_default().to_owned(),
        ua: kept(visit.ua.into(), TEXT_LIMIT),
        language: language(visit.languages),
        referer: kept(visit.referer.into(), TEXT_LIMIT),
        keyword,
        subid,
        query: kept(visit.query.into(), QUERY_LIMIT),
        cookie_ttl_days: decision.offer.as_ref().map_or(0, |offer| offer.cookie_ttl_days),
    };
    (click, is_cut)
}

/// What is kept of a text: at most `limit` characters, or anybody could fill the disk. PostgreSQL's text cannot hold a
/// NUL; it becomes the replacement character, so that nothing else is lost.
fn storable(text: Cow<'_, str>, limit: usize, is_cut: &mut bool) -> String {
    let mut text = if text.contains('\0') { text.replace('\0', "\u{fffd}") } else { text.into_owned() };
    // Bytes are never fewer than characters, so most texts need no counting.
    if text.len() > limit
        && let Some((end, _)) = text.char_indices().nth(limit)
    {
        text.truncate(end);
        *is_cut = true;
    }
    text
}

/// The first language of `Accept-Language`: `ru-RU,ru;q=0.9` -> `ru`.
fn language(header: &str) -> String {
    let first = header.split([',', ';', '-']).next().unwrap_or_default().trim();
    if first.len() <= 8 && first.bytes().all(|b| b.is_ascii_alphabetic()) {
        first.to_ascii_lowercase()
    } else {
        String::new()
    }
}

/// Fills a destination. Every value is percent-encoded, so that none can change host, path or other parameters.
fn address(destination: &UrlTemplate, click: &Click, tid: &str) -> String {
    let mut out = String::with_capacity(160);
    destination.fill(&mut out, |name, out| match name {
        // Letters and digits only.
        UrlMacro::Tid => out.push_str(tid),
        UrlMacro::Country => out.push_str(&click.country),
        UrlMacro::OfferId => out.push_str(&click.offer_id.to_string()),
        UrlMacro::WebmasterId => out.push_str(&click.webmaster_id.to_string()),
        UrlMacro::Keyword => out.extend(form_urlencoded::byte_serialize(click.keyword.as_bytes())),
        UrlMacro::Subid(index) => {
            let value = click.subid.get(index).map_or("", String::as_str);
            out.extend(form_urlencoded::byte_serialize(value.as_bytes()));
        }
    });
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_keeps_a_click_as_it_was() {
        let visit = Visit {
            code: "abc",
            query: "subid1=a%20b&subid1=second&keyword=%00x&other=1",
            ip: IpAddr::from([8, 8, 8, 8]),
            ua: "Mozilla/5.0",
            referer: "https://example.com/",
            languages: "ru-RU,ru;q=0.9",
        };
        let decision = super::super::Decision { reason: ClickReason::UnknownCode, link: None, offer: None };
        let (click, is_cut) = record(7, visit, &decision);
        assert!(!is_cut);
        assert_eq!((click.subid[0].as_str(), click.keyword.as_str()), ("a b", "\u{fffd}x"));
        assert_eq!((click.country.as_str(), click.language.as_str()), ("US", "ru"));
        let mut buffer = b"before".to_vec();
        encode(&click, &mut buffer);
        assert_eq!(decode(&buffer[6..]), Ok(click));
    }

    #[test]
    fn what_is_too_long_is_cut_and_said() {
        let long = format!("subid1={}", "ж".repeat(1000));
        let visit = Visit {
            code: "a",
            query: &long,
            ip: IpAddr::from([1, 1, 1, 1]),
            ua: "",
            referer: "",
            languages: "",
        };
        let decision = super::super::Decision { reason: ClickReason::UnknownCode, link: None, offer: None };
        let (click, is_cut) = record(7, visit, &decision);
        assert!(is_cut);
        assert_eq!(click.subid[0].chars().count(), SUBID_LIMIT);
    }

    #[test]
    fn values_cannot_leave_their_place_in_the_address() {
        let destination = UrlTemplate::parse("https://shop.example/p/{subid1}?k={keyword}");
        let (mut click, _) = record(
            1,
            Visit {
                code: "",
                query: "",
                ip: IpAddr::from([127, 0, 0, 1]),
                ua: "",
                referer: "",
                languages: "",
            },
            &super::super::Decision { reason: ClickReason::Sent, link: None, offer: None },
        );
        for value in ["../../x", "@evil.example/", "\\\\evil", "a#b?c&d=e", "x\r\nSet-Cookie: a=b", "%2f%2e"]
        {
            click.subid[0] = value.to_owned();
            click.keyword = value.to_owned();
            let full = destination.as_ref().map(|to| address(to, &click, "T")).unwrap_or_default();
            let parsed = url::Url::parse(&full).unwrap_or_else(|e| panic!("{full}: {e}"));
            assert_eq!(parsed.host_str(), Some("shop.example"), "{full}");
            assert_eq!(parsed.path_segments().map(Iterator::count), Some(2), "{full}");
            assert_eq!(parsed.query_pairs().count(), 2, "{full}");
            assert!(parsed.fragment().is_none(), "{full}");
        }
    }
}
