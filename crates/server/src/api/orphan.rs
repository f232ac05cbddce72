//! `orphan`: reported actions whose visit is not known.

use whocpa_domain::Resource;

use super::resource::{Declaration, op};

pub(super) fn declaration() -> Declaration {
    Declaration::new(
        Resource::Orphan,
        "A reported action that names no visit of this network: it is kept, says what was sent instead, and waits 30 days for its visit.",
    )
    .list("Orphans that fit the filters, newest first, page by page.", op!(orphan_list(input)))
    .view("One orphan.", op!(orphan_view(id)))
    .update("Names an orphan's visit, or gives it up.", op!(orphan_update(id, input)))
}
