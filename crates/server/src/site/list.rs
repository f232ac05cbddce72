//! Lists: what their address asks for, and their pages.

use std::future::Future;

use axum::http::StatusCode;
use jiff::ToSpan as _;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use whocpa_domain::input::{Input, RawParams, RawValue};
use whocpa_domain::{Result, Time};
use whocpa_engine::{Paging, Rows};

use super::form::Form;
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

/// The same as an operation takes it: with so many rows on a page unless the address says otherwise, and with days by the
/// reader's clock.
pub(super) fn params_of(reader: &Reader, per_page: i64) -> RawParams {
    let mut params = by_clock(&params(reader), &reader.zone());
    if !params.names().any(|name| name == "per_page") {
        params.push("per_page", RawValue::Text(per_page.to_string()));
    }
    params
}

/// Bare dates of `d_…_from` and `d_…_to` as moments: an operation takes a date for a day of UTC, while all dates that a page
/// shows are of the reader's zone. The last day is taken in.
fn by_clock(params: &RawParams, zone: &TimeZone) -> RawParams {
    let mut moments = RawParams::default();
    for (name, value) in params.values() {
        let is_last = name.ends_with("_to");
        let is_date = name.starts_with("d_") && (is_last || name.ends_with("_from"));
        let moment = match value {
            RawValue::Text(text) if is_date => moment(text, is_last, zone),
            _ => None,
        };
        moments.push(name, moment.map_or_else(|| value.clone(), RawValue::Text));
    }
    moments
}

/// The first second of a day, or the last one.
fn moment(text: &str, is_last: bool, zone: &TimeZone) -> Option<String> {
    let date: Date = text.parse().ok().filter(|_| text.len() == 10)?;
    let date = if is_last { date.checked_add(1.day()).ok()? } else { date };
    let start = Time(date.to_zoned(zone.clone()).ok()?.timestamp().as_second());
    Some(start.plus(-i64::from(is_last)).to_string())
}

/// What a list's query asks for: rows and their pages, or the form with what is wrong in it.
pub(super) struct Listed<T> {
    pub status: StatusCode,
    pub form: Form,
    pub rows: Vec<T>,
    pub pages: Pages,
}

/// Lists by the query, with a form that shows it.
pub(super) async fn listed<I: Input, T, F: Future<Output = Result<Rows<T>>>>(
    reader: &Reader,
    per_page: i64,
    list: impl FnOnce(I) -> F,
) -> Result<Listed<T>> {
    let form = Form::sent(reader.lang, &params(reader));
    let found = async { list(params_of(reader, per_page).read()?).await };
    let (status, form, found) = match found.await {
        Ok(found) => (StatusCode::OK, form, found),
        Err(error) => {
            let none = Rows { rows: Vec::new(), total_count: 0, paging: Paging::first(per_page) };
            (StatusCode::BAD_REQUEST, form.refused(error)?, none)
        }
    };
    let pages = Pages::new(reader, found.total_count, found.paging);
    Ok(Listed { status, form, rows: found.rows, pages })
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
            // What was left empty too: some lists have a condition unless it is lifted so.
            query.extend_pairs(kept.filter(|(name, _)| name != "page" && name != "done"));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_reader() {
        let kyiv = TimeZone::get("Europe/Kyiv").expect("a zone");
        let of = |name: &str, text: &str| {
            let asked = with([(name, text.to_owned())]);
            by_clock(&asked, &kyiv).take_text(name).expect("a value")
        };
        assert_eq!(of("d_created_from", "2026-01-10"), "2026-01-09T22:00:00Z");
        assert_eq!(of("d_created_to", "2026-01-10"), "2026-01-10T21:59:59Z");
        // The day on which clocks go forward has 23 hours.
        assert_eq!(of("d_created_from", "2026-03-29"), "2026-03-28T22:00:00Z");
        assert_eq!(of("d_closed_to", "2026-03-29"), "2026-03-29T20:59:59Z");
        for (name, text) in [
            ("d_created_from", "soon"),
            ("d_created_to", "2026-01-10T00:00:00"),
            ("d_created_to", "20260110"),
            ("subid1", "2026-01-10"),
            ("d_created_to", "9999-12-31"),
        ] {
            assert_eq!(of(name, text), text);
        }
    }
}
