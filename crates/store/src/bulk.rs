//! Many rows in one statement: the query library builds an expression for each value, which costs more than storing it.

use std::collections::HashMap;
use std::fmt::Write;
use std::sync::{LazyLock, Mutex, PoisonError};

use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, ColumnType, ConnectionTrait, DbErr, EntityTrait, IdenStatic, Iterable, ModelTrait, Value,
};

use crate::db::{Backend, Db};
use crate::migrate::statement;

/// Rows of one statement: far below both databases' limits of bound values, for tables of up to 100 columns.
const CHUNK: usize = 256;
/// Up to here every number of rows has a statement of its own; larger ones are powers of two, so that a few hundred
/// statements are prepared once and used for ever.
const EXACT: usize = 64;

/// Stores rows of one table, each with all of its columns but `generated`.
pub(crate) async fn insert<E: EntityTrait>(
    db: &Db,
    rows: &[E::Model],
    generated: Option<E::Column>,
) -> Result<(), DbErr> {
    let columns = sent::<E>(generated);
    if db.backend() == Backend::Postgres {
        return insert_arrays::<E>(db, rows, &columns).await;
    }
    let names: Vec<&str> = columns.iter().map(IdenStatic::as_str).collect();
    let table = Table {
        name: E::default().table_name(),
        columns: &names.join("\", \""),
        width: columns.len(),
        tail: "",
    };
    let values = |row: &E::Model| columns.iter().map(|column| row.get(*column)).collect();
    table.insert(db, rows, values).await
}

/// Stores rows of one table, all columns but `generated`; a row whose `key` is there already is written over, except
/// its `kept` columns. No two of the rows may have the same key.
pub(crate) async fn upsert<E: EntityTrait>(
    db: &Db,
    rows: &[E::Model],
    generated: E::Column,
    key: &[E::Column],
    kept: &[E::Column],
) -> Result<(), DbErr> {
    if rows.is_empty() {
        return Ok(());
    }
    let is_one_of =
        |column: &E::Column, some: &[E::Column]| some.iter().any(|other| other.as_str() == column.as_str());
    let columns = sent::<E>(Some(generated));
    let written = columns.iter().filter(|column| !is_one_of(column, key) && !is_one_of(column, kept));
    let written: Vec<String> =
        written.map(|column| format!("\"{0}\" = excluded.\"{0}\"", column.as_str())).collect();
    let key: Vec<&str> = key.iter().map(IdenStatic::as_str).collect();
    let tail = format!(" ON CONFLICT ({}) DO UPDATE SET {}", key.join(", "), written.join(", "));
    if db.backend() == Backend::Postgres {
        let mut values = Vec::with_capacity(columns.len());
        let sql = arrays::<E>(rows, &columns, &mut values)? + &tail;
        return db.conn().execute_raw(statement(db, &sql, values)).await.map(drop);
    }
    let names: Vec<&str> = columns.iter().map(IdenStatic::as_str).collect();
    let table = Table {
        name: E::default().table_name(),
        columns: &names.join("\", \""),
        width: columns.len(),
        tail: &tail,
    };
    let values = |row: &E::Model| columns.iter().map(|column| row.get(*column)).collect();
    table.insert(db, rows, values).await
}

/// PostgreSQL: one array for each column. Each of its connections prepares and plans every text for itself, and a text
/// for each number of rows is hardly ever met twice; this one serves all. The arrays travel as text, because the query
/// library's own arrays cannot hold NULL.
async fn insert_arrays<E: EntityTrait>(
    db: &Db,
    rows: &[E::Model],
    columns: &[E::Column],
) -> Result<(), DbErr> {
    if rows.is_empty() {
        return Ok(());
    }
    let mut values = Vec::with_capacity(columns.len());
    let sql = arrays::<E>(rows, columns, &mut values)?;
    db.conn().execute_raw(statement(db, &sql, values)).await.map(drop)
}

/// Rows of several tables for PostgreSQL, stored by one statement: each one more is a way there and back within the
/// transaction.
#[derive(Default)]
pub(crate) struct Together {
    parts: Vec<String>,
    values: Vec<Value>,
}

impl Together {
    /// Adds rows of one table, each with all of its columns but `generated`.
    pub fn add<E: EntityTrait>(
        &mut self,
        rows: &[E::Model],
        generated: Option<E::Column>,
    ) -> Result<(), DbErr> {
        if !rows.is_empty() {
            self.parts.push(arrays::<E>(rows, &sent::<E>(generated), &mut self.values)?);
        }
        Ok(())
    }

    /// Stores them. Foreign keys between them are checked at the end.
    pub async fn insert(mut self, db: &Db) -> Result<(), DbErr> {
        let Some(last) = self.parts.pop() else { return Ok(()) };
        let mut sql = String::new();
        for (at, part) in self.parts.iter().enumerate() {
            // Writing to a String cannot fail.
            let _ = write!(sql, "{} part{at} AS ({part})", if at == 0 { "WITH" } else { "," });
        }
        let _ = write!(sql, " {last}");
        db.conn().execute_raw(statement(db, &sql, self.values)).await.map(drop)
    }
}

/// The columns that are sent.
fn sent<E: EntityTrait>(generated: Option<E::Column>) -> Vec<E::Column> {
    let is_sent = |column: &E::Column| generated.is_none_or(|other| other.as_str() != column.as_str());
    E::Column::iter().filter(is_sent).collect()
}

