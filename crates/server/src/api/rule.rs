//! `rule`: what webmasters' traffic must be like.

use whocpa_domain::Resource;

use super::resource::{Declaration, op};

pub(super) fn declaration() -> Declaration {
    Declaration::new(
        Resource::Rule,
        "A rule about the quality of traffic: a limit on a share, looked at by source. Whoever is touched by it can read it; it marks, \
         notifies or pauses, and refuses no lead.",
    )
    .list("Rules that fit the filters, newest first, page by page.", op!(rule_list(input)))
    .view("One rule.", op!(rule_view(id)))
    .update("Changes a rule; fields that you leave out keep their values.", op!(rule_update(id, input)))
    .create("Makes a rule.", op!(rule_create(input)))
    .delete("Removes a rule; what it found ends.", op!(rule_delete(id)))
}
