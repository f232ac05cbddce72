//! `/form/<code>`: the order form of an offer, as a page or (`embed=1`) within another site's page. It needs neither
//! scripts nor cookies: the visit's tid stands in the form.

use std::net::SocketAddr;

use askama::Template;
use axum::body::Body;
use axum::extract::{ConnectInfo, Path, Request, State};
use axum::http::header::{ACCEPT_LANGUAGE, CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERER, REFERRER_POLICY};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use whocpa_domain::buyer::{Buyer, FormField};
use whocpa_domain::click::ClickReason;
use whocpa_domain::facts::ClickWay;
use whocpa_domain::{Error, params};
use whocpa_engine::click::Visit;
use whocpa_engine::lead::{LeadCreated, OrderForm, OrderSent};

use super::click::{answer, text};
use super::client_ip::client_ip;
use super::{cookie, parked, visit};
use crate::api::{self, ApiError};
use crate::i18n::Lang;
use crate::limits::Kind;
use crate::state::AppState;

/// Any page may show the form; the form itself loads nothing and sends to nobody else.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors *; base-uri 'none'";

params! {
    /// What a buyer sends.
    pub struct FormSent {
        /// His visit.
        tid: Option<String>,
        /// What he is called.
        name: Option<String>,
        /// Telephone as he typed it.
        phone: Option<String>,
        /// E-mail address.
        email: Option<String>,
        /// Where to deliver.
        address: Option<String>,
        /// What he says.
        comment: Option<String>,
        /// Pieces.
        quantity: Option<String>,
        /// Language of the form.
        lang: Option<String>,
        /// The form stands within another page.
        embed: Option<bool>,
    }
}

/// What stands in the form's fields.
#[derive(Default)]
struct Filled {
    tid: String,
    name: String,
    phone: String,
    email: String,
    address: String,
    comment: String,
    quantity: String,
}

#[derive(Template)]
#[template(path = "form.html")]
struct Page {
    lang: Lang,
    code: String,
    title: String,
    price: String,
    form: OrderForm,
    sent: Filled,
    wrong: Vec<String>,
    is_embedded: bool,
    done: Option<String>,
    told: Vec<String>,
}

impl Page {
    fn new(lang: Lang, code: String, form: OrderForm, sent: Filled, is_embedded: bool) -> Self {
        Self {
            title: lang.with("form-title", "offer", form.name.as_str()),
            price: lang.with("form-price", "price", form.price.as_str()),
            lang,
            code,
            form,
            sent,
            is_embedded,
            wrong: Vec::new(),
            done: None,
            told: Vec::new(),
        }
    }

    fn asks(&self, name: &str) -> bool {
        self.form.fields.iter().any(|field: &FormField| field.name() == name)
    }

