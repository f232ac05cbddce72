//! `postback`: announced, see `whocpa_engine::soon`.

use whocpa_domain::input::Nothing;
use whocpa_domain::{Method, Resource};
use whocpa_engine::soon::IdOnly;
use whocpa_engine::soon::postback::{
    PostbackCreate, PostbackCreated, PostbackList, PostbackUpdate, PostbackView,
};

use super::resource::Declaration;

pub(super) fn declaration() -> Declaration {
    Declaration::new(Resource::Postback, "A call of your tracker or your CRM about each event of a lead. Nothing that happens is lost while your receiver is down.")
    .soon::<PostbackList, PostbackView>(Method::List, "Postbacks that fit the filters, page by page.")
    .soon::<Nothing, PostbackView>(Method::View, "One postback.")
    .soon::<PostbackUpdate, IdOnly>(Method::Update, "Changes a postback, pauses it, or sends a stretch of time again.")
    .soon::<PostbackCreate, PostbackCreated>(Method::Create, "Adds a postback. Its secret is shown this once.")
    .soon::<Nothing, IdOnly>(Method::Delete, "Removes a postback; nothing more is sent.")
}
