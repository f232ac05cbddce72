//! Configuration: defaults, then `whocpa.toml`, then `WHOCPA__SECTION__KEY`, then flags. An unknown key is an error.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use figment::Figment;
use figment::providers::{Env, Format, Serialized, Toml};
use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use whocpa_domain::deposit::DepositMethod;
use whocpa_engine::EngineConfig;
use whocpa_engine::click::ClickConfig;
use whocpa_engine::outbound::OutboundConfig;

use crate::config_payout::{PayoutSettings, ReferralSettings};
use crate::limits::LimitsConfig;
use crate::state::HttpConfig;

/// All settings of one process.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Address and port to listen on.
    pub listen: SocketAddr,
    /// Where the network is reached from outside; empty for `http://<listen>`.
    pub base_url: String,
    /// Further host names of the network's own, beside that of `base_url`: neither they nor names below them are ever a
    /// webmaster's.
    pub own_hosts: Vec<String>,
    /// Where visitors go whom no offer takes and for whom neither link nor webmaster nor offer names a traffic-back
    /// address; empty for a page of the network that says why.
    pub url_traffback: String,
    /// Folder of the databases (on SQLite), the click log and the key of stored secrets.
    pub data_dir: PathBuf,
    /// Proxies, as networks, whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// The database.
    pub database: DatabaseConfig,
    /// The click log.
    pub click_log: ClickLogConfig,
    /// What is told about visitors, and when clicks are counted apart.
    pub click: ClickSettings,
    /// `/metrics`.
    pub metrics: MetricsConfig,
    /// Guard rails: how much may be asked, how fast, how large.
    pub limits: LimitsConfig,
    /// What this network fetches and sends at addresses that people gave.
    pub outbound: OutboundSettings,
    /// How messages are sent to receivers that people named.
    pub delivery: crate::config_delivery::DeliverySettings,
    /// How letters go out.
    pub mail: crate::config_mail::MailSettings,
    /// The network's bot in Telegram.
    pub telegram: crate::config_mail::TelegramSettings,
    /// What payouts cost, and which of them need a second approval.
    pub payout: PayoutSettings,
    /// What those earn who bring others.
    pub referral: ReferralSettings,
    /// Where advertisers pay to, in words: they are shown with each deposit.
    pub deposit: DepositSettings,
}

/// Where advertisers pay to, by way of paying in.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DepositSettings {
    /// Bank account for transfers by invoice.
    pub invoice: String,
    /// Capitalist account.
    pub capitalist: String,
    /// USDT address and its network.
    pub usdt: String,
    /// How to pay by card.
    pub card: String,
}

impl DepositSettings {
    fn instructions(&self) -> Vec<(DepositMethod, String)> {
        vec![
            (DepositMethod::Invoice, self.invoice.clone()),
            (DepositMethod::Capitalist, self.capitalist.clone()),
            (DepositMethod::Usdt, self.usdt.clone()),
            (DepositMethod::Card, self.card.clone()),
        ]
    }
}

/// The database.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DatabaseConfig {
    /// `postgres://user:password@host/database`; empty for SQLite in the data folder.
    pub url: String,
    /// Connections of this process.
    pub connections: u32,
}

/// The click log.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ClickLogConfig {
    /// Size of one segment in MiB.
    pub segment_mib: u64,
    /// Segments kept ready for a full disk; one of 64 MiB holds some 200 000 clicks.
    pub reserve_segments: usize,
}

/// What is told about visitors, and when clicks are counted apart.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ClickSettings {
    /// Networks of data centres: their clicks are counted apart.
    pub data_centre: Vec<IpNet>,
    /// Networks of mobile operators, for targeting.
    pub mobile: Vec<IpNet>,
    /// Clicks of one visitor (address and user agent) in a minute above which they are counted apart; 0 for no limit.
    pub flood_visitor: u32,
    /// Clicks from one address in a minute above which they are counted apart; 0 for no limit.
    pub flood_address: u32,
    /// Pairs of visitor and offer that are remembered for 24 hours, 8 bytes each.
    pub unique_pairs: usize,
    /// Days that single clicks are kept, 0 for ever; their sums are always kept.
    pub keep_days: u32,
}

/// `/metrics`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MetricsConfig {
    /// Bearer token that opens `/metrics` from elsewhere; without one it answers this machine only.
    pub token: String,
}

