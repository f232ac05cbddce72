//! `referral`: who brought whom.

use whocpa_domain::Resource;

use super::resource::{Declaration, op};

pub(super) fn declaration() -> Declaration {
    Declaration::new(
        Resource::Referral,
        "Somebody who joined by a webmaster's invitation, and what it earns the webmaster.",
    )
    .list("People whom you brought that fit the filters, page by page.", op!(referral_list(input)))
    .view("One of them, with what it earned by currency.", op!(referral_view(id)))
}
