//! `whocpa doctor`

use clap::Args;
use serde_json::json;
use whocpa_engine::doctor::{self, Finding, Health};

use super::{Settings, say};

/// What `doctor` takes.
#[derive(Debug, Args)]
pub struct Doctor {
    #[command(flatten)]
    settings: Settings,
    /// Print JSON instead of text
    #[arg(long)]
    json: bool,
}

impl Doctor {
    /// Looks and tells.
    ///
    /// # Errors
    /// When something does not work; what is doubtful is told only.
    pub async fn run(self) -> Result<(), String> {
        let findings = doctor::doctor(&self.settings.read()?.engine()).await;
        if self.json {
            say(&json!({ "findings": findings.iter().map(object).collect::<Vec<_>>() }).to_string());
        } else {
            for finding in &findings {
                say(&line(finding));
            }
        }
        match findings.iter().filter(|finding| finding.health == Health::Bad).count() {
            0 => Ok(()),
            bad => Err(format!("{bad} of {} things do not work", findings.len())),
        }
    }
}

fn word(health: Health) -> &'static str {
    match health {
        Health::Good => "ok",
        Health::Doubtful => "doubtful",
        Health::Bad => "bad",
    }
}

fn object(finding: &Finding) -> serde_json::Value {
    json!({ "subject": finding.subject, "health": word(finding.health), "words": finding.words })
}

fn line(Finding { subject, health, words }: &Finding) -> String {
    format!("{:<9} {subject}: {words}", word(*health))
}
