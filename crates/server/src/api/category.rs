//! `category`: kinds of offers.

use whocpa_domain::Resource;

use super::resource::{Declaration, op};

pub(super) fn declaration() -> Declaration {
    Declaration::new(
        Resource::Category,
        "What an offer is about. Lists of offers can be narrowed to categories.",
    )
    .list("Categories that fit the filters, by name.", op!(category_list(input)))
    .view("One category.", op!(category_view(id)))
    .update(
        "Changes a category; fields that you leave out keep their values.",
        op!(category_update(id, input)),
    )
    .create("Adds a category.", op!(category_create(input)))
    .delete("Removes a category that no offer uses.", op!(category_delete(id)))
}
