//! `name=value&name=value`, in a query string or a form body, read strictly.

use percent_encoding::percent_decode;
use whocpa_domain::input::{RawParams, RawValue};

use super::error::ApiError;

/// Parameters of one request: each is looked at several times, and each bad one is named in the answer.
pub(super) const PARAMS_LIMIT: usize = 10_000;

/// Reads urlencoded pairs.
pub(super) fn read(text: &[u8], place: &str) -> Result<RawParams, ApiError> {
    let mut params = RawParams::default();
    for (number, pair) in text.split(|byte| *byte == b'&').enumerate() {
        if number >= PARAMS_LIMIT {
            return Err(too_many());
        }
        if pair.is_empty() {
            continue;
        }
        let equals = pair.iter().position(|byte| *byte == b'=').unwrap_or(pair.len());
        let (name, value) = pair.split_at(equals);
        let name = decode(name, place)?;
        let value = decode(value.strip_prefix(b"=").unwrap_or(value), place)?;
        params.push(&name, RawValue::Text(value));
    }
    Ok(params)
}

/// What a request with too many parameters is told.
pub(super) fn too_many() -> ApiError {
    ApiError::Malformed(format!("At most {PARAMS_LIMIT} parameters"))
}

// `form_urlencoded` replaces bad UTF-8 silently; here it must be refused, or a name would be stored damaged.
fn decode(text: &[u8], place: &str) -> Result<String, ApiError> {
    let spaced: Vec<u8> = text.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    let decoded: Vec<u8> = percent_decode(&spaced).collect();
    String::from_utf8(decoded).map_err(|_| not_utf8(place))
}

/// What a request with broken letters is told.
pub(super) fn not_utf8(place: &str) -> ApiError {
    ApiError::Malformed(format!("The {place} is not valid UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_decoded() {
        let mut params = read(b"a=1%202+3&&b&c%5B%5D=x=y", "query").expect("right");
        assert_eq!(params.take("a"), [RawValue::Text("1 2 3".to_owned())]);
        assert_eq!(params.take("b"), [RawValue::Text(String::new())]);
        assert_eq!(params.take("c"), [RawValue::Element("x=y".to_owned())]);
        assert_eq!(params.names().count(), 0);
    }

    #[test]
    fn broken_letters_are_refused() {
        assert!(read(b"a=%FF", "query").is_err());
        assert!(read(b"%C3=1", "query").is_err());
        assert!(read(b"a=%zz", "query").is_ok(), "a lone percent stands for itself");
    }
}
