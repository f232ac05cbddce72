//! Decisions in a CSV file: read row by row; a row that cannot be used says why and keeps its line.

use std::borrow::Cow;
use std::collections::HashSet;

use csv::{ReaderBuilder, StringRecord, Terminator};
use encoding_rs::{Encoding, UTF_8, WINDOWS_1251};
use whocpa_domain::FieldErrors;
use whocpa_domain::decision::DECISION_ROWS;
use whocpa_domain::lead::{Decider, LeadReason, LeadStatus};
use whocpa_domain::money;
use whocpa_store::decision::DecisionRow;

use crate::lead::check_why;

/// The columns, each with the headings that mean it: lower case, without spaces, `_` and `-`.
const COLUMNS: [(&str, &[&str]); 7] = [
    ("lead_id", &["leadid", "lead", "id"]),
    ("tid", &["tid"]),
    ("sale_id", &["saleid", "orderid", "transactionid", "txnid", "заказ", "номерзаказа"]),
    ("status", &["status", "статус"]),
    ("reason", &["reason", "причина"]),
    ("comment", &["comment", "substatus", "комментарий"]),
    ("amount", &["amount", "sum", "saleamount", "сумма"]),
];
/// Longest `tid` and `sale_id`, in characters.
const ID_LIMIT: usize = 255;

/// Reads all rows; gives them and what their sender should know.
///
/// # Errors
/// In words, when the file as a whole cannot be used.
pub(super) fn read(bytes: &[u8], by: Decider) -> Result<(Vec<DecisionRow>, String), String> {
    let text = text(bytes)?;
    let first = text.lines().next().unwrap_or_default();
    let most = [';', ',', '\t'].into_iter().max_by_key(|mark| (first.matches(*mark).count(), *mark == ';'));
    let delimiter = most.and_then(|mark| u8::try_from(mark).ok()).unwrap_or(b',');
    let mut builder = ReaderBuilder::new();
    let builder = builder.delimiter(delimiter).terminator(Terminator::Any(b'\n')).flexible(true);
    let mut reader = builder.from_reader(text.as_bytes());
    let headings = reader.headers().map_err(|error| words(&error))?.clone();
    let (columns, unused) = columns(&headings)?;
    let (mut rows, mut seen, mut record) = (Vec::new(), HashSet::new(), StringRecord::new());
    while reader.read_record(&mut record).map_err(|error| words(&error))? {
        if record.iter().all(|text| text.trim().is_empty()) {
            continue;
        }
        if rows.len() >= DECISION_ROWS {
            return Err(format!("The file has more than {DECISION_ROWS} rows"));
        }
        let line = record.position().map_or(0, csv::Position::line);
        let number = i64::try_from(rows.len()).unwrap_or(i64::MAX) + 1;
        let mut row = row(&record, &columns, by);
        if record.len() != headings.len() && row.error.is_empty() {
            row.error =
                format!("row: has {} fields, the row of headings has {}", record.len(), headings.len());
        }
        if !seen.insert((row.lead_id, row.tid.clone(), row.sale_id.clone())) && row.error.is_empty() {
            "row: stands in the file more than once, the first one counts".clone_into(&mut row.error);
        }
        rows.push(DecisionRow { number, line: i64::try_from(line).unwrap_or(i64::MAX), ..row });
    }
    if rows.is_empty() {
        return Err("The file has no rows".to_owned());
    }
    let unused = unused.join(", ");
    let message = if unused.is_empty() { unused } else { format!("Columns that were not used: {unused}") };
    Ok((rows, message))
}

/// The file as text: UTF-8 and UTF-16 by their marks, UTF-8 where it is that, else windows-1251.
fn text(bytes: &[u8]) -> Result<Cow<'_, str>, String> {
    let is_utf8 = std::str::from_utf8(bytes).is_ok();
    let guess = if is_utf8 { UTF_8 } else { WINDOWS_1251 };
    let encoding = Encoding::for_bom(bytes).map_or(guess, |(encoding, _)| encoding);
    let (text, _, has_errors) = encoding.decode(bytes);
    // PostgreSQL stores no NUL.
    if has_errors || text.contains('\0') {
        return Err("The file is no text".to_owned());
    }
    Ok(text)
}

/// The meaning of each column, and the headings that mean nothing here.
fn columns(headings: &StringRecord) -> Result<(Vec<&'static str>, Vec<String>), String> {
    let (mut found, mut unused): (Vec<&str>, Vec<String>) = (Vec::new(), Vec::new());
    for heading in headings {
        let plain: String =
            heading.to_lowercase().chars().filter(|letter| !" _-\u{a0}\r".contains(*letter)).collect();
        let column =
            COLUMNS.iter().find(|(_, names)| names.contains(&plain.as_str())).map(|(column, _)| *column);
        match column {
            Some(column) if found.contains(&column) => {
                return Err(format!("Two headings mean the same: {heading} stands for another one too"));
            }
            Some(_) => {}
            None => unused.push(heading.trim().chars().take(50).collect()),
        }
        found.push(column.unwrap_or_default());
    }
    if !found.contains(&"status") {
        return Err("The first row must hold the headings: status not found".to_owned());
    }
    if !["lead_id", "tid", "sale_id"].iter().any(|name| found.contains(name)) {
        return Err("The first row must hold the headings: lead_id, tid or sale_id not found".to_owned());
    }
    Ok((found, unused))
}

