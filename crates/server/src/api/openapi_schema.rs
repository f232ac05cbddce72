//! JSON schemas of parameters and fields.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};
use whocpa_domain::input::{MANY_LIMIT, Param, ParamKind};
use whocpa_domain::view::{Field, FieldKind, flat_fields};

/// Pattern of an amount.
const MONEY: &str = r"^-?\d+(\.\d{1,6})?$";

/// A parameter in a query string.
pub(super) fn query_param(param: &Param) -> Value {
    let mut value = json!({
        "name": param.name,
        "in": "query",
        "required": param.required,
        "description": described(param.doc, codes(param.kind)),
        "schema": param_schema(param),
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
            let mut schema = param_schema(param);
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

fn param_schema(param: &Param) -> Value {
    let one = match param.kind {
        // These two have bounds and a default of their own in the protocol.
        ParamKind::Int if param.name == "page" => json!({ "type": "integer", "minimum": 1, "default": 1 }),
        ParamKind::Int if param.name == "per_page" => {
            json!({ "type": "integer", "minimum": 10, "maximum": 100, "default": 100 })
        }
        ParamKind::Int => json!({ "type": "integer", "format": "int64" }),
        ParamKind::Text => json!({ "type": "string" }),
        ParamKind::Bool => json!({ "type": "boolean" }),
        ParamKind::Date => json!({ "type": "string", "examples": ["2023-04-27", "2024-04-25T14:15:16"] }),
        ParamKind::Money => json!({ "type": "string", "pattern": MONEY, "examples": ["12.50"] }),
        ParamKind::Code(codes) => code_schema(codes),
        ParamKind::Word(words) => json!({ "type": "string", "enum": words }),
        ParamKind::File(limit) => json!({ "type": "string", "format": "binary", "maxLength": limit }),
        ParamKind::Json(kind) => field_schema(kind, &[]),
    };
    if param.many { json!({ "type": "array", "items": one, "maxItems": MANY_LIMIT }) } else { one }
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
