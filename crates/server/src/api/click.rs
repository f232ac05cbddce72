//! `click`: visits through links, and why each went where it went.

use whocpa_domain::Resource;

use super::resource::{Declaration, op};

pub(super) fn declaration() -> Declaration {
    Declaration::new(Resource::Click, "A visit through a link. Every click is kept with the questions that were asked about it; bots and repeats are counted apart, never dropped.")
    .list("Clicks that fit the filters, page by page, newest first.", op!(click_list(input)))
    .view("One click: how it was decided, and the leads that it brought.", op!(click_view(id)))
}
