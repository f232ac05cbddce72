//! The site's own styles and scripts, and what it takes from others (`assets/vendor/README.md`): in the binary, under
//! addresses that change with the content, so that browsers may keep them for ever.

use std::sync::LazyLock;

use axum::Router;
use axum::http::{HeaderValue, header};
use axum::response::IntoResponse as _;
use axum::routing::get;
use sha2::{Digest as _, Sha256};
use whocpa_domain::hex::hex;

const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";

/// Name, content type, content.
const FILES: &[(&str, &str, &str)] = &[
    ("chart.js", JS, include_str!("../../assets/chart.js")),
    ("uplot.css", CSS, include_str!("../../assets/vendor/uPlot.min.css")),
    ("uplot.js", JS, include_str!("../../assets/vendor/uPlot.iife.min.js")),
    ("ui.css", CSS, include_str!("../../assets/ui.css")),
    ("ui.js", JS, include_str!("../../assets/ui.js")),
];

/// A mark of each file's content.
static MARKS: LazyLock<Vec<(&str, String)>> = LazyLock::new(|| {
    let mark = |content: &str| {
        let hash = Sha256::digest(content.as_bytes());
        hex(&hash[..4])
    };
    FILES.iter().map(|(name, _, content)| (*name, mark(content))).collect()
});

/// The address of a file.
pub(super) fn url(name: &str) -> String {
    let mark = MARKS.iter().find(|(known, _)| *known == name).map_or("", |(_, mark)| mark);
    format!("/assets/{name}?{mark}")
}

/// The routes under `/assets`.
pub(super) fn router() -> Router {
    let mut routes = Router::new();
    for (name, kind, content) in FILES {
        let headers = [
            (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
            (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable")),
            (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        ];
        let answer = move || async move { (headers, *content).into_response() };
        routes = routes.route(&format!("/assets/{name}"), get(answer));
    }
    routes
}
