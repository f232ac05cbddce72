//! `whocpa rates`

use std::path::PathBuf;

use clap::Args;
use whocpa_domain::{Clock, SystemClock};
use whocpa_engine::rate;

use super::{Settings, say, told};

/// What `rates` takes.
#[derive(Debug, Args)]
pub struct Rates {
    #[command(flatten)]
    settings: Settings,
    /// A file of the bank, such as eurofxref-hist.csv or eurofxref.csv (default: the history that ships with the program)
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
}

impl Rates {
    /// Loads the rates beside a running server; those that are there already stay.
    ///
    /// # Errors
    /// When the file or the database cannot be read.
    pub async fn run(self) -> Result<(), String> {
        let config = self.settings.read()?.engine();
        let text = match &self.file {
            None => rate::SHIPPED.to_owned(),
            Some(path) => std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))?,
        };
        let count = rate::load(&config, &text, SystemClock.now()).await.map_err(|e| told(&e))?;
        say(&format!("{count} new rates of the European Central Bank"));
        Ok(())
    }
}
