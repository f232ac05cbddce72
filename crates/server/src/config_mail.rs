//! `[mail]`: how letters go out.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use whocpa_engine::mail::MailConfig;

/// How letters go out.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MailSettings {
    /// `smtps://user:password@host`, `smtp://user:password@host:587?tls=required`, or `file:///folder`; empty for no letters.
    pub url: String,
    /// Whose letters they are: `Network <news@network.example>`.
    pub from: String,
    /// What the network is called in letters; the host of `base_url` unless told.
    pub network: String,
    /// Folder of texts that take the place of the built-in ones: `en/payout.txt`.
    pub texts: Option<PathBuf>,
}

impl MailSettings {
    /// What the engine is told.
    pub fn engine(&self) -> MailConfig {
        MailConfig {
            url: self.url.clone(),
            from: self.from.clone(),
            network: self.network.clone(),
            texts: self.texts.clone(),
        }
    }
}
