//! The catalogues of translations: whole, without leftovers, and true to the code words of their sentences.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use whocpa::api::REGISTRY;
use whocpa::apidocs::sentences;

fn path(tag: &str) -> PathBuf {
    PathBuf::from(format!("{}/i18n/{tag}/reference.tsv", env!("CARGO_MANIFEST_DIR")))
}

fn read(tag: &str) -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(path(tag)).expect("a catalogue");
    let pairs = text.lines().filter_map(|line| line.split_once('\t'));
    pairs.map(|(sentence, translation)| (sentence.to_owned(), translation.to_owned())).collect()
}

/// Names between backticks, sorted: a translation keeps them all.
fn names(text: &str) -> Vec<&str> {
    let mut names: Vec<&str> = text.split('`').skip(1).step_by(2).collect();
    names.sort_unstable();
    names
}

/// `TRANSLATE_UPDATE=1 cargo test -p whocpa --test reference catalogue` adds sentences without a translation, to be
/// filled in, and removes those that nobody says any more.
#[test]
fn every_sentence_is_translated() {
    let said = sentences(&REGISTRY);
    let is_updating = std::env::var_os("TRANSLATE_UPDATE").is_some_and(|value| value == "1");
    let mut wrong = Vec::new();
    for tag in ["ru", "uk"] {
        let mut catalogue = read(tag);
        if is_updating {
            let mut text = String::new();
            for sentence in &said {
                let translation = catalogue.get(*sentence).map_or("", String::as_str);
                writeln!(text, "{sentence}\t{translation}").expect("text grows");
            }
            std::fs::write(path(tag), text).expect("the catalogue is writable");
            catalogue = read(tag);
        }
        for sentence in &said {
            assert!(!sentence.contains(['\t', '\n']), "{sentence}");
            match catalogue.get(*sentence).map(String::as_str) {
                None | Some("") => wrong.push(format!("{tag}: not translated: {sentence}")),
                Some(translation) if names(translation) != names(sentence) => {
                    wrong.push(format!("{tag}: other names between backticks: {sentence}"));
                }
                Some(_) => {}
            }
        }
        for sentence in catalogue.keys().filter(|sentence| !said.contains(sentence.as_str())) {
            wrong.push(format!("{tag}: nobody says it any more: {sentence}"));
        }
    }
    println!("reference: {} sentences", said.len());
    assert!(wrong.is_empty(), "{} found\n{}\n", wrong.len(), wrong.join("\n"));
}
