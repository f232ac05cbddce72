//! `key`: ways in for programs.

use whocpa_domain::Resource;

use super::resource::{Declaration, op};

pub(super) fn declaration() -> Declaration {
    Declaration::new(
        Resource::Key,
        "Keys of your own account. Give each program a key of its own, with no more rights than it needs, so that you \
         can revoke it alone. A key cannot make one that may do more than itself or that outlives it.",
    )
    .list("Your keys, oldest first; revoked ones too.", op!(key_list()))
    .view("One of your keys.", op!(key_view(id)))
    .create_view("Adds a key. The key itself is shown this once.", op!(key_create(input)))
    .delete("Revokes a key, and the keys that were made with it; they open nothing any more.", op!(key_delete(id)))
}
