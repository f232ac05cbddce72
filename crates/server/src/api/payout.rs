//! `payout`: a webmaster's money on its way out.

use whocpa_domain::Resource;

use super::resource::{Declaration, op};

pub(super) fn declaration() -> Declaration {
    Declaration::new(Resource::Payout, "Money of yours on its way out.")
        .list("Payouts that fit the filters, page by page, newest first.", op!(payout_list(input)))
        .view("One payout.", op!(payout_view(id)))
        .update("Approves, sends, pays or rejects a payout.", op!(payout_update(id, input)))
        .create("Asks for a payout; the amount is reserved at once.", op!(payout_create(input)))
        .delete(
            "Cancels a payout that nobody has approved yet; the money is available again.",
            op!(payout_delete(id)),
        )
}
