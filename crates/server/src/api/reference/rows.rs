//! Rows of the tables of parameters and fields.

use whocpa_domain::input::{Param, ParamKind};
use whocpa_domain::view::{Field, FieldKind, flat_fields};

use crate::api::openapi_schema::is_again;

/// A parameter or a field.
pub(super) struct Row {
    pub name: String,
    pub kind: String,
    pub is_required: bool,
    pub doc: &'static str,
    pub codes: &'static [(i64, &'static str)],
}

pub(super) fn param(param: &Param) -> Row {
    let (kind, codes): (&str, &[_]) = match param.kind {
        ParamKind::Int => ("number", &[]),
        ParamKind::Text => ("text", &[]),
        ParamKind::Bool => ("bool", &[]),
        ParamKind::Date => ("date", &[]),
        ParamKind::Money => ("decimal", &[]),
        ParamKind::Code(codes) => ("code", codes),
    };
    Row {
        name: param.name.to_owned(),
        kind: if param.many { format!("{kind} or list of them") } else { kind.to_owned() },
        is_required: param.required,
        doc: param.doc,
        codes,
    }
}

pub(super) fn fields(fields: &'static [Field]) -> Vec<Row> {
    let mut rows = Vec::new();
    unfold(&mut rows, "", fields, &[]);
    rows
}

fn unfold(rows: &mut Vec<Row>, prefix: &str, fields: &'static [Field], outer: &[&'static [Field]]) {
    let outer = [outer, &[fields]].concat();
    for field in flat_fields(fields) {
        let name = format!("{prefix}{}", field.name);
        let (kind, codes) = words(&field.kind);
        rows.push(Row { name: name.clone(), kind, is_required: false, doc: field.doc, codes });
        if let Some((inner, mark)) = inside(&field.kind)
            && !is_again(inner, &outer)
        {
            unfold(rows, &format!("{name}{mark}."), inner, &outer);
        }
    }
}

fn inside(kind: &FieldKind) -> Option<(&'static [Field], &'static str)> {
    match kind {
        FieldKind::Object(fields) => Some((fields(), "")),
        FieldKind::List(kind) => inside(kind).map(|(fields, _)| (fields, "[]")),
        FieldKind::Nullable(kind) => inside(kind),
        _ => None,
    }
}

fn words(kind: &FieldKind) -> (String, &'static [(i64, &'static str)]) {
    let plain = |word: &str| (word.to_owned(), [].as_slice());
    match kind {
        FieldKind::Int => plain("number"),
        FieldKind::Text => plain("text"),
        FieldKind::Bool => plain("bool"),
        FieldKind::Date => plain("date"),
        FieldKind::Money => plain("decimal text"),
        FieldKind::Code(codes) => ("code".to_owned(), codes),
        FieldKind::Object(_) => plain("object"),
        FieldKind::List(kind) => {
            let (word, codes) = words(kind);
            (format!("list of {word}"), codes)
        }
        FieldKind::Nullable(kind) => {
            let (word, codes) = words(kind);
            (format!("{word} or null"), codes)
        }
    }
}
