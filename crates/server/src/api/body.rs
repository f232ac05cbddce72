//! Parameters in a request's body: form, multipart or JSON.

use std::fmt;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, FromRequest, Multipart, Request};
use axum::http::{HeaderMap, header};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;
use whocpa_domain::Error;
use whocpa_domain::input::{FileBytes, RawParams, RawValue};

use super::collect::collect;
use super::error::ApiError;
use super::{BODY_LIMIT, query};

/// Whole numbers below this are exact in JSON, however they are written.
const WHOLE_LIMIT: f64 = 9_007_199_254_740_992.0;
/// Digits that a JSON number with a fraction keeps exactly.
const EXACT_DIGITS: usize = 15;

/// Reads the parameters of a body. An empty body has none, whatever its type. In `multipart/form-data` it may be
/// `upload_bytes` longer than [`BODY_LIMIT`], for the files that the method takes of a caller who is known. All of it must be there after `time`.
pub(super) async fn read(
    headers: &HeaderMap,
    body: Body,
    upload_bytes: usize,
    time: Duration,
) -> Result<RawParams, ApiError> {
    let kind = media_type(headers);
    let is_multipart = kind.as_ref().is_ok_and(|kind| kind == "multipart/form-data");
    let limit = BODY_LIMIT + if is_multipart { upload_bytes } else { 0 };
    let bytes = collect(headers, body, limit, time).await?;
    if bytes.is_empty() {
        return Ok(RawParams::default());
    }
    match kind?.as_str() {
        "application/x-www-form-urlencoded" => query::read(&bytes, "body"),
        "application/json" => json(&bytes),
        "multipart/form-data" => multipart(headers, bytes).await,
        _ => Err(ApiError::UnknownType),
    }
}

fn media_type(headers: &HeaderMap) -> Result<String, ApiError> {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let value = value.unwrap_or_default().to_ascii_lowercase();
    let mut parts = value.split(';').map(str::trim);
    let kind = parts.next().unwrap_or_default().to_owned();
    let charset = parts.find_map(|part| part.strip_prefix("charset="));
    match charset.map(|name| name.trim_matches('"')) {
        None | Some("utf-8" | "utf8" | "us-ascii") => Ok(kind),
        Some(_) => Err(ApiError::UnknownType),
    }
}

async fn multipart(headers: &HeaderMap, bytes: Bytes) -> Result<RawParams, ApiError> {
    let bad = |_| ApiError::Malformed("The body is not valid multipart/form-data".to_owned());
    let mut request = Request::new(Body::from(bytes));
    if let Some(kind) = headers.get(header::CONTENT_TYPE) {
        request.headers_mut().insert(header::CONTENT_TYPE, kind.clone());
    }
    // The body was measured already; the extractor's own limit knows nothing of files.
    DefaultBodyLimit::disable().apply(&mut request);
    let mut form = Multipart::from_request(request, &())
        .await
        .map_err(|_| ApiError::Malformed("The boundary of multipart/form-data is missing".to_owned()))?;
    let mut params = RawParams::default();
    let (mut number, mut text_bytes) = (0, 0);
    while let Some(part) = form.next_field().await.map_err(bad)? {
        number += 1;
        if number > query::PARAMS_LIMIT {
            return Err(query::too_many());
        }
        let Some(name) = part.name().map(str::to_owned) else {
            return Err(ApiError::Malformed("A part of the body has no name".to_owned()));
        };
        let file_name = part.file_name().map(str::to_owned);
        let value = part.bytes().await.map_err(bad)?;
        if let Some(file_name) = file_name {
            // A form of a browser sends a file without name and content where none was chosen.
            if !file_name.is_empty() || !value.is_empty() {
                params.push(&name, RawValue::File(FileBytes::new(&value)));
            }
            continue;
        }
        let Ok(text) = std::str::from_utf8(&value) else {
            // Not every program names the file that it sends.
            params.push(&name, RawValue::File(FileBytes::new(&value)));
            continue;
        };
        text_bytes += text.len();
        if text_bytes > BODY_LIMIT {
            return Err(ApiError::TooLarge(BODY_LIMIT));
        }
        params.push(&name, RawValue::Text(text.to_owned()));
    }
    Ok(params)
}

