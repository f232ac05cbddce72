//! The house rules of CONTRIBUTING.md that a program can check, each as one test over the source tree.
//!
//! A small scanner tells code, comments and strings apart, so that a rule about code is not fooled by the
//! word in a comment. Standard library only. What is too long today may be listed in `tidy-long.txt`,
//! which may only shrink.

#[path = "tidy/source.rs"]
mod source;

use source::{Kind, Source, dependencies, file_names, has_word, is_kind, root, words};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::sync::LazyLock;

const FILE_LINES_MAX: usize = 500;
const FUNCTION_LINES_MAX: usize = 70;
const THIS: &str = "crates/server/tests/tidy.rs";
const LONG_LIST: &str = "crates/server/tests/tidy-long.txt";

/// Folder, library name and package name; a crate uses only those above it in this list.
const CRATES: [(&str, &str, &str); 4] = [
    ("domain", "whocpa_domain", "whocpa-domain"),
    ("store", "whocpa_store", "whocpa-store"),
    ("engine", "whocpa_engine", "whocpa-engine"),
    ("server", "whocpa", "whocpa"),
];
const DB_TEST: &str = "db_test";

static TREE: LazyLock<Vec<Source>> = LazyLock::new(|| {
    let mut found = Vec::new();
    source::collect("crates", &mut found);
    found
});

// ---- the rules

#[test]
fn every_file_says_what_it_is_for() {
    let mut wrong = Vec::new();
    for source in rust() {
        let mut depth = 0_i32;
        let first = source.text.lines().zip(source.code.lines()).find(|(line, code)| {
            let attribute = depth > 0 || line.starts_with("#![");
            depth += if attribute { count(code, '[') - count(code, ']') } else { 0 };
            !attribute && !line.is_empty()
        });
        if !first.is_some_and(|(line, _)| line.starts_with("//!")) {
            wrong.push(format!("{}:1: begin with a `//!` line that says what the file is for", source.path));
        }
    }
    report(&wrong);
}

#[test]
fn crates_look_only_to_the_right() {
    let mut wrong = Vec::new();
    for source in TREE.iter() {
        let folder = source.folder();
        let Some(rank) = CRATES.iter().position(|(name, _, _)| *name == folder) else {
            if folder != DB_TEST {
                wrong.push(format!(
                    "{}:1: there are four crates (and {DB_TEST}); not `{folder}`",
                    source.path
                ));
            }
            continue;
        };
        if source.path.ends_with("/Cargo.toml") {
            for (line, test_only, name) in dependencies(&source.text) {
                let left = CRATES.iter().skip(rank).any(|(_, _, package)| *package == name);
                // A crate may name itself for its tests, to switch a feature on.
                let itself = test_only && CRATES[rank].2 == name;
                if left && !itself || name == "whocpa-db-test" && !test_only {
                    wrong.push(format!("{}:{line}: {folder} may not depend on {name}", source.path));
                }
            }
        }
        for (line, code) in source.code_lines() {
            for (_, library, _) in CRATES.iter().skip(rank + 1) {
                if has_word(code, library) {
                    wrong.push(format!("{}:{line}: {folder} may not use {library}", source.path));
                }
            }
        }
    }
    report(&wrong);
}

#[test]
fn sql_stays_in_the_store() {
    let sql = ["SELECT ", "INSERT ", "UPDATE ", "DELETE FROM ", "CREATE TABLE"];
    let mut wrong = Vec::new();
    for source in TREE.iter().filter(|source| !["store", DB_TEST].contains(&source.folder())) {
        for (line, text) in source.strings() {
            if sql.iter().any(|start| text.trim_start().starts_with(start)) && source.path != THIS {
                wrong.push(format!("{}:{line}: SQL text belongs to crates/store", source.path));
            }
        }
        for (line, code) in source.code_lines() {
            for word in ["sea_orm", "sqlx"].into_iter().filter(|word| has_word(code, word)) {
                wrong.push(format!("{}:{line}: `{word}` stays inside crates/store", source.path));
            }
        }
        if source.path.ends_with("/Cargo.toml") {
            for (line, _, name) in dependencies(&source.text) {
                if ["sea-orm", "sea-query", "sqlx"].contains(&name.as_str()) {
                    wrong.push(format!("{}:{line}: `{name}` stays inside crates/store", source.path));
                }
            }
        }
    }
    report(&wrong);
}

#[test]
fn money_knows_no_floats() {
    let mut wrong = Vec::new();
    // Where letters stand on a page; amounts come to it as text.
    let is_layout = |path: &str| path.ends_with("engine/src/document/pdf.rs");
    let counted = |folder: &str| ["domain", "store", "engine"].contains(&folder);
    for source in rust().filter(|source| counted(source.folder()) && !is_layout(&source.path)) {
        for (line, code) in source.code_lines() {
            if let Some(word) = words(code).find(|word| is_float(word)) {
                wrong.push(format!("{}:{line}: `{word}`: count in integers (micro-units)", source.path));
            }
        }
    }
    report(&wrong);
}

#[test]
fn migrations_exist_for_both_databases() {
    let folder = |database: &str, kind: &str| format!("crates/store/migrations/{database}/{kind}");
    let mut wrong = Vec::new();
    for kind in ["main", "clicks"] {
        let [sqlite, postgres] = ["sqlite", "postgres"].map(|database| file_names(&folder(database, kind)));
        for (here, there, database) in [(&sqlite, &postgres, "postgres"), (&postgres, &sqlite, "sqlite")] {
            for name in here.difference(there) {
                wrong
                    .push(format!("{}/{name}:1: missing, the other database has it", folder(database, kind)));
            }
        }
        let mut numbers = BTreeSet::new();
        for name in sqlite.union(&postgres) {
            let number: String = name.chars().take_while(char::is_ascii_digit).collect();
            let right = number.len() == 4 && name[4..].starts_with('_') && is_kind(name, &["sql"]);
            if !right || !numbers.insert(number) {
                wrong.push(format!("{}/{name}:1: name it NNNN_name.sql, one number once", folder("*", kind)));
            }
        }
        if sqlite.is_empty() {
            wrong.push(format!("{}:1: no migrations found", folder("sqlite", kind)));
        }
    }
    report(&wrong);
}

