//! The committed OpenAPI document.

use std::path::PathBuf;

use whocpa::api::{self, REGISTRY};

/// `OPENAPI_UPDATE=1 cargo test -p whocpa --test reference openapi` writes it anew.
#[test]
fn the_committed_document_is_fresh() {
    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json"));
    let document = api::openapi_text(&REGISTRY, "/");
    if std::env::var_os("OPENAPI_UPDATE").is_some_and(|value| value == "1") {
        std::fs::write(&path, &document).expect("the document is writable");
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == document,
        "docs/openapi.json is not what the declarations say; write it with OPENAPI_UPDATE=1"
    );
}
