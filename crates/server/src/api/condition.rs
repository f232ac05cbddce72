//! `condition`: announced, see `whocpa_engine::soon`.

use whocpa_domain::input::Nothing;
use whocpa_domain::{Method, Resource};
use whocpa_engine::soon::IdOnly;
use whocpa_engine::soon::condition::{ConditionCreate, ConditionList, ConditionUpdate, ConditionView};

use super::resource::Declaration;

pub(super) fn declaration() -> Declaration {
    Declaration::new(
        Resource::Condition,
        "Rates and hold of one webmaster for a goal that differ from the goal's own.",
    )
    .soon::<ConditionList, ConditionView>(Method::List, "Conditions that fit the filters, page by page.")
    .soon::<Nothing, ConditionView>(Method::View, "One condition, with the goal's own rates beside it.")
    .soon::<ConditionUpdate, IdOnly>(Method::Update, "Changes a condition for actions from now on.")
    .soon::<ConditionCreate, IdOnly>(Method::Create, "Adds a condition for a webmaster.")
    .soon::<Nothing, IdOnly>(
        Method::Delete,
        "Ends a condition now; leads keep the terms by which they were rated.",
    )
}
