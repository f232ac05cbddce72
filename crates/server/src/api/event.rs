//! `event`: what happened, to fetch in order.

use whocpa_domain::Resource;

use super::resource::{Declaration, op};

pub(super) fn declaration() -> Declaration {
    Declaration::new(
        Resource::Event,
        "What happened to your leads, payouts, balance and offers, as webhooks tell it, to fetch in one order from the first event on.",
    )
    .list(
        "Your events behind the one that you name, oldest first, as JSON or NDJSON.",
        op!(event_list(input)),
    )
}
