//! `link`: what visitors click.

use whocpa_domain::Resource;

use super::resource::{Declaration, op};

pub(super) fn declaration() -> Declaration {
    Declaration::new(
        Resource::Link,
        "A tracked link to an offer, with the area that it stands on and your own marks.",
    )
    .list("Links that fit the filters, page by page.", op!(link_list(input)))
    .view("One link.", op!(link_view(id)))
    .update("Changes a link; fields that you leave out keep their values.", op!(link_update(id, input)))
    .create("Makes a link.", op!(link_create(input)))
    .delete("Removes a link.", op!(link_delete(id)))
}
