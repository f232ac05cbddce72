//! `whocpa stat rebuild`

use clap::{Args, Subcommand};
use whocpa_engine::stat;

use super::{Settings, say, told};

/// Statistics.
#[derive(Debug, Subcommand)]
pub enum Stat {
    /// Make the sums that reports are read from anew, from the clicks that are kept
    Rebuild(Rebuild),
}

/// What `stat rebuild` takes.
#[derive(Debug, Args)]
pub struct Rebuild {
    #[command(flatten)]
    settings: Settings,
}

impl Stat {
    /// Does it.
    ///
    /// # Errors
    /// When the database cannot be read or written.
    pub async fn run(self) -> Result<(), String> {
        let Self::Rebuild(rebuild) = self;
        let days = stat::rebuild(&rebuild.settings.read()?.engine()).await.map_err(|e| told(&e))?;
        say(&format!("the sums of {days} days of clicks are made anew"));
        Ok(())
    }
}
