//! `postback`: calls of a webmaster's tracker or an advertiser's system.

use whocpa_domain::Resource;

use super::resource::{Declaration, op};

pub(super) fn declaration() -> Declaration {
    Declaration::new(
        Resource::Postback,
        "A call of your tracker or your CRM about each event of a lead. Nothing that happens is lost while your receiver is \
         down.",
    )
    .list("Postbacks that fit the filters, page by page.", op!(postback_list(input)))
    .view("One postback.", op!(postback_view(id)))
    .update(
        "Changes a postback, pauses it or lets it go on; fields that you leave out keep their values.",
        op!(postback_update(id, input)),
    )
    .create_view("Adds a postback. Its secret is shown this once.", op!(postback_create(input)))
    .delete("Removes a postback; nothing more is sent.", op!(postback_delete(id)))
}
