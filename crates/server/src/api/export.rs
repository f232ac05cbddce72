//! `export`: announced, see `whocpa_engine::soon`.

use whocpa_domain::input::Nothing;
use whocpa_domain::{Method, Resource};
use whocpa_engine::soon::IdOnly;
use whocpa_engine::soon::export::{ExportCreate, ExportList, ExportView};

use super::resource::Declaration;

pub(super) fn declaration() -> Declaration {
    Declaration::new(Resource::Export, "A whole list as a file, once or on a schedule.")
        .soon::<ExportList, ExportView>(
            Method::List,
            "Exports that fit the filters, page by page, newest first.",
        )
        .soon::<Nothing, ExportView>(
            Method::View,
            "One export, with the address of its file when it is ready.",
        )
        .soon::<ExportCreate, IdOnly>(Method::Create, "Asks for an export; it is written in the background.")
        .soon::<Nothing, IdOnly>(Method::Delete, "Removes an export and its file, and ends its schedule.")
}
