//! Sample requests for the reference pages and OpenAPI.

use whocpa_domain::input::{Param, ParamKind};
use whocpa_domain::view::FieldKind;
use whocpa_domain::{Access, Level, Method, Resource};

/// A value that a parameter would accept.
pub(crate) fn sample(param: &Param) -> String {
    match param.kind {
        ParamKind::Text => "text".to_owned(),
        ParamKind::Int | ParamKind::Bool => "1".to_owned(),
        ParamKind::Date => "2024-04-25".to_owned(),
        ParamKind::Money => "12.50".to_owned(),
        ParamKind::Word(words) => words.first().copied().unwrap_or_default().to_owned(),
        ParamKind::File(_) => "@picture.png".to_owned(),
        ParamKind::Json(FieldKind::List(_)) => "[]".to_owned(),
        ParamKind::Json(_) => "{}".to_owned(),
        ParamKind::Code(codes) => codes.first().map(|(code, _)| code.to_string()).unwrap_or_default(),
    }
}

/// In words, which rows a level reaches.
pub(super) fn reach(resource: Resource, method: Method, level: Level) -> Option<&'static str> {
    match resource.access(method, level) {
        Access::None => None,
        Access::Own => Some("own"),
        Access::All => Some("all"),
    }
}
