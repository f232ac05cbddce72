//! `key`: ways in for programs.

use whocpa_domain::Resource;

use super::resource::{Declaration, op};

pub(super) fn declaration() -> Declaration {
    Declaration::new(
        Resource::Key,
        "Keys of your own account. Give each program a key of its own, so that you can revoke it alone.",
    )
    .list("Your keys, oldest first; revoked ones too.", op!(key_list()))
    .view("One of your keys.", op!(key_view(id)))
    .create_view("Adds a key. The key itself is shown this once.", op!(key_create(input)))
    .delete("Revokes a key; it opens nothing any more.", op!(key_delete(id)))
}
