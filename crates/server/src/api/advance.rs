//! `advance`: money that the network gives before leads earn it.

use whocpa_domain::Resource;

use super::resource::{Declaration, op};

pub(super) fn declaration() -> Declaration {
    Declaration::new(
        Resource::Advance,
        "Money that the network gave a webmaster before his leads earned it; a share of what they earn afterwards repays it.",
    )
    .list("Advances that fit the filters, page by page, newest first.", op!(advance_list(input)))
    .view("One advance.", op!(advance_view(id)))
    .create("Gives an advance: the money is available at once.", op!(advance_create(input)))
}
