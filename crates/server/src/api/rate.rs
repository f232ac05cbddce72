//! `rate`: what one currency is worth in another.

use whocpa_domain::Resource;

use super::resource::{Declaration, op};

pub(super) fn declaration() -> Declaration {
    let about = "Exchange rates of currencies. A payout into a wallet of another currency is exchanged by the newest that counts \
                 when it is asked for.";
    Declaration::new(Resource::Rate, about)
        .list("Rates that fit the filters, newest first, page by page.", op!(rate_list(input)))
        .view("One rate.", op!(rate_view(id)))
        .create("States a rate. It is never changed: a newer one counts instead.", op!(rate_create(input)))
}
