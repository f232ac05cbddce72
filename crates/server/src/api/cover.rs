//! `cover`: what an advertiser's leads are paid from.

use whocpa_domain::Resource;

use super::resource::{Declaration, op};

pub(super) fn declaration() -> Declaration {
    Declaration::new(
        Resource::Cover,
        "What covers an advertiser's leads in one currency: his balance and what the network trusts him with. Every advertiser has one in each currency of his live offers.",
    )
    .list("Covers that fit the filters, page by page.", op!(cover_list(input)))
    .view("One cover.", op!(cover_view(id)))
    .update("Sets the credit (operators), the threshold of the warning, and whether visitors go to traffic-back while nothing is left.", op!(cover_update(id, input)))
    .create("Adds a cover before the advertiser has an offer in the currency.", op!(cover_create(input)))
}
