//! `offer`: what advertisers sell through the network.

use whocpa_domain::Resource;

use super::resource::{Declaration, op};

pub(super) fn declaration() -> Declaration {
    Declaration::new(Resource::Offer, "A product or service with its rules, regions and paid goals. An offer goes live after an operator approved it.")
    .list("Offers that fit the filters, page by page.", op!(offer_list(input)))
    .view("One offer with everything that belongs to it.", op!(offer_view(id)))
    .update("Changes an offer; fields that you leave out keep their values.", op!(offer_update(id, input)))
    .create("Adds an offer; it waits for an operator's approval.", op!(offer_create(input)))
    .delete("Removes an offer.", op!(offer_delete(id)))
}
