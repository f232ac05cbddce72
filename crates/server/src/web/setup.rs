//! The one-time page on which the first operator is made. Its address is printed at start and stops working with the
//! first operator, or with the process.

use askama::Template;
use axum::extract::{Form, Path, State};
use axum::http::header::CACHE_CONTROL;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use whocpa_domain::Error;

use super::page::html;
use crate::state::AppState;

#[derive(Template)]
#[template(path = "setup.html")]
struct Page<'a> {
    token: &'a str,
    errors: Vec<(String, String)>,
    login: &'a str,
    name: &'a str,
    created: Option<Created>,
}

struct Created {
    login: String,
    key: String,
}

/// What the form sends.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sent {
    login: String,
    name: String,
    password: String,
}

/// The form.
pub async fn form(State(state): State<AppState>, Path(token): Path<String>) -> Response {
    if !is_open(&state, &token).await {
        return closed();
    }
    show(StatusCode::OK, &Page { token: &token, errors: Vec::new(), login: "", name: "", created: None })
}

/// Makes the operator and shows his key.
pub async fn create(
    State(state): State<AppState>,
    Path(token): Path<String>,
    Form(sent): Form<Sent>,
) -> Response {
    if !is_open(&state, &token).await {
        return closed();
    }
    let made = state.engine.operator_create_first(sent.login.clone(), sent.password, sent.name.clone()).await;
    let made = match made {
        Ok(id) => state.engine.profile_key(id).await,
        Err(error) => Err(error),
    };
    let mut page =
        Page { token: &token, errors: Vec::new(), login: &sent.login, name: &sent.name, created: None };
    match made {
        Ok(key) => {
            page.created = Some(Created { login: sent.login.clone(), key });
            show(StatusCode::OK, &page)
        }
        Err(Error::Invalid(errors)) => {
            let all = errors.messages().iter();
            page.errors =
                all.flat_map(|(name, texts)| texts.iter().map(|text| (name.clone(), text.clone()))).collect();
            show(StatusCode::BAD_REQUEST, &page)
        }
        Err(Error::Conflict(_)) => closed(),
        Err(error) => {
            tracing::error!(?error, "the first operator could not be made");
            (StatusCode::INTERNAL_SERVER_ERROR, "Internal server error\n").into_response()
        }
    }
}

async fn is_open(state: &AppState, token: &str) -> bool {
    let fits = state.setup_token().is_some_and(|known| known == token);
    fits && matches!(state.engine.operator_count().await, Ok(0))
}

fn closed() -> Response {
    (StatusCode::NOT_FOUND, "This set-up link does not work (any more).\n").into_response()
}

/// Neither the key nor the token may stay in a cache.
fn show(status: StatusCode, page: &Page<'_>) -> Response {
    let mut response = html(status, page);
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
