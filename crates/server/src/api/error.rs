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
            Self::Domain(Error::Conflict(_)) => StatusCode::CONFLICT,
            Self::Domain(Error::Unavailable(_)) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Domain(Error::Internal(_)) => StatusCode::INTERNAL_SERVER_ERROR,
            Self::NoMethod(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::NotYet => StatusCode::NOT_IMPLEMENTED,
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnknownType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
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
        match self {
            Self::NoMethod(allow) => {
                let allow = HeaderValue::try_from(allow).unwrap_or(HeaderValue::from_static(""));
                headers.insert(header::ALLOW, allow);
            }
            Self::Domain(Error::Unauthorized) => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            Self::Domain(Error::Unavailable(_)) => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
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

/// Puts around routes what every answer of the protocol has: an id of the request, and JSON even after a panic.
pub fn layered(routes: Router, state: &AppState) -> Router {
    routes
        .layer(CatchPanicLayer::custom(after_panic))
        .layer(middleware::from_fn_with_state(state.clone(), request_id::around))
}

#[expect(clippy::needless_pass_by_value, reason = "tower-http gives the panic by value")]
fn after_panic(panic: Box<dyn Any + Send>) -> Response {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    ApiError::Domain(Error::Internal(format!("panic: {}", text.unwrap_or("without words")))).into_response()
}
