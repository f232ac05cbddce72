//! `stat`: how much of everything there is.

use whocpa_domain::Resource;

use super::resource::{Declaration, op};

pub(super) fn declaration() -> Declaration {
    Declaration::new(Resource::Stat, "Clicks, leads and money by up to four dimensions. The same number is the same everywhere.").list(
        "Sums by the wanted dimensions, page by page, with totals, the zone, the period, and until when it is complete.",
        op!(stat_list(input)),
    )
}
