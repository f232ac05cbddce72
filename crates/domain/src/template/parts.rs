//! What all addresses with macros share: how they are read, and how a value stays in its place.

use std::fmt::Write;

/// A macro is named at most this unlike another one to be suggested instead of it.
const SUGGESTED_EDITS: usize = 3;

/// A piece of an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Part<M> {
    /// As it is.
    Text(String),
    /// A value goes here; in the path a value may not step out of its place.
    Macro { name: M, is_path: bool },
}

/// Reads an address; an unknown macro or an address that is not `http(s)://host…` is refused in words.
pub(crate) fn read<M>(text: &str, named: impl Fn(&str) -> Result<M, String>) -> Result<Vec<Part<M>>, String> {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let host = rest.and_then(|rest| rest.split(['/', '?', '#']).next()).unwrap_or_default();
    if host.is_empty() || host.contains(['{', '@', '\\', ' ']) {
        return Err("Must be an http or https address with a host".to_owned());
    }
    if text.chars().any(|c| c.is_control() || c == ' ') {
        return Err("Must not contain spaces or control characters".to_owned());
    }
    let mut parts = Vec::new();
    let (mut rest, mut is_path) = (text, true);
    while let Some((before, after)) = rest.split_once('{') {
        let (name, tail) = after.split_once('}').ok_or("A macro is not closed with }")?;
        is_path &= !before.contains(['?', '#']);
        parts.push(Part::Text(before.to_owned()));
        parts.push(Part::Macro { name: named(name)?, is_path });
        rest = tail;
    }
    parts.push(Part::Text(rest.to_owned()));
    if !leads_somewhere(&parts) {
        return Err("Must be an http or https address with a host".to_owned());
    }
    Ok(parts)
}

/// Whether programs would take the address, whatever its macros stand for: they stand behind the host.
fn leads_somewhere<M>(parts: &[Part<M>]) -> bool {
    let text = |part: &Part<M>| match part {
        Part::Text(text) => text.clone(),
        Part::Macro { .. } => "x".to_owned(),
    };
    let plain: String = parts.iter().map(text).collect();
    let url = url::Url::parse(&plain).ok();
    url.and_then(|url| url.host_str().map(|host| !host.trim_end_matches('.').is_empty())).unwrap_or(false)
}

/// Says which macro might be meant.
pub(crate) fn refusal<'a>(name: &str, names: impl Iterator<Item = &'a &'a str>) -> String {
    let lower = name.to_ascii_lowercase();
    let nearest = names.map(|known| (strsim::levenshtein(&lower, &known.to_ascii_lowercase()), known)).min();
    match nearest {
        Some((edits, known)) if edits <= SUGGESTED_EDITS.min(name.chars().count()) => {
            format!("Unknown macro {{{name}}}: did you mean {{{known}}}?")
        }
        _ => format!("Unknown macro {{{name}}}"),
    }
}

/// Writes a value so that it stays in its place: letters, digits and `-_.~` as they are, everything else in percents.
pub(crate) fn encode(out: &mut String, value: &str, is_path: bool) {
    let steps = is_path && value.bytes().all(|byte| byte == b'.');
    for byte in value.bytes() {
        match byte {
            b'.' if steps => out.push('_'),
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
            // Writing to a String cannot fail.
            other => drop(write!(out, "%{other:02X}")),
        }
    }
}
