//! The source tree as the tidy rules see it: files, and for Rust what is code, comment and string.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// One text file and, when it is Rust, what each of its bytes is.
pub struct Source {
    pub path: String,
    pub text: String,
    kinds: Vec<Kind>,
    /// The text with comments and strings blanked, bytes and lines in place; empty unless Rust.
    pub code: String,
}

#[derive(Clone, Copy, PartialEq)]
pub enum Kind {
    Code,
    Comment,
    Text,
}

impl Source {
    fn new(path: String, text: String) -> Self {
        let kinds = if is_kind(&path, &["rs"]) { classify(text.as_bytes()) } else { Vec::new() };
        let mut source = Self { path, text, kinds, code: String::new() };
        source.code = source.view(&[Kind::Code]);
        source
    }

    pub fn folder(&self) -> &str {
        self.path.split('/').nth(1).unwrap_or_default()
    }

    pub fn code_lines(&self) -> impl Iterator<Item = (usize, &str)> {
        (1..).zip(self.code.lines())
    }

    pub fn view(&self, keep: &[Kind]) -> String {
        let shown = |(byte, kind): (u8, &Kind)| {
            if byte == b'\n' || keep.contains(kind) { byte } else { b' ' }
        };
        let bytes = self.text.bytes().zip(&self.kinds).map(shown).collect();
        String::from_utf8(bytes).unwrap_or_else(|error| panic!("{}: {error}", self.path))
    }

    fn line(&self, at: usize) -> usize {
        1 + self.text[..at].matches('\n').count()
    }

    /// Each string literal with its line, from behind the opening quote.
    pub fn strings(&self) -> Vec<(usize, &str)> {
        let (mut found, mut at) = (Vec::new(), 0);
        for run in self.kinds.chunk_by(PartialEq::eq) {
            let text = &self.text[at..at + run.len()];
            if run[0] == Kind::Text {
                found.push((self.line(at), text.split_once(['"', '\'']).map_or("", |(_, inside)| inside)));
            }
            at += run.len();
        }
        found
    }

    /// Each function's name, the line it stands on, and how many lines of its body are neither blank nor
    /// comment (as clippy counts).
    pub fn functions(&self) -> Vec<(String, usize, usize)> {
        let shown = self.view(&[Kind::Code, Kind::Text]);
        let mut found = Vec::new();
        for (at, _) in self.code.match_indices("fn ") {
            let name = words(&self.code[at + 3..]).next().unwrap_or_default();
            let whole_word = !self.code[..at].ends_with(|last: char| last == '_' || last.is_alphanumeric());
            if let (true, false, Some((open, close))) = (whole_word, name.is_empty(), body(&self.code, at)) {
                let lines = shown[open + 1..close].lines().filter(|line| !line.trim().is_empty());
                found.push((name.to_owned(), self.line(at), lines.count()));
            }
        }
        found
    }
}

pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Reads the text files we write (not vendored scripts and styles) below a folder, sorted by path.
pub fn collect(folder: &str, found: &mut Vec<Source>) {
    for name in file_names(folder) {
        let path = format!("{folder}/{name}");
        if root().join(&path).is_dir() {
            if !name.starts_with('.') && !["target", "node_modules"].contains(&name.as_str()) {
                collect(&path, found);
            }
        } else if is_kind(&path, &["rs", "toml", "sql", "html"]) {
            let text =
                fs::read_to_string(root().join(&path)).unwrap_or_else(|error| panic!("{path}: {error}"));
            found.push(Source::new(path, text));
        }
    }
}

pub fn file_names(folder: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(root().join(folder)).into_iter().flatten().flatten();
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

pub fn is_kind(path: &str, extensions: &[&str]) -> bool {
    path.rsplit_once('.').is_some_and(|(_, extension)| extensions.contains(&extension))
}

/// Line, whether for tests only, and name of each dependency in a manifest.
pub fn dependencies(manifest: &str) -> Vec<(usize, bool, String)> {
    let (mut found, mut table) = (Vec::new(), String::new());
    for (number, line) in (1..).zip(manifest.lines()) {
        if let Some(header) = line.strip_prefix('[') {
            header.trim_end_matches(']').clone_into(&mut table);
            if let Some((above, name)) =
                table.rsplit_once('.').filter(|(above, _)| above.ends_with("dependencies"))
            {
                found.push((number, above.ends_with("dev-dependencies"), name.to_owned()));
            }
        } else if table.ends_with("dependencies") {
            let name = line.split(['=', '.', ' ']).next().unwrap_or_default();
            found.push((number, table.ends_with("dev-dependencies"), name.to_owned()));
        }
    }
    found
}

pub fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(|letter: char| letter != '_' && !letter.is_alphanumeric())
}

