//! What the demo tells: a table on the terminal, and everything in `demo.json`.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use whocpa_domain::lead::LeadStatus;
use whocpa_domain::{Error, Result};
use whocpa_engine::lead::LeadList;
use whocpa_engine::{Caller, Engine};

use super::history::Past;
use super::offers::COMPANIES;
use super::world::{Account, DemoOffer, sent};
use crate::command::say;

/// The file in the data folder.
pub const FILE: &str = "demo.json";

/// Figures of the made network, asked of the engine itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figures {
    /// Leads by status, in the order of [`LeadStatus::ALL`].
    pub leads: Vec<(LeadStatus, i64)>,
    /// Currencies of the ledger whose balances sum to zero, and those whose do not.
    pub balanced: (usize, usize),
}

impl Figures {
    /// Asks.
    pub async fn read(engine: &Engine) -> Result<Self> {
        let mut leads = Vec::new();
        for status in LeadStatus::ALL {
            let wanted = sent::<LeadList>(&[("status", status.code().to_string())])?;
            leads.push((*status, engine.lead_list(Caller::SYSTEM, wanted).await?.total_count));
        }
        let sums = engine.ledger_sum().await?;
        let zero = sums.iter().filter(|(_, micros)| *micros == 0).count();
        Ok(Self { leads, balanced: (zero, sums.len() - zero) })
    }
}

/// Everything about the demo, for programs.
pub fn json(past: &Past, figures: &Figures, base_url: &str, seed: u64) -> Value {
    let world = &past.world;
    let with_password = |account: &Account| {
        json!({
            "id": account.id,
            "login": account.login,
            "name": account.name,
            "password": world.password,
            "api_key": account.api_key,
        })
    };
    let advertiser = |account: &Account| {
        let mut shown = with_password(account);
        shown["postback_token"] = json!(account.postback_token);
        shown
    };
    let links = world.links.iter().map(|link| {
        let offer_id = world.offers.get(link.offer).map(|offer| offer.id);
        json!({"code": link.code, "webmaster_id": link.webmaster_id, "offer_id": offer_id})
    });
    let leads = figures.leads.iter().map(|(status, count)| (status.word().to_owned(), json!(count)));
    json!({
        "base_url": base_url,
        "seed": seed,
        "operator": with_password(&world.operator),
        "staff": world.staff.iter().map(with_password).collect::<Vec<_>>(),
        "webmasters": world.webmasters.iter().map(with_password).collect::<Vec<_>>(),
        "advertisers": world.advertisers.iter().map(advertiser).collect::<Vec<_>>(),
        "offers": world.offers.iter().map(|row| offer(row, &world.advertisers)).collect::<Vec<_>>(),
        "links": links.collect::<Vec<_>>(),
        "clicks": past.counts.clicks,
        "leads": leads.collect::<serde_json::Map<_, _>>(),
    })
}

fn offer(row: &DemoOffer, advertisers: &[Account]) -> Value {
    let goals = row.goals.iter().map(|goal| {
        json!({
            "id": goal.id,
            "description": goal.description,
            "money_type": goal.money_type.code(),
            "currency": goal.currency,
            "charge": goal.charge,
            "hold_period": goal.hold_period,
        })
    });
    json!({
        "id": row.id,
        "name": row.plan.name,
        "advertiser_id": advertisers.get(row.plan.company).map(|account| account.id),
        "is_live": row.is_live && row.stop_ms.is_none(),
        "goals": goals.collect::<Vec<_>>(),
    })
}

/// Writes `demo.json`, readable to its owner only, whole or not at all.
pub fn write(folder: &Path, content: &Value) -> Result<PathBuf> {
    let (path, draft) = (folder.join(FILE), folder.join(format!("{FILE}.tmp")));
    let written = || -> std::io::Result<()> {
        let mut options = std::fs::OpenOptions::new();
        let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
        file.write_all(format!("{content:#}\n").as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&draft, &path)
    };
    written().map_err(|e| Error::Unavailable(format!("{}: {e}", path.display())))?;
    Ok(path)
}

/// The table on the terminal.
pub fn show(past: &Past, figures: &Figures, base_url: &str, path: &Path, seconds: u64) {
    let (world, counts) = (&past.world, &past.counts);
    say("");
    say(&format!("whocpa demo runs on {base_url}   (made in {seconds} s)"));
    say("");
    say(&format!("  API            {base_url}/api/offer/"));
    say(&format!("  API reference  {base_url}/apidocs/guest/overview/about   (also /pub/ and /adv/)"));
    say(&format!("  health         {base_url}/healthz  {base_url}/readyz  {base_url}/metrics"));
    if let Some(link) = world.links.first() {
        say(&format!("  a link         {base_url}/go/{}", link.code));
    }
    say("");
    say(&format!(
        "  sign in        {base_url}/sign-in   with a login below; password of everybody: {}",
        world.password
    ));
    say("");
    let row = |level: &str, account: &Account| {
        say(&format!("  {level:<11} {:>4}  {:<20} {}", account.id, account.login, account.api_key));
    };
    say(&format!("  {:<11} {:>4}  {:<20} API key", "level", "id", "login"));
    row("operator", &world.operator);
    world.staff.iter().for_each(|account| row("operator", account));
    world.webmasters.iter().take(3).for_each(|account| row("webmaster", account));
    world.advertisers.iter().take(3).for_each(|account| row("advertiser", account));
    say(&format!(
        "  {} webmasters, {} advertisers, all keys and links: {}",
        world.webmasters.len(),
        COMPANIES.len(),
        path.display()
    ));
    say("");
    let leads = figures.leads.iter().map(|(status, count)| format!("{count} {}", status.word()));
    say(&format!("  clicks  {}, {} of them sent to an offer", counts.clicks, counts.clicks_sent));
    say(&format!("  leads   {}", leads.collect::<Vec<_>>().join(", ")));
    say(&match figures.balanced {
        (zero, 0) => format!("  ledger  sums to zero in {zero} currencies"),
        (_, broken) => format!("  ledger  DOES NOT SUM TO ZERO in {broken} currencies: please report this"),
    });
    say("");
}
