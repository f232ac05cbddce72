//! `news`: what the network and its offers announce.

use whocpa_domain::Resource;

use super::resource::{Declaration, op};

pub(super) fn declaration() -> Declaration {
    Declaration::new(Resource::News, "News of the network and of offers. An account can mark them as read.")
        .list("News that fit the filters, newest first, page by page; `unread_count` beside them counts what you have not read.", op!(news_list(input)))
        .view("One piece of news.", op!(news_view(id)))
        .update("Marks news as read, with `with_older` all older ones too; an operator also changes them.", op!(news_update(id, input)))
        .create("Publishes news.", op!(news_create(input)))
        .delete("Removes news.", op!(news_delete(id)))
}
