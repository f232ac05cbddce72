//! Addresses as other networks write them: their brackets become ours when a postback is saved, so that only one way of
//! writing macros is ever sent.

use super::macros;

/// Foreign brackets, the longer ones first. The last three are ordinary characters of addresses too: between them only a name
/// that is known is a macro.
const BRACKETS: [(&str, &str, bool); 8] = [
    ("[[[", "]]]", true),
    ("{{", "}}", true),
    ("##", "##", true),
    ("[[", "]]", true),
    ("[", "]", true),
    ("#", "#", false),
    ("%", "%", false),
    ("<", ">", false),
];

/// The address with macros in our own form. What looks like a macro of somebody else and is none that is known stays between
/// our braces, where it is refused with the nearest name.
pub fn convert(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    'text: while let Some(first) = rest.chars().next() {
        if rest.starts_with('{') && !rest.starts_with("{{") {
            let end = rest.find('}').map_or(rest.len(), |at| at + 1);
            out.push_str(&own(&rest[..end]));
            rest = &rest[end..];
            continue;
        }
        for (open, close, is_sure) in BRACKETS {
            if let Some((name, tail)) = inside(rest, open, close, is_sure) {
                out.push('{');
                out.push_str(&name.to_ascii_lowercase());
                out.push('}');
                rest = tail;
                continue 'text;
            }
        }
        out.push(first);
        rest = &rest[first.len_utf8()..];
    }
    out
}

/// The name between such brackets at the beginning of the text, and what follows.
fn inside<'a>(text: &'a str, open: &str, close: &str, is_sure: bool) -> Option<(&'a str, &'a str)> {
    let (name, tail) = text.strip_prefix(open)?.split_once(close)?;
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let is_known = macros::find(&name.to_ascii_lowercase()).is_some();
    // `order[id]=5` is the name of a parameter.
    let is_key = open == "[" && tail.starts_with(['=', '[']);
    (is_name && !is_key && (is_sure || is_known)).then_some((name, tail))
}

/// A macro in braces: Keitaro's low line for values as they are, and its spaces between words for statuses.
fn own(text: &str) -> String {
    let inner = text.trim_start_matches('{').trim_end_matches('}');
    if let Some(name) = inner.strip_prefix('_').filter(|name| macros::find(name).is_some()) {
        return format!("{{raw:{name}}}");
    }
    if inner.contains(':') && inner.contains('=') {
        let words: Vec<&str> = inner.split([' ', ',']).filter(|word| !word.is_empty()).collect();
        let (first, others) = words.split_first().unwrap_or((&"", &[]));
        let glue = if first.ends_with(':') || others.is_empty() { "" } else { "," };
        return format!("{{{first}{glue}{}}}", others.join(","));
    }
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_of_others_become_ours() {
        for (theirs, ours) in [
            ("https://t.example/?a={sub1}&b={status}", "https://t.example/?a={sub1}&b={status}"),
            (
                "https://t.example/?a={{subid1}}&b={{goal_title}}",
                "https://t.example/?a={subid1}&b={goal_title}",
            ),
            ("https://t.example/?a=##CLICK_ID##&b=#s2#", "https://t.example/?a={click_id}&b={s2}"),
            (
                "https://t.example/?a=[sub_id1]&b=[[[payment_sum]]]",
                "https://t.example/?a={sub_id1}&b={payment_sum}",
            ),
            ("https://t.example/?a=%subid1%&b=<payout>", "https://t.example/?a={subid1}&b={payout}"),
            ("https://t.example/?order[id]=5&x[]=1#top", "https://t.example/?order[id]=5&x[]=1#top"),
            ("https://t.example/?a=%20%7B&b=a<b", "https://t.example/?a=%20%7B&b=a<b"),
            (
                "https://t.example/?s={status:pending=lead approved=sale}",
                "https://t.example/?s={status:pending=lead,approved=sale}",
            ),
            (
                "https://t.example/?s={status: pending=lead, approved=sale}",
                "https://t.example/?s={status:pending=lead,approved=sale}",
            ),
            ("https://t.example/?s={_subid}", "https://t.example/?s={raw:subid}"),
            ("https://t.example/?s=[nonsense]", "https://t.example/?s={nonsense}"),
            ("https://t.example/?s={", "https://t.example/?s={"),
        ] {
            assert_eq!(convert(theirs), ours);
            assert_eq!(convert(ours), ours, "what is ours stays as it is");
        }
    }
}
