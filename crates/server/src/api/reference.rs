//! The API reference at `/apidocs/<level>/…`: one page per method, derived from the declarations.

mod rows;

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use whocpa_domain::{Access, Level, Method, Resource};

use super::dispatch::Api;
use super::error::ApiError;
use super::openapi::REFUSALS;
use super::resources::Registry;
use super::{BODY_LIMIT, examples};
use rows::Row;

const OVERVIEW: &str = "overview/about";

/// What stands around every page.
struct Frame {
    title: String,
    level: Level,
    levels: Vec<Link>,
    menu: Vec<Section>,
}

struct Link {
    title: &'static str,
    url: String,
    is_here: bool,
    is_soon: bool,
}

struct Section {
    title: &'static str,
    links: Vec<Link>,
}

#[derive(Template)]
#[template(path = "apidocs/overview.html")]
struct OverviewPage {
    frame: Frame,
    base_url: String,
    body_limit: usize,
}

#[derive(Template)]
#[template(path = "apidocs/method.html")]
struct MethodPage {
    frame: Frame,
    name: &'static str,
    method: &'static str,
    about: &'static str,
    requests: Vec<String>,
    reach: &'static str,
    declared: Option<MethodBody>,
}

/// What only a method that already answers has.
struct MethodBody {
    doc: &'static str,
    params: Vec<Row>,
    params_place: &'static str,
    curl: String,
    answer: &'static str,
    is_paged: bool,
    fields: Vec<Row>,
    refusals: Vec<(&'static str, &'static str)>,
}

#[derive(Template)]
#[template(path = "apidocs/missing.html")]
struct MissingPage {
    frame: Frame,
}

/// The handler of everything under `/apidocs`.
pub(super) async fn page(State(api): State<Api>, uri: Uri) -> Response {
    let path = uri.path().trim_start_matches("/apidocs").trim_matches('/');
    let parts: Vec<&str> = path.split('/').collect();
    let level = Level::ALL.into_iter().find(|level| level.segment() == parts[0]);
    let known = match (level, parts.get(1..).unwrap_or_default()) {
        (None, _) if path.is_empty() => return Redirect::to(&overview_url(Level::Guest)).into_response(),
        (Some(level), [] | ["overview"]) => return Redirect::to(&overview_url(level)).into_response(),
        (Some(level), ["overview", "about"]) => Some(html(StatusCode::OK, &overview(&api, level))),
        (Some(level), ["reference", resource, method]) => {
            method_page(&api, level, resource, method).map(|page| html(StatusCode::OK, &page))
        }
        _ => None,
    };
    known.unwrap_or_else(|| {
        let frame = frame(api.registry, level.unwrap_or(Level::Guest), None, "Page not found");
        html(StatusCode::NOT_FOUND, &MissingPage { frame })
    })
}

/// The stylesheet of all pages.
pub(super) async fn stylesheet() -> Response {
    let kind = HeaderValue::from_static("text/css; charset=utf-8");
    let kept = HeaderValue::from_static("public, max-age=3600");
    let headers = [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, kept)];
    (headers, include_str!("../../assets/site.css")).into_response()
}

fn html(status: StatusCode, page: &impl Template) -> Response {
    match page.render() {
        Ok(text) => {
            let policy = "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'";
            let policy = HeaderValue::from_static(policy);
            (status, [(header::CONTENT_SECURITY_POLICY, policy)], Html(text)).into_response()
        }
        Err(error) => {
            let cause = format!("rendering a page of the reference: {error}");
            ApiError::Domain(whocpa_domain::Error::Internal(cause)).into_response()
        }
    }
}

fn overview(api: &Api, level: Level) -> OverviewPage {
    OverviewPage {
        frame: frame(api.registry, level, None, "API"),
        base_url: api.state.config.base_url.clone(),
        body_limit: BODY_LIMIT >> 20,
    }
}

fn method_page(api: &Api, level: Level, resource: &str, method: &str) -> Option<MethodPage> {
    let resource = Resource::by_name(resource)?;
    let method = Method::ALL.into_iter().find(|known| known.name() == method)?;
    let reach = match resource.access(method, level) {
        Access::None => return None,
        Access::Own => "Reaches only what is yours.",
        Access::All if level == Level::Guest => "Needs no key.",
        Access::All => "",
    };
    let title = format!("{} / {}", resource.name(), method.name());
    let declaration = api.registry.declaration(resource);
    let about = declaration.map_or(resource.title(), |declaration| declaration.about);
    Some(MethodPage {
        frame: frame(api.registry, level, Some((resource, method)), &title),
        name: resource.name(),
        method: method.name(),
        about,
        requests: requests(resource, method),
        reach,
        declared: method_body(api, level, resource, method),
    })
}

fn method_body(api: &Api, level: Level, resource: Resource, method: Method) -> Option<MethodBody> {
    let declared = api.registry.method(resource, method)?;
    let is_read = matches!(method, Method::List | Method::View);
    let refusals = REFUSALS.iter().filter(|(_, _, only_writes)| !(is_read && *only_writes));
    Some(MethodBody {
        doc: declared.doc,
        params: declared.params.iter().map(rows::param).collect(),
        params_place: if is_read { "query string" } else { "body" },
        curl: examples::curl(&api.state.config.base_url, resource, method, level, declared),
        answer: match method {
            Method::List => "objects",
            Method::View => "object",
            Method::Update => "updated",
            Method::Create => "created",
            Method::Delete => "deleted",
        },
        is_paged: declared.is_paged,
        fields: rows::fields(declared.fields),
        refusals: refusals.map(|(code, words, _)| (*code, *words)).collect(),
    })
}

fn requests(resource: Resource, method: Method) -> Vec<String> {
    let path = format!("/api/{}/", resource.name());
    match method {
        Method::List => vec![format!("GET {path}")],
        Method::View => vec![format!("GET {path}id")],
        Method::Update => vec![format!("POST {path}id"), format!("PUT {path}id")],
        Method::Create => vec![format!("POST {path}")],
        Method::Delete => vec![format!("DELETE {path}id"), format!("POST {path}del/id")],
    }
}

fn overview_url(level: Level) -> String {
    format!("/apidocs/{}/{OVERVIEW}", level.segment())
}

fn frame(registry: &Registry, level: Level, here: Option<(Resource, Method)>, title: &str) -> Frame {
    let levels = Level::ALL.into_iter().map(|other| Link {
        title: match other {
            Level::Guest => "Guest",
            Level::Webmaster => "Webmaster",
            Level::Advertiser => "Advertiser",
            Level::Operator => "Operator",
        },
        url: overview_url(other),
        is_here: other == level,
        is_soon: false,
    });
    let menu = Resource::ALL.iter().filter_map(|resource| {
        let can = |method: &Method| resource.access(*method, level) != Access::None;
        let links: Vec<Link> = Method::ALL
            .into_iter()
            .filter(can)
            .map(|method| Link {
                title: method.name(),
                url: format!("/apidocs/{}/reference/{}/{}", level.segment(), resource.name(), method.name()),
                is_here: here == Some((*resource, method)),
                is_soon: registry.method(*resource, method).is_none(),
            })
            .collect();
        let title = resource.name();
        (!links.is_empty()).then_some(Section { title, links })
    });
    Frame { title: title.to_owned(), level, levels: levels.collect(), menu: menu.collect() }
}
