//! How long a text and how large a number may be: declared beside a parameter, so that the same words refuse it, stand
//! on its reference page and are its schema in OpenAPI.

use super::RawValue;
use crate::{FieldErrors, language};

/// What a value must be like beyond its shape.
#[derive(Debug, Clone, Copy)]
pub enum Limits {
    /// Nothing more.
    None,
    /// A whole number from the first to the second one.
    Range(i64, i64),
    /// A text of so many characters on one line; when it must have one, not of spaces alone.
    Line(usize, usize),
    /// A text of so many characters; when it must have one, not of spaces alone.
    Text(usize, usize),
    /// The same without control characters other than newlines and tabs.
    Plain(usize, usize),
    /// A text in a form of its own.
    Form(&'static Form),
}

/// A form that a text must have.
#[derive(Debug)]
pub struct Form {
    /// The name of the form (JSON Schema's `format`), empty where the pattern says all.
    pub format: &'static str,
    /// The form as a regular expression (ECMA 262), as far as one can tell it.
    pub pattern: &'static str,
    /// Longest text, in characters.
    pub longest: usize,
    /// What is wrong with a text that is not longer than that, in words.
    pub wrong: fn(&str) -> Option<String>,
}

/// A name of anything.
pub const NAME: Limits = Limits::Line(1, 255);
/// A line that may be empty.
pub const LINE: Limits = Limits::Line(0, 255);
/// A description, a comment, a reason.
pub const TEXT: Limits = Limits::Text(0, 20_000);
/// The same where it cannot be left empty.
pub const TEXT_GIVEN: Limits = Limits::Text(1, 20_000);
/// A language by its ISO 639-1 code, or none.
pub const LANGUAGE: Limits = Limits::Form(&Form {
    format: "",
    pattern: "^([a-z]{2})?$",
    longest: 2,
    wrong: |code| {
        let is_right = code.is_empty() || language::is_known(code);
        (!is_right).then(|| "Must be an ISO 639-1 code such as en".to_owned())
    },
});

impl Limits {
    /// What is wrong with a text, in words.
    pub fn messages(&self, text: &str) -> Vec<String> {
        let mut messages = Vec::new();
        match *self {
            Self::None => {}
            Self::Range(..) => {
                messages.extend(text.parse().ok().and_then(|number| self.number_message(number)));
            }
            Self::Line(min, max) | Self::Text(min, max) | Self::Plain(min, max) => {
                messages.extend(length_message(text, min, max));
                messages.extend(self.control_message(text));
            }
            Self::Form(form) => {
                let length = length_message(text, 0, form.longest);
                messages.extend(length.or_else(|| (form.wrong)(text)));
            }
        }
        messages
    }

    fn number_message(&self, number: i64) -> Option<String> {
        let Self::Range(min, max) = *self else { return None };
        (!(min..=max).contains(&number)).then(|| format!("Must be from {min} to {max}"))
    }

    fn control_message(&self, text: &str) -> Option<String> {
        let is_break = |c| matches!(c, '\n' | '\r' | '\t');
        let (is_wrong, words) = match self {
            Self::Line(..) => (text.contains(char::is_control), "Must be on one line"),
            Self::Plain(..) => (
                text.contains(|c: char| c.is_control() && !is_break(c)),
                "Must not contain control characters other than newlines and tabs",
            ),
            _ => (false, ""),
        };
        is_wrong.then(|| words.to_owned())
    }

    /// Adds what is wrong with a field's text.
    pub fn check(&self, errors: &mut FieldErrors, field: &str, text: &str) {
        for message in self.messages(text) {
            errors.add(field, message);
        }
    }

    /// Adds what is wrong with a field's number.
    pub fn check_number(&self, errors: &mut FieldErrors, field: &str, number: i64) {
        if let Some(message) = self.number_message(number) {
            errors.add(field, message);
        }
    }

