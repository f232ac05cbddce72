//! Pages for people, and the probes for those who watch over the server.

mod health;
mod home;
mod image;
mod setup;

use axum::Router;
use axum::routing::get;

use crate::state::AppState;

/// The routes of this module.
pub fn router() -> Router<AppState> {
    Router::new()
        .route("/", get(home::page))
        .route("/img/{file}", get(image::page))
        .route("/setup/{token}", get(setup::form).post(setup::create))
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .route("/metrics", get(health::metrics))
}
