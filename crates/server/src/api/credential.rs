//! The key of a request: a parameter or one of two headers.

use axum::http::{HeaderMap, header};
use whocpa_domain::Error;
use whocpa_domain::input::{RawParams, RawValue};

/// The parameter of the protocol that carries the key.
pub(super) const API_KEY: &str = "api_key";

/// Takes the key out of a request; the same key may be given several times.
///
/// # Errors
/// [`Error::Invalid`] for different keys: nobody could say whose request it is.
pub(crate) fn take(headers: &HeaderMap, query: &mut RawParams) -> Result<Option<String>, Error> {
    let mut keys = from_headers(headers);
    keys.extend(query.take(API_KEY).into_iter().filter_map(text));
    one(keys)
}

/// Takes the key out of a body too, where `known` stood in the head.
///
/// # Errors
/// As [`take`].
pub(super) fn take_from_body(known: Option<String>, body: &mut RawParams) -> Result<Option<String>, Error> {
    let sent = body.take(API_KEY).into_iter().filter_map(text);
    one(known.into_iter().chain(sent).collect())
}

fn one(mut keys: Vec<String>) -> Result<Option<String>, Error> {
    keys.dedup();
    if keys.len() > 1 {
        return Err(Error::field(API_KEY, "Different keys in one request"));
    }
    Ok(keys.pop())
}

fn from_headers(headers: &HeaderMap) -> Vec<String> {
    // A key has plain letters only, so a header that is no text becomes a wrong key, not a missing one.
    let readable = |value: &[u8]| String::from_utf8_lossy(value).trim().to_owned();
    let own = headers.get_all("x-api-key").iter().map(|value| readable(value.as_bytes()));
    let bearer = headers.get_all(header::AUTHORIZATION).iter().filter_map(|value| {
        // Other schemes are for the proxy in front of us.
        let (scheme, key) = value.as_bytes().split_at_checked(6)?;
        let is_bearer = scheme.eq_ignore_ascii_case(b"bearer") && (key.is_empty() || key.starts_with(b" "));
        is_bearer.then(|| readable(key))
    });
    own.chain(bearer).collect()
}

fn text(value: RawValue) -> Option<String> {
    match value {
        RawValue::Text(text) | RawValue::Element(text) => Some(text),
        // No key, but no guest's request either.
        RawValue::Flag(flag) => Some(flag.to_string()),
        RawValue::Null | RawValue::File(_) | RawValue::Json(_) | RawValue::Walk(..) => None,
    }
}
