//! Pictures, and the probes for those who watch over the server.

mod health;
mod image;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::get;

use crate::compress::compressed;
use crate::limits::{self, Guard};
use crate::state::AppState;

/// The routes of this module.
pub fn router(state: &AppState) -> Router {
    let pages = Router::new().route("/img/{file}", get(image::page)).with_state(state.clone());
    let guard = Guard::new(&state.config);
    // Probes get through however crowded it is.
    let probes = Router::new()
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .route("/metrics", get(health::metrics))
        .with_state(state.clone());
    compressed(pages.layer(from_fn_with_state(guard, limits::around))).merge(probes)
}
