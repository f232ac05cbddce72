//! `geo`: where visitors come from.

use whocpa_domain::Resource;

use super::resource::{Declaration, op};

pub(super) fn declaration() -> Declaration {
    Declaration::new(Resource::Geo, "A tree of groups of countries, countries, groups of regions, regions and cities. Offers name the places that they accept.")
    .list("The whole tree, parents before their children.", op!(geo_list()))
    .update("Changes a place; fields that you leave out keep their values.", op!(geo_update(id, input)))
}
