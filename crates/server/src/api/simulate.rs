//! `simulate`: what would happen.

use whocpa_domain::Resource;

use super::resource::{Declaration, op};

pub(super) fn declaration() -> Declaration {
    Declaration::new(Resource::Simulate, "What would happen to a click or a lead. It runs the same rules as the real thing and stores, counts and pays nothing.")
    .create_view("Tries a click or a report of an action; tells every question and its answer.", op!(simulate_create(input)))
}
