//! `transfer`: every movement of money.

use whocpa_domain::Resource;

use super::resource::{Declaration, op};

pub(super) fn declaration() -> Declaration {
    Declaration::new(Resource::Transfer, "A movement of money between two accounts. It is never changed and never deleted; a wrong one is taken back by another.")
    .list("Transfers from and to your accounts that fit the filters, page by page, newest first.", op!(transfer_list(input)))
    .view("One transfer.", op!(transfer_view(id)))
}
