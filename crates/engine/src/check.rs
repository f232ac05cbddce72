//! Checks that several resources share: each adds its message to the field that is wrong.

use whocpa_domain::FieldErrors;
use whocpa_domain::input::limits::{self, Form, Limits};
use whocpa_domain::offer::UrlTemplate;

/// Longest web address, in characters.
const URL_LIMIT: usize = 2000;
/// A web address without macros, or nothing.
pub const URL: Limits = Limits::Form(&Form {
    format: "web-address",
    pattern: r"^(https?://[^\s\u0000-\u001f\u007f-\u009f/?#{@\\]+([/?#][^\s\u0000-\u001f\u007f-\u009f{]*)?)?$",
    longest: URL_LIMIT,
    wrong: |text| if text.is_empty() { None } else { wrong_url(text) },
});
/// A web address without macros.
pub const URL_GIVEN: Limits = Limits::Form(&Form {
    format: "web-address",
    pattern: r"^https?://[^\s\u0000-\u001f\u007f-\u009f/?#{@\\]+([/?#][^\s\u0000-\u001f\u007f-\u009f{]*)?$",
    longest: URL_LIMIT,
    wrong: |text| if text.is_empty() { Some(EMPTY.to_owned()) } else { wrong_url(text) },
});
/// A destination with macros, or nothing.
pub const URL_TEMPLATE: Limits = Limits::Form(&Form {
    format: "web-address-template",
    pattern: r"^(https?://[^\s\u0000-\u001f\u007f-\u009f/?#{@\\]+([/?#][^\s\u0000-\u001f\u007f-\u009f]*)?)?$",
    longest: URL_LIMIT,
    wrong: |text| if text.is_empty() { None } else { UrlTemplate::parse(text).err() },
});
/// A destination with macros.
pub const URL_TEMPLATE_GIVEN: Limits = Limits::Form(&Form {
    format: "web-address-template",
    pattern: r"^https?://[^\s\u0000-\u001f\u007f-\u009f/?#{@\\]+([/?#][^\s\u0000-\u001f\u007f-\u009f]*)?$",
    longest: URL_LIMIT,
    wrong: |text| if text.is_empty() { Some(EMPTY.to_owned()) } else { UrlTemplate::parse(text).err() },
});
/// What an empty text is told where there must be one.
const EMPTY: &str = "Must not be empty";

/// A line that may be empty, not too long.
pub fn line(errors: &mut FieldErrors, field: &str, value: &str) {
    limits::LINE.check(errors, field, value);
}

/// A name: not empty, on one line, not too long.
pub fn name(errors: &mut FieldErrors, field: &str, value: &str) {
    limits::NAME.check(errors, field, value);
}

/// A longer text: not too long.
pub fn text(errors: &mut FieldErrors, field: &str, value: &str) {
    limits::TEXT.check(errors, field, value);
}

/// A web address without macros, or nothing.
pub fn url(errors: &mut FieldErrors, field: &str, value: &str) {
    URL.check(errors, field, value);
}

fn wrong_url(text: &str) -> Option<String> {
    if text.contains('{') || url::Url::parse(text).is_err() {
        return Some("Must be a web address such as https://example.com/".to_owned());
    }
    UrlTemplate::parse(text).err()
}

/// A destination with macros, or nothing.
pub fn url_template(errors: &mut FieldErrors, field: &str, value: &str) {
    URL_TEMPLATE.check(errors, field, value);
}

/// An address that does not lead to this network itself.
pub fn not_ours(errors: &mut FieldErrors, field: &str, value: &str, base_url: &str) {
    let own = host(base_url);
    if own.is_some() && own == host(value) {
        errors.add(field, "Must not lead to this network itself");
    }
}

/// The host of an address, without the dot that a full domain name may end with.
pub fn host(url: &str) -> Option<String> {
    let url = url::Url::parse(url).ok()?;
    url.host_str().map(|host| host.trim_end_matches('.').to_owned())
}

/// A number within bounds.
pub fn range(errors: &mut FieldErrors, field: &str, value: i64, min: i64, max: i64) {
    if !(min..=max).contains(&value) {
        errors.add(field, format!("Must be from {min} to {max}"));
    }
}
