//! The tracking doors: `/go/<code>` and `/click` for visitors, `/t.js` for those who come without a redirect, `/px` for their
//! browsers' reports, `/form` for buyers, `/pb` and its other spellings for advertisers' systems, `/lead/add` for webmasters' landings.

mod click;
mod client_ip;
mod cookie;
mod form;
mod import;
mod lead_add;
pub mod parked;
mod pixel;
mod postback;
mod report;
mod shape;
mod shapes;
mod told;
mod visit;

pub(crate) use client_ip::client_ip;
pub(crate) use postback::{is_bare, receive as postback_receive};
pub use shape::SHAPES;

use axum::Router;
use axum::routing::{MethodRouter, get, post};

use crate::api;
use crate::limits::Guard;
use crate::state::AppState;

/// The routes of this module.
pub fn router(state: &AppState) -> Router {
    let both = || -> MethodRouter<AppState> {
        get(postback::receive).post(postback::receive).fallback(postback::no_method)
    };
    let mut postbacks = Router::new()
        .route(
            "/pb/{token}",
            get(postback::receive_of).post(postback::receive_of).fallback(postback::no_method),
        )
        .route(
            "/pb/{token}/",
            get(postback::receive_bare).post(postback::receive_bare).fallback(postback::no_method),
        )
        .route(
            "/pb/{token}/{*path}",
            get(postback::receive_as).post(postback::receive_as).fallback(postback::no_method),
        );
    // The front page's own route asks `is_bare` first.
    let mut paths: Vec<&str> = SHAPES.iter().flat_map(|shape| shape.paths).map(|(path, _)| *path).collect();
    paths.retain(|path| *path != "/");
    paths.dedup();
    for path in paths {
        postbacks = postbacks.route(path, both());
    }
    for path in ["/lead/add", "/lead/new_send_lead.php"] {
        postbacks = postbacks.route(path, post(lead_add::add).fallback(lead_add::no_method));
    }
    postbacks = postbacks.route("/lead/import", post(import::import).fallback(lead_add::no_method));
    let postbacks = postbacks.with_state(state.clone());
    // Whatever stands behind `/go` is a code: a visitor who comes by a spoilt link is remembered and told so.
    let mut clicks = Router::new();
    for path in ["/go", "/go/", "/go/{*code}"] {
        clicks = clicks.route(path, get(click::go));
    }
    let clicks = clicks.route("/click", get(click::click)).route("/click/", get(click::click));
    let clicks = clicks.with_state(state.clone());
    // `/go` answers visitors, who need no request id, and is the hottest way of all.
    let browsers = Router::new()
        .route("/px/{file}", get(pixel::receive).post(pixel::receive).fallback(pixel::no_method))
        .route("/t/{code}", get(visit::picture).post(visit::report).fallback(visit::no_method))
        .route("/t.js", get(visit::script))
        .route("/i/{file}", get(visit::impression))
        .route("/form/{code}", get(form::show).post(form::order).fallback(visit::no_method))
        .with_state(state.clone());
    let browsers = api::layered(browsers, state, &Guard::of_senders(&state.config));
    // An advertiser's system sends from few addresses, and it has a door of its own: conversions and the API do not
    // take places from each other.
    let guard = Guard::of_senders(&state.config);
    clicks.merge(browsers).merge(api::layered(postbacks, state, &guard))
}
