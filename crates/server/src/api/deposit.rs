//! `deposit`: an advertiser's money on its way in.

use whocpa_domain::Resource;

use super::resource::{Declaration, op};

pub(super) fn declaration() -> Declaration {
    Declaration::new(Resource::Deposit, "Money of an advertiser on its way in.")
        .list("Deposits that fit the filters, page by page, newest first.", op!(deposit_list(input)))
        .view("One deposit, with how to pay it.", op!(deposit_view(id)))
        .update("Confirms or cancels a deposit.", op!(deposit_update(id, input)))
        .create(
            "Makes a deposit; an operator confirms the money when it is there.",
            op!(deposit_create(input)),
        )
}
