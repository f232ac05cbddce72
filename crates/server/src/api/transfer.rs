//! `transfer`: announced, see `whocpa_engine::soon`.

use whocpa_domain::input::Nothing;
use whocpa_domain::{Method, Resource};
use whocpa_engine::soon::transfer::{TransferList, TransferView};

use super::resource::Declaration;

pub(super) fn declaration() -> Declaration {
    Declaration::new(Resource::Transfer, "A movement of money between two accounts. It is never changed and never deleted; a wrong one is taken back by another.")
    .soon::<TransferList, TransferView>(Method::List, "Transfers from and to your accounts that fit the filters, page by page, newest first.")
    .soon::<Nothing, TransferView>(Method::View, "One transfer.")
}
