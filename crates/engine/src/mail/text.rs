//! The texts of letters: built in, or the operator's own.

use std::collections::BTreeMap;
use std::path::Path;

use whocpa_domain::letter::{LetterKind, LetterText};
use whocpa_domain::user::Language;
use whocpa_domain::{Error, Result};

/// The file of the words that values are said in: `payout.paid = paid`.
const WORDS: &str = "words";

/// Texts and words in every language.
pub(crate) struct Texts {
    texts: BTreeMap<(i64, &'static str), LetterText>,
    words: BTreeMap<(&'static str, String), String>,
}

/// The texts that the program brings along, each behind a line `=== name`.
fn built_in(language: Language) -> &'static str {
    match language {
        Language::English => include_str!("texts/en.txt"),
        Language::Russian => include_str!("texts/ru.txt"),
        Language::Ukrainian => include_str!("texts/uk.txt"),
    }
}

/// The built-in texts of a language by their names: for `whocpa mail texts`, and to read.
pub fn letter_texts(language: Language) -> Vec<(&'static str, &'static str)> {
    let parts = built_in(language).split("=== ").skip(1);
    parts.filter_map(|part| part.split_once('\n')).map(|(name, text)| (name.trim(), text)).collect()
}

impl Texts {
    /// All texts: those of the folder where it has them, else the built-in ones.
    ///
    /// # Errors
    /// [`Error::Unavailable`] naming every file that cannot be used, or that would never be read: a letter with a hole in it is
    /// sent to nobody.
    pub fn read(folder: Option<&Path>) -> Result<Self> {
        let mut all = Self { texts: BTreeMap::new(), words: BTreeMap::new() };
        for language in Language::ALL {
            for (name, text) in letter_texts(language) {
                all.add(language, name, text).map_err(|why| Error::Internal(format!("{name}: {why}")))?;
            }
        }
        let Some(folder) = folder else { return Ok(all) };
        let mut wrong = Vec::new();
        for (file, path) in files(folder).map_err(|why| Error::Unavailable(format!("mail.texts: {why}")))? {
            let known = file.split_once('/').and_then(|(language, name)| {
                Some((Language::from_code(language)?, name.strip_suffix(".txt")?))
            });
            let added = match (known, std::fs::read_to_string(&path)) {
                (None, _) => Err("is no text of a letter, which would be en/payout.txt".to_owned()),
                (_, Err(error)) => Err(error.to_string()),
                (Some((language, name)), Ok(text)) => all.add(language, name, &text),
            };
            if let Err(why) = added {
                wrong.push(format!("mail.texts: {file}: {why}"));
            }
        }
        if wrong.is_empty() { Ok(all) } else { Err(Error::Unavailable(wrong.join("; "))) }
    }

    fn add(&mut self, language: Language, name: &str, text: &str) -> std::result::Result<(), String> {
        if name == WORDS {
            return self.add_words(language, text);
        }
        let kind = LetterKind::from_name(name).ok_or("no letter has this name")?;
        self.texts.insert((kind.code(), language.code()), LetterText::parse(kind, text)?);
        Ok(())
    }

    fn add_words(&mut self, language: Language, text: &str) -> std::result::Result<(), String> {
        let is_own = self.words.contains_key(&(language.code(), "payout.paid".to_owned()));
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let (word, said) = line.split_once('=').ok_or("each line must be a name, =, and the words")?;
            let key = (language.code(), word.trim().to_owned());
            if is_own && !self.words.contains_key(&key) {
                return Err(format!("{} is not known", word.trim()));
            }
            self.words.insert(key, said.trim().to_owned());
        }
        Ok(())
    }

    /// The text of a kind of letter.
    pub fn text(&self, kind: LetterKind, language: Language) -> Option<&LetterText> {
        self.texts.get(&(kind.code(), language.code()))
    }

    /// A word of the program in a language.
    pub fn word<'a>(&'a self, word: &'a str, language: Language) -> &'a str {
        self.words.get(&(language.code(), word.to_owned())).map_or(word, String::as_str)
    }
}

