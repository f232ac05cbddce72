//! The console of those who run the network. Each page calls the operations of the API as the operator who reads it: his
//! role decides what he sees and does, the menu only leaves out what it would refuse.

mod advances;
mod audit;
mod batches;
mod conditions;
mod currencies;
mod dashboard;
mod decisions;
mod deposits;
mod lead;
mod leads;
mod ledger;
mod menu;
mod moderation;
mod named;
mod news;
mod offers;
mod parts;
mod payouts;
mod quality;
mod stats;
mod tickets;
mod user;
mod users;
mod watch;

use axum::Router;
use axum::routing::{get, post};

use crate::state::AppState;

pub(super) use menu::menu;

/// Everything under `/operator`.
pub(super) fn router() -> Router<AppState> {
    people().merge(catalogue()).merge(traffic()).merge(money()).merge(moderation::router())
}

fn people() -> Router<AppState> {
    Router::new()
        .route("/operator", get(dashboard::show))
        .route("/operator/audit", get(audit::list))
        .route("/operator/tickets", get(tickets::list))
        .route("/operator/tickets/{id}", get(tickets::view).post(tickets::update))
        .route("/operator/news", get(news::list))
        .route("/operator/news/new", get(news::new).post(news::create))
        .route("/operator/news/{id}", get(news::view).post(news::update))
        .route("/operator/news/{id}/delete", post(news::delete))
        .route("/operator/users", get(users::list))
        .route("/operator/users/new", get(users::new).post(users::create))
        .route("/operator/users/{id}", get(user::view).post(user::update))
        .route("/operator/users/{id}/status", post(user::stand))
        .route("/operator/users/{id}/password", post(user::password_update))
}

fn catalogue() -> Router<AppState> {
    Router::new()
        .route("/operator/offers", get(offers::list))
        .route("/operator/offers/{id}", get(offers::view))
        .route("/operator/offers/{id}/status", post(offers::decide))
        .route("/operator/offers/{id}/note", post(offers::note_update))
        .route("/operator/offers/{id}/connect", post(offers::connect_create))
}

/// What comes in, and what is found about it.
fn traffic() -> Router<AppState> {
    Router::new()
        .route("/operator/leads", get(leads::list).post(leads::decide))
        .route("/operator/leads/{id}", get(lead::view).post(lead::update))
        .route("/operator/decisions", get(decisions::list))
        .route("/operator/decisions/{id}", get(decisions::view).post(decisions::update))
        .route("/operator/stats", get(stats::list))
        .route("/operator/rules", get(quality::rules).post(quality::rule_create))
        .route("/operator/rules/{id}", get(quality::rule).post(quality::rule_update))
        .route("/operator/findings", get(quality::findings))
        .route("/operator/findings/{id}", get(quality::finding).post(quality::finding_update))
        .route("/operator/orphans", get(watch::orphans))
        .route("/operator/orphans/{id}", post(watch::orphan_update))
        .route("/operator/postbacks", get(watch::postbacks))
}

fn money() -> Router<AppState> {
    Router::new()
        .route("/operator/payouts", get(payouts::list))
        .route("/operator/payouts/{id}", get(payouts::view).post(payouts::update))
        .route("/operator/batches", get(batches::list).post(batches::create))
        .route("/operator/batches/{id}", get(batches::view).post(batches::update))
        .route("/operator/batches/{id}/file", get(batches::file))
        .route("/operator/deposits", get(deposits::list).post(deposits::create))
        .route("/operator/deposits/{id}", get(deposits::view).post(deposits::update))
        .route("/operator/balances", get(ledger::balances))
        .route("/operator/transfers", get(ledger::transfers))
        .route("/operator/advances", get(advances::list).post(advances::create))
        .route("/operator/conditions", get(conditions::list).post(conditions::create))
        .route("/operator/conditions/{id}", get(conditions::view).post(conditions::update))
        .route("/operator/conditions/{id}/delete", post(conditions::delete))
        .route("/operator/currencies", get(currencies::list))
        .route("/operator/currencies/all", get(currencies::all).post(currencies::create))
        .route("/operator/currencies/{id}", post(currencies::update))
        .route("/operator/rates", post(currencies::rate_create))
}
