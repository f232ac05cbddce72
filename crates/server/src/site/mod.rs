//! The site for people: public pages, signing in, each person's own account.
//!
//! Every page works without scripts. A page calls the same operations as the API, as the person who reads it; what it
//! shows is text that the templates escape, and no script stands in a page.

mod account;
mod advertiser;
mod answer;
mod assets;
mod cookies;
mod form;
mod frame;
mod help;
mod home;
mod letters;
mod list;
mod names;
mod news;
mod offers;
mod once;
mod operator;
mod qr;
mod reader;
mod register;
mod setup;
mod sign_in;
mod view;
mod webmaster;
mod work;

use axum::Router;
use axum::http::request::Parts;
use axum::middleware::from_fn_with_state;
use axum::routing::{MethodRouter, get, post};
use tower_http::csrf::CsrfLayer;

use crate::api;
use crate::compress::compressed;
use crate::i18n::Lang;
use crate::limits::Guard;
use crate::state::AppState;

/// Every page, in every language that stands in its address.
pub fn router(state: &AppState) -> Router {
    let mut pages = Router::new();
    let public: [(&str, MethodRouter<AppState>); 12] = [
        ("/sign-in", get(sign_in::show).post(sign_in::create)),
        ("/sign-in/code", get(sign_in::code_show).post(sign_in::code)),
        ("/reset", get(letters::reset_show).post(letters::reset_create)),
        ("/reset/{token}", get(letters::password_show).post(letters::password_create)),
        ("/confirm/{token}", get(letters::confirm_show).post(letters::confirm)),
        ("/register", get(register::show).post(register::create)),
        ("/offers", get(offers::list)),
        ("/offers/{id}", get(offers::view)),
        ("/news", get(news::list)),
        ("/news/{id}", get(news::view)),
        ("/help", get(help::first)),
        ("/help/{topic}", get(help::view)),
    ];
    for lang in Lang::ALL {
        for (path, route) in &public {
            pages = pages.route(&format!("{}{path}", lang.prefix()), route.clone());
        }
        if lang != Lang::En {
            pages = pages.route(lang.prefix(), get(home::show));
            pages = pages.route(&format!("{}/", lang.prefix()), get(home::show));
        }
    }
    let pages =
        pages.route("/", get(home::page)).merge(own()).merge(webmaster::router()).merge(advertiser::router());
    let pages = pages.merge(operator::router());
    let pages = pages.route("/setup/{token}", get(setup::show).post(setup::create));
    let pages = dressed(pages, state).merge(letters::unsubscribing(state));
    let guard = Guard::new(&state.config);
    compressed(api::layered(pages, state, &guard)).merge(assets::router())
}

/// What is around every page: who reads it, and that no other site made his browser ask.
pub(crate) fn dressed(pages: Router<AppState>, state: &AppState) -> Router {
    let csrf = CsrfLayer::new();
    // Behind a proxy that changes the `Host`, the network is known by its configured address.
    let csrf = csrf.clone().add_trusted_origin(&state.config.base_url).unwrap_or(csrf);
    let csrf = csrf.with_rejection_response(|_| answer::foreign());
    pages.layer(csrf).layer(from_fn_with_state(state.clone(), answer::around)).with_state(state.clone())
}

/// The profile key of whoever is signed in, empty for others: for the pages of the reference.
pub(crate) async fn own_key(state: &AppState, request: &Parts) -> String {
    let Ok(reader) = reader::read(state, request).await else { return String::new() };
    match &reader.visitor {
        Some(visitor) => state.engine.profile_key(visitor.caller.user_id).await.unwrap_or_default(),
        None => String::new(),
    }
}

/// Pages of whoever is signed in, in the language of his account.
fn own() -> Router<AppState> {
    Router::new()
        .route("/offers/{id}/connect", post(offers::connect))
        .route("/view", post(view::update))
        .route("/sign-out", post(sign_in::delete))
        .route("/account", get(account::show).post(account::update))
        .route("/account/letters", answer::at("/account").post(letters::choose))
        .route("/account/confirm", answer::at("/account").post(letters::confirmation))
        .route("/account/security", get(account::security))
        .route("/account/password", answer::at("/account/security").post(account::password))
        .route("/account/session/{id}/end", post(account::session_delete))
        .route("/account/session/end", post(account::session_delete_others))
        .route("/account/security/app", get(account::factor_show).post(account::factor_create))
        .route("/account/security/app/confirm", get(answer::above).post(account::factor_confirm))
        .route("/account/security/app/renew", get(answer::above).post(account::factor_renew))
        .route("/account/security/app/remove", get(answer::above).post(account::factor_delete))
        .route("/account/keys", get(account::keys).post(account::key_create))
        .route("/account/key/{id}/revoke", post(account::key_delete))
}
