//! Writing rows: CSV, XLSX, or JSON. What is written is taken away piece by piece, so that memory does not grow with the rows.

use std::io::{self, Write};
use std::path::Path;

use csv::{QuoteStyle, Terminator, WriterBuilder};
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook, XlsxError};
use serde_json::{Map, Number, Value};
use whocpa_domain::export::{ExportFormat, formula_safe};
use whocpa_domain::{Error, Result, Time};

use super::column::{CellKind, Column};

/// Letters that a cell of XLSX holds.
const XLSX_LETTERS: usize = 32_767;
/// Digits that a number of XLSX keeps exactly: it is stored as a binary fraction, whatever is written. Longer ones are texts.
const XLSX_DIGITS: usize = 15;
/// Times as everywhere in the API; a spreadsheet counts with them all the same.
const XLSX_TIME: &str = "yyyy\\-mm\\-dd\\Thh:mm:ss\\Z";

/// A file that is being written.
pub(super) struct Sheet {
    columns: Vec<Column>,
    is_whole: bool,
    body: Body,
}

enum Body {
    Csv,
    /// The objects' own members in order, for whole objects.
    Json(Vec<&'static str>),
    Xlsx(Box<Book>),
}

/// A workbook with one sheet, whose rows wait in a nameless file until it is put together.
struct Book {
    workbook: Workbook,
    time: Format,
    next_row: u32,
}

/// What cannot be written, in words for the owner.
pub(super) fn unfit(words: impl Into<String>) -> Error {
    Error::Conflict(words.into())
}

impl Sheet {
    /// Begins a file; `members` are the fields of an object, where all of it is wanted.
    pub fn new(
        format: ExportFormat,
        columns: Vec<Column>,
        members: Option<Vec<&'static str>>,
        folder: &Path,
    ) -> Result<Self> {
        let is_whole = members.is_some();
        let body = match format {
            ExportFormat::Csv => Body::Csv,
            ExportFormat::Json => Body::Json(members.unwrap_or_default()),
            ExportFormat::Xlsx => Body::Xlsx(Box::new(Book::new(&columns, folder)?)),
        };
        Ok(Self { columns, is_whole, body })
    }

    /// What stands before the first row.
    pub fn head(&self) -> Result<Vec<u8>> {
        match self.body {
            Body::Csv => csv([self.columns.iter().map(|column| column.name.clone())].into_iter()),
            Body::Json(_) | Body::Xlsx(_) => Ok(Vec::new()),
        }
    }

    /// Writes rows; gives what is written of the file by that.
    pub fn add(&mut self, rows: &[Map<String, Value>]) -> Result<Vec<u8>> {
        match &mut self.body {
            Body::Csv => {
                let columns = &self.columns;
                csv(rows.iter().map(|row| columns.iter().map(|column| csv_cell(column, row))))
            }
            Body::Json(members) => {
                let mut lines = Vec::new();
                for row in rows {
                    let members: Vec<(&str, &Value)> = if self.is_whole {
                        members.iter().filter_map(|name| row.get(*name).map(|value| (*name, value))).collect()
                    } else {
                        let value = |column| Column::value(column, row).unwrap_or(&Value::Null);
                        self.columns.iter().map(|column| (column.name.as_str(), value(column))).collect()
                    };
                    json_line(&mut lines, &members)?;
                }
                Ok(lines)
            }
            Body::Xlsx(book) => {
                for row in rows {
                    book.row(&self.columns, row)?;
                }
                Ok(Vec::new())
            }
        }
    }

    /// Puts the file together, for kinds that need it.
    pub fn finish(self, out: impl Write + Send) -> Result<()> {
        match self.body {
            Body::Csv | Body::Json(_) => Ok(()),
            Body::Xlsx(mut book) => book.workbook.save_to_writer(out).map_err(|e| broken(&e)),
        }
    }

