//! What may be sent about products.

use whocpa_domain::input::{Decimal, Patch, limits};
use whocpa_domain::material::ProductSort;
use whocpa_domain::sort::Sort;
use whocpa_domain::{Page, PerPage, Time, params};
use whocpa_store::product::Product;

use super::check::EXTERNAL_ID;
use crate::check;

params! {
    /// Which products are wanted.
    pub struct ProductList {
        /// Only these.
        id: Option<Vec<i64>>,
        /// Only of these offers. When one of them is unknown or not visible to you, the request is refused.
        offer_id: Option<Vec<i64>>,
        /// Only with these ids of the advertiser's own.
        external_id: Option<Vec<String>>,
        /// Only by these makers.
        vendor: Option<Vec<String>>,
        /// Only with prices in this currency.
        currency_id: Option<i64>,
        /// Only at this price or more, whatever the currency.
        price_from: Option<Decimal>,
        /// Only at this price or less, whatever the currency.
        price_to: Option<Decimal>,
        /// 1 for those that are cheaper than before only, 0 for the others only.
        is_discounted: Option<bool>,
        /// 1 for those that can be bought only, 0 for the others only.
        is_available: Option<bool>,
        /// Only whose path of categories contains this.
        category: Option<String> where limits::LINE,
        /// Only whose name contains this.
        search: Option<String> where limits::LINE,
        /// Only changed since this moment.
        d_updated_from: Option<Time>,
        /// Order of the list, a minus in front for the other direction; `id` unless told.
        sort: Option<Sort<ProductSort>>,
        /// Page, from 1.
        page: Page,
        /// Rows on a page, 10 to 100.
        per_page: PerPage,
    }
}

params! {
    /// A new product.
    pub struct ProductCreate {
        /// The offer.
        offer_id: i64,
        /// Your own id of it, unique within the offer.
        external_id: String where EXTERNAL_ID,
        /// Name.
        name: String where limits::NAME,
        /// Its page, on a host of the offer's `url_redirect` or `url_homepage` or below one.
        url: String where check::URL_GIVEN,
        /// Price.
        price: Decimal,
        /// What it cost before; above the price.
        price_old: Option<Decimal>,
        /// Currency of both.
        currency_id: i64,
        /// Address of its picture.
        picture: Option<String> where check::URL,
        /// Path of categories, joined by ` / `.
        category: Option<String> where limits::LINE,
        /// Who makes it.
        vendor: Option<String> where limits::LINE,
        /// Description.
        description: Option<String> where limits::TEXT,
        /// Whether it can be bought; yes unless told.
        is_available: Option<bool>,
    }
}

params! {
    /// Changes of a product. Its offer stays.
    pub struct ProductUpdate {
        /// Your own id of it, unique within the offer.
        external_id: Option<String> where EXTERNAL_ID,
        /// Name.
        name: Option<String> where limits::NAME,
        /// Its page, on a host of the offer's `url_redirect` or `url_homepage` or below one.
        url: Option<String> where check::URL_GIVEN,
        /// Price.
        price: Option<Decimal>,
        /// What it cost before; empty when it is not discounted.
        price_old: Patch<Decimal>,
        /// Currency of both.
        currency_id: Option<i64>,
        /// Address of its picture; empty for none.
        picture: Option<String> where check::URL,
        /// Path of categories, joined by ` / `; empty for none.
        category: Option<String> where limits::LINE,
        /// Who makes it; empty for nobody.
        vendor: Option<String> where limits::LINE,
        /// Description.
        description: Option<String> where limits::TEXT,
        /// Whether it can be bought.
        is_available: Option<bool>,
    }
}

impl ProductCreate {
    /// The new row.
    pub(super) fn row(self, now: Time) -> Product {
        Product {
            id: 0,
            offer_id: self.offer_id,
            external_id: self.external_id,
            name: self.name,
            url: self.url,
            price: self.price.0,
            price_old: self.price_old.map(|price| price.0),
            currency_id: self.currency_id,
            picture: self.picture.unwrap_or_default(),
            category: self.category.unwrap_or_default(),
            vendor: self.vendor.unwrap_or_default(),
            description: self.description.unwrap_or_default(),
            is_available: self.is_available.unwrap_or(true),
            run: 0,
            date_created: now.0,
            date_updated: now.0,
        }
    }
}

impl ProductUpdate {
    /// Puts what was sent into the row.
    pub(super) fn apply(&self, row: &mut Product) {
        for (place, sent) in [
            (&mut row.external_id, &self.external_id),
            (&mut row.name, &self.name),
            (&mut row.url, &self.url),
            (&mut row.picture, &self.picture),
            (&mut row.category, &self.category),
            (&mut row.vendor, &self.vendor),
            (&mut row.description, &self.description),
        ] {
            if let Some(sent) = sent {
                place.clone_from(sent);
            }
        }
        row.price = self.price.map_or(row.price, |price| price.0);
        row.price_old = match self.price_old {
            Patch::Keep => row.price_old,
            Patch::Clear => None,
            Patch::Set(price) => Some(price.0),
        };
        row.currency_id = self.currency_id.unwrap_or(row.currency_id);
        row.is_available = self.is_available.unwrap_or(row.is_available);
    }
}
