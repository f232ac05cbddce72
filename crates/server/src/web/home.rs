//! The front page: what this network is, what it offers, where to go on.

use std::net::SocketAddr;

use askama::Template;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use whocpa_domain::Result;
use whocpa_domain::input::RawParams;
use whocpa_engine::offer::OfferRow;
use whocpa_engine::{Caller, Rows};

use super::page::html;
use crate::state::AppState;
use crate::track;

#[derive(Template)]
#[template(path = "home.html")]
struct Home {
    offers: Vec<OfferRow>,
    offer_count: i64,
}

/// Shows it with the newest public offers; a platform's postback whose address has no path is received instead.
pub async fn page(
    State(state): State<AppState>,
    connection: ConnectInfo<SocketAddr>,
    request: Request,
) -> Response {
    if request.uri().query().is_some_and(track::is_bare) {
        return track::postback_receive(State(state), connection, request).await;
    }
    show(&state).await
}

async fn show(state: &AppState) -> Response {
    match offers(state).await {
        Ok(offers) => html(StatusCode::OK, &Home { offer_count: offers.total_count, offers: offers.rows }),
        Err(error) => {
            tracing::warn!(?error, "the front page could not read the offers");
            (StatusCode::SERVICE_UNAVAILABLE, "Not ready, try again later\n").into_response()
        }
    }
}

/// What a guest sees who asks for nothing in particular.
async fn offers(state: &AppState) -> Result<Rows<OfferRow>> {
    state.engine.offer_list(Caller::GUEST, RawParams::default().read()?).await
}
