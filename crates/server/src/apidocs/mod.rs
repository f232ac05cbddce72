//! The API reference at `/apidocs/<level>/…` in three languages, derived from the declarations, and Swagger UI.

mod assets;
mod captured;
pub mod changes;
mod frame;
mod method;
mod own_id;
mod rows;
mod samples;
mod sentences;
pub(crate) mod text;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::get;
use whocpa_domain::Level;
use whocpa_domain::input::MANY_LIMIT;

use crate::api::{ApiError, BODY_LIMIT, Refusal, Registry};
use crate::i18n::Lang;
use crate::limits::{Kind, RateConfig};
use crate::site;
use crate::state::AppState;
use frame::{Frame, Place, overview_path};
use text::Html as Rich;

pub(crate) use captured::find as captured_example;
pub use sentences::sentences;

/// What the pages are made of.
#[derive(Clone)]
struct Docs {
    state: AppState,
    /// The profile key of a reader who is signed in, else empty.
    own_key: String,
    registry: &'static Registry,
    base_url: String,
    rate: RateConfig,
}

#[derive(Template)]
#[template(path = "apidocs/overview.html")]
struct OverviewPage {
    frame: Frame,
    count: Rich,
    soon_count: Option<Rich>,
    body_limit: Rich,
    many_limit: Rich,
    limits: Vec<(Rich, [String; 3])>,
    refusals: Vec<(&'static str, Rich)>,
}

#[derive(Template)]
#[template(path = "apidocs/changes.html")]
struct ChangesPage {
    frame: Frame,
    changes: Vec<ChangeShown>,
}

/// A change in the reader's language.
struct ChangeShown {
    id: &'static str,
    date: &'static str,
    title: &'static str,
    text: Rich,
}

#[derive(Template)]
#[template(path = "apidocs/explore.html")]
struct ExplorePage {
    frame: Frame,
}

#[derive(Template)]
#[template(path = "apidocs/missing.html")]
struct MissingPage {
    frame: Frame,
}

/// Everything under `/apidocs` in every language, with what the pages load.
pub fn router(state: &AppState, registry: &'static Registry) -> Router {
    let rate = state.config.limits.rate;
    let docs = Docs {
        state: state.clone(),
        own_key: String::new(),
        registry,
        base_url: state.config.base_url.clone(),
        rate,
    };
    let mut routes = Router::new();
    for lang in Lang::ALL {
        for tail in ["", "/", "/{*path}"] {
            routes = routes.route(&format!("{}/apidocs{tail}", lang.prefix()), get(page));
        }
    }
    routes.with_state(docs).merge(assets::router())
}

/// The handler of every page.
async fn page(State(mut docs): State<Docs>, parts: Parts) -> Response {
    docs.own_key = site::own_key(&docs.state, &parts).await;
    let is_own = !docs.own_key.is_empty();
    let mut response = shown(&docs, &parts.uri);
    if is_own {
        // Somebody's key stands on it.
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}

fn shown(docs: &Docs, uri: &Uri) -> Response {
    let (lang, path) = Lang::of_path(uri.path());
    let path = path.trim_start_matches("/apidocs").trim_matches('/');
    let parts: Vec<&str> = path.split('/').collect();
    let level = Level::ALL.into_iter().find(|level| level.segment() == parts[0]);
    let to = |path: &str| Redirect::to(&format!("{}{path}", lang.prefix())).into_response();
    let known = match (level, parts.as_slice()) {
        (None, [""]) => return to(&overview_path(Level::Guest)),
        (None, ["changes"]) => Some(html(docs, lang, StatusCode::OK, &changes_page(docs, lang))),
        (None, ["explore"]) => Some(html(docs, lang, StatusCode::OK, &explore_page(docs, lang))),
        (Some(level), [_] | [_, "overview"]) => return to(&overview_path(level)),
        (Some(level), [_, "overview", "about"]) => {
            Some(html(docs, lang, StatusCode::OK, &overview(docs, lang, level)))
        }
        (Some(level), [_, "reference", resource, method]) => {
            let page = method::page(docs, lang, level, resource, method);
            page.map(|page| html(docs, lang, StatusCode::OK, &page))
        }
        _ => None,
    };
    known.unwrap_or_else(|| {
        let level = level.unwrap_or(Level::Guest);
        let frame = plain_frame(docs, lang, level, overview_path(level), "missing-title");
        html(docs, lang, StatusCode::NOT_FOUND, &MissingPage { frame })
    })
}

/// Scripts and styles come from this server, requests of "try it" go to it, and nobody frames the pages.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; \
                      img-src 'self' data:; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

fn html(docs: &Docs, lang: Lang, status: StatusCode, page: &impl Template) -> Response {
    match page.render() {
        Ok(text) => {
            let own = &docs.own_key;
            let text = if own.is_empty() { text } else { text.replace(text::KEY, own) };
            let headers = [
                (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
                (header::CONTENT_LANGUAGE, HeaderValue::from_static(lang.tag())),
                (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
                // A key may stand on the page: its address tells nothing to the sites that it links to.
                (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
            ];
            (status, headers, Html(text)).into_response()
        }
        Err(error) => {
            let cause = format!("rendering a page of the reference: {error}");
            ApiError::from(whocpa_domain::Error::Internal(cause)).into_response()
        }
    }
}

fn plain_frame(docs: &Docs, lang: Lang, level: Level, path: String, title: &str) -> Frame {
    let place = Place { lang, level, method: None, path, own_key: docs.own_key.clone() };
    Frame::new(docs.registry, &docs.base_url, place, lang.t(title))
}

fn overview(docs: &Docs, lang: Lang, level: Level) -> OverviewPage {
    let words = |refusal: &Refusal| (refusal.code, text::rich(lang, &lang.t(&refusal.key())));
    let frame =
        plain_frame(docs, lang, level, overview_path(level), &format!("about-title-{}", level.name()));
    let methods = || frame.menu.iter().flat_map(|group| &group.sections).flat_map(|section| &section.methods);
    let soon = methods().filter(|method| method.is_soon).count();
    OverviewPage {
        count: frame.r_count("about-count", "methods", methods().count()),
        soon_count: (soon > 0).then(|| frame.r_count("about-soon", "methods", soon)),
        body_limit: frame.r_count("about-params-place", "mib", BODY_LIMIT >> 20),
        many_limit: frame.r_count("about-many", "limit", MANY_LIMIT),
        limits: limits(&docs.rate, &frame),
        refusals: Refusal::all().map(words).collect(),
        frame,
    }
}

/// Requests a minute by what they cost, for guests, keys and accounts.
fn limits(rate: &RateConfig, frame: &Frame) -> Vec<(Rich, [String; 3])> {
    let figures = |kind| [rate.guest, rate.key, rate.account].map(|all| rate.times(all.of(kind)).to_string());
    let mut rows: Vec<_> = Kind::ALL
        .map(|kind| (frame.r(&format!("limits-{}", kind.name())), figures(kind)))
        .into_iter()
        .collect();
    let wrong_keys = rate.times(rate.wrong_keys).to_string();
    rows.push((frame.r("limits-wrong"), [wrong_keys, String::new(), String::new()]));
    rows
}

fn changes_page(docs: &Docs, lang: Lang) -> ChangesPage {
    let shown = changes::CHANGES.iter().map(|change| {
        let words = change.words(lang);
        ChangeShown {
            id: &change.id,
            date: &change.date,
            title: &words.title,
            text: text::rich(lang, &words.text),
        }
    });
    ChangesPage {
        changes: shown.collect(),
        frame: plain_frame(docs, lang, Level::Guest, "/apidocs/changes".to_owned(), "changes-title"),
    }
}

fn explore_page(docs: &Docs, lang: Lang) -> ExplorePage {
    ExplorePage {
        frame: plain_frame(docs, lang, Level::Guest, "/apidocs/explore".to_owned(), "explore-title"),
    }
}
