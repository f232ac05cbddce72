//! `deeplink`: tracked links to inner pages.

use whocpa_domain::Resource;

use super::resource::{Declaration, op};

pub(super) fn declaration() -> Declaration {
    Declaration::new(
        Resource::Deeplink,
        "A tracked link to an inner page of the advertiser's site, for offers that allow it.",
    )
    .list("Deeplinks that fit the filters, page by page.", op!(deeplink_list(input)))
    .view("One deeplink.", op!(deeplink_view(id)))
    .update(
        "Changes a deeplink; fields that you leave out keep their values.",
        op!(deeplink_update(id, input)),
    )
    .create("Makes a deeplink.", op!(deeplink_create(input)))
    .delete("Deletes a deeplink; its clicks and leads stay.", op!(deeplink_delete(id)))
}
