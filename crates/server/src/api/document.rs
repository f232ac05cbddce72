//! `document`: invoices, remittances and statements as PDF.

use whocpa_domain::Resource;

use super::resource::{Declaration, op};

pub(super) fn declaration() -> Declaration {
    Declaration::new(
        Resource::Document,
        "A document as PDF, made when it is asked for, in the language of the person whose it is.",
    )
    .list(
        "The invoice of a deposit, the remittance of a payout, or a statement of your balance, as a list of one.",
        op!(document_list(input)),
    )
}
