//! What the answer of an advertiser's own system says: its id of the lead, and its decision.

use serde_json::Value as Json;

use crate::lead::LeadStatus;

/// Longest id or word that is kept, in characters.
const KEPT: usize = 200;

/// Where id and decision stand in an answer, and the system's words for decisions.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct AnswerRules {
    /// The way to its id of the lead, for example `order.id`; empty for none.
    pub id: String,
    /// The way to its status, for example `order.status`; empty for none.
    pub status: String,
    /// Its words: `approved=paid,ok;rejected=cancel`.
    pub words: String,
}

/// What an answer said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answered {
    /// Its id of the lead, empty for none.
    pub id: String,
    /// Its word for the status, empty for none.
    pub word: String,
    /// The decision that this word means.
    pub status: Option<LeadStatus>,
}

impl AnswerRules {
    /// Whether they look for anything.
    pub fn is_empty(&self) -> bool {
        self.id.is_empty() && self.status.is_empty()
    }

    /// What is wrong with the words.
    pub fn check_words(text: &str) -> Result<(), String> {
        words(text).map(drop)
    }

    /// Reads an answer. One that is not JSON says nothing.
    pub fn read(&self, text: &str) -> Answered {
        let Ok(answer) = serde_json::from_str::<Json>(text) else { return Answered::default() };
        let word = at(&answer, &self.status);
        let lower = word.to_lowercase();
        let known = words(&self.words).unwrap_or_default();
        let status = known.iter().find(|(name, _)| *name == lower).map(|(_, status)| *status);
        Answered { id: at(&answer, &self.id), status, word }
    }
}

/// The value at the end of a way such as `orders.0.id`; empty where there is none.
fn at(answer: &Json, way: &str) -> String {
    if way.is_empty() {
        return String::new();
    }
    let mut here = Some(answer);
    for name in way.split('.') {
        here = here.and_then(|inside| match inside {
            Json::Object(fields) => fields.get(name),
            Json::Array(items) => items.get(name.parse::<usize>().ok()?),
            _ => None,
        });
    }
    let text = match here {
        Some(Json::String(text)) => text.clone(),
        Some(Json::Number(number)) => number.to_string(),
        Some(Json::Bool(flag)) => flag.to_string(),
        _ => String::new(),
    };
    text.chars().filter(|letter| !letter.is_control()).take(KEPT).collect()
}

/// A system's words with what they mean, in lower case.
fn words(text: &str) -> Result<Vec<(String, LeadStatus)>, String> {
    let mut found: Vec<(String, LeadStatus)> = Vec::new();
    for part in text.split(';').map(str::trim).filter(|part| !part.is_empty()) {
        let wrong = || format!("{part}: words are written as approved=paid,ok;rejected=cancel");
        let (status, list) = part.split_once('=').ok_or_else(wrong)?;
        let status = LeadStatus::ALL.iter().find(|known| known.word() == status.trim()).ok_or_else(wrong)?;
        if *status == LeadStatus::Double {
            return Err("double: only the network finds doubles".to_owned());
        }
        for word in list.split(',').map(|word| word.trim().to_lowercase()) {
            if word.is_empty() {
                return Err(wrong());
            }
            if found.iter().any(|(known, _)| *known == word) {
                return Err(format!("{word}: means two things"));
            }
            found.push((word, *status));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read_by_their_ways_and_words() {
        let rules = AnswerRules {
            id: "orders.0.id".to_owned(),
            status: "orders.0.state".to_owned(),
            words: "approved=paid,ok; rejected=Cancel;pending=new".to_owned(),
        };
        for (answer, id, word, status) in [
            (r#"{"orders":[{"id":17,"state":"PAID"}]}"#, "17", "PAID", Some(LeadStatus::Approved)),
            (r#"{"orders":[{"id":"a-1","state":"cancel"}]}"#, "a-1", "cancel", Some(LeadStatus::Rejected)),
            (r#"{"orders":[{"id":"a-1","state":"lost"}]}"#, "a-1", "lost", None),
            (r#"{"orders":{"id":1}}"#, "", "", None),
            ("<html>", "", "", None),
        ] {
            let expected = Answered { id: id.to_owned(), word: word.to_owned(), status };
            assert_eq!(rules.read(answer), expected, "{answer}");
        }
        for wrong in ["sold=1", "approved", "approved=,", "approved=a;rejected=A", "double=d"] {
            assert!(AnswerRules::check_words(wrong).is_err(), "{wrong}");
        }
        assert!(AnswerRules::check_words("").is_ok());
    }
}
