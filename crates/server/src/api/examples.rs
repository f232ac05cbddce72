//! Sample requests for the reference pages and OpenAPI.

use whocpa_domain::input::{Param, ParamKind};
use whocpa_domain::{Access, Level, Method, Resource};

use super::resource::Declared;

/// A value that a parameter would accept.
pub(super) fn sample(param: &Param) -> String {
    match param.kind {
        ParamKind::Text => "text".to_owned(),
        ParamKind::Int | ParamKind::Bool => "1".to_owned(),
        ParamKind::Date => "2024-04-25".to_owned(),
        ParamKind::Money => "12.50".to_owned(),
        ParamKind::Code(codes) => codes.first().map(|(code, _)| code.to_string()).unwrap_or_default(),
    }
}

/// A command that does the request, with what it cannot do without.
pub(super) fn curl(
    base_url: &str,
    resource: Resource,
    method: Method,
    level: Level,
    declared: &Declared,
) -> String {
    let name = resource.name();
    let (verb, path) = match method {
        Method::List => ("", String::new()),
        Method::View => ("", "1".to_owned()),
        Method::Create => ("-X POST ", String::new()),
        Method::Update => ("-X POST ", "1".to_owned()),
        Method::Delete => ("-X DELETE ", "1".to_owned()),
    };
    let is_read = matches!(method, Method::List | Method::View);
    let mut lines = vec![format!("curl {verb}'{base_url}/api/{name}/{path}'")];
    if level != Level::Guest {
        lines.push("-H \"X-Api-Key: $API_KEY\"".to_owned());
    }
    let shown: Vec<&Param> = match method {
        // A change of nothing would show nothing.
        Method::Update if !declared.params.iter().any(|param| param.required) => {
            declared.params.iter().take(1).collect()
        }
        _ => declared.params.iter().filter(|param| param.required).collect(),
    };
    if is_read && !shown.is_empty() {
        lines.push("-G".to_owned());
    }
    for param in shown {
        lines.push(format!("--data-urlencode '{}={}'", param.name, sample(param)));
    }
    lines.join(" \\\n  ")
}

/// In words, which rows a level reaches.
pub(super) fn reach(resource: Resource, method: Method, level: Level) -> Option<&'static str> {
    match resource.access(method, level) {
        Access::None => None,
        Access::Own => Some("own"),
        Access::All => Some("all"),
    }
}
