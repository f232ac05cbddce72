//! The HTML of news: what may stand in it, and its text without markup.
//!
//! Everything that is not on the lists below is taken out, by a parser that reads as browsers do; scripts, styles,
//! event handlers, frames, forms and pictures are on none of them. Texts are cleaned before they are stored and again
//! when they are shown, so that a row which was written past this program shows nothing else either.

use std::collections::{HashMap, HashSet};

use ammonia::{Builder, UrlRelative};

/// Elements that stay.
const TAGS: [&str; 26] = [
    "a",
    "b",
    "blockquote",
    "br",
    "code",
    "em",
    "h3",
    "h4",
    "hr",
    "i",
    "li",
    "ol",
    "p",
    "pre",
    "s",
    "strong",
    "sub",
    "sup",
    "table",
    "tbody",
    "td",
    "th",
    "thead",
    "tr",
    "u",
    "ul",
];
/// Where links may lead.
const SCHEMES: [&str; 4] = ["http", "https", "mailto", "tg"];
/// Elements after which a word ends.
const BREAKS: [&str; 14] =
    ["blockquote", "br", "h3", "h4", "hr", "li", "ol", "p", "pre", "table", "td", "th", "tr", "ul"];
/// Characters of an excerpt.
const EXCERPT: usize = 200;

/// The HTML with nothing in it but what may stand there. Links open in a place of their own, tell the other site
/// nothing of this one and pass no rank; addresses without a host are completed by `base_url`. Cleaning twice is
/// cleaning once.
pub(super) fn clean(html: &str, base_url: &str) -> String {
    // Without a known host there is nothing that a short address could mean.
    let relative = url::Url::parse(base_url).map_or(UrlRelative::Deny, UrlRelative::RewriteWithBase);
    Builder::empty()
        .tags(HashSet::from(TAGS))
        .clean_content_tags(HashSet::from(["script", "style", "title", "noscript", "template"]))
        .tag_attributes(HashMap::from([
            ("a", HashSet::from(["href", "title"])),
            ("td", HashSet::from(["colspan", "rowspan"])),
            ("th", HashSet::from(["colspan", "rowspan"])),
        ]))
        .url_schemes(HashSet::from(SCHEMES))
        .url_relative(relative)
        .link_rel(Some("noopener noreferrer nofollow"))
        .set_tag_attribute_value("a", "target", "_blank")
        .clean(html)
        .to_string()
}

/// What was written into a form as HTML: a text without any markup keeps its line breaks.
pub(super) fn from_input(text: &str, base_url: &str) -> String {
    // Browsers end lines of a form with two characters.
    let text = text.replace("\r\n", "\n");
    let html = clean(&text, base_url);
    if html.contains('<') { html } else { html.replace('\n', "<br>\n") }
}

/// The text of cleaned HTML on one line, without markup.
pub(super) fn plain(clean_html: &str) -> String {
    let mut text = String::with_capacity(clean_html.len());
    let mut rest = clean_html;
    // In cleaned HTML `<` begins markup and nothing else; a `>` may stand in a quoted value.
    while let Some(start) = rest.find('<') {
        text.push_str(&rest[..start]);
        let tag = &rest[start + 1..];
        let name: String =
            tag.trim_start_matches('/').chars().take_while(char::is_ascii_alphanumeric).collect();
        if BREAKS.contains(&name.as_str()) {
            text.push(' ');
        }
        rest = &tag[end_of_tag(tag)..];
    }
    text.push_str(rest);
    let text = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&nbsp;", " "), ("&amp;", "&")]
        .into_iter()
        .fold(text, |text, (entity, character)| text.replace(entity, character));
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The place after the `>` that ends a tag.
fn end_of_tag(tag: &str) -> usize {
    let mut is_quoted = false;
    let end = tag.char_indices().find(|(_, character)| {
        is_quoted ^= *character == '"';
        *character == '>' && !is_quoted
    });
    end.map_or(tag.len(), |(at, _)| at + 1)
}

/// The beginning of a plain text, cut between two words.
pub(super) fn excerpt(plain: &str) -> String {
    let Some((end, _)) = plain.char_indices().nth(EXCERPT) else { return plain.to_owned() };
    let head = &plain[..end];
    let words = head.rsplit_once(' ').map_or(head, |(words, _)| words);
    format!("{words}…")
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: &str = "https://cpa.test";

    #[test]
    fn what_may_stand_in_news_stays() {
        let html = "<p>One <b>two</b> &amp; <i>three</i></p><ul><li>a</li></ul><table><tbody><tr><td colspan=\"2\">x</td></tr></tbody></table>";
        assert_eq!(clean(html, BASE), html);
        assert_eq!(plain(html), "One two & three a x");
    }

    #[test]
    fn links_are_marked_and_completed() {
        let shown = clean("<a href='/apidocs/changes' onclick=x>see</a>", BASE);
        for part in [
            "href=\"https://cpa.test/apidocs/changes\"",
            "rel=\"noopener noreferrer nofollow\"",
            "target=\"_blank\"",
            ">see</a>",
        ] {
            assert!(shown.contains(part), "{part} in {shown}");
        }
        assert!(!shown.contains("onclick"));
        assert!(!clean("<a href='/x'>see</a>", "").contains("href"));
    }

    #[test]
    fn text_without_markup_keeps_its_lines() {
        assert_eq!(from_input("One\r\ntwo & three", BASE), "One<br>\ntwo &amp; three");
        assert_eq!(plain("One<br>\ntwo &amp;amp; three"), "One two &amp; three");
    }

    #[test]
    fn quoted_angles_end_no_tag() {
        assert_eq!(plain(&clean("<a href=\"https://a.b/\" title=\"1 > 0\">x</a>y", BASE)), "xy");
    }

    #[test]
    fn excerpts_end_between_words() {
        let long = "слово ".repeat(60);
        let cut = excerpt(long.trim());
        assert!(cut.ends_with("слово…") && cut.chars().count() <= EXCERPT + 1, "{cut}");
        assert_eq!(excerpt("short"), "short");
    }

    #[test]
    fn cleaning_twice_is_cleaning_once() {
        for html in ["a < b & c", "<p>x<p>y", "<a href=//x.y/?a=1&b=2>l</a>", "&lt;script&gt;", "<b><i></b>"]
        {
            let once = clean(html, BASE);
            assert_eq!(clean(&once, BASE), once, "{html}");
        }
    }
}