#[test]
fn nothing_is_left_half_done() {
    let banned = ["todo!(", "unimplemented!(", "#[ignore", "dbg!("];
    let mut wrong = Vec::new();
    for source in rust() {
        for (line, code) in source.code_lines() {
            for word in banned.iter().filter(|word| code.contains(*word)) {
                wrong.push(format!("{}:{line}: `{word}` is left over", source.path));
            }
            if code.contains("allow(") && has_word(code, "dead_code") {
                wrong.push(format!("{}:{line}: remove dead code instead of allowing it", source.path));
            }
        }
        for (line, text) in (1..).zip(source.view(&[Kind::Code, Kind::Comment]).lines()) {
            for word in ["TODO", "FIXME"].into_iter().filter(|word| has_word(text, word)) {
                wrong.push(format!("{}:{line}: `{word}`: do it, or open an issue", source.path));
            }
        }
    }
    report(&wrong);
}

#[test]
fn only_the_server_prints() {
    let mut wrong = Vec::new();
    let speaks = |source: &&Source| source.folder() == "server" || source.path.ends_with("/build.rs");
    for source in rust().filter(|source| !speaks(source)) {
        for (line, code) in source.code_lines() {
            if code.contains("println!") {
                wrong.push(format!("{}:{line}: use tracing; only crates/server prints", source.path));
            }
        }
    }
    report(&wrong);
}

#[test]
fn no_trailing_whitespace() {
    let mut wrong = Vec::new();
    for source in TREE.iter() {
        for (line, text) in (1..).zip(source.text.split('\n')) {
            if text.ends_with([' ', '\t', '\r']) {
                wrong.push(format!("{}:{line}: trailing whitespace", source.path));
            }
        }
    }
    report(&wrong);
}

#[test]
fn files_and_functions_are_short() {
    let mut long = BTreeMap::new(); // name in the list -> lines, where
    let mut wrong = Vec::new();
    for source in rust() {
        let lines = source.text.lines().count();
        if lines > FILE_LINES_MAX {
            long.insert(source.path.clone(), (lines, format!("{}:1", source.path)));
        }
        for (name, line, lines) in source.functions() {
            let longest = long.entry(format!("{}::{name}", source.path)).or_default();
            *longest = (lines, format!("{}:{line}", source.path)).max(std::mem::take(longest));
        }
    }
    long.retain(|name, (lines, _)| !name.contains("::") || *lines > FUNCTION_LINES_MAX);
    let list = fs::read_to_string(root().join(LONG_LIST)).expect("tidy-long.txt is committed");
    let mut kept = Vec::new();
    for (number, row) in (1..).zip(list.lines()) {
        let (what, limit) = match row.rsplit_once(' ') {
            Some((what, limit)) if !row.starts_with('#') => (what, limit.parse().unwrap_or(0)),
            _ => ("", 0),
        };
        match long.remove(what) {
            _ if what.is_empty() => kept.push(row.to_owned()),
            Some((lines, place)) if lines > limit => {
                wrong.push(format!("{place}: {what} grew from {limit} to {lines} lines; split it"));
                kept.push(row.to_owned());
            }
            Some((lines, _)) => kept.push(format!("{what} {lines}")),
            None if updating() => {}
            None => wrong.push(format!("{LONG_LIST}:{number}: {what} is not too long any more: remove it")),
        }
    }
    for (what, (lines, place)) in long {
        wrong.push(format!("{place}: {what} has {lines} lines; split it"));
    }
    if updating() {
        fs::write(root().join(LONG_LIST), kept.join("\n") + "\n").expect("tidy-long.txt is writable");
    }
    report(&wrong);
}

#[test]
fn documents_name_paths_that_exist() {
    let roots = ["crates/", "data/", "docs/", "bench/", "tests/", ".ci/"];
    let mut wrong = Vec::new();
    for document in ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"] {
        let text = fs::read_to_string(root().join(document)).unwrap_or_default();
        for (number, line) in (1..).zip(text.lines()) {
            for quoted in line.split('`').skip(1).step_by(2) {
                let path = quoted.split(['#', ':']).next().unwrap_or_default();
                let pattern = path.contains(['*', '<', '{', ' ', '…']) || path.contains("NNNN");
                if roots.iter().any(|root| path.starts_with(root)) && !pattern && !root().join(path).exists()
                {
                    wrong.push(format!("{document}:{number}: there is no `{path}`"));
                }
            }
        }
    }
    report(&wrong);
}

// ---- helpers

fn rust() -> impl Iterator<Item = &'static Source> {
    TREE.iter().filter(|source| is_kind(&source.path, &["rs"]))
}

fn is_float(word: &str) -> bool {
    let number = word.starts_with(|first: char| first.is_ascii_digit()) && !word.starts_with("0x");
    ["f32", "f64"].iter().any(|float| word == *float || number && word.ends_with(float))
}

fn count(text: &str, letter: char) -> i32 {
    text.chars().map(|found| i32::from(found == letter)).sum()
}

fn updating() -> bool {
    std::env::var_os("TIDY_UPDATE").is_some_and(|value| value == "1")
}

#[track_caller]
fn report(wrong: &[String]) {
    assert!(wrong.is_empty(), "{} found\n{}\n", wrong.len(), wrong.join("\n"));
}
