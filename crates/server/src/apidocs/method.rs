//! The page of one method.

use askama::Template;
use whocpa_domain::{Access, Level, Method, Resource};

use super::Docs;
use super::captured::{self, Captured};
use super::frame::{Frame, Link, Place, method_path, verb};
use super::own_id::OwnId;
use super::rows::{self, Input, Row};
use super::samples::{self, Sample};
use super::text::{self, Html, rich};
use crate::api::{ApiError, Declared, Refusal};
use crate::i18n::Lang;

#[derive(Template)]
#[template(path = "apidocs/method.html")]
pub(super) struct MethodPage {
    frame: Frame,
    name: &'static str,
    method: &'static str,
    verb: &'static str,
    /// Ways to ask for it: HTTP method and path.
    requests: Vec<(&'static str, String)>,
    about: Html,
    reach: String,
    levels: Vec<Link>,
    is_read: bool,
    has_id: bool,
    soon_response: Html,
    body: Option<Body>,
}

/// What a declaration says of it.
struct Body {
    doc: Html,
    is_soon: bool,
    is_paged: bool,
    answer: &'static str,
    params: Vec<Row>,
    has_file: bool,
    fields: Vec<Row>,
    /// What stands beside the objects of a list.
    beside: Vec<Row>,
    samples: Vec<Sample>,
    /// Ids that the reader puts in: what stands for it, the list that tells it, and the address of that page.
    own_ids: Vec<(String, String, String)>,
    response: Option<Response>,
    refusals: Vec<(&'static str, Html)>,
    /// The id of the example, for "try it".
    id: String,
}

/// A real answer.
struct Response {
    status: u16,
    text: Html,
    is_cut: bool,
}

/// The page, where the level has the method.
pub(super) fn page(docs: &Docs, lang: Lang, level: Level, name: &str, method: &str) -> Option<MethodPage> {
    let resource = Resource::by_name(name)?;
    let method = Method::ALL.into_iter().find(|known| known.name() == method)?;
    let reach = match resource.access(method, level) {
        Access::None => return None,
        Access::Own => lang.t("reach-own"),
        Access::All if level == Level::Guest => lang.t("reach-guest"),
        Access::All => lang.t("reach-all"),
    };
    let declaration = docs.registry.declaration(resource);
    let about = declaration.map_or(resource.title(), |declaration| declaration.about);
    let place = Place {
        lang,
        level,
        method: Some((resource, method)),
        path: method_path(level, resource, method),
        own_key: docs.own_key.clone(),
    };
    let title = format!("{} / {}", resource.name(), method.name());
    let declared = declaration.and_then(|declaration| declaration.method(method));
    Some(MethodPage {
        name: resource.name(),
        method: method.name(),
        verb: verb(method),
        requests: requests(resource, method),
        about: rich(lang, lang.say(about)),
        reach,
        levels: levels(lang, level, resource, method),
        is_read: matches!(method, Method::List | Method::View),
        has_id: !matches!(method, Method::List | Method::Create),
        soon_response: text::json(&ApiError::NotYet.body()),
        body: declared.map(|declared| body(docs, &place, (resource, method), declared)),
        frame: Frame::new(docs.registry, &docs.base_url, place, title),
    })
}

fn body(docs: &Docs, place: &Place, (resource, method): (Resource, Method), declared: &Declared) -> Body {
    let (lang, level) = (place.lang, place.level);
    let captured = captured::find(level, resource, method);
    let params = rows::params(lang, declared.params);
    let refusals = Refusal::of(method, declared.is_soon());
    let id = captured.and_then(|captured| captured.path.rsplit('/').next()).unwrap_or_default();
    let (samples, own_ids) =
        samples::all((docs.registry, &docs.base_url), level, (resource, method), declared, captured);
    let told = |id: OwnId| {
        let page = method_path(level, id.resource, Method::List);
        (id.mark, format!("{} / list", id.resource.name()), format!("{}{page}", lang.prefix()))
    };
    Body {
        doc: rich(lang, lang.say(declared.doc)),
        is_soon: declared.is_soon(),
        is_paged: declared.is_paged,
        answer: match method {
            Method::List => "objects",
            Method::View => "object",
            Method::Update => "updated",
            Method::Create => "created",
            Method::Delete => "deleted",
        },
        has_file: params.iter().any(|row| row.input == Input::File),
        params,
        fields: rows::fields(lang, declared.fields),
        beside: rows::fields(lang, declared.beside),
        samples,
        own_ids: own_ids.into_iter().map(told).collect(),
        response: captured.map(response),
        refusals: refusals.map(|refusal| (refusal.code, rich(lang, &lang.t(&refusal.key())))).collect(),
        id: id.to_owned(),
    }
}

fn response(captured: &Captured) -> Response {
    Response { status: captured.status, text: text::json(captured.body), is_cut: captured.is_cut }
}

/// The levels that have the method too.
fn levels(lang: Lang, here: Level, resource: Resource, method: Method) -> Vec<Link> {
    let having = Level::ALL.into_iter().filter(|level| resource.access(method, *level) != Access::None);
    let link = |level: Level| Link {
        title: lang.t(&format!("level-{}", level.name())),
        url: format!("{}{}", lang.prefix(), method_path(level, resource, method)),
        is_here: level == here,
    };
    having.map(link).collect()
}

fn requests(resource: Resource, method: Method) -> Vec<(&'static str, String)> {
    let path = format!("/api/{}/", resource.name());
    match method {
        Method::List => vec![("GET", path)],
        Method::View => vec![("GET", format!("{path}id"))],
        Method::Update => vec![("POST", format!("{path}id")), ("PUT", format!("{path}id"))],
        Method::Create => vec![("POST", path)],
        Method::Delete => vec![("DELETE", format!("{path}id")), ("POST", format!("{path}del/id"))],
    }
}