pub fn has_word(line: &str, word: &str) -> bool {
    words(line).any(|found| found == word)
}

// ---- the scanner: a few token shapes, not a parser

fn classify(text: &[u8]) -> Vec<Kind> {
    let mut kinds = Vec::with_capacity(text.len());
    while kinds.len() < text.len() {
        let (kind, length) = token(&text[kinds.len()..]);
        kinds.resize((kinds.len() + length).min(text.len()), kind);
    }
    kinds
}

/// What the text begins with, and how long that is.
fn token(text: &[u8]) -> (Kind, usize) {
    let word = text.iter().take_while(|byte| **byte == b'_' || byte.is_ascii_alphanumeric()).count();
    let hashes = text[word..].iter().take_while(|byte| **byte == b'#').count();
    let quoted = text.get(word + hashes) == Some(&b'"');
    match &text[..word] {
        b"r" | b"br" | b"cr" if quoted => {
            let end = [b"\"".as_slice(), &vec![b'#'; hashes]].concat();
            let inside = &text[word + hashes + 1..];
            let length = inside.windows(end.len()).position(|part| part == end).unwrap_or(inside.len());
            (Kind::Text, word + hashes + 1 + length + end.len())
        }
        b"" | b"b" | b"c" if quoted && hashes == 0 => (Kind::Text, word + escaped(&text[word..], b'"')),
        [_, ..] => (Kind::Code, word),
        [] if text.starts_with(b"//") => {
            (Kind::Comment, text.iter().position(|byte| *byte == b'\n').unwrap_or(text.len()))
        }
        [] if text.starts_with(b"/*") => (Kind::Comment, block_comment(text)),
        [] if text.starts_with(b"'\\") => (Kind::Text, escaped(text, b'\'')),
        // `'x'` is a character, `'x` a lifetime; a character takes up to four bytes.
        [] if text[0] == b'\'' => match (2..=5).find(|end| text.get(*end) == Some(&b'\'')) {
            Some(end) if end == 2 || text[1] >= 128 => (Kind::Text, end + 1),
            _ => (Kind::Code, 1),
        },
        [] => (Kind::Code, 1),
    }
}

/// The length of a literal with backslash escapes, both quotes included.
fn escaped(text: &[u8], quote: u8) -> usize {
    let mut at = 1;
    while at < text.len() && text[at] != quote {
        at += if text[at] == b'\\' { 2 } else { 1 };
    }
    at + 1
}

fn block_comment(text: &[u8]) -> usize {
    let (mut depth, mut at) = (0, 0);
    loop {
        match text.get(at..at + 2) {
            Some(b"/*") => (depth, at) = (depth + 1, at + 2),
            Some(b"*/") if depth == 1 => return at + 2,
            Some(b"*/") => (depth, at) = (depth - 1, at + 2),
            Some(_) => at += 1,
            None => return text.len(),
        }
    }
}

/// Where the braces of the function's body open and close; none for a declaration.
fn body(code: &str, from: usize) -> Option<(usize, usize)> {
    let (mut brackets, mut braces, mut open) = (0_i32, 0_i32, None);
    for (at, byte) in code.bytes().enumerate().skip(from) {
        match byte {
            b'(' | b'[' => brackets += 1,
            b')' | b']' => brackets -= 1,
            b';' if open.is_none() && brackets == 0 => return None,
            b'{' => {
                open = open.or(Some(at));
                braces += 1;
            }
            b'}' if braces == 1 => return open.map(|open| (open, at)),
            b'}' => braces -= 1,
            _ => {}
        }
    }
    None
}

#[test]
fn the_scanner_tells_code_from_text() {
    let text =
        "fn a<'x>() { /* f32 /* */ */ b(\"}\\\"\", '}', r#\"pick \"1\"\"#); }\n// fn c() {}\nfn d();\n";
    let source = Source::new("crates/x/a.rs".to_owned(), text.to_owned());
    assert_eq!(source.strings(), [(1, "}\\\"\""), (1, "}'"), (1, "pick \"1\"\"#")]);
    assert_eq!(source.functions(), [("a".to_owned(), 1, 1)]);
    assert!(!source.code.contains("f32") && source.code.contains("<'x>"));
}
