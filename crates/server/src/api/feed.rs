//! `feed`: imports of an offer's goods.

use whocpa_domain::Resource;

use super::resource::{Declaration, op};

pub(super) fn declaration() -> Declaration {
    Declaration::new(Resource::Feed, "A file with an offer's goods, in YML or CSV, fetched from an address or uploaded. Each import tells what it did, and which rows it refused and why.")
        .list("Feeds that fit the filters, the newest first, page by page.", op!(feed_list(input)))
        .view("One feed with the errors of its last run.", op!(feed_view(id)))
        .update("Changes a feed, stops it or lets it run again; fields that you leave out keep their values.", op!(feed_update(id, input)))
        .create("Adds a feed, which is imported within seconds.", op!(feed_create(input)))
        .delete("Removes a feed; its products stay.", op!(feed_delete(id)))
}
