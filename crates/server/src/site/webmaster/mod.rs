//! The webmaster's cabinet.

mod dashboard;
mod leads;
mod links;
mod money;

use axum::Router;
use axum::routing::{get, post};
use whocpa_domain::Level;

use super::work::{postbacks, stats, tickets};
use crate::state::AppState;

/// Whose cabinet it is.
const LEVEL: u8 = Level::Webmaster as u8;

/// Everything under `/pub`.
pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route("/pub", get(dashboard::show))
        .route("/pub/links", get(links::list))
        .route("/pub/links/new", get(links::new).post(links::create))
        .route("/pub/links/{id}", get(links::view).post(links::update))
        .route("/pub/links/{id}/delete", post(links::delete))
        .route("/pub/leads", get(leads::list))
        .route("/pub/leads/{id}", get(leads::view))
        .route("/pub/leads/{id}/contest", post(leads::contest))
        .route("/pub/stats", get(stats::list::<LEVEL>))
        .route("/pub/money", get(money::show))
        .route("/pub/wallets", post(money::wallet_create))
        .route("/pub/wallets/{id}/delete", post(money::wallet_delete))
        .route("/pub/payouts", post(money::payout_create))
        .route("/pub/payouts/{id}/cancel", post(money::payout_delete))
        .route("/pub/postbacks", get(postbacks::list::<LEVEL>).post(postbacks::create::<LEVEL>))
        .route("/pub/postbacks/{id}", get(postbacks::view::<LEVEL>).post(postbacks::update::<LEVEL>))
        .route("/pub/postbacks/{id}/delete", post(postbacks::delete::<LEVEL>))
        .route("/pub/deliveries/{id}/replay", post(postbacks::replay::<LEVEL>))
        .route("/pub/tickets", get(tickets::list::<LEVEL>).post(tickets::create::<LEVEL>))
        .route("/pub/tickets/{id}", get(tickets::view::<LEVEL>).post(tickets::update::<LEVEL>))
}
