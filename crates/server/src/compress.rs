//! gzip and brotli for what is text and worth it.
//!
//! BREACH reads a secret from the length of compressed answers that hold both the secret and words of the attacker's
//! choice, when he can make the victim's browser send many requests that carry the victim's authority by themselves.
//! A key of the API is never carried by itself: whoever can send it, has it. A page for somebody who is signed in by a
//! cookie is another matter: it is marked `private` or `no-store` and goes out as it is.

use axum::Router;
use axum::http::{Extensions, HeaderMap, HeaderValue, StatusCode, Version, header};
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{Predicate as _, SizeAbove};

/// Shortest body that is compressed, in bytes: shorter ones fit into one packet anyway.
const SIZE_MIN: u64 = 1024;
/// What is compressed; images are already.
const TYPES: [&str; 6] =
    ["application/json", "application/x-ndjson", "text/html", "text/css", "text/javascript", "text/plain"];

/// The routes with their answers compressed for those who accept it.
pub fn compressed(routes: Router) -> Router {
    let when = SizeAbove::new(SIZE_MIN).and(is_fit);
    routes.layer(CompressionLayer::new().compress_when(when))
}

fn is_fit(_: StatusCode, _: Version, headers: &HeaderMap, _: &Extensions) -> bool {
    let kind = text(headers.get(header::CONTENT_TYPE)).split(';').next().unwrap_or_default().trim();
    let kept = text(headers.get(header::CACHE_CONTROL));
    let is_ones_own =
        kept.contains("private") || kept.contains("no-store") || headers.contains_key(header::SET_COOKIE);
    TYPES.contains(&kind) && (kind.starts_with("application/") || !is_ones_own)
}

fn text(value: Option<&HeaderValue>) -> &str {
    value.and_then(|value| value.to_str().ok()).unwrap_or_default()
}
