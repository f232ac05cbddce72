//! `/lead/add`: a webmaster's own landing sends a buyer's order, in the form that its scripts have (whocpa.md §4).
//!
//! The answer is `{"status":"accepted","order_id":N}` (`null` and an `orphan_id` for an order that waits for its visit), or `{"status":"error","error":…}` with the protocol's code.

use std::net::{IpAddr, SocketAddr};

use axum::Json;
use axum::body::Bytes;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use whocpa_domain::access::Caller;
use whocpa_domain::buyer::Buyer;
use whocpa_domain::input::{Decimal, RawParams};
use whocpa_domain::user::AffId;
use whocpa_domain::way::LeadWay;
use whocpa_domain::{Error, params};
use whocpa_engine::claim::Told;
use whocpa_engine::lead::OrderSent;

use super::client_ip::client_ip;
use crate::api::{self, Answered, ApiError, Asked};
use crate::limits::Kind;
use crate::state::AppState;

params! {
    /// An order as landings send it.
    pub struct LeadAdd {
        /// The account's affiliate id.
        aff_id: Option<i64>,
        /// The offer.
        offer_id: i64,
        /// The goal; needed when the offer has several.
        goal_id: Option<i64>,
        /// The webmaster's own id of the order: the same one again is the same order.
        click_id: Option<String>,
        /// One of the webmaster's clicks on the offer.
        tid: Option<String>,
        /// Buyer's phone as he typed it.
        phone: Option<String>,
        /// Buyer's name.
        name: Option<String>,
        /// Buyer's e-mail address.
        email: Option<String>,
        /// Where to deliver.
        address: Option<String>,
        /// Pieces.
        quantity: Option<i64>,
        /// Price that the buyer was told.
        price: Option<Decimal>,
        /// What the buyer said.
        comment: Option<String>,
        /// Buyer's address in the Internet.
        ip: Option<String>,
        /// Buyer's user agent.
        ua: Option<String>,
        /// Label.
        sub1: Option<String>,
        /// Label.
        sub2: Option<String>,
        /// Label.
        sub3: Option<String>,
        /// Label.
        sub4: Option<String>,
        /// Label.
        sub5: Option<String>,
    }
}

/// What scripts send for a label that they do not use.
const UNUSED: &str = "Empty";

/// `POST /lead/add`.
pub async fn add(
    State(state): State<AppState>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response {
    answered(receive(&state, peer, request).await)
}

/// The answer of these addresses, which nobody keeps.
pub(super) fn answered(result: Result<Answered, ApiError>) -> Response {
    let mut response = match result {
        Ok(told) => {
            let mut response = ([(CONTENT_TYPE, "application/json")], told.text).into_response();
            if told.is_replayed {
                response.headers_mut().insert(api::REPLAYED, HeaderValue::from_static("true"));
            }
            response
        }
        Err(error) => refusal(error),
    };
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Any other method.
pub async fn no_method() -> ApiError {
    ApiError::NoMethod("POST".to_owned())
}

async fn receive(state: &AppState, peer: SocketAddr, request: Request) -> Result<Answered, ApiError> {
    let (parts, body) = request.into_parts();
    let mut raw = api::parameters(&state.config.limits, &parts, body).await?;
    let key = api::take_key(&parts.headers, &mut raw)?.ok_or(Error::Unauthorized)?;
    let ip = client_ip(peer, &parts.headers, &state.config.trusted_proxies);
    let caller = keyed(state, ip, &key, Kind::Write).await?;
    let ignored = known(&mut raw);
    let asked = Asked::of(state, caller, &parts, raw);
    let (engine, names) = (state.engine.clone(), ignored.clone());
    let told = |told| match told {
        Told::Object(told) => Ok(text(&told, &ignored)),
        _ => Err(Error::Internal("an order was told in no form of its own".to_owned())),
    };
    let work = |caller: Caller, raw: RawParams| async move {
        let sent: LeadAdd = raw.read()?;
        let own = AffId::of(caller.user_id).map(AffId::number);
        if sent.aff_id.is_some() && sent.aff_id != own {
            return Err(Error::field("aff_id", "Must be that of your own account"));
        }
        let told = engine.order_create(caller, order(sent)).await?;
        let told = json!({"id": told.id, "orphan_id": told.orphan_id, "verdict": told.verdict});
        Ok(text(&told, &names))
    };
    api::once(asked, told, work).await
}

fn text(told: &Value, ignored: &[String]) -> Bytes {
    let mut body = json!({"status": "accepted", "order_id": told["id"], "verdict": told["verdict"]});
    if let (Some(id), Some(fields)) = (told["orphan_id"].as_i64(), body.as_object_mut()) {
        fields.insert("orphan_id".to_owned(), json!(id));
    }
    if let (false, Some(fields)) = (ignored.is_empty(), body.as_object_mut()) {
        fields.insert("ignored".to_owned(), json!(ignored));
    }
    body.to_string().into()
}

/// The account of a key, counted like a request to the API.
pub(super) async fn keyed(state: &AppState, ip: IpAddr, key: &str, kind: Kind) -> Result<Caller, ApiError> {
    let wrong = state.limiter.wrong_keys();
    wrong.check(ip, key).map_err(ApiError::TooMany)?;
    match state.engine.authenticate(key, Some(ip)).await {
        Ok(caller) => {
            wrong.right(ip, key);
            let counted = state.limiter.key(caller.origin.key_id, caller.user_id, kind);
            counted.map_err(ApiError::TooMany)?;
            Ok(caller)
        }
        Err(Error::Unauthorized) => {
            wrong.wrong(ip, key).map_err(ApiError::TooMany)?;
            Err(Error::Unauthorized.into())
        }
        Err(other) => Err(other.into()),
    }
}

/// Leaves out what is empty or unknown; gives the names of what is unknown.
fn known(raw: &mut RawParams) -> Vec<String> {
    use whocpa_domain::Input;
    let is_known = |name: &str| LeadAdd::PARAMS.iter().any(|param| param.name == name);
    raw.retain(is_known).into_iter().collect()
}

fn order(sent: LeadAdd) -> OrderSent {
    let text = |text: Option<String>| text.unwrap_or_default().trim().to_owned();
    let subs = [sent.sub1, sent.sub2, sent.sub3, sent.sub4, sent.sub5];
    let label = |sub: Option<String>| sub.filter(|sub| sub != UNUSED).unwrap_or_default();
    let price = |price: Decimal| whocpa_domain::money::Amount { micros: price.0, digits: 2 }.to_string();
    OrderSent {
        way: Some(LeadWay::LeadAdd),
        webmaster_id: 0,
        offer_id: sent.offer_id,
        goal_id: sent.goal_id,
        tid: text(sent.tid),
        id: text(sent.click_id),
        link_id: None,
        area_id: None,
        subid: subs.map(label),
        ip: text(sent.ip),
        ua: text(sent.ua),
        buyer: Buyer {
            name: text(sent.name),
            phone: text(sent.phone),
            email: text(sent.email),
            address: text(sent.address),
            comment: text(sent.comment),
            quantity: sent.quantity.unwrap_or(0),
            price: sent.price.map(price).unwrap_or_default(),
            ..Buyer::default()
        },
    }
}

/// A refusal in the form of these addresses.
pub(super) fn refusal(error: ApiError) -> Response {
    let body: Value = serde_json::from_str(&error.body()).unwrap_or_default();
    let response = error.into_response();
    let status = response.status();
    if status == StatusCode::SERVICE_UNAVAILABLE || status == StatusCode::TOO_MANY_REQUESTS {
        return response;
    }
    (status, Json(json!({"status": "error", "error": body["error"]}))).into_response()
}
