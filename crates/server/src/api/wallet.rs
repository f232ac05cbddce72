//! `wallet`: announced, see `whocpa_engine::soon`.

use whocpa_domain::input::Nothing;
use whocpa_domain::{Method, Resource};
use whocpa_engine::soon::IdOnly;
use whocpa_engine::soon::wallet::{WalletCreate, WalletList, WalletUpdate, WalletView};

use super::resource::Declaration;

pub(super) fn declaration() -> Declaration {
    Declaration::new(
        Resource::Wallet,
        "Where your money goes out: an account with a way of payment. An operator approves it.",
    )
    .soon::<WalletList, WalletView>(Method::List, "Wallets that fit the filters, page by page.")
    .soon::<Nothing, WalletView>(
        Method::View,
        "One wallet, with the fee and the least amount of a payout to it.",
    )
    .soon::<WalletUpdate, IdOnly>(
        Method::Update,
        "Changes a wallet; fields that you leave out keep their values.",
    )
    .soon::<WalletCreate, IdOnly>(Method::Create, "Adds a wallet; it waits for an operator's approval.")
    .soon::<Nothing, IdOnly>(Method::Delete, "Removes a wallet; payouts that are under way to it go on.")
}
