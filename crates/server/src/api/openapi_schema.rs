//! JSON schemas of parameters and fields.
//!
//! A request that fits its schema is taken unless what it says cannot be done; tests/schemathesis holds this to its word.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};
use whocpa_domain::input::{Limits, MANY_LIMIT, Param, ParamKind};
use whocpa_domain::view::{Field, FieldKind, flat_fields};
use whocpa_domain::{Page, PerPage};

/// Pattern of an amount in an answer.
const MONEY: &str = r"^-?\d+(\.\d{1,6})?$";
/// Pattern of an amount in a request, at most a thousand million.
const AMOUNT: &str = r"^([0-9]{1,9}(\.[0-9]{1,6})?|1000000000(\.0{1,6})?)$";
/// Whole numbers that JSON carries everywhere: below 2^53.
const INT_LIMIT: i64 = (1 << 53) - 1;
/// A line without control characters, which may be empty.
const LINE: &str = r"^[^\u0000-\u001f\u007f-\u009f]*$";
/// The same with something else than spaces in it.
const LINE_GIVEN: &str =
    r"^[^\u0000-\u001f\u007f-\u009f]*[^\s\u0000-\u001f\u007f-\u009f][^\u0000-\u001f\u007f-\u009f]*$";
/// Lines without control characters other than newlines and tabs, which may be empty.
const PLAIN: &str = r"^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]*$";
/// The same with something else than spaces in it.
const PLAIN_GIVEN: &str = r"^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]*[^\s\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f][^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]*$";

/// A parameter in a query string.
pub(super) fn query_param(param: &Param) -> Value {
    let mut value = json!({
        "name": param.name,
        "in": "query",
        "required": param.required,
        "description": described(param.doc, codes(param.kind)),
        "schema": param_schema(param, Place::Query),
    });
    if param.many {
        value["style"] = json!("form");
        value["explode"] = json!(false);
    }
    value
}

/// Parameters in a body. Files stand in `multipart/form-data` only.
pub(super) fn body_schema(params: &[Param], with_files: bool) -> Value {
    let params = || params.iter().filter(|param| with_files || !matches!(param.kind, ParamKind::File(_)));
    let properties: Map<String, Value> = params()
        .map(|param| {
            let mut schema = param_schema(param, if with_files { Place::Form } else { Place::Json });
            schema["description"] = json!(described(param.doc, codes(param.kind)));
            (param.name.to_owned(), schema)
        })
        .collect();
    let required: Vec<&str> = params().filter(|param| param.required).map(|param| param.name).collect();
    let mut schema = json!({ "type": "object", "properties": properties, "additionalProperties": false });
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    schema
}

/// Where a parameter stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Query,
    Json,
    Form,
}

fn param_schema(param: &Param, place: Place) -> Value {
    let mut one = match param.kind {
        ParamKind::Int => int_schema(param.limits),
        ParamKind::Text => text_schema(param.limits),
        ParamKind::Bool => json!({ "type": "boolean" }),
        ParamKind::Date => json!({
            "anyOf": [{ "type": "string", "format": "date" }, { "type": "string", "format": "date-time" }],
            "examples": ["2023-04-27", "2024-04-25T14:15:16Z"],
        }),
        ParamKind::Money => json!({ "type": "string", "pattern": AMOUNT, "examples": ["12.50"] }),
        ParamKind::Code(codes) => code_schema(codes),
        ParamKind::Word(words) => json!({ "type": "string", "enum": words }),
        ParamKind::File(limit) => json!({ "type": "string", "format": "binary", "maxLength": limit }),
        ParamKind::Json(kind) if place == Place::Json => closed(field_schema(kind, &[])),
        // A part of a form is a text: the object is written into it.
        ParamKind::Json(kind) => json!({
            "type": "string", "contentMediaType": "application/json", "contentSchema": closed(field_schema(kind, &[])),
        }),
    };
    match param.name {
        "page" => one["default"] = json!(Page::default().number),
        "per_page" => one["default"] = json!(PerPage::default().0),
        _ => {}
    }
    if param.is_clearable {
        // A form has no null.
        let nothing = match place {
            Place::Json => json!({ "type": "null" }),
            Place::Form | Place::Query => json!({ "type": "string", "maxLength": 0 }),
        };
        one = json!({ "anyOf": [one, nothing] });
    }
    if param.many { json!({ "type": "array", "items": one, "maxItems": MANY_LIMIT }) } else { one }
}

fn int_schema(limits: Limits) -> Value {
    let (min, max) = match limits {
        Limits::Range(min, max) => (min, max),
        _ => (-INT_LIMIT, INT_LIMIT),
    };
    json!({ "type": "integer", "format": "int64", "minimum": min, "maximum": max })
}

