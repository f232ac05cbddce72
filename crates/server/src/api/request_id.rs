//! `X-Request-Id`: every answer has one, and the log lines of a request carry it.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use tracing::Instrument as _;

use crate::state::AppState;

const NAME: HeaderName = HeaderName::from_static("x-request-id");
/// Longest id that is taken over from a caller.
const LENGTH_MAX: usize = 64;

/// Runs a request under its id.
pub(super) async fn around(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let id = given(request.headers()).unwrap_or_else(|| state.next_request_id());
    let span = tracing::error_span!("request", request_id = %id);
    let mut response = next.run(request).instrument(span).await;
    if let Ok(value) = HeaderValue::try_from(id) {
        response.headers_mut().insert(NAME, value);
    }
    response
}

/// The caller's own id, if it can do no harm in a log.
fn given(headers: &HeaderMap) -> Option<String> {
    let id = headers.get(NAME)?.to_str().ok()?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    let is_right = (1..=LENGTH_MAX).contains(&id.len()) && id.bytes().all(plain);
    is_right.then(|| id.to_owned())
}
