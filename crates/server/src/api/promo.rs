//! `promo`: creative material of an offer.

use whocpa_domain::Resource;

use super::resource::{Declaration, op};

pub(super) fn declaration() -> Declaration {
    Declaration::new(Resource::Promo, "Creative material of an offer: banners, texts, e-mails, HTML blocks, videos, showcases. An operator approves it.")
        .list("Promos that fit the filters, page by page.", op!(promo_list(input)))
        .view("One promo with its template.", op!(promo_view(id)))
        .update("Changes a promo or its moderation; fields that you leave out keep their values.", op!(promo_update(id, input)))
        .create("Adds a promo to an offer; it waits for an operator's approval.", op!(promo_create(input)))
        .delete("Removes a promo that was never approved, and archives one that was.", op!(promo_delete(id)))
}
