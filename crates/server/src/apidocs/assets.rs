//! Files that the pages load: own ones, and Swagger UI as it came, compressed in the tree (`assets/vendor/README.md`).

use std::io::Read as _;

use axum::Router;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use flate2::read::GzDecoder;

/// Name in the address, content type, content.
const OWN: &[(&str, &str, &str)] = &[
    ("icon.svg", "image/svg+xml", include_str!("../../assets/icon.svg")),
    ("site.css", CSS, include_str!("../../assets/site.css")),
    ("apidocs.css", CSS, include_str!("../../assets/apidocs.css")),
    ("apidocs.js", JS, include_str!("../../assets/apidocs.js")),
    ("explore.js", JS, include_str!("../../assets/explore.js")),
];

/// The same for files that are compressed with gzip.
const VENDORED: &[(&str, &str, &[u8])] = &[
    ("vendor/swagger-ui.css", CSS, include_bytes!("../../assets/vendor/swagger-ui.css.gz")),
    ("vendor/swagger-ui-bundle.js", JS, include_bytes!("../../assets/vendor/swagger-ui-bundle.js.gz")),
];

const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";

/// The routes under `/assets`.
pub(super) fn router() -> Router {
    let mut routes = Router::new();
    for (name, kind, content) in OWN {
        let answer = move || async move { (headers(kind), *content) };
        routes = routes.route(&format!("/assets/{name}"), get(answer));
    }
    for (name, kind, content) in VENDORED {
        let answer = move |asked: HeaderMap| async move { compressed(&asked, kind, content) };
        routes = routes.route(&format!("/assets/{name}"), get(answer));
    }
    routes
}

fn headers(kind: &'static str) -> [(header::HeaderName, HeaderValue); 3] {
    [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ]
}

/// Every browser takes gzip; for whoever does not, it is unpacked.
fn compressed(asked: &HeaderMap, kind: &'static str, content: &'static [u8]) -> Response {
    let accepted =
        asked.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !accepted.contains("gzip") {
        return plain(kind, content);
    }
    let encoding = [
        (header::CONTENT_ENCODING, HeaderValue::from_static("gzip")),
        (header::VARY, HeaderValue::from_static("Accept-Encoding")),
    ];
    (headers(kind), encoding, content).into_response()
}

fn plain(kind: &'static str, content: &'static [u8]) -> Response {
    let mut text = Vec::new();
    match GzDecoder::new(content).read_to_end(&mut text) {
        Ok(_) => (headers(kind), [(header::VARY, "Accept-Encoding")], text).into_response(),
        Err(error) => {
            tracing::error!(%error, "a file of the pages could not be unpacked");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
