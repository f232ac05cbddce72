//! `currency`: what money is counted in.

use whocpa_domain::Resource;

use super::resource::{Declaration, op};

pub(super) fn declaration() -> Declaration {
    Declaration::new(Resource::Currency, "The currencies of rates, balances and payouts.")
        .list("All currencies.", op!(currency_list()))
        .view("One currency.", op!(currency_view(id)))
        .update(
            "Changes a currency; fields that you leave out keep their values.",
            op!(currency_update(id, input)),
        )
        .create("Adds a currency.", op!(currency_create(input)))
        .delete("Removes a currency that nothing uses.", op!(currency_delete(id)))
}
