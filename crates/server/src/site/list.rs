//! Lists: what their address asks for, and their pages.

use whocpa_domain::input::{RawParams, RawValue};
use whocpa_engine::Paging;

use super::reader::Reader;

/// What the query asks for, without what was left empty and what is the site's own.
pub(super) fn params(reader: &Reader) -> RawParams {
    let mut params = RawParams::default();
    for (name, value) in form_urlencoded::parse(reader.query.as_bytes()) {
        params.push(&name, RawValue::Text(value.trim().to_owned()));
    }
    params.take("done");
    params.retain(|_| true);
    params
}

/// The same with so many rows on a page unless the address says otherwise.
pub(super) fn params_of(reader: &Reader, per_page: i64) -> RawParams {
    let mut params = params(reader);
    if !params.names().any(|name| name == "per_page") {
        params.push("per_page", RawValue::Text(per_page.to_string()));
    }
    params
}

/// With these values besides.
pub(super) fn with<'a>(pairs: impl IntoIterator<Item = (&'a str, String)>) -> RawParams {
    let mut params = RawParams::default();
    for (name, value) in pairs {
        params.push(name, RawValue::Text(value));
    }
    params
}

/// Where the other pages of a list are.
pub(super) struct Pages {
    pub total: i64,
    pub page: i64,
    pub last: i64,
    pub before: Option<String>,
    pub after: Option<String>,
}

impl Pages {
    pub fn new(reader: &Reader, total: i64, paging: Paging) -> Self {
        let last = (total + paging.per_page - 1).div_euclid(paging.per_page.max(1)).max(1);
        let url = |page: i64| {
            let mut query = form_urlencoded::Serializer::new(String::new());
            let kept = form_urlencoded::parse(reader.query.as_bytes());
            query.extend_pairs(
                kept.filter(|(name, value)| name != "page" && name != "done" && !value.is_empty()),
            );
            format!("{}?{}", reader.to(&reader.path), query.append_pair("page", &page.to_string()).finish())
        };
        Self {
            total,
            page: paging.page,
            last,
            before: (paging.page > 1).then(|| url((paging.page - 1).min(last))),
            after: (paging.page < last).then(|| url(paging.page + 1)),
        }
    }
}
