//! The webmaster's cabinet.

mod areas;
mod dashboard;
mod domains;
mod leads;
mod links;
mod money;
mod payouts;
mod promos;
mod referrals;

use axum::Router;
use axum::routing::{get, post};
use whocpa_domain::Level;

use super::answer::{above, at};
use super::work::{postbacks, statement, stats, tickets};
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
        .route("/pub/links/{id}/try", get(links::tried))
        .route("/pub/areas", get(areas::list).post(areas::create))
        .route("/pub/areas/{id}", get(areas::view).post(areas::update))
        .route("/pub/areas/{id}/delete", post(areas::delete))
        .route("/pub/domains", get(domains::list).post(domains::create))
        .route("/pub/domains/{id}/delete", post(domains::delete))
        .route("/pub/promos", get(promos::list))
        .route("/pub/promos/{id}", get(promos::view))
        .route("/pub/referrals", get(referrals::list))
        .route("/pub/referrals/{id}", get(referrals::view))
        .route("/pub/leads", get(leads::list))
        .route("/pub/leads/{id}", get(leads::view))
        .route("/pub/leads/{id}/contest", get(above).post(leads::contest))
        .route("/pub/stats", get(stats::list::<LEVEL>))
        .route("/pub/statement", get(statement::list::<LEVEL>))
        .route("/pub/money", get(money::show))
        .route("/pub/wallets", at("/pub/money").post(money::wallet_create))
        .route("/pub/wallets/{id}/delete", post(money::wallet_delete))
        .route("/pub/payouts", get(payouts::list).post(payouts::create))
        .route("/pub/payouts/new", at("/pub/money").post(payouts::new))
        .route("/pub/payouts/{id}/cancel", post(payouts::delete))
        .route("/pub/postbacks", get(postbacks::list::<LEVEL>).post(postbacks::create::<LEVEL>))
        .route("/pub/postbacks/{id}", get(postbacks::view::<LEVEL>).post(postbacks::update::<LEVEL>))
        .route("/pub/postbacks/{id}/rehearse", get(above).post(postbacks::rehearse::<LEVEL>))
        .route("/pub/postbacks/{id}/delete", post(postbacks::delete::<LEVEL>))
        .route("/pub/deliveries/{id}/replay", post(postbacks::replay::<LEVEL>))
        .route("/pub/tickets", get(tickets::list::<LEVEL>).post(tickets::create::<LEVEL>))
        .route("/pub/tickets/{id}", get(tickets::view::<LEVEL>).post(tickets::update::<LEVEL>))
}
