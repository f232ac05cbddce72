//! The tracking doors: `/go/<code>` for visitors, `/pb` for advertisers' systems.

mod click;
mod client_ip;
mod cookie;
mod postback;

use axum::Router;
use axum::routing::get;

use crate::state::AppState;

/// The routes of this module.
pub fn router() -> Router<AppState> {
    Router::new()
        .route("/go/{code}", get(click::go))
        .route("/pb", get(postback::by_query).post(postback::by_body))
}
