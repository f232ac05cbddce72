//! `audit`: what people did.

use whocpa_domain::Resource;

use super::resource::{Declaration, op};

pub(super) fn declaration() -> Declaration {
    Declaration::new(
        Resource::Audit,
        "Everything that was changed by anybody: who, when, from where, with which key, and what it was before. Entries are never changed.",
    )
    .list("Entries that fit the filters, newest first, page by page.", op!(audit_list(input)))
    .view("One entry.", op!(audit_view(id)))
}