/// The id of an object in a path.
pub(super) fn id_schema(kind: ParamKind) -> Value {
    match kind {
        ParamKind::Text => json!({ "type": "string", "minLength": 1 }),
        _ => int_schema(Limits::Range(1, INT_LIMIT)),
    }
}

fn text_schema(limits: Limits) -> Value {
    let format = if let Limits::Form(form) = limits { form.format } else { "" };
    let (min, max, pattern) = match limits {
        Limits::None | Limits::Range(..) => return json!({ "type": "string" }),
        Limits::Line(0, max) => (0, max, LINE),
        Limits::Line(min, max) => (min, max, LINE_GIVEN),
        Limits::Text(0, max) => (0, max, ""),
        Limits::Plain(0, max) => (0, max, PLAIN),
        Limits::Plain(min, max) => (min, max, PLAIN_GIVEN),
        Limits::Text(min, max) => (min, max, r"\S"),
        Limits::Form(form) => (0, form.longest, form.pattern),
    };
    let mut schema = json!({ "type": "string", "maxLength": max });
    if min > 0 {
        schema["minLength"] = json!(min);
    }
    for (name, word) in [("pattern", pattern), ("format", format)] {
        if !word.is_empty() {
            schema[name] = json!(word);
        }
    }
    schema
}

/// An object with these fields.
pub(super) fn object(fields: &'static [Field]) -> Value {
    nested(fields, &[])
}

fn nested(fields: &'static [Field], outer: &[&'static [Field]]) -> Value {
    if is_again(fields, outer) {
        return json!({ "type": "object" });
    }
    let outer = [outer, &[fields]].concat();
    let properties: Map<String, Value> = flat_fields(fields)
        .iter()
        .map(|field| {
            let mut schema = field_schema(&field.kind, &outer);
            schema["description"] = json!(described(field.doc, field_codes(&field.kind)));
            (field.name.to_owned(), schema)
        })
        .collect();
    json!({ "type": "object", "properties": properties })
}

/// Whether an object stands inside one of its own kind, as a region in a region: it would be unfolded without end.
pub(crate) fn is_again(fields: &[Field], outer: &[&'static [Field]]) -> bool {
    let names = |fields: &[Field]| -> Vec<_> { fields.iter().map(|field| (field.name, field.doc)).collect() };
    outer.iter().any(|other| names(other) == names(fields))
}

fn field_schema(kind: &FieldKind, outer: &[&'static [Field]]) -> Value {
    match kind {
        FieldKind::Int => json!({ "type": "integer", "format": "int64" }),
        FieldKind::Text => json!({ "type": "string" }),
        FieldKind::Bool => json!({ "type": "boolean" }),
        FieldKind::Date => json!({ "type": "string", "format": "date-time" }),
        FieldKind::Money => json!({ "type": "string", "pattern": MONEY }),
        FieldKind::Code(codes) => code_schema(codes),
        FieldKind::Object(fields) => nested(fields(), outer),
        FieldKind::List(kind) => json!({ "type": "array", "items": field_schema(kind, outer) }),
        FieldKind::Map => json!({ "type": "object", "additionalProperties": true }),
        FieldKind::Nullable(kind) => json!({ "anyOf": [field_schema(kind, outer), { "type": "null" }] }),
    }
}

/// What is sent has no other fields than these; what is answered may get more.
fn closed(mut schema: Value) -> Value {
    if let Some(fields) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        for field in fields.values_mut() {
            *field = closed(field.take());
        }
        schema["additionalProperties"] = json!(false);
    }
    if let Some(items) = schema.get_mut("items") {
        *items = closed(items.take());
    }
    if let Some(choices) = schema.get_mut("anyOf").and_then(Value::as_array_mut) {
        for choice in choices {
            *choice = closed(choice.take());
        }
    }
    schema
}

fn code_schema(codes: &[(i64, &str)]) -> Value {
    let numbers: Vec<i64> = codes.iter().map(|(code, _)| *code).collect();
    json!({ "type": "integer", "enum": numbers })
}

fn codes(kind: ParamKind) -> &'static [(i64, &'static str)] {
    match kind {
        ParamKind::Code(codes) => codes,
        _ => &[],
    }
}

fn field_codes(kind: &FieldKind) -> &'static [(i64, &'static str)] {
    match kind {
        FieldKind::Code(codes) => codes,
        FieldKind::List(kind) | FieldKind::Nullable(kind) => field_codes(kind),
        _ => &[],
    }
}

fn described(doc: &str, codes: &[(i64, &str)]) -> String {
    let mut text = doc.to_owned();
    if !codes.is_empty() {
        text.push_str("\n\n| code | meaning |\n| --- | --- |");
        for (code, meaning) in codes {
            // Writing to a String cannot fail.
            let _ = write!(text, "\n| {code} | {meaning} |");
        }
    }
    text
}
