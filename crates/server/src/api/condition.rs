//! `condition`: rates and hold for one webmaster.

use whocpa_domain::Resource;

use super::resource::{Declaration, op};

pub(super) fn declaration() -> Declaration {
    Declaration::new(
        Resource::Condition,
        "What is different for one webmaster and goal: what he gets, what the advertiser pays, the hold; for all of his areas or for one. One for the area goes before one for all, and that before the goal's own terms.",
    )
    .list("Conditions that fit the filters, page by page.", op!(condition_list(input)))
    .view("One condition, with the goal's own rates beside it.", op!(condition_view(id)))
    .update("Changes a condition for actions from now on.", op!(condition_update(id, input)))
    .create("Adds a condition for a webmaster.", op!(condition_create(input)))
    .delete("Ends a condition now; leads keep the terms by which they were rated.", op!(condition_delete(id)))
}
