//! The tracking doors: `/go/<code>` and `/click` for visitors, `/pb` for advertisers' systems.

mod click;
mod client_ip;
mod cookie;
mod postback;

pub(crate) use client_ip::client_ip;

use axum::Router;
use axum::routing::get;

use crate::api;
use crate::limits::Guard;
use crate::state::AppState;

/// The routes of this module.
pub fn router(state: &AppState) -> Router {
    let postback = get(postback::receive).post(postback::receive).fallback(postback::no_method);
    let postback = Router::new().route("/pb", postback).with_state(state.clone());
    let clicks = Router::new().route("/go/{code}", get(click::go)).route("/click", get(click::click));
    let clicks = clicks.with_state(state.clone());
    // `/go` answers visitors, who need no request id, and is the hottest way of all.
    // An advertiser's system sends from few addresses, and it has a door of its own: conversions and the API do not
    // take places from each other.
    let guard = Guard::new(&state.config, usize::MAX);
    clicks.merge(api::layered(postback, state, &guard))
}
