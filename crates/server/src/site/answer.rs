//! How pages are sent: their headers, where a form leads to, and what is shown when something goes wrong.

use askama::Template;
use axum::extract::{Request, State};
use axum::http::header::{self, HeaderName};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{MethodRouter, get};
use whocpa_domain::Error;

use super::frame::Frame;
use super::letters;
use super::reader::{self, Reader, Signed};
use crate::state::AppState;

/// Everything comes from this server, no script or style stands in a page, and nobody frames it (trust I9).
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
/// A year.
const HSTS: &str = "max-age=31536000";

/// What a handler gives.
pub(super) type Shown = Result<Response, Failed>;

/// Something went wrong: [`around`] makes a page of it, in the reader's language.
#[derive(Debug, Clone)]
pub(super) struct Failed(pub Error);

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

impl From<askama::Error> for Failed {
    fn from(error: askama::Error) -> Self {
        Self(Error::Internal(format!("rendering a page: {error}")))
    }
}

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        let mut response = StatusCode::INTERNAL_SERVER_ERROR.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// A page.
pub(super) fn page(page: &impl Template) -> Shown {
    Ok(Html(page.render()?).into_response())
}

/// A form with what is wrong in it. The first rendering finds out which fields the page has
/// ([`super::form::Form::general`]).
pub(super) fn wrong(status: StatusCode, page: &impl Template) -> Shown {
    if !status.is_success() {
        page.render()?;
    }
    Ok((status, Html(page.render()?)).into_response())
}

/// After a change: the page that shows it, with a word about what was done.
pub(super) fn done(reader: &Reader, path: &str, word: &str) -> Response {
    let mark = if path.contains('?') { '&' } else { '?' };
    Redirect::to(&format!("{}{mark}done={word}", reader.to(path))).into_response()
}

/// A form's own address has no page: whoever comes there by a link of its answer is led to the page above it.
pub(super) async fn above(reader: Signed) -> Response {
    let (page, _) = reader.path.rsplit_once('/').unwrap_or_default();
    Redirect::to(&asked_of(&reader, page)).into_response()
}

/// The same for forms whose page is elsewhere.
pub(super) fn at(page: &'static str) -> MethodRouter<AppState> {
    get(move |reader: Signed| async move { Redirect::to(&asked_of(&reader, page)) })
}

/// A page with what the query asks of it.
fn asked_of(reader: &Reader, page: &str) -> String {
    let mark = if reader.query.is_empty() { "" } else { "?" };
    format!("{}{mark}{}", reader.to(page), reader.query)
}

#[derive(Template)]
#[template(path = "site/failure.html")]
struct Failure {
    f: Frame,
    text: String,
    messages: Vec<String>,
}

/// Finds out who reads, counts the request, and dresses what the handler gives.
pub(super) async fn around(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let reader = match reader::read(&state, &parts).await {
        Ok(reader) => reader,
        Err(error) => {
            tracing::warn!(?error, "a reader could not be found");
            return (StatusCode::SERVICE_UNAVAILABLE, "Not ready, try again later\n").into_response();
        }
    };
    let is_https = state.config.base_url.starts_with("https://");
    let mut response = match reader::count(&reader, &parts.method) {
        Ok(()) if is_blind(&parts) => foreign(),
        Ok(()) => {
            parts.extensions.insert(reader.clone());
            next.run(Request::from_parts(parts, body)).await
        }
        Err(refused) => {
            let page = failure(&reader, StatusCode::TOO_MANY_REQUESTS, "wrong-many", Vec::new());
            let mut response = page.unwrap_or_else(|_| StatusCode::TOO_MANY_REQUESTS.into_response());
            if let Ok(seconds) = HeaderValue::try_from(refused.retry_after.to_string()) {
                response.headers_mut().insert(header::RETRY_AFTER, seconds);
            }
            response
        }
    };
    if let Some(Failed(error)) = response.extensions_mut().remove::<Failed>() {
        response = refused(&reader, error);
    }
    dress(response.headers_mut(), &reader, is_https);
    response
}

/// Every browser says of a form where it comes from; what does not is no browser, or has been kept from saying it.
fn is_blind(request: &Parts) -> bool {
    let is_told =
        request.headers.contains_key(header::ORIGIN) || request.headers.contains_key("sec-fetch-site");
    !request.method.is_safe() && !is_told && !letters::is_signed(request)
}

fn dress(headers: &mut HeaderMap, reader: &Reader, is_https: bool) {
    let plain = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // Other sites learn nothing of the address; our own forms still tell where they come from.
        (header::REFERRER_POLICY, "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (
            HeaderName::from_static("permissions-policy"),
            "camera=(), geolocation=(), microphone=(), payment=()",
        ),
    ];
    for (name, value) in plain {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    if is_https {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(HSTS));
    }
    headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(reader.lang.tag()));
    // Pages differ by who reads them.
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}

/// The page of a refusal.
fn refused(reader: &Reader, error: Error) -> Response {
    let said = |text: &str| vec![reader.lang.message(text)];
    let (status, key, messages) = match error {
        Error::Unauthorized => return Redirect::to(&reader.to("/sign-in")).into_response(),
        Error::Forbidden => (StatusCode::FORBIDDEN, "wrong-forbidden", Vec::new()),
        Error::NotFound => (StatusCode::NOT_FOUND, "wrong-missing", Vec::new()),
        Error::Conflict(text) => (StatusCode::CONFLICT, "wrong-conflict", said(&text)),
        Error::Invalid(errors) => {
            let all = errors.messages().iter().flat_map(|(field, texts)| {
                texts.iter().map(move |text| format!("{field}: {}", reader.lang.message(text)))
            });
            (StatusCode::BAD_REQUEST, "wrong-form", all.collect())
        }
        Error::Unavailable(cause) => {
            tracing::warn!(%cause, "a page could not be shown");
            (StatusCode::SERVICE_UNAVAILABLE, "wrong-away", Vec::new())
        }
        Error::Internal(cause) => {
            tracing::error!(%cause, "a page failed");
            (StatusCode::INTERNAL_SERVER_ERROR, "wrong-server", Vec::new())
        }
    };
    failure(reader, status, key, messages).unwrap_or_else(|_| status.into_response())
}

/// A page that says what went wrong.
pub(super) fn failure(reader: &Reader, status: StatusCode, key: &str, messages: Vec<String>) -> Shown {
    let title = reader.lang.t(&format!("{key}-title"));
    let page = Failure { f: Frame::new(reader, title), text: reader.lang.t(key), messages };
    wrong(status, &page)
}

/// A browser's request that another site began (trust T7).
pub(super) fn foreign() -> Response {
    (StatusCode::FORBIDDEN, "This request came from another site, so it was not done.\n").into_response()
}
