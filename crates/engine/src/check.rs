//! Checks that several resources share: each adds its message to the field that is wrong.

use whocpa_domain::input::Until;
use whocpa_domain::input::limits::{self, Form, Limits};
use whocpa_domain::offer::UrlTemplate;
use whocpa_domain::{FieldErrors, Level, Time};

use crate::{Caller, Engine};

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

impl Engine {
    /// An address that does not lead to this network itself: neither to its own name nor to a domain that is parked here.
    /// `webmaster_id` is whose address it is, 0 for nobody's.
    pub(crate) fn check_away(&self, errors: &mut FieldErrors, field: &str, value: &str, webmaster_id: i64) {
        let Some(to) = host(value) else { return };
        if self.own_hosts().are(&to) || self.catalogue().now().answers_at(&to, webmaster_id) {
            errors.add(field, "Must not lead to this network itself");
        }
    }

    /// A traffic-back address: a plain web address that does not lead to this network itself, or visitors would go round
    /// for ever.
    pub(crate) fn check_traffback(&self, errors: &mut FieldErrors, value: &str, webmaster_id: i64) {
        url(errors, "url_traffback", value);
        self.check_away(errors, "url_traffback", value, webmaster_id);
    }
}

/// The host of an address, without the dot that a full domain name may end with; an IPv4 address in one form, however it
/// was written.
pub fn host(url: &str) -> Option<String> {
    let url = url::Url::parse(url).ok()?;
    if let Some(ip) = url.host().and_then(|host| match host {
        url::Host::Ipv6(ip) => ip.to_ipv4_mapped(),
        _ => None,
    }) {
        return Some(ip.to_string());
    }
    url.host_str().map(|host| host.trim_end_matches('.').to_owned())
}

/// The two ends of a time that a list is asked for, its end outside: `d_<what>_from` and `d_<what>_to`.
pub fn period(
    errors: &mut FieldErrors,
    what: &str,
    (from, to): (Option<Time>, Option<Until>),
) -> (Option<Time>, Option<Time>) {
    let until = to.map(|until| until.0);
    if from.zip(until).is_some_and(|(from, until)| until <= from) {
        errors.add(format!("d_{what}_to"), format!("Must not be before d_{what}_from"));
    }
    (from, until)
}

/// Parameters that only operators may use, each with whether it was sent.
pub fn for_operators(errors: &mut FieldErrors, caller: Caller, sent: &[(&str, bool)]) {
    for (field, _) in sent.iter().filter(|(_, is_sent)| *is_sent && caller.level != Level::Operator) {
        errors.add(*field, "Only operators may use this");
    }
}

/// Amounts are put in order in one currency only.
pub fn one_currency(errors: &mut FieldErrors, is_by_amount: bool, currency_ids: Option<&[i64]>) {
    let is_one = |ids: &[i64]| ids.first().is_some_and(|first| ids.iter().all(|id| id == first));
    if is_by_amount && !currency_ids.is_some_and(is_one) {
        errors.add("currency_id", "Must name one currency: amounts in different ones cannot be compared");
    }
}

/// A number within bounds.
pub fn range(errors: &mut FieldErrors, field: &str, value: i64, min: i64, max: i64) {
    if !(min..=max).contains(&value) {
        errors.add(field, format!("Must be from {min} to {max}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_spelling_of_our_own_address_passes() {
        for (own, value, is_ours) in [
            ("http://127.0.0.1:8080", "http://[::ffff:127.0.0.1]/{tid}", true),
            ("http://127.0.0.1:8080", "http://2130706433/", true),
            ("https://cpa.example", "https://CPA.example.:99/?a={tid}", true),
            ("https://cpa.example", "https://shop.example/", false),
            ("https://[::1]", "https://[0::1]/", true),
        ] {
            assert_eq!(host(value) == host(own), is_ours, "{value}");
        }
    }
}
