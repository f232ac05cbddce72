//! What the engine must be told from outside.

use std::path::PathBuf;

use whocpa_domain::deposit::DepositMethod;
use whocpa_domain::payout::PayoutRules;
use whocpa_domain::referral::ReferralRules;

use crate::click::ClickConfig;
use crate::delivery::DeliveryConfig;
use crate::mail::{MailConfig, TelegramConfig};
use crate::outbound::OutboundConfig;

/// Settings of one engine.
#[derive(Debug, Clone)]
pub struct EngineConfig {
    /// Folder of this node's own files: click log, key of the vault, and the databases on SQLite.
    pub data_dir: PathBuf,
    /// `postgres://…`, or `None` for SQLite in `data_dir`.
    pub database_url: Option<String>,
    /// Address of the network as people see it, without a path: links begin with it.
    pub base_url: String,
    /// Further host names of the network's own, beside that of `base_url`: neither they nor names below them are ever a
    /// webmaster's.
    pub own_hosts: Vec<String>,
    /// Where visitors go whom no offer takes and for whom nobody else named a traffic-back address; empty for a page of
    /// the network.
    pub url_traffback: String,
    /// Database connections of this process.
    pub connections: u32,
    /// Bytes of one segment of the click log.
    pub log_segment_bytes: u64,
    /// Segments kept ready for the time when the disk is full.
    pub log_reserve_segments: usize,
    /// Which addresses this network may reach when somebody names one.
    pub outbound: OutboundConfig,
    /// How many messages are sent at once, and how fast.
    pub delivery: DeliveryConfig,
    /// How letters go out.
    pub mail: MailConfig,
    /// The network's bot in Telegram.
    pub telegram: TelegramConfig,
    /// What is told about visitors, and when clicks are counted apart.
    pub click: ClickConfig,
    /// What payouts cost, and which of them need a second approval.
    pub payout: PayoutRules,
    /// What those earn who bring others.
    pub referral: ReferralRules,
    /// Where advertisers pay to, by way of paying in.
    pub deposit_instructions: Vec<(DepositMethod, String)>,
}

impl EngineConfig {
    /// The defaults, on SQLite in `data_dir`.
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        Self {
            data_dir: data_dir.into(),
            database_url: None,
            base_url: "http://127.0.0.1:8080".to_owned(),
            own_hosts: Vec::new(),
            url_traffback: String::new(),
            connections: 8,
            log_segment_bytes: 64 << 20,
            log_reserve_segments: 2,
            outbound: OutboundConfig::default(),
            delivery: DeliveryConfig::default(),
            mail: MailConfig::default(),
            telegram: TelegramConfig::default(),
            click: ClickConfig::default(),
            payout: PayoutRules::default(),
            referral: ReferralRules::default(),
            deposit_instructions: Vec::new(),
        }
    }
}
