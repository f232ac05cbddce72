//! `[mail]`: how letters go out.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use whocpa_engine::mail::{MailConfig, TelegramConfig};

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

/// The network's bot in Telegram.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TelegramSettings {
    /// What BotFather gave; empty for no bot.
    pub token: String,
    /// The bot's name without `@`.
    pub bot: String,
    /// Where the Bot API is.
    pub api_url: String,
}

impl Default for TelegramSettings {
    fn default() -> Self {
        let TelegramConfig { token, bot, api_url } = TelegramConfig::default();
        Self { token, bot, api_url }
    }
}

impl TelegramSettings {
    /// What the engine is told.
    pub fn engine(&self) -> TelegramConfig {
        let Self { token, bot, api_url } = self.clone();
        TelegramConfig { token, bot, api_url }
    }
}
