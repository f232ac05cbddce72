//! `whocpa migrate`

use clap::Args;
use whocpa_domain::SystemClock;
use whocpa_engine::Engine;

use super::{Settings, say, told};

/// Bring the database up to date, or show what is pending.
#[derive(Debug, Args)]
pub struct Migrate {
    #[command(flatten)]
    settings: Settings,
    /// Only show what is applied and what is pending
    #[arg(long)]
    status: bool,
}

impl Migrate {
    /// Does it.
    pub async fn run(self) -> Result<(), String> {
        let config = self.settings.read()?.engine();
        let states = if self.status {
            Engine::migrations(&config).await
        } else {
            Engine::migrate(&config, &SystemClock).await
        };
        for state in states.map_err(|e| told(&e))? {
            let applied =
                state.date_applied.map_or_else(|| "pending".to_owned(), |at| format!("applied {at}"));
            say(&format!("{:<24} {applied}", state.name));
        }
        Ok(())
    }
}