    /// What is wrong with the values of a parameter, as they came.
    pub(super) fn wrong(&self, values: &[RawValue], is_list: bool) -> Vec<String> {
        if matches!(self, Self::None) {
            return Vec::new();
        }
        let mut messages = Vec::new();
        for value in values {
            match value {
                RawValue::Text(text) if is_list && text.is_empty() => {}
                RawValue::Text(text) if is_list => {
                    messages.extend(text.split(',').flat_map(|part| self.messages(part.trim())));
                }
                RawValue::Text(text) | RawValue::Element(text) => messages.extend(self.messages(text)),
                RawValue::Flag(_)
                | RawValue::Null
                | RawValue::Json(_)
                | RawValue::File(_)
                | RawValue::Walk(..) => {}
            }
        }
        messages.dedup();
        messages
    }
}

fn length_message(text: &str, min: usize, max: usize) -> Option<String> {
    let length = text.chars().count();
    if min > 0 && text.trim().is_empty() {
        Some("Must not be empty".to_owned())
    } else if length < min {
        Some(format!("Must be at least {min} characters"))
    } else if length > max {
        Some(format!("Must be at most {max} characters"))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::{Patch, RawParams};
    use crate::{Error, Result, params};

    params! {
        /// For the tests below.
        pub struct Sample {
            /// A name.
            name: Option<String> where NAME,
            /// Some languages.
            language: Option<Vec<String>> where LANGUAGE,
            /// Some lines.
            text: Option<String> where Limits::Plain(1, 5),
            /// A password.
            password: Option<String> where Limits::Text(8, 10),
            /// Days.
            days: Patch<i64> where Limits::Range(1, 365),
        }
    }

    fn told(name: &str, values: &[RawValue]) -> String {
        let mut raw = RawParams::default();
        for value in values {
            raw.push(name, value.clone());
        }
        let read: Result<Sample> = raw.read();
        match read {
            Ok(sample) => {
                let kept = [sample.name, sample.text, sample.password];
                let is_kept = kept.iter().any(Option::is_some)
                    || sample.language.is_some()
                    || sample.days != Patch::Keep;
                assert!(is_kept, "{name}");
                String::new()
            }
            Err(Error::Invalid(errors)) => errors.messages()[name].join("; "),
            Err(other) => other.to_string(),
        }
    }

    #[test]
    fn each_limit_has_words_of_its_own() {
        let text = |text: &str| RawValue::Text(text.to_owned());
        let long = "я".repeat(256);
        for (name, value, words) in [
            ("name", "x", ""),
            ("name", &long[..510], ""),
            ("name", &long, "Must be at most 255 characters"),
            ("name", " ", "Must not be empty"),
            ("name", "a\nb", "Must be on one line"),
            ("name", "\n", "Must not be empty; Must be on one line"),
            ("language", "uk,en", ""),
            ("language", "", ""),
            ("language", "uk,xx,xy", "Must be an ISO 639-1 code such as en"),
            ("language", "ukr", "Must be at most 2 characters"),
            ("text", "a\r\n\tb", ""),
            ("text", "a\u{7}", "Must not contain control characters other than newlines and tabs"),
            ("password", "1234567", "Must be at least 8 characters"),
            ("password", "12345678901", "Must be at most 10 characters"),
            ("days", "", ""),
            ("days", "365", ""),
            ("days", "0", "Must be from 1 to 365"),
            ("days", "x", "Must be a whole number"),
        ] {
            assert_eq!(told(name, &[text(value)]), words, "{name}={value:?}");
        }
        let element = RawValue::Element("x".to_owned());
        assert_eq!(told("language", &[text("uk"), element]), LANGUAGE.messages("x").join(""));
    }

    #[test]
    fn limits_are_declared() {
        let params = <Sample as crate::input::Input>::PARAMS;
        assert!(matches!(params[0].limits, Limits::Line(1, 255)));
        assert!(params[4].is_clearable && !params[0].is_clearable);
    }
}
