//! What the address of a click tells, under the names of many networks.

use std::borrow::Cow;

use url::form_urlencoded;
use whocpa_domain::alias::{AD_CLICK_IDS, CLICK_PARAMS, ClickParam, click_param};
use whocpa_domain::click::SUBID_LIMIT;
use whocpa_domain::facts::Asked;

/// Characters that are kept of a deeplink.
const URL_LIMIT: usize = 2000;

/// What the address told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Sent {
    /// The webmaster's labels.
    pub subid: [String; 5],
    /// Search phrase.
    pub keyword: String,
    /// What was asked for beyond the link.
    pub asked: Asked,
    /// The offer, at `/click`; 0 for none.
    pub offer_id: i64,
    /// The webmaster, at `/click`; 0 for none.
    pub webmaster_id: i64,
    /// Click ids of ad networks, and names that were used instead of our own, as a query.
    pub params: String,
    /// A value was longer than what is kept.
    pub is_cut: bool,
}

/// A value and the place of its name in the list of its thing.
#[derive(Default)]
struct Best<'a> {
    place: usize,
    value: Option<Cow<'a, str>>,
}

/// Reads a raw query.
pub(crate) fn read(query: &str) -> Sent {
    let mut sent = Sent::default();
    if query.is_empty() {
        return sent;
    }
    let mut best: [Best<'_>; CLICK_PARAMS.len()] = Default::default();
    let mut ids: [Option<Cow<'_, str>>; AD_CLICK_IDS.len()] = Default::default();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let Some((param, place)) = click_param(&name).filter(|_| !value.is_empty()) else { continue };
        if let ClickParam::AdClickId(index) = param {
            ids[index].get_or_insert(value);
        } else if let Some(slot) = index_of(param).and_then(|index| best.get_mut(index))
            && (slot.value.is_none() || place < slot.place)
        {
            *slot = Best { place, value: Some(value) };
        }
    }
    let mut params = form_urlencoded::Serializer::new(String::new());
    for ((param, names), slot) in CLICK_PARAMS.iter().zip(best) {
        let Some(value) = slot.value else { continue };
        // What was called by its own name needs no remark.
        if let (1.., Some(own), Some(used)) = (slot.place, names.first(), names.get(slot.place)) {
            params.append_pair(own, used);
        }
        take(&mut sent, *param, value);
    }
    for (name, value) in AD_CLICK_IDS.iter().zip(ids) {
        if let Some(value) = value {
            params.append_pair(name, &storable(value, SUBID_LIMIT, &mut sent.is_cut));
        }
    }
    sent.params = params.finish();
    sent
}

fn index_of(param: ClickParam) -> Option<usize> {
    CLICK_PARAMS.iter().position(|(known, _)| *known == param)
}

fn take(sent: &mut Sent, param: ClickParam, value: Cow<'_, str>) {
    // A number that is none asks for nothing; the raw query still shows it.
    let number = || value.parse().ok().filter(|id: &i64| *id > 0).unwrap_or(0);
    match param {
        ClickParam::Offer => sent.offer_id = number(),
        ClickParam::Webmaster => sent.webmaster_id = number(),
        ClickParam::Landing => sent.asked.landing_id = number(),
        ClickParam::Promo => sent.asked.promo_id = number(),
        ClickParam::Product => sent.asked.product_id = number(),
        ClickParam::Stock => sent.asked.stock_id = number(),
        ClickParam::Deeplink => sent.asked.deeplink = storable(value, URL_LIMIT, &mut sent.is_cut),
        ClickParam::Keyword => sent.keyword = storable(value, SUBID_LIMIT, &mut sent.is_cut),
        ClickParam::Subid(index) => {
            if let Some(slot) = sent.subid.get_mut(index) {
                *slot = storable(value, SUBID_LIMIT, &mut sent.is_cut);
            }
        }
        ClickParam::AdClickId(_) => {}
    }
}

/// What is kept of a text: at most `limit` characters, or anybody could fill the disk. PostgreSQL's text cannot hold a
/// NUL; it becomes the replacement character, so that nothing else is lost.
pub(crate) fn storable(text: Cow<'_, str>, limit: usize, is_cut: &mut bool) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_names_win_and_the_first_value_counts() {
        let sent = read("clickid=c&subid1=&sub1=b&subid1=a%20b&subid1=second&keyword=%00x&other=1");
        assert_eq!((sent.subid[0].as_str(), sent.keyword.as_str()), ("a b", "\u{fffd}x"));
        assert_eq!((sent.params.as_str(), sent.is_cut), ("", false));
    }

    #[test]
    fn which_name_was_used_is_remembered() {
        let sent = read("utm_source=fb&clickid=c&s2=x&sub3=&p3=y&utm_term=tea&gclid=G%26&fbclid=F");
        assert_eq!(sent.subid, ["c", "x", "y", "", ""]);
        assert_eq!(sent.keyword, "tea");
        let names = "subid1=clickid&subid2=s2&subid3=p3&keyword=utm_term";
        assert_eq!(sent.params, format!("{names}&gclid=G%26&fbclid=F"));
    }

    #[test]
    fn the_names_of_a_thing_are_tried_in_their_order() {
        for (param, names) in CLICK_PARAMS {
            let ClickParam::Subid(index) = param else { continue };
            for first in 0..names.len() {
                // All later names stand before it in the address, and it wins all the same.
                let pairs = names[first..].iter().rev().map(|name| format!("{name}={name}"));
                let sent = read(&pairs.collect::<Vec<_>>().join("&"));
                assert_eq!(sent.subid[*index], names[first]);
            }
        }
    }

    #[test]
    fn what_is_too_long_is_cut_and_said() {
        let sent = read(&format!("sub_id_4={}", "ж".repeat(SUBID_LIMIT + 1)));
        assert!(sent.is_cut);
        assert_eq!(sent.subid[3].chars().count(), SUBID_LIMIT);
        assert!(!read(&format!("sub_id_4={}", "ж".repeat(SUBID_LIMIT))).is_cut);
    }

    #[test]
    fn ids_are_positive_numbers() {
        let sent = read("o=12&a=-3&landing_id=x&promo_id=5&stock_id=99999999999999999999");
        assert_eq!((sent.offer_id, sent.webmaster_id), (12, 0));
        assert_eq!((sent.asked.landing_id, sent.asked.promo_id, sent.asked.stock_id), (0, 5, 0));
    }
}
