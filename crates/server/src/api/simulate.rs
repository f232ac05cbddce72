//! `simulate`: announced, see `whocpa_engine::soon`.

use whocpa_domain::{Method, Resource};
use whocpa_engine::soon::simulate::{SimulateCreate, SimulateView};

use super::resource::Declaration;

pub(super) fn declaration() -> Declaration {
    Declaration::new(Resource::Simulate, "What would happen to a click or a lead. It runs the same rules as the real thing and stores, counts and pays nothing.")
    .soon::<SimulateCreate, SimulateView>(Method::Create, "Tries a click or a report of an action; tells every question and its answer.")
}
