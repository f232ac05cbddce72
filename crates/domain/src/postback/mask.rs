//! What is shown of an address that has secrets in it: trackers take their keys in the path and in the query.

use crate::template::parts::read;

/// What stands for a secret.
pub const MASK: &str = "***";

/// Parts of parameters' names whose values are secret.
const SECRET_NAMES: [&str; 8] = ["key", "token", "secret", "pass", "auth", "sign", "hash", "pwd"];
/// Letters from which on a step of a path may be a key.
const KEY_LETTERS: usize = 6;

/// The address with its secrets covered; macros stay. An address that cannot be read is covered whole.
pub fn masked(text: &str) -> String {
    let is_address = read(text, |name| Ok(name.to_owned())).is_ok();
    let Some((head, rest)) = text.split_once("://").filter(|_| is_address) else { return MASK.to_owned() };
    let mut halves = parts(rest, '?').into_iter();
    let address = halves.next().unwrap_or_default();
    let query = rest.get(address.len() + 1..);
    let mut steps = parts(address, '/').into_iter();
    let host = steps.next().unwrap_or_default();
    let mut out = format!("{head}://{host}");
    for step in steps {
        out.push('/');
        out.push_str(if is_key(step) { MASK } else { step });
    }
    if let Some(query) = query {
        let pairs: Vec<String> = parts(query, '&').into_iter().map(pair).collect();
        out.push('?');
        out.push_str(&pairs.join("&"));
    }
    out
}

/// The parts between these letters; what stands in a macro's braces belongs to the macro.
fn parts(text: &str, between: char) -> Vec<&str> {
    let (mut all, mut begin, mut depth) = (Vec::new(), 0, 0_usize);
    for (at, letter) in text.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ if letter == between && depth == 0 => {
                all.push(&text[begin..at]);
                begin = at + letter.len_utf8();
            }
            _ => {}
        }
    }
    all.push(&text[begin..]);
    all
}

/// A parameter without its secret. `id` alone holds the token of AlterCPA.
fn pair(text: &str) -> String {
    let Some((name, value)) = text.split_once('=') else { return text.to_owned() };
    let lower = name.to_ascii_lowercase();
    let is_secret = SECRET_NAMES.iter().any(|part| lower.contains(part)) || (lower == "id" && is_key(value));
    let is_covered = is_secret && !value.is_empty() && !value.contains('{');
    if is_covered { format!("{name}={MASK}") } else { text.to_owned() }
}

/// Whether a step of a path looks like a key: letters with digits, or very many letters.
fn is_key(step: &str) -> bool {
    let is_plain = step.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    let has_digit = step.chars().any(|c| c.is_ascii_digit());
    is_plain && ((step.len() >= KEY_LETTERS && has_digit) || step.len() >= 3 * KEY_LETTERS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_covered_and_the_rest_is_shown() {
        for (whole, shown) in [
            (
                "https://t.example/fd12a9/postback?subid={subid1}&status={status}",
                "https://t.example/***/postback?subid={subid1}&status={status}",
            ),
            (
                "https://t.example/click.php?cnv_id={subid1}&key=abc",
                "https://t.example/click.php?cnv_id={subid1}&key=***",
            ),
            (
                "https://t.example/api/tracker/postback.json?id=12-a8f7c1&x=1",
                "https://t.example/api/tracker/postback.json?id=***&x=1",
            ),
            ("https://t.example/p?api_key={subid5}&Token=", "https://t.example/p?api_key={subid5}&Token="),
            (
                "https://t.example/p?s={status:pending=a&token=b1,approved=c/d}&key=x",
                "https://t.example/p?s={status:pending=a&token=b1,approved=c/d}&key=***",
            ),
            ("nonsense", "***"),
        ] {
            assert_eq!(masked(whole), shown);
        }
    }
}
