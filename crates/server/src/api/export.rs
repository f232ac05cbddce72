//! `export`: lists as files.

use whocpa_domain::Resource;

use super::resource::{Declaration, op};

pub(super) fn declaration() -> Declaration {
    Declaration::new(
        Resource::Export,
        "A whole list as a file: CSV, XLSX or JSON, written in the background as the person who asked, with all rows that the \
         list has for him, highest numbers first. Its owner fetches it with his key at `/api/export/<id>/file` and finds it \
         there for 7 days. In CSV a text that a spreadsheet would take for a formula has an apostrophe before it; JSON has \
         every text as it is.",
    )
    .list("Exports that fit the filters, page by page, newest first.", op!(export_list(input)))
    .view("One export, with the address of its file when it is ready.", op!(export_view(id)))
    .create("Asks for an export; it is written in the background.", op!(export_create(input)))
    .delete("Removes an export and its file; one that is being written stops.", op!(export_delete(id)))
}
