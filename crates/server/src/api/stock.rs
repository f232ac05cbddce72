//! `stock`: time-limited promotions of an offer.

use whocpa_domain::Resource;

use super::resource::{Declaration, op};

pub(super) fn declaration() -> Declaration {
    Declaration::new(
        Resource::Stock,
        "A time-limited promotion of an offer: a sale, a gift, a code. An operator approves it.",
    )
    .list("Stocks that fit the filters, page by page.", op!(stock_list(input)))
    .view("One stock.", op!(stock_view(id)))
    .update(
        "Changes a stock or its moderation; fields that you leave out keep their values.",
        op!(stock_update(id, input)),
    )
    .create("Adds a stock to an offer; it waits for an operator's approval.", op!(stock_create(input)))
    .delete("Removes a stock that was never approved, and archives one that was.", op!(stock_delete(id)))
}
