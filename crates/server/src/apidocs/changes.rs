//! Changes of the API by date: read from `api-changes.toml`, shown at `/apidocs/changes`, and told once as system news.

use std::sync::LazyLock;

use figment::Figment;
use figment::providers::{Format, Toml};
use serde::Deserialize;

use whocpa_domain::{Result, Time};
use whocpa_engine::Engine;
use whocpa_engine::news::Notice;

use super::text::rich;
use crate::i18n::Lang;

/// The changes, the newest first.
pub static CHANGES: LazyLock<Vec<Change>> = LazyLock::new(|| {
    let file = Figment::from(Toml::string(include_str!("../../api-changes.toml"))).extract::<File>();
    // The file is a part of the program, and a test reads it.
    let mut changes = file.map(|file| file.change).unwrap_or_default();
    changes.reverse();
    changes
});

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    change: Vec<Change>,
}

/// One change of the API.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// Its name for ever: a change that was told once is not told again.
    pub id: String,
    /// The day on which it was made, `2026-11-23`.
    pub date: String,
    /// English words.
    en: Words,
    /// Russian words.
    ru: Words,
    /// Ukrainian words.
    uk: Words,
}

/// A change in one language.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Words {
    /// A few words.
    pub title: String,
    /// A paragraph; `code` stands between backticks.
    pub text: String,
}

/// Tells every change as a piece of system news that was not told before: once per network, whichever node starts
/// first and however often it starts.
///
/// # Errors
/// When the database cannot be used; the next start tries again.
pub async fn publish(engine: &Engine) -> Result<()> {
    for change in CHANGES.iter().rev() {
        engine.news_publish_system(change.notice()).await?;
    }
    Ok(())
}

impl Change {
    /// In all three languages, because news have none.
    fn notice(&self) -> Notice {
        let paragraph = |lang: Lang| {
            let words = self.words(lang);
            format!("<p><b>{}</b><br>{}</p>", rich(lang, &words.title), rich(lang, &words.text))
        };
        let link = format!("<p><a href=\"/apidocs/changes#{0}\">/apidocs/changes#{0}</a></p>", self.id);
        Notice {
            name: format!("api:{}", self.id),
            header: self.words(Lang::En).title.clone(),
            body: Lang::ALL.map(paragraph).concat() + &link,
            is_important: false,
            date_start: Time::parse(&self.date).unwrap_or(Time(0)),
        }
    }

    /// What it says in a language.
    pub fn words(&self, lang: Lang) -> &Words {
        match lang {
            Lang::En => &self.en,
            Lang::Ru => &self.ru,
            Lang::Uk => &self.uk,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_file_is_in_order() {
        let file = Figment::from(Toml::string(include_str!("../../api-changes.toml"))).extract::<File>();
        let changes = file.expect("a file of changes").change;
        assert!(!changes.is_empty());
        assert!(changes.is_sorted_by_key(|change| &change.date), "a new change goes to the end");
        let ids: BTreeSet<&str> = changes.iter().map(|change| change.id.as_str()).collect();
        assert_eq!(ids.len(), changes.len(), "two changes have one id");
        for change in &changes {
            assert!(Time::parse(&change.date).is_some_and(|_| change.date.len() == 10), "{}", change.id);
            for lang in Lang::ALL {
                let words = change.words(lang);
                assert!(!words.title.is_empty() && !words.text.is_empty(), "{}: {lang:?}", change.id);
            }
        }
    }
}
