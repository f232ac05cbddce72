//! Translations of what the declarations say: the key is the English sentence itself, so that a changed sentence is
//! missed by the test instead of keeping an old translation.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::Lang;

type Catalogue = HashMap<&'static str, &'static str>;

static RU: LazyLock<Catalogue> = LazyLock::new(|| read(include_str!("../../i18n/ru/reference.tsv")));
static UK: LazyLock<Catalogue> = LazyLock::new(|| read(include_str!("../../i18n/uk/reference.tsv")));

/// The translation of a sentence, if there is one.
pub(super) fn find(lang: Lang, sentence: &str) -> Option<&'static str> {
    let catalogue = match lang {
        Lang::En => return None,
        Lang::Ru => &RU,
        Lang::Uk => &UK,
    };
    catalogue.get(sentence).copied()
}

static RU_MESSAGES: LazyLock<Catalogue> = LazyLock::new(|| read(include_str!("../../i18n/ru/messages.tsv")));
static UK_MESSAGES: LazyLock<Catalogue> = LazyLock::new(|| read(include_str!("../../i18n/uk/messages.tsv")));

/// What operations say of bad values. Their numbers stand as `#` in the catalogue, in the order of the sentence.
pub(super) fn message(lang: Lang, english: &str) -> String {
    let catalogue = match lang {
        Lang::En => return english.to_owned(),
        Lang::Ru => &RU_MESSAGES,
        Lang::Uk => &UK_MESSAGES,
    };
    let (mut pattern, mut numbers) = (String::new(), Vec::new());
    let mut rest = english;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, after) = rest.split_at(start);
        let end = after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len());
        let (number, tail) = after.split_at(end);
        pattern.push_str(before);
        pattern.push('#');
        numbers.push(number);
        rest = tail;
    }
    pattern.push_str(rest);
    let Some(translation) = catalogue.get(pattern.as_str()) else { return english.to_owned() };
    let mut text = String::new();
    let mut numbers = numbers.into_iter();
    for (index, part) in translation.split('#').enumerate() {
        if index > 0 {
            text.push_str(numbers.next().unwrap_or_default());
        }
        text.push_str(part);
    }
    text
}

/// Lines of sentence, tab, translation; one without a translation is not there.
fn read(text: &'static str) -> Catalogue {
    let pairs = text.lines().filter_map(|line| line.split_once('\t'));
    pairs.filter(|(_, translation)| !translation.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_a_message_are_kept() {
        assert_eq!(message(Lang::Ru, "Must be at least 8 characters"), "Не меньше 8 символов");
        assert_eq!(message(Lang::Uk, "Must be from 1 to 50"), "Від 1 до 50");
        assert_eq!(message(Lang::Ru, "What nobody translated 7"), "What nobody translated 7");
        assert_eq!(message(Lang::En, "Must be from 1 to 50"), "Must be from 1 to 50");
    }
}
