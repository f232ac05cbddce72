//! Many rows in one statement: the query library builds an expression for each value, which costs more than storing it.

use std::collections::HashMap;
use std::fmt::Write;
use std::sync::{LazyLock, Mutex, PoisonError};

use sea_orm::{ConnectionTrait, DbErr, EntityTrait, IdenStatic, Iterable, ModelTrait, Value};

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
    let is_sent = |column: &E::Column| generated.is_none_or(|other| other.as_str() != column.as_str());
    let columns: Vec<E::Column> = E::Column::iter().filter(is_sent).collect();
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
    /// What follows the values.
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
