//! `click`: announced, see `whocpa_engine::soon`.

use whocpa_domain::input::Nothing;
use whocpa_domain::{Method, Resource};
use whocpa_engine::soon::click::{ClickList, ClickRow, ClickView};

use super::resource::Declaration;

pub(super) fn declaration() -> Declaration {
    Declaration::new(Resource::Click, "A visit through a link. Every click is kept with the questions that were asked about it; bots and repeats are counted apart, never dropped.")
    .text_id()
    .soon::<ClickList, ClickRow>(Method::List, "Clicks that fit the filters, page by page, newest first.")
    .soon::<Nothing, ClickView>(Method::View, "One click: how it was decided, and the leads that it brought.")
}
