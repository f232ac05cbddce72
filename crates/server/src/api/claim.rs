//! `Idempotency-Key`: a write that is sent again has its effect once and is answered as the first time (trust §5).

use axum::body::Bytes;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName};
use sha2::{Digest, Sha256};
use tracing::Instrument as _;
use whocpa_domain::access::{Caller, Claim};
use whocpa_domain::input::{RawParams, RawValue};
use whocpa_domain::{Error, Method};
use whocpa_engine::Engine;
use whocpa_engine::claim::{Taken, Told};

use super::error::ApiError;
use super::reply::{self, Body};
use crate::state::AppState;

/// The header.
pub(super) const NAME: HeaderName = HeaderName::from_static("idempotency-key");
/// Stands on an answer that comes from the first request.
pub(crate) const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");
/// Longest key.
const LENGTH_MAX: usize = 255;

/// The body of an answer, and whether it comes from an earlier request.
pub(crate) struct Answered {
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

/// What a write is repeated by: who asks, where, and with which parameters.
pub(crate) struct Asked<'a> {
    engine: &'a Engine,
    caller: Caller,
    headers: &'a HeaderMap,
    /// Method and path.
    place: String,
    params: RawParams,
    /// How long it may run.
    seconds: i64,
}

impl<'a> Asked<'a> {
    /// A write by the method and path of a request.
    pub fn of(state: &'a AppState, caller: Caller, parts: &'a Parts, params: RawParams) -> Self {
        Self {
            engine: &state.engine,
            caller,
            headers: &parts.headers,
            place: format!("{} {}", parts.method, parts.uri.path().trim_end_matches('/')),
            params,
            seconds: state.config.limits.claim_seconds,
        }
    }
}

/// Runs a write, once under its `Idempotency-Key` when it has one. `told` writes the answer again from what the operation
/// left of a request that was killed before it could answer.
pub(crate) async fn once<F>(
    asked: Asked<'_>,
    told: impl FnOnce(Told) -> Result<Bytes, Error>,
    work: impl FnOnce(Caller, RawParams) -> F,
) -> Result<Answered, ApiError>
where
    F: Future<Output = Result<Bytes, Error>> + Send + 'static,
{
    let Asked { engine, mut caller, params, .. } = asked;
    let Some(key) = key(asked.headers)? else {
        return Ok(Answered { text: work(caller, params).await?, is_replayed: false });
    };
    match engine.claim_take(caller, &asked.place, &key, &canonical(&params), asked.seconds).await? {
        Taken::Ours(claim) => {
            caller.origin.claim = Some(claim);
            // A task of its own: when the client hangs up, the write ends all the same and its answer is kept.
            let work = settled(engine.clone(), work(caller, params), claim).in_current_span();
            let text = tokio::spawn(work).await.unwrap_or_else(|ended| Err(ended_badly(ended)))?;
            Ok(Answered { text, is_replayed: false })
        }
        Taken::Running(seconds) => Err(ApiError::Running(seconds)),
        Taken::OtherRequest => Err(ApiError::KeyReused),
        Taken::Done(Told::Text(text)) => Ok(Answered { text: text.into(), is_replayed: true }),
        Taken::Done(other) => Ok(Answered { text: told(other)?, is_replayed: true }),
    }
}

/// Runs a write and leaves its claim settled or given back.
async fn settled<F>(engine: Engine, work: F, claim: Claim) -> Result<Bytes, Error>
where
    F: Future<Output = Result<Bytes, Error>> + Send + 'static,
{
    // A task inside, so that the claim is given back after a panic too.
    let ran = tokio::spawn(work.in_current_span()).await;
    let left = match &ran {
        Ok(Ok(text)) => engine.claim_close(claim, &String::from_utf8_lossy(text)).await,
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

/// The answer that the first request to the API had.
pub(super) fn body(method: Method, told: Told) -> Result<Body, Error> {
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
            RawValue::Null | RawValue::Walk(..) => (b'n', &[][..]),
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
