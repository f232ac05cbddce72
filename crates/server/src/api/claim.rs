//! `Idempotency-Key`: a write that is sent again has its effect once and is answered as the first time (trust §5).

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderName};
use sha2::{Digest, Sha256};
use tracing::Instrument as _;
use whocpa_domain::access::Claim;
use whocpa_domain::input::{RawParams, RawValue};
use whocpa_domain::{Error, Method};
use whocpa_engine::Engine;
use whocpa_engine::claim::{Taken, Told};

use super::error::ApiError;
use super::reply::{self, Body};
use super::resource::{Call, Declared};

/// The header.
pub(super) const NAME: HeaderName = HeaderName::from_static("idempotency-key");
/// Stands on an answer that comes from the first request.
pub(super) const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");
/// Longest key.
const LENGTH_MAX: usize = 255;

/// The body of an answer, and whether it comes from an earlier request.
pub(super) struct Answered {
    pub text: Bytes,
    pub is_replayed: bool,
}

/// The key of a request.
///
/// # Errors
/// For one that is no key: it must not be taken for none.
pub(super) fn key(headers: &HeaderMap) -> Result<Option<String>, Error> {
    let mut given = headers.get_all(&NAME).iter();
    let Some(key) = given.next() else { return Ok(None) };
    let key = key.to_str().unwrap_or_default();
    let is_right = (1..=LENGTH_MAX).contains(&key.len()) && !key.contains('\t');
    if !is_right || given.next().is_some() {
        let words = format!("Must be given once, with 1 to {LENGTH_MAX} printable characters");
        return Err(Error::field("Idempotency-Key", words));
    }
    Ok(Some(key.to_owned()))
}

/// Runs a write under its key, or answers what its first request was answered.
pub(super) async fn run(
    declared: &'static Declared,
    method: Method,
    call: Call,
    (place, key): (&str, &str),
    seconds: i64,
) -> Result<Answered, ApiError> {
    let engine = call.engine.clone();
    let request = canonical(&call.params);
    match engine.claim_take(call.caller, place, key, &request, seconds).await? {
        Taken::Ours(claim) => {
            // A task of its own: when the client hangs up, the write ends all the same and its answer is kept.
            let work = settled(engine, declared, call, claim).in_current_span();
            let body = tokio::spawn(work).await.unwrap_or_else(|ended| Err(ended_badly(ended)))?;
            Ok(Answered { text: body.text(), is_replayed: false })
        }
        Taken::Running(seconds) => Err(ApiError::Running(seconds)),
        Taken::OtherRequest => Err(ApiError::KeyReused),
        Taken::Done(told) => Ok(Answered { text: body(method, told)?.text(), is_replayed: true }),
    }
}

/// Runs a write and leaves its claim settled or given back.
async fn settled(
    engine: Engine,
    declared: &'static Declared,
    mut call: Call,
    claim: Claim,
) -> Result<Body, Error> {
    call.caller.origin.claim = Some(claim);
    // A task inside, so that the claim is given back after a panic too.
    let ran = tokio::spawn(declared.run(call).in_current_span()).await;
    let left = match &ran {
        Ok(Ok(body)) => engine.claim_close(claim, &String::from_utf8_lossy(&body.text())).await,
        Ok(Err(_)) | Err(_) => engine.claim_release(claim).await,
    };
    if let Err(error) = left {
        // It runs out by itself; until then a repeated request is told to wait.
        tracing::warn!(?error, "a claim could not be settled");
    }
    ran.unwrap_or_else(|ended| Err(ended_badly(ended)))
}

fn ended_badly(ended: tokio::task::JoinError) -> Error {
    match ended.try_into_panic() {
        Ok(panic) => std::panic::resume_unwind(panic),
        Err(ended) => Error::Unavailable(format!("a write was stopped: {ended}")),
    }
}

/// The answer that the first request had.
fn body(method: Method, told: Told) -> Result<Body, Error> {
    match (told, method) {
        (Told::Text(text), _) => Ok(Body::Own(text.into())),
        (Told::Object(object), _) => reply::created_object(object),
        (Told::Id(id), Method::Create) => reply::created(id),
        (Told::Id(id), Method::Delete) => reply::deleted(&id),
        (Told::Id(id), _) => reply::updated(&id),
    }
}

/// The parameters in one form, whatever the order of their names: with the length before each part, so that no two
/// requests read alike. The values of one name keep their order.
fn canonical(params: &RawParams) -> Vec<u8> {
    let mut values: Vec<(&str, &RawValue)> = params.values().collect();
    values.sort_by_key(|(name, _)| *name);
    let mut text = Vec::new();
    for (name, value) in values {
        let hash;
        let (kind, bytes) = match value {
            RawValue::Text(text) => (b't', text.as_bytes()),
            RawValue::Element(text) => (b'e', text.as_bytes()),
            RawValue::Json(text) => (b'j', text.as_bytes()),
            RawValue::Flag(flag) => (b't', if *flag { &b"true"[..] } else { b"false" }),
            RawValue::Null => (b'n', &[][..]),
            RawValue::File(file) => {
                hash = Sha256::digest(file.bytes());
                (b'f', &hash[..])
            }
        };
        for part in [name.as_bytes(), &[kind], bytes] {
            text.extend_from_slice(&(part.len() as u64).to_be_bytes());
            text.extend_from_slice(part);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(pairs: &[(&str, &str)]) -> Vec<u8> {
        let mut params = RawParams::default();
        for (name, value) in pairs {
            params.push(name, RawValue::Text((*value).to_owned()));
        }
        canonical(&params)
    }

    #[test]
    fn the_order_of_names_does_not_matter_and_everything_else_does() {
        let one = form(&[("a", "1"), ("b", "2"), ("a", "3")]);
        assert_eq!(one, form(&[("b", "2"), ("a", "1"), ("a", "3")]));
        for other in [
            form(&[("a", "3"), ("b", "2"), ("a", "1")]),
            form(&[("a", "1"), ("b", "2")]),
            form(&[("a", "1"), ("b", "2"), ("a", "3"), ("c", "")]),
            form(&[("a", "1b"), ("2", "a3")]),
            form(&[("a[]", "1"), ("b", "2"), ("a", "3")]),
        ] {
            assert_ne!(one, other);
        }
    }

    #[test]
    fn a_key_is_given_once_and_printable() {
        let read = |values: &[&[u8]]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(NAME, axum::http::HeaderValue::from_bytes(value).expect("a header value"));
            }
            key(&headers).ok().flatten()
        };
        let long = [b'k'; LENGTH_MAX + 1];
        assert_eq!(read(&[&long[..LENGTH_MAX]]).map(|key| key.len()), Some(LENGTH_MAX));
        assert_eq!(read(&[b"a b~!"]).as_deref(), Some("a b~!"));
        for bad in [&[&long[..]][..], &[b""], &[b"a\tb"], &[b"\xc3\xa9"], &[b"a", b"a"]] {
            assert_eq!(read(bad), None);
        }
        assert!(key(&HeaderMap::new()).is_ok_and(|key| key.is_none()));
    }
}
