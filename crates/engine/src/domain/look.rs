//! Looks whether a parked domain leads here: the network asks for a word there that only it knows.
//!
//! A comparison of DNS answers would be wrong behind every proxy and delivery network; what counts is who answers.

use std::time::Duration;

use tokio::task::JoinSet;
use whocpa_domain::parked::DomainStatus;
use whocpa_domain::{Error, Result, Scope};
use whocpa_store::change::{self, ChangeKind};
use whocpa_store::domain::{self, Domain};

use super::address_of;
use crate::Engine;
use crate::outbound::{Limits, Outbound, OutboundError};

/// Where a domain answers with its word.
pub const PROOF_PATH: &str = "/.well-known/whocpa";

/// Domains of one round.
const ROUND: u64 = 20;
/// What one look may cost.
const LOOK: Limits = Limits { bytes: 1024, total: Duration::from_secs(8), idle: Duration::from_secs(4) };

/// What was found on a domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Found {
    /// This network, by https or not.
    Us { is_secure: bool },
    /// Something else, in words.
    Nothing(String),
}

/// Who answers at a domain, by https first.
pub(crate) async fn find(outbound: &Outbound, base_url: &str, row: &Domain) -> Found {
    let ask = async |is_secure| {
        let address = format!("{}{PROOF_PATH}", address_of(base_url, &row.name, is_secure));
        answers(outbound, &address, &row.token).await
    };
    if ask(true).await.is_ok() {
        return Found::Us { is_secure: true };
    }
    match ask(false).await {
        Ok(()) => Found::Us { is_secure: false },
        Err(words) => Found::Nothing(words),
    }
}

async fn answers(outbound: &Outbound, address: &str, token: &str) -> Result<(), String> {
    let words = |error: OutboundError| error.to_string();
    let mut reply = outbound.get(address, LOOK).await.map_err(words)?;
    let mut body = Vec::new();
    while let Some(piece) = reply.chunk().await.map_err(words)? {
        body.extend_from_slice(piece.as_ref());
    }
    if body == token.as_bytes() {
        Ok(())
    } else {
        Err("Something else than this network answers there".to_owned())
    }
}

impl Engine {
    /// Looks at the domains that are due; gives how many.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn domain_look_due(&self) -> Result<usize> {
        let due = domain::due(&self.store().read(), self.now(), ROUND).await?;
        let mut outcome = Ok(due.len());
        // All at once: names that lead nowhere take their time, and keep nobody else waiting.
        let mut looks = JoinSet::new();
        for row in due {
            let engine = self.clone();
            looks.spawn(async move {
                let found = find(engine.outbound(), engine.base_url(), &row).await;
                engine.domain_note_look(row.id, found).await
            });
        }
        while let Some(ended) = looks.join_next().await {
            match ended {
                Ok(Ok(())) => {}
                Ok(Err(error)) => outcome = Err(error),
                Err(ended) => {
                    outcome = Err(Error::Internal(format!("a look at a domain broke off: {ended}")));
                }
            }
        }
        outcome
    }

    /// The word of the domain in a `Host` header, for whoever asks there: also of one that was never found here yet.
    pub fn domain_proof(&self, host: &str) -> Option<String> {
        self.domain_named(host)
            .filter(|entry| entry.status != DomainStatus::Blocked)
            .map(|entry| entry.token.clone())
    }

    /// Whether a certificate may be asked for this name: one that was found here, or the network's own. An endpoint for
    /// servers that get them on demand.
    pub fn domain_may_have_certificate(&self, name: &str) -> bool {
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        self.domain_of_host(&name).is_some() || self.own_hosts().are(&name)
    }

    /// Writes down what was found, unless an operator blocked the domain meanwhile.
    async fn domain_note_look(&self, id: i64, found: Found) -> Result<()> {
        let found = &found;
        let work = move |db| async move {
            let Some(before) = domain::view_for_update(&db, Scope::All, id).await? else {
                return Ok(());
            };
            let present = DomainStatus::from_code(before.status).ok_or_else(|| {
                Error::Internal(format!("domain {id} has the unknown state {}", before.status))
            })?;
            let status = present.seen(matches!(found, Found::Us { .. }));
            let now = self.now();
            let is_here = status == DomainStatus::Active;
            let date_seen = if is_here { Some(now.0) } else { before.date_seen };
            let absent = now.0.saturating_sub(date_seen.unwrap_or(before.date_created));
            let mut row = Domain {
                status: status.code(),
                is_secure: matches!(found, Found::Us { is_secure: true }),
                date_checked: Some(now.0),
                date_seen,
                date_due: now.plus(status.pause(absent)).0,
                ..before.clone()
            };
            if status != DomainStatus::Blocked {
                row.reason = match found {
                    Found::Us { .. } => String::new(),
                    Found::Nothing(words) => words.clone(),
                };
            }
            let is_seen_by_clicks = (row.status, row.is_secure) != (before.status, before.is_secure);
            domain::update(&db, row).await?;
            if is_seen_by_clicks { change::create(&db, ChangeKind::Domain, id, now).await } else { Ok(()) }
        };
        self.change(work).await
    }
}
