//! No page says anything that is not in the files of texts, and no file has a text that no page says.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Words that are the same in every language.
const NAMES: [&str; 5] = ["whocpa", "OpenAPI", "CR", "HTTP", "subid1"];

fn files(folder: &str, ending: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|known| known == ending) {
                let text = fs::read_to_string(&path).expect("a file");
                found.push((path, text));
            }
        }
    }
    found
}

/// The template without its expressions.
fn plain(template: &str) -> String {
    let mut text = template.to_owned();
    // These two blocks name styles.
    for block in ["{% block width %}", "{% block kind %}"] {
        while let Some(start) = text.find(block) {
            let end = text[start..].find("{% endblock %}").map_or(text.len(), |end| start + end);
            text.replace_range(start..end, "{% block %}");
        }
    }
    for (open, close) in [("{#", "#}"), ("{%", "%}"), ("{{", "}}")] {
        while let Some(start) = text.find(open) {
            let end = text[start..].find(close).map_or(text.len(), |end| start + end + close.len());
            text.replace_range(start..end, "");
        }
    }
    text
}

/// What a reader sees or hears of a template's own words.
fn spoken(template: &str) -> Vec<String> {
    let text = plain(template);
    let mut words = Vec::new();
    let mut rest = text.as_str();
    while let Some(start) = rest.find('<') {
        words.push(rest[..start].to_owned());
        let end = rest[start..].find('>').map_or(rest.len(), |end| start + end + 1);
        let tag = &rest[start..end];
        for name in ["title=\"", "alt=\"", "placeholder=\"", "aria-label=\"", "data-confirm=\""] {
            words.extend(
                tag.split(name).skip(1).filter_map(|value| value.split('"').next()).map(str::to_owned),
            );
        }
        rest = &rest[end..];
    }
    words.push(rest.to_owned());
    words
}

#[test]
fn templates_hold_no_words() {
    let mut wrong = Vec::new();
    for (path, template) in files("templates/site", "html") {
        for word in spoken(&template) {
            let left = NAMES.iter().fold(word.clone(), |left, name| left.replace(name, ""));
            if left.contains(char::is_alphabetic) {
                wrong.push(format!("{}: {:?}", path.display(), word.trim()));
            }
        }
    }
    assert!(wrong.is_empty(), "put these into i18n:\n{}", wrong.join("\n"));
}

#[test]
fn every_text_is_said_and_every_said_text_is_there() {
    let source: String = files("i18n/en", "ftl")
        .into_iter()
        .filter(|(path, _)| !path.ends_with("apidocs.ftl"))
        .map(|(_, text)| text)
        .collect();
    let keys: BTreeSet<&str> = source
        .lines()
        .filter(|line| line.starts_with(|first: char| first.is_ascii_lowercase()))
        .filter_map(|line| line.split(" =").next())
        .collect();
    let shared = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("i18n/en/apidocs.ftl"));
    let shared = shared.expect("the texts");
    let mut missing = Vec::new();
    let mut all = String::new();
    for (path, text) in files("templates/site", "html").into_iter().chain(files("src/site", "rs")) {
        for call in [
            "f.t(\"",
            "f.r(\"",
            "f.count(\"",
            "f.with(\"",
            "lang.t(\"",
            "lang.with(\"",
            ".hint(\"",
            ".label(\"",
        ] {
            for key in text.split(call).skip(1).filter_map(|rest| rest.split('"').next()) {
                let is_known = keys.contains(key) || shared.contains(&format!("\n{key} ="));
                if !is_known {
                    missing.push(format!("{}: {key}", path.display()));
                }
            }
        }
        all.push_str(&text);
    }
    assert!(missing.is_empty(), "no file of texts has\n{}", missing.join("\n"));
    // Made of parts: fields by their parameters, refusals by their kind, what was done by a list.
    let made = [
        "sort-",
        "register-done-title",
        "register-title",
        "field-",
        "wrong-",
        "done-",
        "menu-own-",
        "rights-",
        "setup-closed",
        "shape-",
        "group-",
        "trial-",
        "op-payout-",
        "weekday-",
    ];
    let silent: Vec<&&str> = keys
        .iter()
        .filter(|key| {
            !made.iter().any(|start| key.starts_with(start)) && !all.contains(&format!("\"{key}\""))
        })
        .collect();
    assert!(silent.is_empty(), "nothing says {silent:?}");
}
