//! `domain`: parked tracking domains.

use whocpa_domain::Resource;

use super::resource::{Declaration, op};

pub(super) fn declaration() -> Declaration {
    Declaration::new(
        Resource::Domain,
        "A domain of your own for your links. Point its DNS record here; the network finds out by itself when it arrives.",
    )
    .list("Domains that fit the filters, page by page.", op!(domain_list(input)))
    .view("One domain, with the DNS record to make.", op!(domain_view(id)))
    .update("Blocks a domain, or lets it be looked at again.", op!(domain_update(id, input)))
    .create("Adds a domain; it works as soon as its DNS record is found.", op!(domain_create(input)))
    .delete("Gives a domain up, or releases its name; visitors who still come by it are sent on by the network's own.", op!(domain_delete(id)))
}
