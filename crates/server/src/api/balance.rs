//! `balance`: how much money there is.

use whocpa_domain::Resource;

use super::resource::{Declaration, op};

pub(super) fn declaration() -> Declaration {
    Declaration::new(Resource::Balance, "Money of an account by currency.")
        .list("Balances in all currencies.", op!(balance_list()))
        .view("The balance in one currency.", op!(balance_view(id)))
}