    /// Whether [`Sheet::finish`] writes anything.
    pub fn is_put_together(&self) -> bool {
        matches!(self.body, Body::Xlsx(_))
    }
}

fn csv(lines: impl Iterator<Item = impl Iterator<Item = String>>) -> Result<Vec<u8>> {
    let failed = |e: csv::Error| Error::Internal(format!("writing CSV: {e}"));
    let mut writer = WriterBuilder::new()
        .quote_style(QuoteStyle::NonNumeric)
        .terminator(Terminator::CRLF)
        .from_writer(Vec::new());
    for line in lines {
        writer.write_record(line.map(String::into_bytes)).map_err(failed)?;
    }
    writer.into_inner().map_err(|e| Error::Internal(format!("writing CSV: {e}")))
}

fn csv_cell(column: &Column, row: &Map<String, Value>) -> String {
    let Some(value) = column.value(row) else { return String::new() };
    match (column.kind, value) {
        (CellKind::Money, Value::String(text)) if is_decimal(text) => text.clone(),
        (_, Value::String(text)) => formula_safe(text),
        (_, Value::Number(number)) => number.to_string(),
        (_, Value::Bool(flag)) => flag.to_string(),
        (_, other) => formula_safe(&other.to_string()),
    }
}

fn is_decimal(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    digits.starts_with(|first: char| first.is_ascii_digit())
        && digits.chars().all(|letter| letter.is_ascii_digit() || letter == '.')
}

fn json_line(lines: &mut Vec<u8>, members: &[(&str, &Value)]) -> Result<()> {
    let failed = |e: serde_json::Error| Error::Internal(format!("writing JSON: {e}"));
    lines.push(b'{');
    for (at, (name, value)) in members.iter().enumerate() {
        if at > 0 {
            lines.push(b',');
        }
        serde_json::to_writer(&mut *lines, name).map_err(failed)?;
        lines.push(b':');
        serde_json::to_writer(&mut *lines, value).map_err(failed)?;
    }
    lines.extend_from_slice(b"}\n");
    Ok(())
}

fn broken(error: &XlsxError) -> Error {
    match error {
        XlsxError::IoError(error) if error.kind() == io::ErrorKind::StorageFull => {
            Error::Unavailable(format!("writing XLSX: {error}"))
        }
        error => Error::Internal(format!("writing XLSX: {error}")),
    }
}

impl Book {
    fn new(columns: &[Column], folder: &Path) -> Result<Self> {
        std::fs::create_dir_all(folder)
            .map_err(|e| Error::Unavailable(format!("{}: {e}", folder.display())))?;
        let mut workbook = Workbook::new();
        workbook.set_tempdir(folder).map_err(|e| broken(&e))?;
        let bold = Format::new().set_bold();
        let sheet = workbook.add_worksheet_with_constant_memory();
        let sheet = sheet.map_err(|e| broken(&e))?;
        for (at, column) in (0u16..).zip(columns) {
            sheet.write_string_with_format(0, at, &column.name, &bold).map_err(|e| broken(&e))?;
        }
        Ok(Self { workbook, time: Format::new().set_num_format(XLSX_TIME), next_row: 1 })
    }

    fn row(&mut self, columns: &[Column], row: &Map<String, Value>) -> Result<()> {
        let number = self.next_row;
        self.next_row += 1;
        let sheet = self.workbook.worksheet_from_index(0).map_err(|e| broken(&e))?;
        for (at, column) in (0u16..).zip(columns) {
            let Some(value) = column.value(row) else { continue };
            let text = match value {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            let done = match (column.kind, value) {
                (CellKind::Number | CellKind::Money, _) if is_exact(&text) => {
                    // The format's own kind of number; nothing is counted with it.
                    match text.parse().ok().and_then(|number: Number| number.as_f64()) {
                        Some(exact) => sheet.write_number(number, at, exact),
                        None => sheet.write_string(number, at, text),
                    }
                }
                (CellKind::Bool, Value::Bool(flag)) => sheet.write_boolean(number, at, *flag),
                (CellKind::Date, _) => {
                    match Time::parse(&text).map(|time| ExcelDateTime::from_timestamp(time.0)) {
                        Some(Ok(time)) => sheet.write_datetime_with_format(number, at, &time, &self.time),
                        _ => sheet.write_string(number, at, text),
                    }
                }
                _ if text.chars().count() > XLSX_LETTERS => {
                    return Err(unfit(format!(
                        "{}: a text has more than {XLSX_LETTERS} letters, which XLSX cannot hold: ask for CSV or JSON, or \
                         leave this field out",
                        column.name
                    )));
                }
                // A text that looks like a formula is a text: XLSX says of each cell what it is.
                _ => sheet.write_string(number, at, text),
            };
            done.map_err(|e| broken(&e))?;
        }
        Ok(())
    }
}

/// Whether a spreadsheet keeps this number as it is.
fn is_exact(text: &str) -> bool {
    is_decimal(text) && text.chars().filter(char::is_ascii_digit).count() <= XLSX_DIGITS
}
