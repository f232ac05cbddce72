//! The advertiser's cabinet.

mod connections;
mod dashboard;
mod decisions;
mod goals;
mod integration;
mod landings;
mod lead;
mod leads;
mod money;
mod offers;

use axum::Router;
use axum::routing::{get, post};
use whocpa_domain::Level;

use super::answer::{above, at};
use super::work::{postbacks, statement, stats, tickets};
use crate::state::AppState;

/// Whose cabinet it is.
const LEVEL: u8 = Level::Advertiser as u8;

/// Everything under `/adv`.
pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route("/adv", get(dashboard::show))
        .route("/adv/leads", get(leads::list).post(leads::decide))
        .route("/adv/leads/{id}", get(lead::view).post(lead::update))
        .route("/adv/decisions", get(decisions::list).post(decisions::create))
        .route("/adv/decisions/{id}", get(decisions::view).post(decisions::update))
        .route("/adv/offers", get(offers::list))
        .route("/adv/offers/new", get(offers::new).post(offers::create))
        .route("/adv/offers/{id}", get(offers::view).post(offers::update))
        .route("/adv/offers/{id}/status", get(above).post(offers::turn))
        .route("/adv/offers/{id}/goals", get(goals::new).post(goals::create))
        .route("/adv/goals/{id}", get(goals::view).post(goals::update))
        .route("/adv/offers/{id}/landings", get(landings::new).post(landings::create))
        .route("/adv/landings/{id}", get(landings::view).post(landings::update))
        .route("/adv/landings/{id}/status", get(above).post(landings::turn))
        .route("/adv/connections", get(connections::list))
        .route("/adv/connections/{id}", post(connections::update))
        .route("/adv/integration", get(integration::show).post(integration::check))
        .route("/adv/integration/token", post(integration::renew))
        .route("/adv/stats", get(stats::list::<LEVEL>))
        .route("/adv/money", get(money::show))
        .route("/adv/deposits", at("/adv/money").post(money::deposit_create))
        .route("/adv/deposits/{id}", get(money::deposit))
        .route("/adv/statement", get(statement::list::<LEVEL>))
        .route("/adv/postbacks", get(postbacks::list::<LEVEL>).post(postbacks::create::<LEVEL>))
        .route("/adv/postbacks/{id}", get(postbacks::view::<LEVEL>).post(postbacks::update::<LEVEL>))
        .route("/adv/postbacks/{id}/rehearse", get(above).post(postbacks::rehearse::<LEVEL>))
        .route("/adv/postbacks/{id}/delete", post(postbacks::delete::<LEVEL>))
        .route("/adv/deliveries/{id}/replay", post(postbacks::replay::<LEVEL>))
        .route("/adv/tickets", get(tickets::list::<LEVEL>).post(tickets::create::<LEVEL>))
        .route("/adv/tickets/{id}", get(tickets::view::<LEVEL>).post(tickets::update::<LEVEL>))
}
