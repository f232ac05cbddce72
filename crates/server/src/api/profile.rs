//! `profile`: the caller's own account.

use whocpa_domain::Resource;

use super::resource::{Declaration, op};

pub(super) fn declaration() -> Declaration {
    Declaration::new(
        Resource::Profile,
        "Your own account: how to reach you, your language and time zone, what you want to be told of, your password, and an advertiser's postback token.",
    )
    .list("Your account, as a list of one.", op!(profile_list()))
    .view("Your account, by your user id.", op!(profile_view(id)))
    .update("Changes your account; fields that you leave out keep their values.", op!(profile_update(id, input)))
}
