//! `wallet`: where a webmaster's money goes out.

use whocpa_domain::Resource;

use super::resource::{Declaration, op};

pub(super) fn declaration() -> Declaration {
    Declaration::new(
        Resource::Wallet,
        "Where your money goes out: an account with a way of payment. An operator approves it.",
    )
    .list("Wallets that fit the filters, page by page.", op!(wallet_list(input)))
    .view("One wallet, with the fee and the least amount of a payout to it.", op!(wallet_view(id)))
    .update("Changes a wallet; fields that you leave out keep their values.", op!(wallet_update(id, input)))
    .create("Adds a wallet; it waits for an operator's approval, and 48 hours.", op!(wallet_create(input)))
    .delete("Removes a wallet; payouts that are under way to it go on.", op!(wallet_delete(id)))
}
