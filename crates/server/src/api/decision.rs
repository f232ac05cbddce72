//! `decision`: many leads decided at once.

use whocpa_domain::Resource;

use super::resource::{Declaration, op};

pub(super) fn declaration() -> Declaration {
    Declaration::new(
        Resource::Decision,
        "Decisions about many leads at once, by a list or a CSV file. Each row is what a decision about one lead would be, and \
         has a verdict of its own: one that is refused keeps no other from being done.",
    )
    .list("Decisions that fit the filters, newest first, page by page.", op!(decision_list(input)))
    .view("One decision, how far it has come, and a page of its rows with their verdicts.", op!(decision_view(id, input)))
    .update("Applies a decision that was checked, or stops one that runs.", op!(decision_update(id, input)))
    .create(
        "Decides about up to 1000 leads at once, or takes a file of up to 50000 rows. Long ones go on by themselves: ask for \
         the decision until it is applied.",
        op!(decision_create(input)),
    )
    .delete("Puts a decision away that was never applied.", op!(decision_delete(id)))
}
