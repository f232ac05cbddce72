//! `ETag` and 304: who has an answer already is not sent it again.
//!
//! The tag is a hash of the body, so every node gives the same one. It is a weak tag, because the same content goes
//! out compressed in several ways.

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};
use whocpa_domain::hex::hex;

/// Bytes of the hash that are enough to tell answers apart.
const TAG_BYTES: usize = 16;

/// The tag of a body.
pub(super) fn tag(body: &[u8]) -> HeaderValue {
    let hash = Sha256::digest(body);
    let text = format!("W/\"{}\"", hex(&hash[..TAG_BYTES]));
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static("W/\"\""))
}

/// Puts the tag on an answer to a read, or answers 304 instead when the caller has this content.
pub(super) fn tagged(asked: &HeaderMap, tag: HeaderValue, mut response: Response) -> Response {
    if has(asked, &tag) {
        let headers = std::mem::take(response.headers_mut());
        response = StatusCode::NOT_MODIFIED.into_response();
        *response.headers_mut() = headers;
        response.headers_mut().remove(header::CONTENT_TYPE);
        response.headers_mut().remove(header::CONTENT_LENGTH);
        response.headers_mut().remove(header::CONTENT_ENCODING);
    }
    response.headers_mut().insert(header::ETAG, tag);
    // Compression says so where it is asked for; a 304 must say the same.
    response.headers_mut().append(header::VARY, HeaderValue::from_static("accept-encoding"));
    response
}

/// Whether `If-None-Match` names the tag; whether it is called weak does not matter (RFC 9110 §13.1.2).
fn has(asked: &HeaderMap, tag: &HeaderValue) -> bool {
    let plain = |tag: &[u8]| tag.strip_prefix(b"W/").unwrap_or(tag).to_vec();
    let tag = plain(tag.as_bytes());
    asked.get_all(header::IF_NONE_MATCH).iter().any(|line| {
        line.as_bytes()
            .split(|byte| *byte == b',')
            .map(<[u8]>::trim_ascii)
            .any(|one| one == b"*" || plain(one) == tag)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_several_tags_is_found() {
        let tag = tag(b"{}");
        let asks = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::IF_NONE_MATCH, text.parse().expect("a header value"));
            has(&headers, &tag)
        };
        let weak = tag.to_str().expect("plain").to_owned();
        let strong = weak.trim_start_matches("W/").to_owned();
        for text in ["*".to_owned(), weak.clone(), strong.clone(), format!("\"x\", {weak} , \"y\"")] {
            assert!(asks(&text), "{text}");
        }
        for text in ["\"x\"".to_owned(), String::new(), strong.trim_matches('"').to_owned()] {
            assert!(!asks(&text), "{text}");
        }
    }
}