/// The members of a JSON object in order; a repeated name stays repeated, so that it can be refused.
struct Members(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reading;
        impl<'de> Visitor<'de> for Reading {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of parameters")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Reading)
    }
}

fn json(bytes: &[u8]) -> Result<RawParams, ApiError> {
    let text = std::str::from_utf8(bytes).map_err(|_| query::not_utf8("body"))?;
    let members: Members = serde_json::from_str(text)
        .map_err(|e| ApiError::Malformed(format!("The body is not valid JSON: {e}")))?;
    if members.0.len() > query::PARAMS_LIMIT {
        return Err(query::too_many());
    }
    let mut params = RawParams::default();
    for (name, value) in members.0 {
        let refused = |message| ApiError::from(Error::field(name.as_str(), message));
        match value {
            // An empty list is not an absent one; as an empty text it reads as "no values".
            Value::Array(values) if values.is_empty() => params.push(&name, RawValue::Text(String::new())),
            // An object, or a list with objects in it: whether the parameter takes one is the parameter's affair.
            value @ Value::Object(_) => params.push(&name, RawValue::Json(value.to_string())),
            Value::Array(values) if values.iter().any(|value| value.is_object() || value.is_array()) => {
                params.push(&name, RawValue::Json(Value::Array(values).to_string()));
            }
            Value::Array(values) => {
                for value in values {
                    let value = match scalar(value).map_err(refused)? {
                        RawValue::Text(text) => RawValue::Element(text),
                        value => value,
                    };
                    params.push(&name, value);
                }
            }
            value => params.push(&name, scalar(value).map_err(refused)?),
        }
    }
    Ok(params)
}

fn scalar(value: Value) -> Result<RawValue, &'static str> {
    match value {
        Value::String(text) => Ok(RawValue::Text(text)),
        Value::Bool(flag) => Ok(RawValue::Flag(flag)),
        Value::Null => Ok(RawValue::Null),
        Value::Number(number) => {
            // 5.0 is a whole number too, as JSON Schema sees it.
            let whole =
                number.as_f64().filter(|n| number.is_f64() && n.fract() == 0.0 && n.abs() < WHOLE_LIMIT);
            let text = whole.map_or_else(|| number.to_string(), |whole| format!("{whole:.0}"));
            let digits = text.bytes().filter(u8::is_ascii_digit).count();
            if number.is_f64() && digits > EXACT_DIGITS {
                return Err("Too many digits for a JSON number, send it as a string");
            }
            Ok(RawValue::Text(text))
        }
        Value::Array(_) | Value::Object(_) => {
            Err("Must be a string, a number, true, false or a list of them")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(text: &str, name: &str) -> Vec<RawValue> {
        json(text.as_bytes()).expect("right").take(name)
    }

    #[test]
    fn json_values_become_parameters() {
        let text = |text: &str| RawValue::Text(text.to_owned());
        let element = |text: &str| RawValue::Element(text.to_owned());
        let body = r#"{"a":12,"b":"x","c":true,"d":null,"e":[1,"2,3"],"f":[],"a":12.5,"g":-7.0}"#;
        assert_eq!(taken(body, "a"), [text("12"), text("12.5")]);
        assert_eq!(taken(body, "b"), [text("x")]);
        assert_eq!(taken(body, "c"), [RawValue::Flag(true)]);
        assert_eq!(taken(body, "g"), [text("-7")]);
        assert_eq!(taken(body, "d"), [RawValue::Null]);
        assert_eq!(taken(body, "e"), [element("1"), element("2,3")]);
        assert_eq!(taken(body, "f"), [text("")]);
        let object = r#"{"a":{"b":[1,{"c":2}]},"d":[{"e":1},2]}"#;
        assert_eq!(taken(object, "a"), [RawValue::Json(r#"{"b":[1,{"c":2}]}"#.to_owned())]);
        assert_eq!(taken(object, "d"), [RawValue::Json(r#"[{"e":1},2]"#.to_owned())]);
    }

    #[test]
    fn json_that_is_no_object_of_values_is_refused() {
        for body in ["", "[1]", "1", "{\"a\":1", "{\"a\":0.12345678901234567}"] {
            assert!(json(body.as_bytes()).is_err(), "{body}");
        }
    }
}
