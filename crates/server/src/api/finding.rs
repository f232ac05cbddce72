//! `finding`: what rules found.

use whocpa_domain::Resource;

use super::resource::{Declaration, op};

pub(super) fn declaration() -> Declaration {
    Declaration::new(
        Resource::Finding,
        "What a rule about the quality of traffic found: a source of a webmaster on an offer, with what was counted and the limit.",
    )
    .list("Findings that fit the filters, newest first, page by page.", op!(finding_list(input)))
    .view("One finding.", op!(finding_view(id)))
    .update("Ends a finding.", op!(finding_update(id, input)))
}
