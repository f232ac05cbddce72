//! Products: the goods of an offer, written by hand or imported by a feed.
//!
//! Goods are not moderated one by one, so their pages must be on the hosts of the offer itself: visitors reach only
//! what an operator has approved.

mod check;
mod input;

use std::collections::BTreeMap;

use whocpa_domain::money::Amount;
use whocpa_domain::{Error, FieldErrors, Method, Resource, Result, Scope, Time, view};
use whocpa_store::product::{self, Product, ProductFilter};
use whocpa_store::{Db, currency, offer};

use crate::audit::Changes;
use crate::currency::digits;
use crate::{Caller, Engine, Paging, Rows, material};

pub use input::{ProductCreate, ProductList, ProductUpdate};

pub(crate) use check::{Hosts, check};

/// Declares the row of the list and the richer object at once: what they share is written and documented once.
macro_rules! shown {
    (
        shared { $( $(#[doc = $doc:literal])* $field:ident : $ty:ty ),* $(,)? }
        more { $( $(#[doc = $more_doc:literal])* $more:ident : $more_ty:ty ),* $(,)? }
    ) => {
        view! {
            /// A product in a list.
            pub struct ProductRow { $( $(#[doc = $doc])* $field: $ty ),* }
        }
        view! {
            /// A product with its description.
            pub struct ProductView {
                $( $(#[doc = $doc])* $field: $ty, )*
                $( $(#[doc = $more_doc])* $more: $more_ty ),*
            }
        }
        impl ProductRow {
            /// The same product with what only its own page shows.
            fn with(self, $($more: $more_ty),*) -> ProductView {
                ProductView { $( $field: self.$field, )* $( $more ),* }
            }
        }
    };
}

shown! {
    shared {
        /// Product id.
        id: i64,
        /// Its offer.
        offer_id: i64,
        /// The advertiser's own id of it, unique within the offer.
        external_id: String,
        /// Name.
        name: String,
        /// Its page.
        url: String,
        /// Price.
        price: Amount,
        /// What it cost before; `null` when it is not discounted.
        price_old: Option<Amount>,
        /// Currency of both.
        currency_id: i64,
        /// Address of its picture, empty for none.
        picture: String,
        /// Path of categories, joined by ` / `; empty when not told.
        category: String,
        /// Who makes it, empty when not told.
        vendor: String,
        /// Whether it can be bought.
        is_available: bool,
        /// When it was added.
        date_created: Time,
        /// When it was changed last.
        date_updated: Time,
    }
    more {
        /// Description.
        description: String,
    }
}

impl Engine {
    /// One page of products.
    pub async fn product_list(&self, caller: Caller, input: ProductList) -> Result<Rows<ProductRow>> {
        let scope = caller.may(Resource::Product, Method::List)?;
        let db = self.store().read();
        material::offers_check(&db, scope, input.offer_id.as_deref()).await?;
        let filter = ProductFilter {
            ids: input.id,
            offer_ids: input.offer_id,
            external_ids: input.external_id,
            vendors: input.vendor,
            currency_id: input.currency_id,
            price_from: input.price_from.map(|price| price.0),
            price_to: input.price_to.map(|price| price.0),
            is_discounted: input.is_discounted,
            is_available: input.is_available,
            category: input.category,
            search: input.search,
            updated_from: input.d_updated_from,
            sort: input.sort.unwrap_or_default(),
        };
        let rows = product::list(&db, scope, &filter, Paging::new(input.page, input.per_page)).await?;
        let digits = digits(&db).await?;
        Ok(rows.map(|row| shown(row, &digits)))
    }

    /// One product with its description.
    pub async fn product_view(&self, caller: Caller, id: i64) -> Result<ProductView> {
        let scope = caller.may(Resource::Product, Method::View)?;
        let db = self.store().read();
        let mut row = product::view(&db, scope, id).await?.ok_or(Error::NotFound)?;
        let description = std::mem::take(&mut row.description);
        Ok(shown(row, &digits(&db).await?).with(description))
    }

    /// Changes a product; absent fields keep their value. The next import of a feed that has it writes it over.
    pub async fn product_update(&self, caller: Caller, id: i64, input: ProductUpdate) -> Result<()> {
        let scope = caller.may(Resource::Product, Method::Update)?;
        let (now, input) = (self.now(), &input);
        self.store()
            .write(move |db| async move {
                let before = product::view_for_update(&db, scope, id).await?.ok_or(Error::NotFound)?;
                let mut row = before.clone();
                input.apply(&mut row);
                if row != before {
                    row.date_updated = now.0;
                }
                let offer = offer::view(&db, Scope::All, row.offer_id).await?.ok_or(Error::NotFound)?;
                let present = (before.currency_id == row.currency_id).then_some(row.currency_id);
                row_check(&db, &row, &Hosts::of(&offer), present).await?;
                let changes = Changes::updated(&before, &row);
                product::update(&db, row).await?;
                self.note(&db, caller, Resource::Product, id, changes).await
            })
            .await
    }

    /// Adds a product; gives its id.
    pub async fn product_create(&self, caller: Caller, input: ProductCreate) -> Result<i64> {
        let scope = caller.may(Resource::Product, Method::Create)?;
        let row = &input.row(self.now());
        self.store()
            .write(move |db| async move {
                let offer = material::offer_for(&db, scope, row.offer_id).await?;
                row_check(&db, row, &Hosts::of(&offer), None).await?;
                let id = product::create(&db, row.clone()).await?;
                self.note(&db, caller, Resource::Product, id, Changes::created(row)).await?;
                Ok(id)
            })
            .await
    }

    /// Removes a product. A feed that still has it brings it again.
    pub async fn product_delete(&self, caller: Caller, id: i64) -> Result<()> {
        let scope = caller.may(Resource::Product, Method::Delete)?;
        self.store()
            .write(move |db| async move {
                let row = product::view_for_update(&db, scope, id).await?.ok_or(Error::NotFound)?;
                product::delete(&db, id).await?;
                self.note(&db, caller, Resource::Product, id, Changes::deleted(&row)).await
            })
            .await
    }
}

/// Checks a product and its currency; one that it has already may stay, also when nobody may choose it any more.
async fn row_check(db: &Db, row: &Product, hosts: &Hosts, present: Option<i64>) -> Result<()> {
    let mut errors = FieldErrors::default();
    check(&mut errors, row, hosts);
    let known = currency::view(db, Scope::All, row.currency_id).await?;
    if known.is_none_or(|known| !known.is_active && present != Some(known.id)) {
        errors.add("currency_id", "Currencies not found");
    }
    errors.finish()
}

fn shown(row: Product, digits: &BTreeMap<i64, u8>) -> ProductRow {
    let digits = digits.get(&row.currency_id).copied().unwrap_or_default();
    let amount = |micros| Amount { micros, digits };
    ProductRow {
        id: row.id,
        offer_id: row.offer_id,
        external_id: row.external_id,
        name: row.name,
        url: row.url,
        price: amount(row.price),
        price_old: row.price_old.map(amount),
        currency_id: row.currency_id,
        picture: row.picture,
        category: row.category,
        vendor: row.vendor,
        is_available: row.is_available,
        date_created: Time(row.date_created),
        date_updated: Time(row.date_updated),
    }
}
