//! Robots that say so in their user agent: the patterns of crawler-user-agents (`data/crawler`).
//!
//! Nearly all patterns are plain words. They are looked for in one pass over the user agent; only the few that are
//! more than words are regular expressions.

use aho_corasick::AhoCorasick;
use regex::Regex;
use whocpa_domain::{Error, Result};

const PATTERNS: &str = include_str!("../../../../data/crawler/patterns.txt");

/// Who is known.
pub(super) struct Crawlers {
    words: AhoCorasick,
    others: Regex,
}

impl Crawlers {
    /// Reads the list.
    ///
    /// # Errors
    /// [`Error::Internal`] when a pattern of the list is none: the tests would have found it.
    pub fn new() -> Result<Self> {
        let (mut words, mut others) = (Vec::new(), Vec::new());
        for pattern in PATTERNS.lines() {
            match word(pattern) {
                Some(word) => words.push(word),
                None => others.push(format!("(?:{pattern})")),
            }
        }
        let broken = |error: String| Error::Internal(format!("the list of robots: {error}"));
        Ok(Self {
            words: AhoCorasick::new(words).map_err(|e| broken(e.to_string()))?,
            others: Regex::new(&others.join("|")).map_err(|e| broken(e.to_string()))?,
        })
    }

    /// Whether this user agent is a robot's.
    pub fn knows(&self, ua: &str) -> bool {
        self.words.is_match(ua) || self.others.is_match(ua)
    }
}

/// The word that a pattern looks for, unless it is more than one.
fn word(pattern: &str) -> Option<String> {
    let mut word = String::new();
    let mut letters = pattern.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => word.push(letters.next().filter(|next| !next.is_alphanumeric())?),
            '.' | '^' | '$' | '*' | '+' | '?' | '{' | '}' | '[' | ']' | '|' | '(' | ')' => return None,
            other => word.push(other),
        }
    }
    Some(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLES: &str = include_str!("../../../../data/crawler/samples.txt");

    #[test]
    fn all_samples_are_found_and_people_are_not() {
        let crawlers = Crawlers::new().expect("the list");
        let missed: Vec<&str> = SAMPLES.lines().filter(|ua| !crawlers.knows(ua)).collect();
        assert!(missed.is_empty(), "{} missed: {missed:?}", missed.len());
        assert!(SAMPLES.lines().count() > 2000);
        for ua in super::super::agent::BROWSERS.map(|browser| browser.0) {
            assert!(!crawlers.knows(ua), "{ua}");
        }
    }

    #[test]
    fn words_are_told_from_patterns() {
        assert_eq!(word("Googlebot\\/").as_deref(), Some("Googlebot/"));
        for pattern in ["[wW]get", "^curl", "a\\d", "a|b", "x\\"] {
            assert_eq!(word(pattern), None, "{pattern}");
        }
    }
}
