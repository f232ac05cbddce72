//! Leads and decisions from a table: each line is what a request to the API would be, and has a verdict of its own.

use std::collections::BTreeSet;

use csv::{ReaderBuilder, StringRecord};
use tokio::task::JoinSet;
use whocpa_domain::input::{Input as _, RawParams, RawValue};
use whocpa_domain::way::LeadWay;
use whocpa_domain::{Error, FieldErrors, Method, Resource, Result};

use super::order::{LeadCreate, LeadCreated, Sent, told};
use super::update::LeadUpdate;
use super::{desk, receive::Verdict};
use crate::{Caller, Engine};

/// Most lines of one table.
pub const LINES_LIMIT: usize = 2000;
/// Lines that are taken in at once: they share a transaction.
const TOGETHER: usize = 128;
/// The column of a decision about a lead that is known by its number.
const LEAD_ID: &str = "lead_id";

/// What became of one line.
#[derive(Debug, Clone)]
pub struct ImportLine {
    /// Its number in the file, 1 for the names of columns.
    pub line: u64,
    /// What became of it, or why it was not taken.
    pub outcome: Result<LeadCreated>,
}

/// One line as it was read.
struct Line {
    number: u64,
    raw: RawParams,
    /// What makes it the same action as another line of the table: such lines keep their order.
    keys: Vec<String>,
}

impl Engine {
    /// Takes a table of leads in, or only looks what would become of it.
    ///
    /// # Errors
    /// [`Error::Invalid`] on `file` when it is no such table; what is wrong with a line stands at the line.
    pub async fn lead_import(
        &self,
        caller: Caller,
        table: &[u8],
        is_preview: bool,
    ) -> Result<Vec<ImportLine>> {
        caller.may(Resource::Lead, Method::Create)?;
        let mut report = Vec::new();
        let mut lines = read(table)?.into_iter().peekable();
        while lines.peek().is_some() {
            let (mut busy, mut running) = (BTreeSet::new(), JoinSet::new());
            while let Some(line) = lines
                .next_if(|line| running.len() < TOGETHER && line.keys.iter().all(|key| !busy.contains(key)))
            {
                busy.extend(line.keys);
                let (engine, number) = (self.clone(), line.number);
                running.spawn(async move {
                    let outcome = engine.import_line(caller, line.raw, is_preview).await;
                    ImportLine { line: number, outcome }
                });
            }
            while let Some(done) = running.join_next().await {
                report.push(done.map_err(|error| Error::Internal(format!("an imported line: {error}")))?);
            }
        }
        report.sort_by_key(|line| line.line);
        Ok(report)
    }

    async fn import_line(&self, caller: Caller, mut raw: RawParams, is_preview: bool) -> Result<LeadCreated> {
        if let Some(id) = raw.take_text(LEAD_ID) {
            let no_number = |_| Error::field(LEAD_ID, "Must be a whole number");
            let (id, input): (i64, LeadUpdate) = (id.parse().map_err(no_number)?, raw.read()?);
            let status = input.status;
            let decided = if is_preview {
                self.lead_update_try(caller, id, &input).await
            } else {
                self.lead_update(caller, id, input).await
            };
            let unknown = |error| match error {
                Error::NotFound => Error::field(LEAD_ID, "Leads not found"),
                other => other,
            };
            return decided.map(|()| LeadCreated::updated(id, status)).map_err(unknown);
        }
        match (self.lead_sent(caller, raw.read::<LeadCreate>()?).await?, is_preview) {
            (Sent::Report(mut conversion), is_preview) => {
                conversion.way = LeadWay::Import;
                if !is_preview {
                    return told(self.lead_receive_by(*conversion, Some(caller)).await?);
                }
                let claim = self.claim_sealed(*conversion, None).await?;
                told(desk::try_one(self, &claim).await?).map(LeadCreated::without_new_id)
            }
            (Sent::Order(mut sent), false) => {
                sent.way = Some(LeadWay::ImportOrder);
                told(self.order_receive(Some(caller), *sent).await?)
            }
            (Sent::Order(mut sent), true) => {
                self.order_check(&mut sent).await?;
                let known = self.order_known(&sent).await?;
                let verdict = known.map_or_else(Verdict::expected, |lead| Verdict::Duplicate {
                    lead_id: lead.id,
                    status: lead.state().status,
                });
                told(verdict).map(LeadCreated::without_new_id)
            }
        }
    }
}

