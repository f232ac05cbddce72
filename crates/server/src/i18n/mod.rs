//! The languages of the pages: texts of the interface (fluent) and of what the declarations say (a catalogue).

mod catalogue;

use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};

/// A language of the pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lang {
    /// English, the language of the declarations.
    En,
    /// Russian.
    Ru,
    /// Ukrainian.
    Uk,
}

/// Marks a text that is missing; no page may hold it, which a test checks.
pub const MISSING: char = '\u{27e6}';

/// Files of texts, of the same names in the folder of each language.
macro_rules! texts {
    ($($file:literal)+) => {
        #[cfg(test)]
        const FILES: &[&str] = &[$($file),+];

        static BUNDLES: LazyLock<[FluentBundle<FluentResource>; 3]> = LazyLock::new(|| {
            [
                bundle("en", &[$(include_str!(concat!("../../i18n/en/", $file, ".ftl"))),+]),
                bundle("ru", &[$(include_str!(concat!("../../i18n/ru/", $file, ".ftl"))),+]),
                bundle("uk", &[$(include_str!(concat!("../../i18n/uk/", $file, ".ftl"))),+]),
            ]
        });
    };
}

texts! { "apidocs" "site" "letters" "cabinet" "webmaster" "advertiser" "operator" }

impl Lang {
    /// All three, in the order in which they are offered.
    pub const ALL: [Self; 3] = [Self::En, Self::Ru, Self::Uk];

    /// The tag of `lang` and `hreflang`.
    pub fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Ru => "ru",
            Self::Uk => "uk",
        }
    }

    /// What stands before the path of a page (whocpa.md §1).
    pub fn prefix(self) -> &'static str {
        match self {
            Self::En => "",
            Self::Ru => "/ru",
            Self::Uk => "/ua",
        }
    }

    /// Two letters for a switch.
    pub fn short(self) -> &'static str {
        match self {
            Self::En => "EN",
            Self::Ru => "RU",
            Self::Uk => "UA",
        }
    }

    /// Its own name for itself.
    pub fn title(self) -> &'static str {
        match self {
            Self::En => "English",
            Self::Ru => "Русский",
            Self::Uk => "Українська",
        }
    }

    /// The language of a path and the rest of it.
    pub fn of_path(path: &str) -> (Self, &str) {
        for lang in [Self::Ru, Self::Uk] {
            if let Some(rest) = path.strip_prefix(lang.prefix())
                && (rest.is_empty() || rest.starts_with('/'))
            {
                return (lang, rest);
            }
        }
        (Self::En, path)
    }

    /// A text of the interface.
    pub fn t(self, key: &str) -> String {
        self.text(key, None)
    }

    /// A text of the interface with one value in it.
    pub fn with(self, key: &str, name: &str, value: impl Into<Value>) -> String {
        self.with_all(key, [(name, value.into())])
    }

    /// A text of the interface with several values in it.
    pub fn with_all<'a>(self, key: &str, values: impl IntoIterator<Item = (&'a str, Value)>) -> String {
        let mut args = FluentArgs::new();
        for (name, value) in values {
            match value {
                Value::Text(text) => args.set(name.to_owned(), text),
                Value::Number(number) => args.set(name.to_owned(), number),
            }
        }
        self.text(key, Some(&args))
    }

    /// Whether there is such a text.
    pub fn has(self, key: &str) -> bool {
        BUNDLES[self as usize].has_message(key)
    }

    /// What an operation says of a value, in this language; in English where nobody has translated it.
    pub fn message(self, english: &str) -> String {
        catalogue::message(self, english)
    }

    /// The language with this ISO 639-1 code, as accounts have it.
    pub fn of_code(code: &str) -> Self {
        Self::ALL.into_iter().find(|lang| lang.tag() == code).unwrap_or(Self::En)
    }

    /// What a declaration says, in this language; in English where the translation is missing, which a test refuses.
    pub fn say(self, sentence: &'static str) -> &'static str {
        catalogue::find(self, sentence).unwrap_or(sentence)
    }

    fn text(self, key: &str, args: Option<&FluentArgs<'_>>) -> String {
        let bundle = &BUNDLES[self as usize];
        let Some(pattern) = bundle.get_message(key).and_then(|message| message.value()) else {
            return format!("{MISSING}{key}");
        };
        let mut errors = Vec::new();
        let text = bundle.format_pattern(pattern, args, &mut errors);
        if errors.is_empty() { text.into_owned() } else { format!("{MISSING}{key}") }
    }
}

/// A value inside a text.
pub enum Value {
    /// Words.
    Text(String),
    /// A number; plural forms follow it.
    Number(usize),
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<usize> for Value {
    fn from(number: usize) -> Self {
        Self::Number(number)
    }
}

// A mistake in a file would lose its message only: the tests compare the keys of all languages and read every page.
fn bundle(tag: &str, sources: &[&str]) -> FluentBundle<FluentResource> {
    let language = tag.parse().unwrap_or_default();
    let mut bundle = FluentBundle::new_concurrent(vec![language]);
    bundle.set_use_isolating(false);
    for source in sources {
        let resource = FluentResource::try_new((*source).to_owned()).unwrap_or_else(|(resource, _)| resource);
        bundle.add_resource_overriding(resource);
    }
    bundle
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_has_the_same_texts() {
        let keys = |lang: Lang, file: &str| -> Vec<String> {
            let path = format!("{}/i18n/{}/{file}.ftl", env!("CARGO_MANIFEST_DIR"), lang.tag());
            let source = std::fs::read_to_string(path).expect("a file of texts");
            assert!(FluentResource::try_new(source.clone()).is_ok(), "{lang:?}: a mistake in {file}");
            let is_key = |line: &&str| line.starts_with(|first: char| first.is_ascii_lowercase());
            let key = |line: &str| line.split(" =").next().unwrap_or_default().to_owned();
            source.lines().filter(is_key).map(key).collect()
        };
        let mut all = std::collections::BTreeSet::new();
        for file in FILES {
            let english = keys(Lang::En, file);
            let twice: Vec<&String> = english.iter().filter(|key| !all.insert((*key).clone())).collect();
            assert!(twice.is_empty(), "said twice: {twice:?}");
            for lang in [Lang::Ru, Lang::Uk] {
                assert_eq!(keys(lang, file), english, "{lang:?} {file}");
            }
        }
    }

    #[test]
    fn a_path_tells_its_language() {
        assert_eq!(Lang::of_path("/ru/apidocs/"), (Lang::Ru, "/apidocs/"));
        assert_eq!(Lang::of_path("/ua"), (Lang::Uk, ""));
        assert_eq!(Lang::of_path("/apidocs"), (Lang::En, "/apidocs"));
        assert_eq!(Lang::of_path("/rupee"), (Lang::En, "/rupee"));
    }

    #[test]
    fn a_missing_text_is_marked() {
        assert_eq!(Lang::Uk.t("no-such-key"), format!("{MISSING}no-such-key"));
    }
}
