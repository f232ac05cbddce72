//! `lead`: actions of visitors that are paid for.

use whocpa_domain::Resource;

use super::resource::{Declaration, op};

pub(super) fn declaration() -> Declaration {
    Declaration::new(
        Resource::Lead,
        "A targeted action: it waits for a decision, is approved or refused, is held, and closes.",
    )
    .list("Leads that fit the filters, newest first unless told, page by page.", op!(lead_list(input)))
    .view("One lead with its history.", op!(lead_view(id)))
    .update("Decides a lead.", op!(lead_update(id, input)))
    .create_view(
        "Sends a lead: an advertiser by its click, a webmaster with the buyer's name and phone.",
        op!(lead_create(input)),
    )
}