fn row(record: &StringRecord, columns: &[&'static str], by: Decider) -> DecisionRow {
    let field = |name: &str| {
        let place = columns.iter().position(|column| *column == name);
        place.and_then(|place| record.get(place)).unwrap_or_default().trim()
    };
    let mut errors = FieldErrors::default();
    let lead_id = match field("lead_id") {
        "" => 0,
        text => text.parse().ok().filter(|id| *id > 0).unwrap_or_else(|| {
            errors.add("lead_id", "Must be a whole number");
            -1
        }),
    };
    let (tid, sale_id) = (field("tid").to_owned(), field("sale_id").to_owned());
    for (name, text) in [("tid", &tid), ("sale_id", &sale_id)] {
        if text.chars().count() > ID_LIMIT {
            errors.add(name, format!("Must be at most {ID_LIMIT} characters"));
        }
    }
    if lead_id == 0 && tid.is_empty() && sale_id.is_empty() {
        errors.add("lead_id", "Which lead? Must be given, or tid, or sale_id");
    }
    let status = status(field("status"));
    if status.is_none() {
        errors.add("status", "Must be approved, rejected or spam (1, 2 or 3)");
    }
    let reason = match field("reason") {
        "" => None,
        text => {
            let known = LeadReason::read(text);
            if known.is_none() {
                errors.add("reason", "Not in the list of reasons");
            }
            known
        }
    };
    let comment = field("comment");
    if errors.is_empty() {
        check_why(&mut errors, by, status, reason, comment);
    }
    let amount = match field("amount") {
        "" => None,
        text => {
            // A comma of decimals is what most spreadsheets write.
            let read = money::parse_micros(&text.replace(',', "."));
            if read.is_none() {
                errors.add("amount", "Must be a plain decimal such as 12.50");
            }
            read
        }
    };
    let told: Vec<String> =
        errors.messages().iter().map(|(name, all)| format!("{name}: {}", all.join("; "))).collect();
    let short = |text: String| text.chars().take(ID_LIMIT).collect();
    DecisionRow {
        decision_id: 0,
        number: 0,
        line: 0,
        lead_id: lead_id.max(0),
        tid: short(tid),
        sale_id: short(sale_id),
        status: status.unwrap_or(LeadStatus::Pending).code(),
        reason_code: reason.unwrap_or(LeadReason::Untold).code(),
        comment: if told.is_empty() { comment.to_owned() } else { String::new() },
        amount,
        error: told.join("; "),
    }
}

/// A decision in words or as a number; repeats are found by rule, never told.
fn status(text: &str) -> Option<LeadStatus> {
    let named = LeadStatus::ALL.iter().copied().find(|status| status.word().eq_ignore_ascii_case(text));
    let status = named.or_else(|| text.parse().ok().and_then(LeadStatus::from_code));
    status.filter(|status| matches!(status, LeadStatus::Approved | LeadStatus::Rejected | LeadStatus::Spam))
}

fn words(error: &csv::Error) -> String {
    let line = error.position().map_or(0, csv::Position::line);
    format!("Line {line}: {error}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> Result<(Vec<DecisionRow>, String), String> {
        read(text.as_bytes(), Decider::Party)
    }

    #[test]
    fn rows_keep_their_lines_and_say_what_is_wrong() {
        let text = "Lead ID;Status;Reason;Comment;Amount;Manager\r\n5;approved;;;;x\r\n\r\n6;2;10;rang twice;12,50;x\n\
                    x;2;;;;x\n7;maybe;;;;x\n8;rejected;because;;;x\n9;1;10;;;x\n5;spam;30;;;x\n10;1\n";
        let (rows, message) = read_text(text).unwrap();
        assert_eq!(message, "Columns that were not used: Manager");
        let shown: Vec<(i64, i64, &str)> =
            rows.iter().map(|row| (row.line, row.lead_id, row.error.as_str())).collect();
        assert_eq!(shown[0], (2, 5, ""));
        assert_eq!((shown[1], rows[1].amount, rows[1].reason_code), ((4, 6, ""), Some(12_500_000), 10));
        assert!(shown[2].2.starts_with("lead_id: Must be a whole number"), "{}", shown[2].2);
        assert!(shown[3].2.starts_with("status: "), "{}", shown[3].2);
        assert_eq!(shown[4].2, "reason: Not in the list of reasons");
        assert!(shown[5].2.starts_with("reason: Not a reason for \"approved\""), "{}", shown[5].2);
        assert!(shown[6].2.starts_with("row: stands in the file more than once"), "{}", shown[6].2);
        assert!(shown[7].2.starts_with("row: has 2 fields"), "{}", shown[7].2);
    }

    #[test]
    fn a_file_that_cannot_be_used_says_so() {
        assert!(read_text("").unwrap_err().contains("status not found"));
        assert!(read_text("status\n1\n").unwrap_err().contains("lead_id, tid or sale_id not found"));
        assert!(read_text("id,lead_id,status\n").unwrap_err().contains("Two headings"));
        assert_eq!(read_text("id,status\n").unwrap_err(), "The file has no rows");
        let many = "id,status\n".to_owned() + &"1,1\n".repeat(DECISION_ROWS + 1);
        assert!(read_text(&many).unwrap_err().contains("more than 50000 rows"));
    }

    #[test]
    fn windows_1251_is_read() {
        let (bytes, _, _) =
            WINDOWS_1251.encode("Заказ;Статус;Причина;Комментарий\nA-1;2;10;не берёт трубку\n");
        let (rows, _) = read(&bytes, Decider::Party).unwrap();
        assert_eq!((rows[0].sale_id.as_str(), rows[0].comment.as_str()), ("A-1", "не берёт трубку"));
    }
}
