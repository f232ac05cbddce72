//! `stat`: announced, see `whocpa_engine::soon`.

use whocpa_domain::{Method, Resource};
use whocpa_engine::soon::stat::{StatList, StatRow};

use super::resource::Declaration;

pub(super) fn declaration() -> Declaration {
    Declaration::new(Resource::Stat, "Clicks, leads and money by up to four dimensions. The same number is the same everywhere.")
    .soon::<StatList, StatRow>(Method::List, "Sums by the wanted dimensions, page by page. Headers of the answer name the zone, the period, and until when it is complete.")
}
