//! Checks that several resources share: each adds its message to the field that is wrong.

use whocpa_domain::FieldErrors;
use whocpa_domain::offer::UrlTemplate;

/// Longest name of anything, in characters.
pub const NAME_LIMIT: usize = 255;
/// Longest description or comment, in characters.
pub const TEXT_LIMIT: usize = 20_000;

/// A name: not empty, on one line, not too long.
pub fn name(errors: &mut FieldErrors, field: &str, value: &str) {
    if value.trim().is_empty() {
        errors.add(field, "Must not be empty");
    }
    if value.chars().count() > NAME_LIMIT {
        errors.add(field, format!("Must be at most {NAME_LIMIT} characters"));
    }
    if value.chars().any(char::is_control) {
        errors.add(field, "Must be on one line");
    }
}

/// A longer text: not too long.
pub fn text(errors: &mut FieldErrors, field: &str, value: &str) {
    if value.chars().count() > TEXT_LIMIT {
        errors.add(field, format!("Must be at most {TEXT_LIMIT} characters"));
    }
}

/// A web address without macros, or nothing.
pub fn url(errors: &mut FieldErrors, field: &str, value: &str) {
    if !value.is_empty() && (value.contains('{') || url::Url::parse(value).is_err()) {
        errors.add(field, "Must be a web address such as https://example.com/");
        return;
    }
    url_template(errors, field, value);
}

/// A destination with macros, or nothing.
pub fn url_template(errors: &mut FieldErrors, field: &str, value: &str) {
    if value.is_empty() {
        return;
    }
    if value.chars().count() > 2000 {
        errors.add(field, "Must be at most 2000 characters");
    }
    if let Err(message) = UrlTemplate::parse(value) {
        errors.add(field, message);
    }
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
