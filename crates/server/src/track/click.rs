//! `GET /go/<code>`: a visitor on the way to an offer.

use std::borrow::Cow;
use std::net::SocketAddr;

use axum::body::Body;
use axum::extract::{ConnectInfo, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, REFERER, REFERRER_POLICY, SET_COOKIE,
    WARNING, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, Uri};
use percent_encoding::percent_decode_str;
use whocpa_domain::click::{ClickReason, ReferrerMode};
use whocpa_engine::click::{Tracked, Visit};

use super::{cookie, visit};
use crate::state::AppState;

/// `/go/<code>`: remembers the click, then redirects; a visitor who cannot be sent anywhere gets a page that says so.
pub async fn go(
    State(state): State<AppState>,
    method: Method,
    uri: Uri,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
) -> Response<Body> {
    track(&state, Visit::to(code(&uri, "/go/")), (&method, &uri), peer, &headers).await
}

/// `/<code>`: the same on a parked domain, where nothing else is; `/GO/<code>` everywhere, as some programs write it.
pub async fn short(state: &AppState, parts: &Parts, before: &str, peer: SocketAddr) -> Response<Body> {
    let code = code(&parts.uri, before);
    track(state, Visit::to(code), (&parts.method, &parts.uri), peer, &parts.headers).await
}

/// The code behind the beginning of a path, without the slash that some programs add. One in broken letters is an
/// unknown code, and its click is remembered like any other.
fn code<'a>(uri: &'a Uri, before: &str) -> Cow<'a, str> {
    let code = uri.path().get(before.len()..).unwrap_or_default();
    percent_decode_str(code.strip_suffix('/').unwrap_or(code)).decode_utf8_lossy()
}

/// `/click?offer_id=&aff_id=`: the same for a link that is not stored.
pub async fn click(
    State(state): State<AppState>,
    method: Method,
    uri: Uri,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
) -> Response<Body> {
    track(&state, Visit::to_pair(), (&method, &uri), peer, &headers).await
}

async fn track(
    state: &AppState,
    door: Visit<'_>,
    (method, uri): (&Method, &Uri),
    peer: SocketAddr,
    headers: &HeaderMap,
) -> Response<Body> {
    let referer = text(headers, &REFERER);
    let door = Visit { is_prefetch: *method == Method::HEAD, ..door };
    let tracked = visit::track(state, door, &referer, peer, (uri, headers)).await;
    let is_https = state.config.base_url.starts_with("https://");
    answer(&tracked, cookie::of_click(&state.engine, headers, &tracked, is_https))
}

/// Whether the browser asks ahead of a visit that may never come.
pub(super) fn is_prefetch(headers: &HeaderMap) -> bool {
    ["sec-purpose", "purpose", "x-moz", "x-purpose"].iter().any(|name| {
        let value = headers.get(*name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        ["prefetch", "prerender", "preview"].iter().any(|word| value.contains(word))
    })
}

/// A header as text; bytes that are not UTF-8 become replacement characters.
pub(super) fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Cow<'a, str> {
    headers.get(name).map_or_else(Default::default, |value| String::from_utf8_lossy(value.as_bytes()))
}

pub(super) fn answer(tracked: &Tracked, cookie: Option<String>) -> Response<Body> {
    let hides_by_page = tracked.referrer == Some(ReferrerMode::Page);
    let mut response = match tracked.location.as_deref().map(|to| (to, HeaderValue::try_from(to))) {
        Some((to, Ok(_))) if hides_by_page => page_between(to),
        Some((_, Ok(location))) => {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::FOUND;
            response.headers_mut().insert(LOCATION, location);
            response
        }
        Some((_, Err(_))) | None => page(tracked.reason),
    };
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if tracked.referrer.is_some() {
        headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    }
    if tracked.is_cut {
        headers.insert(WARNING, HeaderValue::from_static("299 - \"a value was too long and was cut\""));
    }
    if let Some(Ok(cookie)) = cookie.map(HeaderValue::try_from) {
        headers.insert(SET_COOKIE, cookie);
    }
    response
}

/// The page that stands between: a browser that goes on from it tells no page, or this one. `to` is an address that was
/// made by [`whocpa_engine`], never one that a visitor brought.
fn page_between(to: &str) -> Response<Body> {
    let mut url = String::with_capacity(to.len() + 16);
    for letter in to.chars() {
        match letter {
            '&' => url.push_str("&amp;"),
            '"' => url.push_str("&quot;"),
            '\'' => url.push_str("&#39;"),
            '<' => url.push_str("&lt;"),
            '>' => url.push_str("&gt;"),
            other => url.push(other),
        }
    }
    let html = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"referrer\" content=\"no-referrer\">\
         <meta http-equiv=\"refresh\" content=\"0;url={url}\"><title>One moment</title>\
         <p><a rel=\"noreferrer\" href=\"{url}\">Continue</a></p></html>"
    );
    let mut response = Response::new(Body::from(html));
    let headers = response.headers_mut();
    protect(headers, "default-src 'none'; frame-ancestors 'none'");
    response
}

fn protect(headers: &mut HeaderMap, policy: &'static str) {
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
}

/// The page for visitors whom nobody told us where to send.
fn page(reason: ClickReason) -> Response<Body> {
    let (status, words) = match reason {
        ClickReason::UnknownCode => (StatusCode::NOT_FOUND, "This link does not exist."),
        ClickReason::LinkDeleted => (StatusCode::GONE, "This link is no longer in use."),
        _ => (StatusCode::GONE, "This offer is not available at the moment."),
    };
    let html = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><title>{words}</title><link rel=\"stylesheet\" href=\"/assets/site.css\">\
         <main><h1>{words}</h1></main></html>"
    );
    let mut response = Response::new(Body::from(html));
    *response.status_mut() = status;
    protect(response.headers_mut(), "default-src 'none'; style-src 'self'; frame-ancestors 'none'");
    response
}

/// A short name for figures.
pub(super) fn reason_name(reason: ClickReason) -> &'static str {
    match reason {
        ClickReason::Sent => "sent",
        ClickReason::UnknownCode => "unknown_code",
        ClickReason::LinkDeleted => "link_deleted",
        ClickReason::OfferStopped => "offer_stopped",
        ClickReason::NotConnected => "not_connected",
        ClickReason::AccountBlocked => "account_blocked",
        ClickReason::OutOfGeo => "out_of_geo",
        ClickReason::OutOfDevice => "out_of_device",
        ClickReason::OutOfSystem => "out_of_system",
        ClickReason::OutOfBrowser => "out_of_browser",
        ClickReason::OutOfLanguage => "out_of_language",
        ClickReason::OutOfSchedule => "out_of_schedule",
        ClickReason::OutOfConnection => "out_of_connection",
        ClickReason::OutOfVisitor => "out_of_visitor",
        ClickReason::OutOfArea => "out_of_area",
        ClickReason::OutOfSubid => "out_of_subid",
        ClickReason::Capped => "capped",
        ClickReason::Paused => "paused",
        ClickReason::Uncovered => "uncovered",
    }
}
