//! The names that a click's address may use for one and the same thing (rivals.md §5.1 and §5.7).
//!
//! Webmasters come with links that were made for other networks. Each thing has a list of names: of those that bring a
//! value the one that stands first in the list counts, and which one it was is remembered. Of a name that comes twice
//! the first value counts. The raw query keeps everything.

use std::collections::HashMap;
use std::sync::LazyLock;

/// A thing that the address of a click may tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ClickParam {
    /// `subid1`..`subid5`, by index from 0.
    Subid(usize),
    /// The search phrase.
    Keyword,
    /// The offer; at `/click` only.
    Offer,
    /// The webmaster; at `/click` only.
    Webmaster,
    /// A landing page of the offer.
    Landing,
    /// A promo material of the offer.
    Promo,
    /// A product of the offer.
    Product,
    /// A stock (promotion) of the offer.
    Stock,
    /// A page of the advertiser.
    Deeplink,
    /// The click id of an ad network, by index in [`AD_CLICK_IDS`].
    AdClickId(usize),
}

/// Every thing with its names; what stands first counts.
#[rustfmt::skip]
pub const CLICK_PARAMS: &[(ClickParam, &[&str])] = &[
    (
        ClickParam::Subid(0),
        &[
            "subid1", "sub1", "sub_id1", "sub_id_1", "subid", "sub_id", "aff_sub", "aff_sub1", "aff_click_id",
            "click_id", "clickid", "subacc", "subacc1", "sid1", "clickref", "cid", "s1", "p1", "data1",
            "utm_source",
        ],
    ),
    (ClickParam::Subid(1), &["subid2", "sub2", "sub_id2", "sub_id_2", "aff_sub2", "subacc2", "sid2", "s2", "p2", "data2", "utm_medium"]),
    (ClickParam::Subid(2), &["subid3", "sub3", "sub_id3", "sub_id_3", "aff_sub3", "subacc3", "sid3", "s3", "p3", "data3", "utm_campaign"]),
    (ClickParam::Subid(3), &["subid4", "sub4", "sub_id4", "sub_id_4", "aff_sub4", "subacc4", "sid4", "s4", "p4", "data4", "utm_content"]),
    (ClickParam::Subid(4), &["subid5", "sub5", "sub_id5", "sub_id_5", "aff_sub5", "subacc5", "sid5", "s5", "p5", "data5"]),
    (ClickParam::Keyword, &["keyword", "kw", "utm_term"]),
    (ClickParam::Offer, &["offer_id", "offerid", "offer", "oid", "o", "campaign_id"]),
    (
        ClickParam::Webmaster,
        &["aff_id", "affid", "affiliate_id", "webmaster_id", "pub_id", "pid", "a"],
    ),
    (ClickParam::Landing, &["landing_id", "lp_id"]),
    (ClickParam::Promo, &["promo_id", "creative_id"]),
    (ClickParam::Product, &["product_id"]),
    (ClickParam::Stock, &["stock_id"]),
    (ClickParam::Deeplink, &["deeplink", "deep_link", "ulp"]),
];

/// Click ids that ad networks put into addresses; kept for reporting conversions back to them.
#[rustfmt::skip]
pub const AD_CLICK_IDS: &[&str] = &[
    "gclid", "gbraid", "wbraid", "dclid", "fbclid", "ttclid", "yclid", "msclkid", "twclid", "li_fat_id", "ScCid",
    "epik", "rdt_cid", "tblci", "dicbo", "vkclid", "irclickid",
];

/// By name: the thing, and the place of the name in its list.
static BY_NAME: LazyLock<HashMap<&str, (ClickParam, usize)>> = LazyLock::new(|| {
    let lists = CLICK_PARAMS
        .iter()
        .flat_map(|(param, names)| names.iter().enumerate().map(|(place, name)| (*name, (*param, place))));
    let ids = AD_CLICK_IDS.iter().enumerate().map(|(index, name)| (*name, (ClickParam::AdClickId(index), 0)));
    lists.chain(ids).collect()
});

/// What a name in an address tells, and its place among the names of that thing: the lower one counts.
pub fn click_param(name: &str) -> Option<(ClickParam, usize)> {
    BY_NAME.get(name).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_means_two_things() {
        let names = CLICK_PARAMS.iter().map(|(_, names)| names.len()).sum::<usize>() + AD_CLICK_IDS.len();
        assert_eq!(BY_NAME.len(), names);
        assert_eq!(click_param("subid1"), Some((ClickParam::Subid(0), 0)));
        assert_eq!(click_param("s3").map(|found| found.0), Some(ClickParam::Subid(2)));
        assert_eq!(click_param("Subid1"), None, "names are exact");
    }
}
