//! `whocpa mail`: the texts of letters, and letters that did not go out.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use whocpa_domain::letter::LetterKind;
use whocpa_domain::user::Language;
use whocpa_engine::Engine;
use whocpa_engine::mail::{letter_preview, letter_texts};

use super::{Settings, say, told};
use crate::app;

/// Letters that are shown at once.
const SHOWN: u64 = 200;

/// Letters.
#[derive(Debug, Subcommand)]
pub enum Mail {
    /// Print every letter as it would be sent, or say which text cannot be used
    Preview(Preview),
    /// Write the built-in texts into a folder, to be changed: for `texts` in `[mail]`
    Texts(Texts),
    /// List letters that were given up
    Failed(Failed),
    /// Send letters that were given up anew
    Again(Again),
}

/// Which texts.
#[derive(Debug, Args)]
pub struct Preview {
    /// Folder of your own texts, as in `[mail] texts`; the built-in ones unless given
    #[arg(long, value_name = "DIR")]
    texts: Option<PathBuf>,
    /// Only this letter: payout
    #[arg(long)]
    kind: Option<String>,
    /// Only in this language
    #[arg(long)]
    language: Option<String>,
}

/// Where to.
#[derive(Debug, Args)]
pub struct Texts {
    /// A folder that is not there yet
    folder: PathBuf,
}

/// Letters that were given up.
#[derive(Debug, Args)]
pub struct Failed {
    #[command(flatten)]
    settings: Settings,
}

/// Which letters.
#[derive(Debug, Args)]
pub struct Again {
    #[command(flatten)]
    settings: Settings,
    /// Numbers that `whocpa mail failed` tells
    #[arg(required = true)]
    ids: Vec<i64>,
}

impl Mail {
    /// Does what was asked.
    ///
    /// # Errors
    /// In words, naming the text that cannot be used.
    pub async fn run(self) -> Result<(), String> {
        match self {
            Self::Preview(preview) => preview.run(),
            Self::Texts(texts) => write(&texts.folder),
            Self::Failed(failed) => {
                let engine = open(&failed.settings).await?;
                let listed = list(&engine).await;
                engine.close().await.map_err(|e| told(&e))?;
                listed
            }
            Self::Again(again) => {
                let engine = open(&again.settings).await?;
                let revived = revive(&engine, &again.ids).await;
                engine.close().await.map_err(|e| told(&e))?;
                revived
            }
        }
    }
}

impl Preview {
    fn run(self) -> Result<(), String> {
        let kinds =
            LetterKind::ALL.iter().filter(|kind| self.kind.as_ref().is_none_or(|name| name == kind.name()));
        let mut count = 0;
        for kind in kinds {
            for language in Language::ALL {
                if self.language.as_ref().is_some_and(|code| code != language.code()) {
                    continue;
                }
                let shown = letter_preview(self.texts.as_deref(), *kind, language);
                let (subject, body) = shown.map_err(|e| told(&e))?;
                say(&format!("=== {}/{}.txt\nSubject: {subject}\n\n{body}\n", language.code(), kind.name()));
                count += 1;
            }
        }
        if count == 0 { Err("there is no such letter".to_owned()) } else { Ok(()) }
    }
}

fn write(folder: &Path) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("{}: {error}", folder.display());
    std::fs::create_dir(folder).map_err(failed)?;
    for language in Language::ALL {
        let inner = folder.join(language.code());
        std::fs::create_dir(&inner).map_err(failed)?;
        for (name, text) in letter_texts(language) {
            std::fs::write(inner.join(format!("{name}.txt")), text).map_err(failed)?;
        }
    }
    say(&format!("written to {}: what you do not change you may remove", folder.display()));
    Ok(())
}

async fn open(settings: &Settings) -> Result<Engine, String> {
    app::open(&settings.read()?).await.map_err(|e| told(&e))
}

async fn list(engine: &Engine) -> Result<(), String> {
    let failed = engine.letter_failed_list(SHOWN).await.map_err(|e| told(&e))?;
    if failed.is_empty() {
        say("no letter was given up");
    }
    for letter in failed {
        let date = letter.date_created;
        say(&format!(
            "{}\t{date}\t{}\t{}\t{} tries\t{}",
            letter.id, letter.login, letter.kind, letter.tries, letter.error
        ));
    }
    Ok(())
}

async fn revive(engine: &Engine, ids: &[i64]) -> Result<(), String> {
    for id in ids {
        let revived = engine.letter_revive(*id).await.map_err(|e| told(&e))?;
        say(&format!("{id}: {}", if revived { "is tried anew" } else { "is no letter that was given up" }));
    }
    Ok(())
}
