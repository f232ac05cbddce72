//! Rows of the tables of parameters and fields.

use whocpa_domain::input::{Limits, Param, ParamKind};
use whocpa_domain::view::{Field, FieldKind, flat_fields};

use super::text::{Html, rich};
use crate::api::is_again;
use crate::i18n::Lang;

/// A parameter or a field.
pub(super) struct Row {
    /// Names of the objects that it stands in, with their marks: `events[].`.
    pub outer: String,
    pub name: &'static str,
    pub kind: String,
    pub is_required: bool,
    pub doc: Html,
    pub codes: Vec<(i64, &'static str)>,
    /// The words that it may be.
    pub words: &'static [&'static str],
    /// How the page asks for it in "try it".
    pub input: Input,
}

/// Kind of a form's field.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Input {
    Text,
    Number,
    Word,
    Bool,
    Code,
    File,
}

pub(super) fn params(lang: Lang, params: &'static [Param]) -> Vec<Row> {
    params.iter().map(|param| self::param(lang, param)).collect()
}

fn param(lang: Lang, param: &Param) -> Row {
    let (key, codes, input): (_, &[_], _) = match param.kind {
        ParamKind::Int if param.many => ("kind-int", &[], Input::Text),
        ParamKind::Int => ("kind-int", &[], Input::Number),
        ParamKind::Text => ("kind-text", &[], Input::Text),
        ParamKind::Bool => ("kind-bool", &[], Input::Bool),
        ParamKind::Date => ("kind-date", &[], Input::Text),
        ParamKind::Money => ("kind-decimal", &[], Input::Text),
        ParamKind::Code(codes) if param.many => ("kind-code", codes, Input::Text),
        ParamKind::Code(codes) => ("kind-code", codes, Input::Code),
        ParamKind::Word(_) if param.many => ("kind-word", &[], Input::Text),
        ParamKind::Word(_) => ("kind-word", &[], Input::Word),
        ParamKind::File(_) => ("kind-file", &[], Input::File),
        ParamKind::Json(_) => ("kind-json", &[], Input::Text),
    };
    let mut kind = lang.t(key);
    if let ParamKind::Word(words) = param.kind {
        kind = format!("{kind}: {}", words.join(", "));
    }
    match param.limits {
        Limits::None => {}
        Limits::Range(min, max) => kind = format!("{kind} {min}–{max}"),
        Limits::Line(min, max) | Limits::Text(min, max) | Limits::Plain(min, max) => {
            kind = format!("{kind}, {}", lang.with("kind-length", "of", format!("{min}–{max}")));
        }
        Limits::Form(form) => {
            kind = format!("{kind}, {}", lang.with("kind-length", "of", format!("≤ {}", form.longest)));
        }
    }
    Row {
        outer: String::new(),
        name: param.name,
        kind: if param.many { lang.with("kind-or-list", "of", kind) } else { kind },
        is_required: param.required,
        doc: rich(lang, lang.say(param.doc)),
        codes: said(lang, codes),
        words: match param.kind {
            ParamKind::Word(words) => words,
            _ => &[],
        },
        input,
    }
}

pub(super) fn fields(lang: Lang, fields: &'static [Field]) -> Vec<Row> {
    let mut rows = Vec::new();
    unfold(lang, &mut rows, "", fields, &[]);
    rows
}

fn unfold(
    lang: Lang,
    rows: &mut Vec<Row>,
    prefix: &str,
    fields: &'static [Field],
    outer: &[&'static [Field]],
) {
    let outer = [outer, &[fields]].concat();
    for field in flat_fields(fields) {
        let (kind, codes) = words(lang, &field.kind);
        rows.push(Row {
            outer: prefix.to_owned(),
            name: field.name,
            kind,
            is_required: false,
            doc: rich(lang, lang.say(field.doc)),
            codes: said(lang, codes),
            words: &[],
            input: Input::Text,
        });
        if let Some((inner, mark)) = inside(&field.kind)
            && !is_again(inner, &outer)
        {
            unfold(lang, rows, &format!("{prefix}{}{mark}.", field.name), inner, &outer);
        }
    }
}

/// The fields of the object or objects in a field, and the mark of a list.
pub(super) fn inside(kind: &FieldKind) -> Option<(&'static [Field], &'static str)> {
    match kind {
        FieldKind::Object(fields) => Some((fields(), "")),
        FieldKind::List(kind) => inside(kind).map(|(fields, _)| (fields, "[]")),
        FieldKind::Nullable(kind) => inside(kind),
        _ => None,
    }
}

/// The codes of a field.
pub(super) fn codes(kind: &FieldKind) -> &'static [(i64, &'static str)] {
    match kind {
        FieldKind::Code(codes) => codes,
        FieldKind::List(kind) | FieldKind::Nullable(kind) => codes(kind),
        _ => &[],
    }
}

fn said(lang: Lang, codes: &'static [(i64, &'static str)]) -> Vec<(i64, &'static str)> {
    codes.iter().map(|(code, word)| (*code, lang.say(word))).collect()
}

fn words(lang: Lang, kind: &FieldKind) -> (String, &'static [(i64, &'static str)]) {
    let plain = |key: &str| lang.t(key);
    let word = match kind {
        FieldKind::Int => plain("kind-int"),
        FieldKind::Text => plain("kind-text"),
        FieldKind::Bool => plain("kind-bool"),
        FieldKind::Date => plain("kind-date"),
        FieldKind::Money => plain("kind-money"),
        FieldKind::Code(_) => plain("kind-code"),
        FieldKind::Object(_) | FieldKind::Map => plain("kind-object"),
        FieldKind::List(kind) => lang.with("kind-list", "of", words(lang, kind).0),
        FieldKind::Nullable(kind) => lang.with("kind-nullable", "of", words(lang, kind).0),
    };
    (word, codes(kind))
}
