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

/// Lines of sentence, tab, translation; one without a translation is not there.
fn read(text: &'static str) -> Catalogue {
    let pairs = text.lines().filter_map(|line| line.split_once('\t'));
    pairs.filter(|(_, translation)| !translation.is_empty()).collect()
}
