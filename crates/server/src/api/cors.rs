//! Which answers scripts of other sites may read (CORS).
//!
//! The rule: what anybody may read without a key, any site's script may read too (`Access-Control-Allow-Origin: *`,
//! never with cookies). An answer to a request **with** a key never carries that permission, and a preflight allows no
//! header that could carry a key, so a browser keeps such answers from scripts of other sites: keys belong on servers,
//! not in pages. `tower_http::cors` cannot tell the two apart and would answer every OPTIONS itself.

use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// What a script may read besides the body.
const EXPOSED: &str = "ETag, RateLimit-Limit, RateLimit-Policy, RateLimit-Remaining, RateLimit-Reset, Retry-After, X-Request-Id";
/// Seconds for which a browser may remember the answer to a preflight.
const REMEMBER: &str = "86400";

/// Whether a browser asks what a script may send. Any other OPTIONS is a method that no resource has.
pub(super) fn is_preflight(parts: &Parts) -> bool {
    parts.method == Method::OPTIONS
        && parts.headers.contains_key(header::ORIGIN)
        && parts.headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

/// The answer to that: reading, without a key.
pub(super) fn preflight() -> Response {
    let fixed: [(HeaderName, &str); 5] = [
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, HEAD"),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, "If-None-Match, X-Request-Id"),
        (header::ACCESS_CONTROL_MAX_AGE, REMEMBER),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (StatusCode::NO_CONTENT, fixed.map(|(name, value)| (name, HeaderValue::from_static(value))))
        .into_response()
}

/// Lets scripts of all sites read this answer.
pub(super) fn open(headers: &mut HeaderMap) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED));
}
