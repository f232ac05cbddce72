//! `user`: people of the network.

use whocpa_domain::Resource;

use super::resource::{Declaration, op};

pub(super) fn declaration() -> Declaration {
    Declaration::new(Resource::User, "Accounts of webmasters, advertisers and operators.")
        .list("Accounts that fit the filters, page by page.", op!(user_list(input)))
        .view("One account.", op!(user_view(id)))
        .update(
            "Changes an account; fields that you leave out keep their values.",
            op!(user_update(id, input)),
        )
        .create("Adds an account.", op!(user_create(input)))
        .delete("Removes an account.", op!(user_delete(id)))
}
