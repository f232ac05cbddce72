//! Conversions that name no click of this network: what was sent instead of a tid, so that the sender can mend it.

use crate::codes;

codes! {
    /// Why a conversion is parked.
    pub enum OrphanKind {
        Late = 1 "the click is not known yet",
        Macro = 2 "a macro that was not replaced",
        Cut = 3 "a tid whose end was cut off",
        Foreign = 4 "the click id of another network",
        Empty = 5 "a word for nothing instead of a tid",
        Wrong = 6 "mistyped or made up",
        NoPhone = 7 "no click of this telephone number",
    }
}

codes! {
    /// What became of a parked conversion.
    pub enum OrphanState {
        Open = 0 "waits for its visit",
        Matched = 1 "became a lead",
        Refused = 2 "its visit is known, and it could not be a lead of it",
        Expired = 3 "nobody named its visit in 30 days",
        Dropped = 4 "given up by its sender",
    }
}

/// Letters that stand around a macro somewhere (rivals.md §5.2).
const MACRO_SIGNS: [char; 8] = ['{', '}', '[', ']', '<', '>', '#', '$'];
/// What programs write for a value that they do not have.
const EMPTY_WORDS: [&str; 9] = ["null", "undefined", "none", "nan", "nil", "false", "test", "-", "0"];
/// A tid has this many letters of the click's number; with fewer, nobody can tell the click.
const NUMBER_LETTERS: usize = 13;

/// Looks at a text that is no tid, and says what it is and what to do.
pub fn diagnose(sent: &str) -> (OrphanKind, String) {
    let length = sent.chars().count();
    if sent.contains(MACRO_SIGNS) || sent.starts_with('%') && sent.ends_with('%') {
        let words = "a macro that was not replaced: your system does not know it, or the name is misspelt";
        return (OrphanKind::Macro, words.to_owned());
    }
    if EMPTY_WORDS.iter().any(|word| sent.eq_ignore_ascii_case(word)) {
        return (OrphanKind::Empty, "your system had no tid to send: was it kept from the visit?".to_owned());
    }
    if let Some(what) = foreign(sent) {
        return (
            OrphanKind::Foreign,
            format!("{what}: send the value that came as tid in the visit's address"),
        );
    }
    let is_plain = sent.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if is_plain && (NUMBER_LETTERS..crate::tid::TID_LENGTH).contains(&length) {
        return (OrphanKind::Cut, format!("{length} characters instead of 21: was it cut?"));
    }
    let words = format!("not a tid of this network: mistyped or made up ({length} characters, a tid has 21)");
    (OrphanKind::Wrong, words)
}

/// Whose click id this looks like.
fn foreign(sent: &str) -> Option<&'static str> {
    let is_hex = !sent.is_empty() && sent.bytes().all(|byte| byte.is_ascii_hexdigit());
    let groups: Vec<usize> = sent.split('-').map(str::len).collect();
    let is_uuid =
        groups == [8, 4, 4, 4, 12] && sent.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit());
    match sent.len() {
        _ if is_uuid => Some("a UUID, the click id of another tracker or network"),
        32 if is_hex => Some("32 hexadecimal digits, the click id of another network (Everflow, Scaleo)"),
        30 if is_hex && sent.starts_with("102") => Some("30 hexadecimal digits, the transaction id of TUNE"),
        24 if is_hex => Some("24 hexadecimal digits, the click id of another network (Affise, Trackier)"),
        40 | 64 if is_hex => Some("a hash, the id of another system"),
        _ if sent.starts_with("Cj0") || sent.starts_with("EAIaIQ") => Some("a gclid of Google Ads"),
        _ if sent.starts_with("IwAR") || sent.starts_with("IwZX") => Some("a fbclid of Facebook"),
        _ if sent.len() > 1 && sent.bytes().all(|byte| byte.is_ascii_digit()) => {
            Some("a number, such as an order or a click of another system")
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn each_mistake_has_its_name() {
        for (sent, kind) in [
            ("{tid}", OrphanKind::Macro),
            ("[[[subid]]]", OrphanKind::Macro),
            ("#reqid#", OrphanKind::Macro),
            ("%tid%", OrphanKind::Macro),
            ("${TID}", OrphanKind::Macro),
            ("undefined", OrphanKind::Empty),
            ("NULL", OrphanKind::Empty),
            ("9b2e6c1e-7c1c-4f0e-8d53-6f2a4c1b9e77", OrphanKind::Foreign),
            ("974efaa86716e372442ab44c8a3f563b", OrphanKind::Foreign),
            ("1027c887059b47bc69c699f45466b9", OrphanKind::Foreign),
            ("5f1b7c9ad1a3c3000159fcb2", OrphanKind::Foreign),
            ("EAIaIQobChMI1", OrphanKind::Foreign),
            ("20260411", OrphanKind::Foreign),
            ("0abc1def2ghj3kmn", OrphanKind::Cut),
            ("hello", OrphanKind::Wrong),
            ("0abc1def2ghj3kmn0abc1", OrphanKind::Wrong),
        ] {
            assert_eq!(diagnose(sent).0, kind, "{sent}");
        }
    }

    proptest! {
        #[test]
        fn every_text_has_a_diagnosis(sent in ".*") {
            prop_assert!(!diagnose(&sent).1.is_empty());
        }
    }
}