/// Reads a table: UTF-8, the first line names the columns, separated by commas, semicolons or tabs.
fn read(table: &[u8]) -> Result<Vec<Line>> {
    let wrong = |words: String| Error::field("file", words);
    let text = std::str::from_utf8(table).map_err(|_| wrong("Must be text in UTF-8".to_owned()))?;
    // With one kind of line ends, lines are counted as people see them.
    let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n");
    let head = text.lines().next().unwrap_or_default();
    let count = |sign: char| head.matches(sign).count();
    // Of equals the last one counts: a comma where there is none of them.
    let separator = ['\t', ';', ','].into_iter().max_by_key(|sign| count(*sign)).unwrap_or(',');
    let mut reader = ReaderBuilder::new()
        .delimiter(u8::try_from(separator).unwrap_or(b','))
        .flexible(true)
        .from_reader(text.as_bytes());
    let columns = reader.headers().map_err(|error| wrong(error.to_string()))?.clone();
    let columns: Vec<String> = columns.iter().map(|name| name.trim().to_ascii_lowercase()).collect();
    check_columns(&columns)?;
    let mut lines = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| wrong(error.to_string()))?;
        let number = record.position().map_or(0, csv::Position::line);
        if lines.len() == LINES_LIMIT {
            return Err(wrong(format!("Must have at most {LINES_LIMIT} lines: send the others after these")));
        }
        check_values(&columns, &record, &text).map_err(|words| wrong(format!("Line {number} {words}")))?;
        lines.push(line(number, &columns, &record));
    }
    if lines.is_empty() {
        return Err(wrong("Must have a line with the names of columns, and others with values".to_owned()));
    }
    Ok(lines)
}

fn check_columns(columns: &[String]) -> Result<()> {
    let mut errors = FieldErrors::default();
    let known: BTreeSet<&str> = LeadCreate::PARAMS
        .iter()
        .chain(LeadUpdate::PARAMS)
        .map(|param| param.name)
        .chain([LEAD_ID])
        .collect();
    let mut seen = BTreeSet::new();
    for name in columns {
        if !known.contains(name.as_str()) {
            errors.add("file", format!("Unknown column {name:?}: known are {known:?}"));
        } else if !seen.insert(name) {
            errors.add("file", format!("The column {name} stands there twice"));
        }
    }
    errors.finish()
}

/// What would be lost or misread: the values of a line without a column, and all lines behind a quotation mark that nobody
/// closes, which become one value.
fn check_values(columns: &[String], record: &StringRecord, table: &str) -> std::result::Result<(), String> {
    if record.len() != columns.len() {
        let how = if record.len() > columns.len() { "more" } else { "fewer" };
        return Err(format!("has {how} values than there are columns"));
    }
    for (name, value) in columns.iter().zip(record) {
        if !value.contains('\n') {
            continue;
        }
        if table.matches('"').count() % 2 == 1 {
            return Err(format!("has a quotation mark in {name} that is not closed"));
        }
        if !matches!(name.as_str(), "address" | "comment") {
            return Err(format!("has a line break in {name}"));
        }
    }
    Ok(())
}

fn line(number: u64, columns: &[String], record: &StringRecord) -> Line {
    let (mut raw, mut keys) = (RawParams::default(), Vec::new());
    for (name, value) in columns.iter().zip(record) {
        let value = value.trim();
        if value.is_empty() {
            continue;
        }
        if matches!(name.as_str(), "tid" | "sale_id" | LEAD_ID) {
            keys.push(format!("{name}={value}"));
        }
        raw.push(name, RawValue::Text(value.to_owned()));
    }
    Line { number, raw, keys }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(table: &[u8]) -> String {
        match read(table) {
            Err(Error::Invalid(errors)) => format!("{:?}", errors.messages()),
            Err(other) => other.to_string(),
            Ok(lines) => panic!("{} lines", lines.len()),
        }
    }

    #[test]
    fn tables_of_all_offices_are_read() {
        for table in ["\u{feff}tid,Status\na,1\n", "tid;status\r\n\"a\";1\r\n", "tid\tstatus\na\t1"] {
            let lines = read(table.as_bytes()).expect("a table");
            let sent: Vec<_> = lines[0].raw.values().map(|(name, _)| name.to_owned()).collect();
            assert_eq!(
                (lines.len(), lines[0].number, sent),
                (1, 2, vec!["tid".to_owned(), "status".to_owned()])
            );
        }
    }

    #[test]
    fn what_is_no_table_says_why() {
        assert!(refused(b"tid\n").contains("names of columns"));
        assert!(refused(b"tid,who\na,b").contains("Unknown column"));
        assert!(refused(b"tid,tid\na,b").contains("twice"));
        assert!(refused(b"tid\na,b").contains("more values"));
        assert!(refused(b"tid,status\na,1\nb").contains("Line 3 has fewer values"));
        assert!(refused(b"tid,status\n\"a,1\nb,1\nc,1").contains("Line 2 has"));
        assert!(refused(b"comment,tid\n\"x,a\ny,b\n").contains("Line 2 has"));
        assert!(refused(b"tid,comment\na,\"x\nb,y\nc,z").contains("in comment that is not closed"));
        assert!(refused(b"tid,comment\n\"a\nb\",x").contains("line break in tid"));
        assert!(refused(b"tid\n\xff").contains("UTF-8"));
        assert!(refused(format!("tid\n{}", "a\n".repeat(LINES_LIMIT + 1)).as_bytes()).contains("at most"));
    }
}
