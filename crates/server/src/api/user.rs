//! `user`: people of the network.

use whocpa_domain::Resource;

use super::resource::{Declaration, op};

pub(super) fn declaration() -> Declaration {
    Declaration::new(
        Resource::User,
        "Accounts of webmasters, advertisers and operators. A manager reaches those that are assigned to him.",
    )
        .list("Accounts that fit the filters, page by page.", op!(user_list(input)))
        .view("One account with its balances.", op!(user_view(id)))
        .update(
            "Changes an account; fields that you leave out keep their values.",
            op!(user_update(id, input)),
        )
        .create("Adds an account.", op!(user_create(input)))
        .delete("Blocks an account; what it did stays.", op!(user_delete(id)))
}
