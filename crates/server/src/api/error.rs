//! Refusals as the protocol writes them: the body holds only `error` (design §3).

use std::any::Any;

use axum::Router;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tower_http::catch_panic::CatchPanicLayer;
use whocpa_domain::Error;

use super::request_id;
use crate::limits::{self, Guard, HEAD_LIMIT, HEADERS_LIMIT, Refused, URI_LIMIT};
use crate::state::AppState;

/// Why a request was not done.
#[derive(Debug, Clone)]
pub enum ApiError {
    /// The operation's own refusal.
    Domain(Error),
    /// The request itself cannot be read; the text is for the caller.
    Malformed(String),
    /// The path leads to no resource.
    NoResource,
    /// Nobody has this method; the value of `Allow`.
    NoMethod(String),
    /// The method is announced but not there yet.
    NotYet,
    /// The body is longer than accepted; the number of bytes that are.
    TooLarge(usize),
    /// The body is of a type that is not read.
    UnknownType,
    /// The body did not arrive in so many seconds.
    Slow(u64),
    /// The address is longer than accepted.
    LongUri,
    /// The headers are more or longer than accepted.
    LargeHead,
    /// More requests than the caller may send.
    TooMany(Refused),
    /// More requests at once than one address may have; how many those are.
    Crowd(usize),
    /// More requests at once than can be served, or one that took too long.
    Busy,
    /// The first request with this `Idempotency-Key` runs, at most for so many seconds.
    Running(i64),
    /// The `Idempotency-Key` was used for a request with other parameters.
    KeyReused,
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        Self::Domain(error)
    }
}

impl ApiError {
    fn status(&self) -> StatusCode {
        match self {
            Self::Domain(Error::Unauthorized) => StatusCode::UNAUTHORIZED,
            Self::Domain(Error::Forbidden) => StatusCode::FORBIDDEN,
            Self::Domain(Error::NotFound) | Self::NoResource => StatusCode::NOT_FOUND,
            Self::Domain(Error::Invalid(_)) | Self::Malformed(_) => StatusCode::BAD_REQUEST,
            Self::Domain(Error::Conflict(_)) | Self::Running(_) => StatusCode::CONFLICT,
            Self::Domain(Error::Unavailable(_)) | Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
            Self::Domain(Error::Internal(_)) => StatusCode::INTERNAL_SERVER_ERROR,
            Self::NoMethod(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::NotYet => StatusCode::NOT_IMPLEMENTED,
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnknownType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Slow(_) => StatusCode::REQUEST_TIMEOUT,
            Self::LongUri => StatusCode::URI_TOO_LONG,
            Self::LargeHead => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::TooMany(_) | Self::Crowd(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::KeyReused => StatusCode::UNPROCESSABLE_ENTITY,
        }
    }

    fn words(&self) -> Value {
        match self {
            Self::Domain(Error::Invalid(errors)) => json!(errors.messages()),
            Self::Domain(error) => Value::String(error.to_string()),
            Self::Malformed(text) => Value::String(text.clone()),
            Self::NoResource => json!("Resource not found"),
            Self::NoMethod(_) => json!("This resource does not have this method"),
            Self::NotYet => json!("This method is announced but not there yet"),
            Self::TooLarge(limit) => json!(format!("The body is longer than {limit} bytes")),
            Self::UnknownType => json!(
                "Send the body as application/x-www-form-urlencoded, multipart/form-data or application/json, in UTF-8"
            ),
            Self::Slow(seconds) => json!(format!("The body did not arrive within {seconds} seconds")),
            Self::LongUri => json!(format!("The address is longer than {URI_LIMIT} bytes")),
            Self::LargeHead => {
                json!(format!("At most {HEADERS_LIMIT} headers, and {HEAD_LIMIT} bytes with the address"))
            }
            Self::TooMany(refused) => json!(format!(
                "Too many requests ({}): at most {} a minute. Try again in {} s",
                refused.what, refused.standing.limit, refused.retry_after
            )),
            Self::Crowd(limit) => {
                json!(format!("Too many requests at once: at most {limit} from one address"))
            }
            Self::Busy => json!("Not ready, try again later"),
            Self::Running(_) => json!("The first request with this Idempotency-Key is still running"),
            Self::KeyReused => json!("This Idempotency-Key was used for another request"),
        }
    }

    /// Seconds after which it makes sense to try again.
    fn retry_after(&self) -> Option<u32> {
        match self {
            Self::Domain(Error::Unavailable(_)) | Self::Busy | Self::Crowd(_) => Some(1),
            Self::TooMany(refused) => Some(refused.retry_after),
            // Most writes are done long before their time is over.
            Self::Running(seconds) => Some(u32::try_from(*seconds).unwrap_or(1).clamp(1, 2)),
            _ => None,
        }
    }

    /// The body of the answer.
    pub fn body(&self) -> String {
        json!({ "error": self.words() }).to_string()
    }

    /// Logs what the caller must not read; the span around it names the request.
    fn log(&self) {
        match self {
            Self::Domain(Error::Internal(cause)) => tracing::error!(cause, "an operation failed"),
            Self::Domain(Error::Unavailable(cause)) => tracing::warn!(cause, "an operation was not ready"),
            _ => {}
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        self.log();
        let mut response = json_response(self.status(), self.body());
        let headers = response.headers_mut();
        // Without it a cache may keep a 404 or 405 of its own accord.
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = self.retry_after() {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        match self {
            Self::NoMethod(allow) => {
                let allow = HeaderValue::try_from(allow).unwrap_or(HeaderValue::from_static(""));
                headers.insert(header::ALLOW, allow);
            }
            Self::Domain(Error::Unauthorized) => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            // What is left of the body is not read, so nothing can follow it.
            Self::Slow(_) => {
                headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
            }
            _ => {}
        }
        response
    }
}

/// An answer in JSON.
pub(super) fn json_response(status: StatusCode, body: impl Into<axum::body::Body>) -> Response {
    let kind = HeaderValue::from_static("application/json");
    (status, [(header::CONTENT_TYPE, kind)], body.into()).into_response()
}

/// Puts around routes what every answer of the protocol has: an id of the request, JSON even after a panic, and the
/// guard rails.
pub fn layered(routes: Router, state: &AppState, guard: &Guard) -> Router {
    routes
        .layer(CatchPanicLayer::custom(after_panic))
        .layer(middleware::from_fn_with_state(guard.clone(), limits::around))
        .layer(middleware::from_fn_with_state(state.clone(), request_id::around))
}

#[expect(clippy::needless_pass_by_value, reason = "tower-http gives the panic by value")]
fn after_panic(panic: Box<dyn Any + Send>) -> Response {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    ApiError::Domain(Error::Internal(format!("panic: {}", text.unwrap_or("without words")))).into_response()
}
