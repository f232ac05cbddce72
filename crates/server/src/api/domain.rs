//! `domain`: announced, see `whocpa_engine::soon`.

use whocpa_domain::input::Nothing;
use whocpa_domain::{Method, Resource};
use whocpa_engine::soon::IdOnly;
use whocpa_engine::soon::domain::{DomainCreate, DomainList, DomainUpdate, DomainView};

use super::resource::Declaration;

pub(super) fn declaration() -> Declaration {
    Declaration::new(Resource::Domain, "A domain of your own for your links. Point its DNS record here, and it gets a certificate by itself.")
    .soon::<DomainList, DomainView>(Method::List, "Domains that fit the filters, page by page.")
    .soon::<Nothing, DomainView>(Method::View, "One domain, with the DNS record to make.")
    .soon::<DomainUpdate, IdOnly>(Method::Update, "Blocks a domain, or lets it be checked again.")
    .soon::<DomainCreate, IdOnly>(Method::Create, "Adds a domain; it works as soon as its DNS record is found.")
    .soon::<Nothing, IdOnly>(Method::Delete, "Gives a domain up; visitors who still come by it are sent on by the network's own.")
}
