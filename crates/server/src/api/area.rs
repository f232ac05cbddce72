//! `area`: where a webmaster's visitors come from.

use whocpa_domain::Resource;

use super::resource::{Declaration, op};

pub(super) fn declaration() -> Declaration {
    Declaration::new(Resource::Area, "A traffic source: a site, an application, a channel, an advertising account. An operator approves it.")
    .list("Areas that fit the filters, page by page.", op!(area_list(input)))
    .view("One area.", op!(area_view(id)))
    .update("Changes an area; fields that you leave out keep their values.", op!(area_update(id, input)))
    .create("Adds an area; it waits for an operator's approval.", op!(area_create(input)))
    .delete("Removes an area.", op!(area_delete(id)))
}
