//! Exports: kinds of files, states and limits.

use crate::codes;

codes! {
    /// Kind of file.
    pub enum ExportFormat {
        Csv = 1 "CSV, UTF-8, with a head line",
        Xlsx = 2 "XLSX",
        Json = 3 "JSON, one object on a line",
    }
}

impl ExportFormat {
    /// Ending of the file's name.
    pub fn ending(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Xlsx => "xlsx",
            Self::Json => "jsonl",
        }
    }

    /// Type of its content.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Json => "application/x-ndjson",
        }
    }
}

codes! {
    /// How far an export is.
    pub enum ExportStatus {
        Waiting = 0 "waiting for its turn",
        Running = 1 "being written",
        Ready = 2 "ready to be fetched",
        Failed = 3 "failed",
        Gone = 4 "its file was removed after its time",
    }
}

/// Rows of one file: what a sheet of XLSX holds.
pub const EXPORT_ROWS: i64 = 1_000_000;
/// Most bytes of one file.
pub const EXPORT_BYTES: i64 = 512 << 20;
/// Exports of one person that wait or run.
pub const EXPORTS_OPEN: u64 = 10;
/// Files of one person that are kept.
pub const EXPORTS_KEPT: u64 = 20;
/// Days for which a file is kept.
pub const EXPORT_DAYS: i64 = 7;
/// Bytes that all kept files may take in the store, compressed: from there on no new export is begun.
pub const EXPORT_STORE_BYTES: i64 = 4 << 30;

/// What a spreadsheet may take for the beginning of a formula (OWASP, "CSV injection"), with the full-width forms that some
/// take for the same.
const STARTS: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];
/// Where a spreadsheet may begin a new cell or a new line, whatever stands around it.
const BREAKS: [char; 4] = [';', '\t', '\r', '\n'];

/// A text as it stands in a cell of CSV: an apostrophe before what a spreadsheet would take for a formula, at its beginning and
/// where a program with another separator would begin a cell. Anything else stays as it is.
pub fn formula_safe(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    let mut begins = true;
    for letter in text.chars() {
        if begins && STARTS.contains(&letter) {
            safe.push('\'');
        }
        // Spaces before a formula hide it from us, not from every program.
        begins = BREAKS.contains(&letter) || (begins && (letter.is_whitespace() || letter == '"'));
        safe.push(letter);
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_become_texts() {
        for (text, safe) in [
            ("", ""),
            ("plain", "plain"),
            ("a=b", "a=b"),
            ("a, -b", "a, -b"),
            ("=1+1", "'=1+1"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t'=1"),
            ("\r=1", "'\r'=1"),
            ("\n=1", "'\n'=1"),
            ("  =1", "  '=1"),
            ("\"=1", "\"'=1"),
            ("＝1", "'＝1"),
            ("－1", "'－1"),
            ("a;=cmd|' /C calc'!A0", "a;'=cmd|' /C calc'!A0"),
            ("a\n@x", "a\n'@x"),
            ("https://x.example/?a=1;b=-2", "https://x.example/?a=1;b=-2"),
        ] {
            assert_eq!(formula_safe(text), safe, "{text:?}");
        }
    }

    #[test]
    fn no_cell_begins_like_a_formula() {
        let letters = ['=', '+', '-', '@', '\t', '\r', '\n', ';', ' ', '"', 'a', '＝'];
        for one in letters {
            for two in letters {
                for three in letters {
                    let text: String = [one, two, three].iter().collect();
                    for cell in formula_safe(&text).split(BREAKS) {
                        let cell = cell.trim_start_matches([' ', '"']);
                        let is_formula = cell.starts_with(|first| STARTS.contains(&first));
                        assert!(!is_formula, "{text:?}");
                    }
                }
            }
        }
    }
}
