//! The address of a postback with its macros.

use std::borrow::Cow;

use super::macros::{PostbackMacro, Value};
use crate::lead::LeadStatus;
use crate::template::parts::{self, Part, encode};

/// An address with macros, read once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostbackUrl(Vec<Part<PostbackMacro>>);

impl PostbackUrl {
    /// Reads an address as [`convert`](super::convert) leaves it.
    ///
    /// # Errors
    /// In words, for an unknown macro, or an address that is none.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut read = parts::read(text, PostbackMacro::named)?;
        let is_raw_path =
            |part: &Part<PostbackMacro>| matches!(part, Part::Macro { name, is_path: true } if name.is_raw);
        if read.iter().any(is_raw_path) {
            return Err("{raw:…} may stand behind the question mark only".to_owned());
        }
        read.retain(|part| !matches!(part, Part::Text(text) if text.is_empty()));
        Ok(Self(read))
    }

    /// What it needs.
    pub fn values(&self) -> impl Iterator<Item = Value> {
        self.0.iter().filter_map(|part| match part {
            Part::Text(_) => None,
            Part::Macro { name, .. } => Some(name.value),
        })
    }

    /// Writes the address; `value` gives the value of a macro as it is.
    pub fn fill<'a>(&self, status: LeadStatus, value: impl Fn(Value) -> Cow<'a, str> + Copy) -> String {
        let mut out = String::new();
        for part in &self.0 {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Macro { name, .. } if name.is_raw => encode_raw(&mut out, &name.text(status, value)),
                Part::Macro { name, is_path } => encode(&mut out, &name.text(status, value), *is_path),
            }
        }
        out
    }
}

/// A value that is a piece of a query already: its separators stay, but it can neither end the query nor the line.
fn encode_raw(out: &mut String, value: &str) {
    let mut bytes = [0; 4];
    for letter in value.chars() {
        match letter {
            'A'..='Z' | 'a'..='z' | '0'..='9' => out.push(letter),
            '-' | '_' | '.' | '~' | '&' | '=' | '/' | '?' | ':' | '@' | '%' | '+' | ',' | ';' | '!' | '*'
            | '(' | ')' => {
                out.push(letter);
            }
            other => encode(out, other.encode_utf8(&mut bytes), false),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn filled(template: &str, text: &str) -> Result<String, String> {
        let url = PostbackUrl::parse(template)?;
        Ok(url.fill(LeadStatus::Approved, |_| Cow::Owned(text.to_owned())))
    }

    #[test]
    fn every_value_is_encoded_and_raw_ones_stay_in_the_query() {
        for (template, value, address) in [
            ("https://t.example/p?c={subid1}", "a b&c=1#x", "https://t.example/p?c=a%20b%26c%3D1%23x"),
            ("https://t.example/p?{raw:subid1}", "a b&c=1#x", "https://t.example/p?a%20b&c=1%23x"),
            ("https://t.example/{subid1}/p", "..", "https://t.example/__/p"),
            ("https://t.example/?s={status}", "x", "https://t.example/?s=approved"),
            ("https://t.example/?s={status:approved=sale}", "x", "https://t.example/?s=sale"),
        ] {
            assert_eq!(filled(template, value).as_deref(), Ok(address));
        }
        for wrong in ["https://t.example/{raw:subid1}", "https://{subid1}.example/", "https://t.example/?{x}"]
        {
            assert!(filled(wrong, "x").is_err(), "{wrong}");
        }
    }

    proptest! {
        /// Whatever a value is: host, path and fragment stay, and nothing ends the line (trust S6).
        #[test]
        fn no_value_changes_where_it_goes(value in "\\PC{0,12}|[./\\\\%?#&=@:\\r\\n\\t\\x00 2eEfF]{0,8}") {
            let url = filled("https://t.example:8443/a/{subid1}/b?x={subid2}&{raw:subid3}#f", &value)
                .unwrap_or_else(|words| panic!("{words}"));
            prop_assert!(url.bytes().all(|byte| byte.is_ascii_graphic()), "{}", url);
            let read = url::Url::parse(&url).unwrap_or_else(|words| panic!("{words}: {url}"));
            prop_assert_eq!((read.scheme(), read.host_str(), read.port()), ("https", Some("t.example"), Some(8443)));
            prop_assert_eq!(read.fragment(), Some("f"));
            let steps: Vec<&str> = read.path().split('/').collect();
            prop_assert_eq!((steps.len(), steps[1], steps[3]), (4, "a", "b"), "{}", url);
        }
    }
}
