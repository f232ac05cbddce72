//! `landing`: the pages of an offer.

use whocpa_domain::Resource;

use super::resource::{Declaration, op};

pub(super) fn declaration() -> Declaration {
    Declaration::new(
        Resource::Landing,
        "A page of an offer that visitors are sent to. An operator approves it.",
    )
    .list("Landings that fit the filters, page by page.", op!(landing_list(input)))
    .view("One landing.", op!(landing_view(id)))
    .update(
        "Changes a landing or its moderation; fields that you leave out keep their values.",
        op!(landing_update(id, input)),
    )
    .create("Adds a landing to an offer; it waits for an operator's approval.", op!(landing_create(input)))
    .delete("Removes a landing that was never approved, and archives one that was.", op!(landing_delete(id)))
}
