//! What a product must be like, whether it is written by hand or comes in a feed.

use whocpa_domain::FieldErrors;
use whocpa_domain::input::Limits;
use whocpa_domain::money::AMOUNT_LIMIT;
use whocpa_store::offer::Offer;
use whocpa_store::product::Product;

use crate::check;

/// An advertiser's own id of a product.
pub(crate) const EXTERNAL_ID: Limits = Limits::Line(1, 100);

/// The hosts of an offer, as an operator approved them.
pub(crate) struct Hosts(Vec<String>);

impl Hosts {
    /// Those of its destination and its home page.
    pub fn of(offer: &Offer) -> Self {
        let hosts = [&offer.url_redirect, &offer.url_homepage].into_iter().filter_map(|url| check::host(url));
        Self(hosts.map(|host| host.strip_prefix("www.").map(str::to_owned).unwrap_or(host)).collect())
    }

    /// Whether an address leads to one of them or to a host below it.
    fn cover(&self, url: &str) -> bool {
        check::host(url).is_some_and(|host| {
            self.0.iter().any(|own| {
                host.strip_suffix(own.as_str()).is_some_and(|left| left.is_empty() || left.ends_with('.'))
            })
        })
    }
}

/// Checks everything but the currency, which needs the database.
pub(crate) fn check(errors: &mut FieldErrors, row: &Product, hosts: &Hosts) {
    EXTERNAL_ID.check(errors, "external_id", &row.external_id);
    check::name(errors, "name", &row.name);
    if row.url.is_empty() {
        errors.add("url", "Must not be empty");
    } else {
        check::url(errors, "url", &row.url);
        if !hosts.cover(&row.url) {
            let hosts = hosts.0.join(", ");
            errors.add("url", format!("Must be on a host of the offer: {hosts}"));
        }
    }
    check::range(errors, "price", row.price, 0, AMOUNT_LIMIT);
    if let Some(old) = row.price_old
        && (old <= row.price || old > AMOUNT_LIMIT)
    {
        errors.add("price_old", "Must be above price, and at most 1000000000");
    }
    check::url(errors, "picture", &row.picture);
    for (field, value) in [("category", &row.category), ("vendor", &row.vendor)] {
        check::line(errors, field, value);
    }
    check::text(errors, "description", &row.description);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_on_a_host_of_the_offer_or_below_it() {
        let hosts = Hosts(vec!["shop.example".to_owned()]);
        for good in ["https://shop.example/1", "http://m.shop.example/1", "https://SHOP.example./1"] {
            assert!(hosts.cover(good), "{good}");
        }
        for bad in ["https://myshop.example/1", "https://shop.example.evil.example/", "https://example/", "x"]
        {
            assert!(!hosts.cover(bad), "{bad}");
        }
    }
}
