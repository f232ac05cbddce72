//! Help pages: `i18n/<language>/help/<topic>.md`, a title and paragraphs, headings and lists.

use askama::Template;
use axum::extract::Path;
use whocpa_domain::Error;

use super::answer::{Shown, page};
use super::frame::Frame;
use super::reader::Reader;
use crate::apidocs::text::{Html, rich};
use crate::i18n::Lang;

macro_rules! topics {
    ($($name:literal),* $(,)?) => {
        /// Name and text in each language, in the order in which they are shown.
        const TOPICS: &[(&str, [&str; 3])] = &[$((
            $name,
            [
                include_str!(concat!("../../i18n/en/help/", $name, ".md")),
                include_str!(concat!("../../i18n/ru/help/", $name, ".md")),
                include_str!(concat!("../../i18n/uk/help/", $name, ".md")),
            ],
        )),*];
    };
}

topics!["network", "link", "postback", "money", "offer", "integration", "status"];

/// A piece of a page.
struct Block {
    /// `h`, `p` or `li`.
    kind: &'static str,
    /// Words, and whether they are stressed.
    parts: Vec<(bool, Html)>,
}

/// A topic in the menu.
struct Topic {
    url: String,
    title: &'static str,
    is_here: bool,
}

#[derive(Template)]
#[template(path = "site/help.html")]
struct HelpPage {
    f: Frame,
    topics: Vec<Topic>,
    blocks: Vec<Block>,
}

/// The first topic.
pub(super) async fn first(reader: Reader) -> Shown {
    shown(&reader, TOPICS[0].0)
}

/// One topic.
pub(super) async fn view(reader: Reader, Path(name): Path<String>) -> Shown {
    shown(&reader, &name)
}

fn shown(reader: &Reader, name: &str) -> Shown {
    let lang = reader.lang;
    let (_, texts) = TOPICS.iter().find(|(known, _)| *known == name).ok_or(Error::NotFound)?;
    let (title, text) = split(texts[lang as usize]);
    let topics = TOPICS.iter().map(|(topic, texts)| Topic {
        url: reader.to(&format!("/help/{topic}")),
        title: split(texts[lang as usize]).0,
        is_here: *topic == name,
    });
    page(&HelpPage {
        f: Frame::new(reader, title.to_owned()),
        topics: topics.collect(),
        blocks: blocks(lang, text),
    })
}

/// The title, and what stands under it.
fn split(text: &'static str) -> (&'static str, &'static str) {
    let (title, rest) = text.split_once('\n').unwrap_or((text, ""));
    (title.trim_start_matches("# "), rest)
}

fn blocks(lang: Lang, text: &str) -> Vec<Block> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let block = |line: &str| {
        let (kind, words) = match (line.strip_prefix("## "), line.strip_prefix("- ")) {
            (Some(words), _) => ("h", words),
            (_, Some(words)) => ("li", words),
            _ => ("p", line),
        };
        // Every second piece stands between two pairs of stars.
        let parts = words.split("**").enumerate().filter(|(_, part)| !part.is_empty());
        Block { kind, parts: parts.map(|(index, part)| (index % 2 == 1, rich(lang, part))).collect() }
    };
    lines.map(block).collect()
}
