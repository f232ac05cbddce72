//! `goal`: what is paid in an offer.

use whocpa_domain::Resource;

use super::resource::{Declaration, op};

pub(super) fn declaration() -> Declaration {
    Declaration::new(Resource::Goal, "An action of a visitor that an offer pays for, with its rate and hold.")
        .list("Goals that fit the filters, page by page.", op!(goal_list(input)))
        .view("One goal.", op!(goal_view(id)))
        .update("Changes a goal; fields that you leave out keep their values.", op!(goal_update(id, input)))
        .create("Adds a goal to an offer.", op!(goal_create(input)))
        .delete("Removes a goal.", op!(goal_delete(id)))
}
