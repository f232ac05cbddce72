//! Whether a network is well: what an operator should look at, without changing anything and beside a running server.

use std::path::Path;
use std::time::Duration;

use url::Url;
use whocpa_domain::Error;
use whocpa_domain::parked::DomainStatus;
use whocpa_store::Store;
use whocpa_store::domain::{self, Domain};
use whocpa_store::letter;

use crate::domain::{Found, find};
use crate::mail::Mail;
use crate::outbound::{Limits, Outbound};
use crate::{EngineConfig, open};

/// What one look at the network's own address may cost.
const LOOK: Limits = Limits { bytes: 64 << 10, total: Duration::from_secs(8), idle: Duration::from_secs(4) };
/// Letters that were given up of which it tells the number.
const FAILED: u64 = 1000;
/// Where a network says that it is ready.
const READY_PATH: &str = "/readyz";

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Health {
    /// Nothing to do.
    Good,
    /// It works, and somebody should look at it.
    Doubtful,
    /// It does not work.
    Bad,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What it is: `data folder`, `database`, `base_url`, `domain go.example.com`.
    pub subject: String,
    /// How it is.
    pub health: Health,
    /// What was found, and what to do, in words.
    pub words: String,
}

impl Finding {
    fn new(subject: impl Into<String>, health: Health, words: impl Into<String>) -> Self {
        Self { subject: subject.into(), health, words: words.into() }
    }
}

/// Looks at the data folder, the database, the network's own address and every parked domain.
pub async fn doctor(config: &EngineConfig) -> Vec<Finding> {
    let mut findings = vec![data_folder(&config.data_dir)];
    if findings[0].health == Health::Bad {
        return findings;
    }
    let store = match open::connect(config).await {
        Ok(store) => store,
        Err(error) => {
            findings.push(Finding::new("database", Health::Bad, error.to_string()));
            return findings;
        }
    };
    let database = database(&store).await;
    let is_migrated = database.health == Health::Good;
    findings.push(database);
    findings.push(letters(&store, config, is_migrated).await);
    match Outbound::new(config.outbound.clone()) {
        Err(error) => findings.push(Finding::new("outbound", Health::Bad, error.to_string())),
        Ok(outbound) => {
            findings.push(own_address(&outbound, &config.base_url).await);
            if is_migrated {
                findings.extend(domains(&store, &outbound, &config.base_url).await);
            }
        }
    }
    store.close().await;
    findings
}

fn data_folder(folder: &Path) -> Finding {
    let subject = format!("data folder {}", folder.display());
    let probe = folder.join(format!(".doctor-{}", std::process::id()));
    let written = std::fs::write(&probe, b"whocpa").and_then(|()| std::fs::remove_file(&probe));
    match written {
        Ok(()) => Finding::new(subject, Health::Good, "can be written"),
        Err(error) => Finding::new(subject, Health::Bad, format!("cannot be written: {error}")),
    }
}

async fn database(store: &Store) -> Finding {
    let find = Finding::new;
    match store.migrations().await {
        Err(error) => find("database", Health::Bad, error.to_string()),
        Ok(steps) => match steps.iter().filter(|step| step.date_applied.is_none()).count() {
            0 => {
                find("database", Health::Good, format!("answers, all {} migrations are applied", steps.len()))
            }
            pending => {
                let words = format!("{pending} migrations are pending: whocpa migrate applies them");
                find("database", Health::Bad, words)
            }
        },
    }
}

/// Whether letters can go out, and whether some did not.
async fn letters(store: &Store, config: &EngineConfig, is_migrated: bool) -> Finding {
    let mail = match Mail::new(&config.mail, &config.base_url) {
        Ok(mail) => mail,
        // In words, which its display keeps to itself.
        Err(Error::Unavailable(words)) => return Finding::new("mail", Health::Bad, words),
        Err(error) => return Finding::new("mail", Health::Bad, error.to_string()),
    };
    if !mail.is_on() {
        let words = "the network sends no letters: set url and from in [mail]";
        return Finding::new("mail", Health::Doubtful, words);
    }
    let failed = if is_migrated { letter::list_failed(&store.read(), FAILED).await } else { Ok(Vec::new()) };
    match failed {
        Err(error) => Finding::new("mail", Health::Bad, error.to_string()),
        Ok(rows) if rows.is_empty() => {
            Finding::new("mail", Health::Good, "no letter was given up in 30 days")
        }
        Ok(rows) => {
            let some = if (rows.len() as u64) < FAILED { "" } else { "at least " };
            let words = format!("{some}{} letters were given up: whocpa mail failed tells why", rows.len());
            Finding::new("mail", Health::Doubtful, words)
        }
    }
}

/// From inside, the own address may be out of reach though the world sees it: that is a doubt and no more.
async fn own_address(outbound: &Outbound, base_url: &str) -> Finding {
    let subject = format!("base_url {base_url}");
    let Some(name) = Url::parse(base_url).ok().and_then(|url| url.host_str().map(str::to_owned)) else {
        return Finding::new(subject, Health::Bad, "is no web address");
    };
    match outbound.get(&format!("{base_url}{READY_PATH}"), LOOK).await {
        Ok(_) => Finding::new(subject, Health::Good, "answers and is ready"),
        Err(error) => {
            let words =
                format!("{} {error}; tried {READY_PATH} as others would", leads_to(outbound, &name).await);
            Finding::new(subject, Health::Doubtful, words)
        }
    }
}

async fn domains(store: &Store, outbound: &Outbound, base_url: &str) -> Vec<Finding> {
    let rows = match domain::all(&store.read(), None).await {
        Ok(rows) => rows,
        Err(error) => return vec![Finding::new("domains", Health::Bad, error.to_string())],
    };
    let mut findings = Vec::new();
    for row in rows.iter().filter(|row| row.status != DomainStatus::Blocked.code()) {
        findings.push(parked(outbound, base_url, row).await);
    }
    findings
}

async fn parked(outbound: &Outbound, base_url: &str, row: &Domain) -> Finding {
    let subject = format!("domain {}", row.name);
    let place = leads_to(outbound, &row.name).await;
    match find(outbound, base_url, row).await {
        Found::Us { is_secure: true } => {
            Finding::new(subject, Health::Good, format!("{place} This network answers there by https."))
        }
        Found::Us { is_secure: false } => {
            let words = format!("{place} This network answers there by http only: it has no certificate.");
            Finding::new(subject, Health::Doubtful, words)
        }
        Found::Nothing(words) => Finding::new(subject, Health::Bad, format!("{place} {words}.")),
    }
}

async fn leads_to(outbound: &Outbound, name: &str) -> String {
    let all = outbound.addresses(name).await;
    if all.is_empty() {
        return "It has no address in the DNS.".to_owned();
    }
    let all: Vec<String> = all.iter().map(ToString::to_string).collect();
    format!("It leads to {}.", all.join(", "))
}
