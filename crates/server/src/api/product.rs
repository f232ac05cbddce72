//! `product`: the goods of an offer.

use whocpa_domain::Resource;

use super::resource::{Declaration, op};

pub(super) fn declaration() -> Declaration {
    Declaration::new(
        Resource::Product,
        "One of an offer's goods, with its page and price. Feeds bring them by the thousand.",
    )
    .list("Products that fit the filters, page by page.", op!(product_list(input)))
    .view("One product with its description.", op!(product_view(id)))
    .update("Changes a product; fields that you leave out keep their values.", op!(product_update(id, input)))
    .create("Adds a product to an offer.", op!(product_create(input)))
    .delete("Removes a product.", op!(product_delete(id)))
}
