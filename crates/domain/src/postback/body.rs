//! Bodies of a receiver's own: JSON or a form with macros.

use std::borrow::Cow;

use super::macros::{PostbackMacro, Value};
use crate::codes;
use crate::lead::LeadStatus;
use crate::template::parts::encode;

codes! {
    /// How a body of one's own is written.
    pub enum PostbackFormat {
        Json = 1 "JSON",
        Form = 2 "a form, urlencoded",
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Macro(PostbackMacro),
}

/// A body with macros, read once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BodyTemplate {
    format: PostbackFormat,
    pieces: Vec<Piece>,
}

impl BodyTemplate {
    /// Reads a body. A brace that no name follows is a brace of JSON.
    ///
    /// # Errors
    /// In words, for an unknown macro, or when no JSON comes of it.
    pub fn parse(format: PostbackFormat, text: &str) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let (mut plain, mut rest) = (String::new(), text);
        while let Some((before, after)) = rest.split_once('{') {
            plain.push_str(before);
            rest = after;
            let found = after.split_once('}').filter(|(name, _)| is_name(name));
            let Some((name, tail)) = found else {
                plain.push('{');
                continue;
            };
            let found = PostbackMacro::named(name)?;
            if found.is_raw {
                return Err("{raw:…} may stand in addresses only".to_owned());
            }
            pieces.push(Piece::Text(std::mem::take(&mut plain)));
            pieces.push(Piece::Macro(found));
            rest = tail;
        }
        plain.push_str(rest);
        pieces.push(Piece::Text(plain));
        let body = Self { format, pieces };
        if format == PostbackFormat::Json {
            let sample = body.fill(LeadStatus::Approved, |_| "1".into());
            let read: Result<serde_json::Value, _> = serde_json::from_str(&sample);
            read.map_err(|wrong| format!("Must be JSON once its macros are filled in: {wrong}"))?;
        }
        Ok(body)
    }

    /// What it needs.
    pub fn values(&self) -> impl Iterator<Item = Value> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Text(_) => None,
            Piece::Macro(found) => Some(found.value),
        })
    }

    /// Writes the body; `value` gives the value of a macro as it is.
    pub fn fill<'a>(&self, status: LeadStatus, value: impl Fn(Value) -> Cow<'a, str> + Copy) -> String {
        let mut out = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Macro(found) => {
                    let text = found.text(status, value);
                    match self.format {
                        PostbackFormat::Form => encode(&mut out, &text, false),
                        PostbackFormat::Json => out.push_str(&json_inner(&text)),
                    }
                }
            }
        }
        out
    }
}

fn is_name(text: &str) -> bool {
    let name = text.split(':').next().unwrap_or_default();
    !name.is_empty()
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// A text as it stands between the quotes of JSON.
fn json_inner(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted.strip_prefix('"').and_then(|inner| inner.strip_suffix('"')).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(format: PostbackFormat, text: &str, value: &str) -> Result<String, String> {
        let body = BodyTemplate::parse(format, text)?;
        Ok(body.fill(LeadStatus::Pending, |_| Cow::Owned(value.to_owned())))
    }

    #[test]
    fn no_value_leaves_its_place() {
        let json = r#"{"order": {"id": "{lead_id}", "s": "{status:pending=new}"}, "sum": {payout}, "x": {}}"#;
        assert_eq!(
            filled(PostbackFormat::Json, json, "7").as_deref(),
            Ok(r#"{"order": {"id": "7", "s": "new"}, "sum": 7, "x": {}}"#)
        );
        let evil = filled(PostbackFormat::Json, r#"{"a":"{comment}"}"#, "\"},{\"b\":\"\\\n").expect("a body");
        let read: serde_json::Value = serde_json::from_str(&evil).expect("JSON");
        assert_eq!(read["a"], "\"},{\"b\":\"\\\n");
        assert_eq!(
            filled(PostbackFormat::Form, "a={comment}&b=1", "x&b=2 +").as_deref(),
            Ok("a=x%26b%3D2%20%2B&b=1")
        );
        assert!(filled(PostbackFormat::Json, "{\"a\":{comment}", "1").is_err());
        assert!(
            filled(PostbackFormat::Form, "a={coment}", "1").is_err_and(|words| words.contains("{comment}"))
        );
        assert!(filled(PostbackFormat::Form, "a={raw:comment}", "1").is_err());
    }
}