    fn show(&self, status: StatusCode) -> Response {
        let mut response = match self.render() {
            Ok(html) => (status, Html(html)).into_response(),
            Err(error) => {
                tracing::error!(%error, "a page could not be rendered");
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
        };
        let headers = response.headers_mut();
        headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
        response
    }
}

/// `GET`: a visit of the link, answered by its offer's form. Who cannot be sent to that offer, or finds no form, is led on as
/// by `/go`.
pub async fn show(
    State(state): State<AppState>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Path(code): Path<String>,
    request: Request,
) -> Response {
    let (parts, _) = request.into_parts();
    let domain = parked::host(&state, &parts.uri, &parts.headers);
    let form = match state.engine.form_view(&code, domain).await {
        Ok(form) => Some(form),
        Err(Error::NotFound) => None,
        Err(other) => return ApiError::from(other).into_response(),
    };
    let referer = text(&parts.headers, &REFERER);
    let door = Visit { way: ClickWay::Form, ..Visit::to(code.clone()) };
    let tracked = visit::track(&state, door, &referer, peer, (&parts.uri, &parts.headers)).await;
    let is_its = |form: &OrderForm| tracked.reason == ClickReason::Sent && tracked.offer_id == form.offer_id;
    let Some(form) = form.filter(is_its) else {
        let is_https = state.config.base_url.starts_with("https://");
        let cookie = cookie::of_click(&state.engine, &parts.headers, &tracked, is_https);
        return answer(&tracked, cookie).map(Body::new);
    };
    let filled = Filled { tid: tracked.tid, quantity: "1".to_owned(), ..Filled::default() };
    let asked = |name: &str| asked(&parts, name);
    let lang = language(asked("lang").as_deref(), &parts.headers);
    Page::new(lang, code, form, filled, asked("embed").as_deref() == Some("1")).show(StatusCode::OK)
}

/// `POST`: the order.
pub async fn order(
    State(state): State<AppState>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Path(code): Path<String>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let read = api::parameters(&state.config.limits, &parts, body).await;
    let sent: FormSent = match read.and_then(|raw| Ok(raw.read()?)) {
        Ok(sent) => sent,
        Err(error) => return error.into_response(),
    };
    let domain = parked::host(&state, &parts.uri, &parts.headers);
    let form = match state.engine.form_view(&code, domain).await {
        Ok(form) => form,
        Err(error) => return ApiError::from(error).into_response(),
    };
    let lang = language(sent.lang.as_deref(), &parts.headers);
    let is_embedded = sent.embed == Some(true);
    let ip = client_ip(peer, &parts.headers, &state.config.trusted_proxies);
    let (filled, order) = read_order(sent);
    let taken = match state.limiter.guest(ip, Kind::Write) {
        Ok(_) => state.engine.form_order(&code, domain, order).await.map_err(ApiError::from),
        Err(refused) => Err(ApiError::TooMany(refused)),
    };
    let mut page = Page::new(lang, code, form, filled, is_embedded);
    match taken {
        Ok(told) => {
            thank(&mut page, &told);
            page.show(StatusCode::OK)
        }
        Err(error) => {
            page.wrong = wrong(lang, &error);
            page.show(error.into_response().status())
        }
    }
}

fn thank(page: &mut Page, told: &LeadCreated) {
    let lang = page.lang;
    let Some(id) = told.id else {
        page.done = Some(lang.t("form-later"));
        return;
    };
    page.done = Some(lang.t("form-done"));
    page.told = vec![lang.with("form-number", "number", id.to_string()), lang.t("form-call")];
}

fn read_order(sent: FormSent) -> (Filled, OrderSent) {
    let text = |text: Option<String>| text.unwrap_or_default().trim().to_owned();
    let filled = Filled {
        tid: text(sent.tid),
        name: text(sent.name),
        phone: text(sent.phone),
        email: text(sent.email),
        address: text(sent.address),
        comment: text(sent.comment),
        quantity: text(sent.quantity),
    };
    let buyer = Buyer {
        name: filled.name.clone(),
        phone: filled.phone.clone(),
        email: filled.email.clone(),
        address: filled.address.clone(),
        comment: filled.comment.clone(),
        // What is no number is refused as too few.
        quantity: if filled.quantity.is_empty() { 0 } else { filled.quantity.parse().unwrap_or(-1) },
        ..Buyer::default()
    };
    let order = OrderSent { tid: filled.tid.clone(), buyer, ..OrderSent::default() };
    (filled, order)
}

/// What is wrong, in the buyer's language.
fn wrong(lang: Lang, error: &ApiError) -> Vec<String> {
    let key = |name: &str| match name {
        "name" => "form-wrong-name",
        "phone" => "form-wrong-phone",
        "email" => "form-wrong-email",
        "address" => "form-wrong-address",
        "comment" => "form-wrong-comment",
        "quantity" => "form-wrong-quantity",
        "tid" => "form-wrong-tid",
        _ => "form-wrong-offer",
    };
    match error {
        ApiError::Domain(Error::Invalid(errors)) => {
            errors.messages().keys().map(|name| lang.t(key(name))).collect()
        }
        ApiError::TooMany(_) => vec![lang.t("form-wrong-many")],
        _ => vec![lang.t("form-wrong-server")],
    }
}

/// A value of the query.
fn asked(parts: &Parts, name: &str) -> Option<String> {
    let query = parts.uri.query().unwrap_or_default();
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    pairs.find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
}

/// The language that is asked for, else the first one of the browser's that the form has, else English.
fn language(asked: Option<&str>, headers: &HeaderMap) -> Lang {
    let known = |tag: &str| {
        let tag = tag.trim().get(..2)?.to_ascii_lowercase();
        Lang::ALL.into_iter().find(|lang| lang.tag() == tag)
    };
    let accepted = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    asked.and_then(known).or_else(|| accepted.split(',').find_map(known)).unwrap_or(Lang::En)
}
