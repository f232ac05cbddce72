//! `deeplink`: announced, see `whocpa_engine::soon`.

use whocpa_domain::input::Nothing;
use whocpa_domain::{Method, Resource};
use whocpa_engine::soon::IdOnly;
use whocpa_engine::soon::deeplink::{DeeplinkCreate, DeeplinkList, DeeplinkUpdate, DeeplinkView};

use super::resource::Declaration;

pub(super) fn declaration() -> Declaration {
    Declaration::new(
        Resource::Deeplink,
        "A tracked link to an inner page of the advertiser's site, for offers that allow it.",
    )
    .soon::<DeeplinkList, DeeplinkView>(Method::List, "Deeplinks that fit the filters, page by page.")
    .soon::<Nothing, DeeplinkView>(Method::View, "One deeplink.")
    .soon::<DeeplinkUpdate, IdOnly>(
        Method::Update,
        "Changes a deeplink; fields that you leave out keep their values.",
    )
    .soon::<DeeplinkCreate, IdOnly>(Method::Create, "Makes a deeplink.")
    .soon::<Nothing, IdOnly>(Method::Delete, "Deletes a deeplink; its clicks and leads stay.")
}
