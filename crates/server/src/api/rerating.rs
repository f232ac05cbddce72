//! `rerating`: leads of a goal rated anew by other terms.

use whocpa_domain::Resource;

use super::resource::{Declaration, op};

pub(super) fn declaration() -> Declaration {
    let about = "Leads of a goal and a period, rated anew by another version of its terms. They are counted first; applied, each \
                 changed lead gets an event in its story and transfers of the difference. What was applied is not applied again.";
    Declaration::new(Resource::Rerating, about)
        .list("Re-ratings that fit the filters, newest first, page by page.", op!(rerating_list(input)))
        .view("One re-rating, and what it does to each webmaster.", op!(rerating_view(id, input)))
        .update(
            "Applies a re-rating that was counted, or stops one that runs.",
            op!(rerating_update(id, input)),
        )
        .create(
            "Counts what it would change; long ones go on by themselves: ask for it until it is counted.",
            op!(rerating_create(input)),
        )
}