/// An INSERT of these rows, whose values are appended to `values`.
fn arrays<E: EntityTrait>(
    rows: &[E::Model],
    columns: &[E::Column],
    values: &mut Vec<Value>,
) -> Result<String, DbErr> {
    let mut arrays = vec![String::from("{"); columns.len()];
    for row in rows {
        for (array, column) in arrays.iter_mut().zip(columns) {
            element(array, &row.get(*column))?;
        }
    }
    let (mut names, mut sources) = (String::new(), String::new());
    for (column, array) in columns.iter().zip(arrays) {
        let comma = if names.is_empty() { "" } else { ", " };
        let kind = match column.def().get_column_type() {
            ColumnType::BigInteger => "BIGINT",
            ColumnType::Boolean => "BOOLEAN",
            _ => "TEXT",
        };
        values.push(Value::from(array + "}"));
        // Writing to a String cannot fail.
        let _ = write!(names, "{comma}\"{}\"", column.as_str());
        let _ = write!(sources, "{comma}CAST(${} AS TEXT)::{kind}[]", values.len());
    }
    let table = E::default();
    Ok(format!("INSERT INTO {} ({names}) SELECT * FROM UNNEST({sources})", table.table_name()))
}

/// Appends a value to the text of an array.
fn element(array: &mut String, value: &Value) -> Result<(), DbErr> {
    if array.len() > 1 {
        array.push(',');
    }
    match value {
        // Writing to a String cannot fail.
        Value::BigInt(Some(number)) => drop(write!(array, "{number}")),
        Value::Bool(Some(is_so)) => array.push(if *is_so { 't' } else { 'f' }),
        Value::String(Some(text)) => quote(array, text),
        Value::BigInt(None) | Value::Bool(None) | Value::String(None) => array.push_str("NULL"),
        other => return Err(DbErr::Type(format!("no array can hold {other:?}"))),
    }
    Ok(())
}

fn quote(array: &mut String, text: &str) {
    array.push('"');
    for part in text.split_inclusive(['"', '\\']) {
        match part.strip_suffix(['"', '\\']) {
            Some(before) => {
                array.push_str(before);
                array.push('\\');
                array.push_str(&part[before.len()..]);
            }
            None => array.push_str(part),
        }
    }
    array.push('"');
}

/// The column is one of these numbers: one value whatever their count, so that one prepared statement serves all.
pub(crate) fn among(db: &Db, column: impl ColumnTrait, ids: &[i64]) -> Expr {
    let mut list = String::new();
    for id in ids {
        let _ = write!(list, "{}{id}", if list.is_empty() { "" } else { "," });
    }
    let name = column.as_str();
    match db.backend() {
        Backend::Postgres => {
            let sql = format!("\"{name}\" = ANY(CAST($1 AS TEXT)::BIGINT[])");
            Expr::cust_with_values(sql, [format!("{{{list}}}")])
        }
        Backend::Sqlite => {
            let sql = format!("\"{name}\" IN (SELECT value FROM json_each(?))");
            Expr::cust_with_values(sql, [format!("[{list}]")])
        }
    }
}

/// As [`among`], for texts.
pub(crate) fn among_texts(db: &Db, column: impl ColumnTrait, texts: &[String]) -> Expr {
    if db.backend() == Backend::Sqlite {
        return column.is_in(texts.iter().map(String::as_str));
    }
    let mut array = String::from("{");
    for text in texts {
        if array.len() > 1 {
            array.push(',');
        }
        quote(&mut array, text);
    }
    array.push('}');
    Expr::cust_with_values(format!("\"{}\" = ANY(CAST($1 AS TEXT)::TEXT[])", column.as_str()), [array])
}

/// Statements by table, number of rows and database.
type Texts = HashMap<(&'static str, usize, Backend), String>;

/// Where rows go.
pub(crate) struct Table<'a> {
    /// The table's name; it also names its statements.
    pub name: &'static str,
    /// Column names between quotes, that is joined by `", "`.
    pub columns: &'a str,
    /// How many they are.
    pub width: usize,
    /// What follows the values; one table's statements all have the same.
    pub tail: &'a str,
}

impl Table<'_> {
    /// Stores `rows`, whose values `read` gives in the order of the columns.
    pub async fn insert<T>(
        &self,
        db: &Db,
        mut rows: &[T],
        read: impl Fn(&T) -> Vec<Value>,
    ) -> Result<(), DbErr> {
        while !rows.is_empty() {
            let size = if rows.len() <= EXACT { rows.len() } else { CHUNK.min(1 << rows.len().ilog2()) };
            let (chunk, rest) = rows.split_at(size);
            let mut values = Vec::with_capacity(size * self.width);
            for row in chunk {
                values.extend(read(row));
            }
            let text = self.text(size, db.backend());
            db.conn().execute_raw(statement(db, &text, values)).await?;
            rows = rest;
        }
        Ok(())
    }

    fn text(&self, rows: usize, backend: Backend) -> String {
        static TEXTS: LazyLock<Mutex<Texts>> = LazyLock::new(Mutex::default);
        let mut texts = TEXTS.lock().unwrap_or_else(PoisonError::into_inner);
        texts.entry((self.name, rows, backend)).or_insert_with(|| self.write(rows, backend)).clone()
    }

    /// SQLite keeps the names of named values in a list that it walks for each of them: thousands of `$n` take
    /// seconds, thousands of nameless `?` take none.
    fn write(&self, rows: usize, backend: Backend) -> String {
        let mut sql = format!("INSERT INTO {} (\"{}\") VALUES ", self.name, self.columns);
        for row in 0..rows {
            sql.push_str(if row == 0 { "(" } else { ",(" });
            for column in 1..=self.width {
                sql.push_str(if column == 1 { "" } else { "," });
                match backend {
                    Backend::Sqlite => sql.push('?'),
                    Backend::Postgres => drop(write!(sql, "${}", row * self.width + column)),
                }
            }
            sql.push(')');
        }
        sql.push_str(self.tail);
        sql
    }
}
