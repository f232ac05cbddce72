//! Columns of a table: what a list declares, objects within objects spread over columns of their own.

use serde_json::{Map, Value};
use whocpa_domain::view::{Field, FieldKind, flat_fields};

use super::lists::{Piece, Pivot};

/// One column.
#[derive(Debug, Clone)]
pub(super) struct Column {
    /// Names of the fields on the way, with dots between them.
    pub name: String,
    pub kind: CellKind,
    way: Vec<Step>,
}

/// How a cell is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CellKind {
    Number,
    Money,
    Text,
    Bool,
    Date,
    /// Lists, and objects whose members are not known beforehand.
    Json,
}

#[derive(Debug, Clone)]
enum Step {
    Field(&'static str),
    /// The object of a list whose member has this value.
    Item(&'static str, String),
}

impl Column {
    /// Its value in an object; nothing where it has none.
    pub fn value<'a>(&self, row: &'a Map<String, Value>) -> Option<&'a Value> {
        let mut steps = self.way.iter();
        let Some(Step::Field(first)) = steps.next() else { return None };
        let mut value = row.get(*first)?;
        for step in steps {
            value = match step {
                Step::Field(name) => value.get(name)?,
                Step::Item(key, wanted) => value.as_array()?.iter().find(|item| has(item, key, wanted))?,
            };
        }
        Some(value).filter(|value| !value.is_null())
    }

    /// Whether a name that somebody chose means it: its own, or that of an object around it.
    fn is_meant(&self, name: &str) -> bool {
        self.name.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    }
}

fn has(item: &Value, key: &str, wanted: &str) -> bool {
    match item.get(key) {
        Some(Value::String(text)) => text == wanted,
        Some(Value::Number(number)) => number.to_string() == wanted,
        _ => false,
    }
}

/// All columns of a list.
pub(super) fn columns(fields: &'static [Field], piece: &Piece) -> Vec<Column> {
    let mut found = Vec::new();
    let fields: Vec<Field> =
        flat_fields(fields).into_iter().filter(|field| !piece.without.contains(&field.name)).collect();
    add(&mut found, &fields, ("", &[]), &piece.pivots);
    found
}

fn add(found: &mut Vec<Column>, fields: &[Field], (before, way): (&str, &[Step]), pivots: &[Pivot]) {
    for field in fields {
        let name = format!("{before}{}", field.name);
        let way = [way, &[Step::Field(field.name)]].concat();
        let mut kind = field.kind;
        if let FieldKind::Nullable(inner) = kind {
            kind = *inner;
        }
        match kind {
            FieldKind::Object(inner) => {
                add(found, &flat_fields(inner()), (&format!("{name}."), &way), pivots);
            }
            FieldKind::List(FieldKind::Object(inner)) => {
                match pivots.iter().find(|pivot| pivot.field == field.name) {
                    Some(pivot) => spread(found, inner(), (&name, &way), (pivot, pivots)),
                    None => found.push(Column { name, kind: CellKind::Json, way }),
                }
            }
            kind => found.push(Column { name, kind: cell(kind), way }),
        }
    }
}

/// Columns of each object of a list, but for the member that tells them apart.
fn spread(
    found: &mut Vec<Column>,
    inner: &'static [Field],
    (name, way): (&str, &[Step]),
    (pivot, pivots): (&Pivot, &[Pivot]),
) {
    let members: Vec<Field> =
        flat_fields(inner).into_iter().filter(|member| member.name != pivot.key).collect();
    for value in &pivot.values {
        let way = [way, &[Step::Item(pivot.key, value.clone())]].concat();
        add(found, &members, (&format!("{name}.{value}."), &way), pivots);
    }
}

fn cell(kind: FieldKind) -> CellKind {
    match kind {
        FieldKind::Int | FieldKind::Code(_) => CellKind::Number,
        FieldKind::Money => CellKind::Money,
        FieldKind::Text => CellKind::Text,
        FieldKind::Bool => CellKind::Bool,
        FieldKind::Date => CellKind::Date,
        FieldKind::Object(_) | FieldKind::List(_) | FieldKind::Nullable(_) | FieldKind::Map => CellKind::Json,
    }
}

/// The chosen columns, in the order in which they were chosen; all when none is.
///
/// # Errors
/// The names that mean no column.
pub(super) fn chosen(all: Vec<Column>, names: &[String]) -> Result<Vec<Column>, Vec<String>> {
    if names.is_empty() {
        return Ok(all);
    }
    let is_unknown = |name: &&String| !all.iter().any(|column| column.is_meant(name));
    let unknown: Vec<String> = names.iter().filter(is_unknown).cloned().collect();
    if !unknown.is_empty() {
        return Err(unknown);
    }
    let mut found: Vec<Column> = Vec::new();
    for name in names {
        for column in all.iter().filter(|column| column.is_meant(name)) {
            if !found.iter().any(|known| known.name == column.name) {
                found.push(column.clone());
            }
        }
    }
    Ok(found)
}
