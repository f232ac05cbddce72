//! Words with code in them, and code with colours: the only places where HTML is written by hand.

use std::fmt;

use askama::FastWritable;
use askama::filters::HtmlSafe;

use crate::i18n::Lang;

/// What stands for the reader's key in the examples; the page puts the key in its place.
pub(super) const KEY: &str = "YOUR_KEY";

/// Pages that stand in the address with their language.
const PREFIXED: [&str; 6] = ["apidocs", "offers", "news", "help", "sign-in", "register"];

/// HTML that is safe as it is: every part of it was escaped by this module.
#[derive(Debug, Clone, Default)]
pub(crate) struct Html(String);

impl HtmlSafe for Html {}

impl fmt::Display for Html {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FastWritable for Html {
    fn write_into(&self, dest: &mut dyn fmt::Write, _: &dyn askama::Values) -> askama::Result<()> {
        Ok(dest.write_str(&self.0)?)
    }
}

impl Html {
    fn push(&mut self, text: &str) {
        for letter in text.chars() {
            match letter {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\'' => self.0.push_str("&#39;"),
                other => self.0.push(other),
            }
        }
    }

    fn tagged(&mut self, class: &str, text: &str) {
        self.0.push_str("<span class=\"");
        self.0.push_str(class);
        self.0.push_str("\">");
        self.push(text);
        self.0.push_str("</span>");
    }
}

/// Words with `code` between backticks and `[words](/address)` for links; addresses of pages get the language.
pub(crate) fn rich(lang: Lang, text: &str) -> Html {
    let mut html = Html::default();
    for (number, part) in text.split('`').enumerate() {
        if number % 2 == 1 {
            html.0.push_str("<code>");
            html.push(part);
            html.0.push_str("</code>");
        } else {
            links(&mut html, lang, part);
        }
    }
    html
}

fn links(html: &mut Html, lang: Lang, text: &str) {
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('[') {
        let found = after.split_once("](/").and_then(|(words, tail)| Some((words, tail.split_once(')')?)));
        let Some((words, (address, tail))) = found else { break };
        html.push(before);
        html.0.push_str("<a href=\"");
        if PREFIXED.iter().any(|page| address.starts_with(page)) {
            html.0.push_str(lang.prefix());
        }
        html.0.push('/');
        html.push(address);
        html.0.push_str("\">");
        html.push(words);
        html.0.push_str("</a>");
        rest = tail;
    }
    html.push(rest);
}

/// JSON with colours for names, texts and numbers.
pub(super) fn json(text: &str) -> Html {
    let mut html = Html::default();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '"' => string_length(rest, '"'),
            'a'..='z' | '-' | '0'..='9' => rest.find([',', '\n', ' ', '}', ']']).unwrap_or(rest.len()),
            _ => rest
                .find(['"', '-', 't', 'f', 'n'])
                .into_iter()
                .chain(digit(rest))
                .min()
                .unwrap_or(rest.len()),
        };
        let (token, after) = rest.split_at(length.max(first.len_utf8()));
        match first {
            '"' if after.starts_with(':') => html.tagged("n", token),
            '"' => html.tagged("s", token),
            'a'..='z' | '-' | '0'..='9' => html.tagged("v", token),
            _ => html.push(token),
        }
        rest = after;
    }
    html
}

fn digit(text: &str) -> Option<usize> {
    text.find(|letter: char| letter.is_ascii_digit())
}

/// A program with colours for texts and comments, and places for the reader's key and for ids of his own: each mark with
/// the request that tells one.
pub(super) fn program(text: &str, ids: &[(&str, &str)]) -> Html {
    let mut html = Html::default();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if first == '"' || first == '\'' {
            let (token, after) = rest.split_at(string_length(rest, first));
            html.0.push_str("<span class=\"s\">");
            keyed(&mut html, token, ids);
            html.0.push_str("</span>");
            rest = after;
        } else {
            let length = rest.find(['"', '\'']).unwrap_or(rest.len());
            let (token, after) = rest.split_at(length);
            html.push(token);
            rest = after;
        }
    }
    html
}

fn keyed(html: &mut Html, token: &str, ids: &[(&str, &str)]) {
    let mut rest = token;
    while let Some(at) = rest.find("YOUR_") {
        let (before, after) = rest.split_at(at);
        html.push(before);
        let length = after.find(|letter: char| !letter.is_ascii_uppercase() && letter != '_');
        let (mark, tail) = after.split_at(length.unwrap_or(after.len()));
        if mark == KEY {
            html.0.push_str("<span data-key>");
        } else {
            let from = ids.iter().find(|(known, _)| *known == mark).map_or("", |(_, from)| *from);
            html.0.push_str("<span data-id=\"");
            html.push(from);
            html.0.push_str("\">");
        }
        html.push(mark);
        html.0.push_str("</span>");
        rest = tail;
    }
    html.push(rest);
}

/// The length of a literal that begins here, both quotes included.
fn string_length(text: &str, quote: char) -> usize {
    let mut is_escaped = false;
    for (at, letter) in text.char_indices().skip(1) {
        match letter {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            _ if letter == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_passes_unescaped() {
        assert_eq!(rich(Lang::En, "a <b> `<c>`").0, "a &lt;b&gt; <code>&lt;c&gt;</code>");
        assert_eq!(
            json("{\"<a>\": \"</b>\"}").0,
            "{<span class=\"n\">&quot;&lt;a&gt;&quot;</span>: <span class=\"s\">&quot;&lt;/b&gt;&quot;</span>}"
        );
        assert_eq!(program("<'&'>", &[]).0, "&lt;<span class=\"s\">&#39;&amp;&#39;</span>&gt;");
    }

    #[test]
    fn links_keep_the_language() {
        assert_eq!(
            rich(Lang::Uk, "[a](/apidocs/x) [b](/api/y) [c").0,
            "<a href=\"/ua/apidocs/x\">a</a> <a href=\"/api/y\">b</a> [c"
        );
    }

    #[test]
    fn json_keeps_its_text() {
        let text = "{\n  \"a\": [-1, 2.5, true, null],\n  \"b\\\"\": \"x, y\"\n}";
        let plain = json(text).0.replace("</span>", "");
        let plain = ["n", "s", "v"]
            .iter()
            .fold(plain, |text, class| text.replace(&format!("<span class=\"{class}\">"), ""));
        assert_eq!(plain.replace("&quot;", "\""), text);
    }

    #[test]
    fn the_key_has_its_place() {
        assert_eq!(
            program("'X: YOUR_KEY'", &[]).0,
            "<span class=\"s\">&#39;X: <span data-key>YOUR_KEY</span>&#39;</span>"
        );
        assert_eq!(
            program("'/api/area/YOUR_AREA_ID?x=1'", &[("YOUR_AREA_ID", "/api/area/?a=1&b=2")]).0,
            "<span class=\"s\">&#39;/api/area/<span data-id=\"/api/area/?a=1&amp;b=2\">YOUR_AREA_ID</span>?x=1&#39;</span>"
        );
    }
}
