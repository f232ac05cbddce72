//! `delivery`: each event that a postback tells, with every try.

use whocpa_domain::Resource;

use super::resource::{Declaration, op};

pub(super) fn declaration() -> Declaration {
    Declaration::new(Resource::Delivery, "One event that a postback tells, with every try.")
        .list("Deliveries that fit the filters, page by page, newest first.", op!(delivery_list(input)))
        .view("One delivery with its tries and the receiver's answers.", op!(delivery_view(id)))
        .update("Sends a delivery again.", op!(delivery_update(id, input)))
        .create_view(
            "Sends a stretch of deliveries again, to the same postback or another one, or rehearses a postback with a test lead.",
            op!(delivery_create(input)),
        )
}