/// Files of a folder and of the folders in it, by their names in it; hidden ones are nobody's texts.
fn files(folder: &Path) -> std::result::Result<Vec<(String, std::path::PathBuf)>, String> {
    let read = |folder: &Path| -> std::result::Result<Vec<std::path::PathBuf>, String> {
        let told = |error: std::io::Error| format!("{}: {error}", folder.display());
        let mut paths = Vec::new();
        for entry in std::fs::read_dir(folder).map_err(told)? {
            paths.push(entry.map_err(told)?.path());
        }
        paths.retain(|path| !name_of(path).starts_with('.'));
        paths.sort();
        Ok(paths)
    };
    let mut all = Vec::new();
    for path in read(folder)? {
        if path.is_dir() {
            let inner = read(&path)?.into_iter();
            all.extend(inner.map(|file| (format!("{}/{}", name_of(&path), name_of(&file)), file)));
        } else {
            all.push((name_of(&path), path));
        }
    }
    Ok(all)
}

fn name_of(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// A text as it would be sent, every value standing for itself in brackets: subject and letter.
///
/// # Errors
/// As the texts are refused at start.
pub fn letter_preview(
    folder: Option<&Path>,
    kind: LetterKind,
    language: Language,
) -> Result<(String, String)> {
    let texts = Texts::read(folder)?;
    let missing = || Error::Internal("a text is missing".to_owned());
    Ok(texts.text(kind, language).ok_or_else(missing)?.fill(|name| format!("[{name}]")))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_letter_has_a_text_in_every_language() {
        let texts = Texts::read(None).expect("the built-in texts");
        assert_eq!(texts.texts.len(), LetterKind::ALL.len() * Language::ALL.len());
        for kind in LetterKind::ALL {
            for language in Language::ALL {
                let (subject, body) = letter_preview(None, *kind, language).expect("a text");
                // Whoever enters somebody's address writes nothing into the letter that goes there.
                let is_named = !matches!(kind, LetterKind::Reset | LetterKind::Confirm);
                assert!(!subject.is_empty(), "{kind:?} {language:?}");
                assert_eq!(body.contains("[name]"), is_named, "{kind:?} {language:?}");
                let said = format!("{subject}{body}");
                for value in kind.values() {
                    assert!(said.contains(&format!("[{value}]")), "{kind:?} {language:?} tells no {value}");
                }
            }
        }
    }

    #[test]
    fn every_word_is_said_in_every_language() {
        let texts = Texts::read(None).expect("the built-in texts");
        let words = |language: Language| -> BTreeSet<&str> {
            let of = texts.words.iter().filter(|((code, _), _)| *code == language.code());
            of.map(|((_, word), _)| word.as_str()).collect()
        };
        let english = words(Language::English);
        assert!(english.len() > 20);
        for language in Language::ALL {
            assert_eq!(words(language), english, "{language:?}");
        }
    }

    #[test]
    fn a_wrong_text_stops_the_start_and_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join("ru")).expect("a folder");
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("a text");
        write("ru/payout.txt", "Subject: {amount}\n\n{sum}");
        write("ru/pay.txt", "Subject: {amount}\n\n{amount}");
        write("readme", "hello");
        write("ru/words.txt", "payout.paidd = выплачено");
        let refused = format!("{:?}", Texts::read(Some(folder.path())).err().expect("refused"));
        for part in [
            "ru/payout.txt: {sum} is not",
            "ru/pay.txt: no letter",
            "readme: is no text",
            "payout.paidd is not known",
        ] {
            assert!(refused.contains(part), "{part}: {refused}");
        }
        for name in ["ru/pay.txt", "readme"] {
            std::fs::remove_file(folder.path().join(name)).expect("gone");
        }
        write("ru/payout.txt", "\u{feff}Subject: Own {amount}\r\n\r\n{name}");
        write("ru/words.txt", "payout.paid = отправлено\n");
        let texts = Texts::read(Some(folder.path())).expect("texts");
        assert_eq!(texts.word("payout.paid", Language::Russian), "отправлено");
        let text = texts.text(LetterKind::Payout, Language::Russian).expect("a text");
        assert_eq!(text.fill(|name| format!("[{name}]")).0, "Own [amount]");
    }
}
