//! `connection`: which webmaster works with which offer.

use whocpa_domain::Resource;

use super::resource::{Declaration, op};

pub(super) fn declaration() -> Declaration {
    Declaration::new(
        Resource::Connection,
        "A webmaster asks to work with an offer; its advertiser or an operator approves or refuses.",
    )
    .list("Connections that fit the filters, page by page.", op!(connection_list(input)))
    .view("One connection.", op!(connection_view(id)))
    .update("Approves or refuses a connection.", op!(connection_update(id, input)))
    .create("Asks to work with an offer.", op!(connection_create(input)))
    .delete("Ends a connection.", op!(connection_delete(id)))
}