/// What this network fetches and sends at addresses that people gave: product feeds and the like.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OutboundSettings {
    /// Inner networks that may be reached all the same; never everything (`/0`).
    pub allow: Vec<IpNet>,
    /// Further networks that may not be reached; they win over `allow`.
    pub deny: Vec<IpNet>,
    /// Ports that may be reached.
    pub ports: Vec<u16>,
    /// Whether plain `http` is allowed beside `https`.
    pub http: bool,
    /// Names whose address stands here instead of in the DNS, for those that cannot be reached from inside.
    pub hosts: BTreeMap<String, IpAddr>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            base_url: String::new(),
            own_hosts: Vec::new(),
            url_traffback: String::new(),
            data_dir: PathBuf::from("./data"),
            trusted_proxies: Vec::new(),
            database: DatabaseConfig::default(),
            click_log: ClickLogConfig::default(),
            click: ClickSettings::default(),
            metrics: MetricsConfig::default(),
            limits: LimitsConfig::default(),
            outbound: OutboundSettings::default(),
            delivery: crate::config_delivery::DeliverySettings::default(),
            mail: crate::config_mail::MailSettings::default(),
            telegram: crate::config_mail::TelegramSettings::default(),
            payout: PayoutSettings::default(),
            referral: ReferralSettings::default(),
            deposit: DepositSettings::default(),
        }
    }
}

impl Default for DatabaseConfig {
    fn default() -> Self {
        Self { url: String::new(), connections: 8 }
    }
}

impl Default for OutboundSettings {
    fn default() -> Self {
        let OutboundConfig { allow, deny, ports, http, hosts } = OutboundConfig::default();
        Self { allow, deny, ports, http, hosts }
    }
}

impl Default for ClickSettings {
    fn default() -> Self {
        let ClickConfig { data_centre, mobile, flood_visitor, flood_address, unique_pairs, keep_days } =
            ClickConfig::default();
        Self { data_centre, mobile, flood_visitor, flood_address, unique_pairs, keep_days }
    }
}

impl Default for ClickLogConfig {
    fn default() -> Self {
        Self { segment_mib: 64, reserve_segments: 2 }
    }
}

impl Config {
    /// Reads the settings. `file` is `whocpa.toml` in the working folder unless told; a told file must exist.
    ///
    /// # Errors
    /// Names the bad key and where it comes from.
    pub fn read(file: Option<&PathBuf>) -> Result<Self, Box<figment::Error>> {
        let toml = file.map_or_else(|| Toml::file("whocpa.toml"), Toml::file_exact);
        Figment::from(Serialized::defaults(Self::default()))
            .merge(toml)
            .merge(Env::prefixed("WHOCPA__").split("__"))
            .extract()
            .map_err(Box::new)
    }

    /// The address of the network as people see it.
    pub fn base_url(&self) -> String {
        let url =
            if self.base_url.is_empty() { format!("http://{}", self.listen) } else { self.base_url.clone() };
        url.trim_end_matches('/').to_owned()
    }

    /// What the engine is told.
    pub fn engine(&self) -> EngineConfig {
        EngineConfig {
            database_url: Some(self.database.url.clone()).filter(|url| !url.is_empty()),
            base_url: self.base_url(),
            own_hosts: self.own_hosts.clone(),
            url_traffback: self.url_traffback.clone(),
            connections: self.database.connections,
            log_segment_bytes: self.click_log.segment_mib << 20,
            log_reserve_segments: self.click_log.reserve_segments,
            outbound: OutboundConfig {
                allow: self.outbound.allow.clone(),
                deny: self.outbound.deny.clone(),
                ports: self.outbound.ports.clone(),
                http: self.outbound.http,
                hosts: self
                    .outbound
                    .hosts
                    .iter()
                    .map(|(name, ip)| (name.to_ascii_lowercase(), *ip))
                    .collect(),
            },
            delivery: self.delivery.engine(),
            mail: self.mail.engine(),
            telegram: self.telegram.engine(),
            click: ClickConfig {
                data_centre: self.click.data_centre.clone(),
                mobile: self.click.mobile.clone(),
                flood_visitor: self.click.flood_visitor,
                flood_address: self.click.flood_address,
                unique_pairs: self.click.unique_pairs,
                keep_days: self.click.keep_days,
            },
            payout: self.payout.rules(),
            referral: self.referral.rules(),
            deposit_instructions: self.deposit.instructions(),
            ..EngineConfig::new(&self.data_dir)
        }
    }

    /// What request handlers are told.
    pub fn http(&self) -> HttpConfig {
        HttpConfig {
            base_url: self.base_url(),
            trusted_proxies: self.trusted_proxies.clone(),
            metrics_token: self.metrics.token.clone(),
            limits: self.limits,
        }
    }
}
