//! Pictures under addresses that never change: `/img/<hash>-<size>.<ending>`.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use whocpa_domain::Error;

use crate::state::AppState;

/// A year: what stands under a hash stays.
const CACHE: &str = "public, max-age=31536000, immutable";

/// One size of a picture. It is shown in pages, and saved when it is opened by itself; no browser takes it for
/// anything else (trust I8).
pub async fn page(State(state): State<AppState>, Path(file): Path<String>, headers: HeaderMap) -> Response {
    let (bytes, kind) = match state.engine.image_view(&file).await {
        Ok(found) => found,
        Err(Error::NotFound) => return StatusCode::NOT_FOUND.into_response(),
        Err(error) => {
            tracing::warn!(?error, "a picture could not be read");
            return StatusCode::SERVICE_UNAVAILABLE.into_response();
        }
    };
    // The name holds a hash of the content, so it serves as its tag. It was read back, so it has plain letters only.
    let tag = format!("\"{file}\"");
    let is_known = headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes());
    let mut response = if is_known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(header::CONTENT_TYPE, kind.media_type())], bytes).into_response()
    };
    let all = response.headers_mut();
    for (name, value) in [
        (header::CACHE_CONTROL, CACHE),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; sandbox",
        ),
        (header::CONTENT_DISPOSITION, "attachment"),
        (header::HeaderName::from_static("cross-origin-resource-policy"), "cross-origin"),
    ] {
        all.insert(name, HeaderValue::from_static(value));
    }
    if let Ok(tag) = HeaderValue::try_from(tag) {
        all.insert(header::ETAG, tag);
    }
    response
}
