//! `whocpa ledger verify | export`

use clap::{Args, Subcommand};
use serde_json::json;
use whocpa_domain::ledger::Account;
use whocpa_engine::ledger::{self, Books, Difference};

use super::ledger_export::Export;
use super::{Settings, say, told};

/// The books.
#[derive(Debug, Subcommand)]
pub enum Ledger {
    /// Derive every balance anew and compare the ledger with leads, payouts and deposits; changes nothing
    Verify(Verify),
    /// Write the journal as CSV for the accountant: of a period, of one account or all; changes nothing
    Export(Export),
}

/// What `ledger verify` takes.
#[derive(Debug, Args)]
pub struct Verify {
    #[command(flatten)]
    settings: Settings,
    /// Print JSON instead of text
    #[arg(long)]
    json: bool,
}

impl Ledger {
    /// Looks at the books and tells, or writes them out.
    ///
    /// # Errors
    /// When they are not right, or cannot be read.
    pub async fn run(self) -> Result<(), String> {
        let verify = match self {
            Self::Verify(verify) => verify,
            Self::Export(export) => return export.run().await,
        };
        let books = ledger::verify(&verify.settings.read()?.engine()).await.map_err(|e| told(&e))?;
        if verify.json {
            say(&object(&books).to_string());
        } else {
            let Books { transfers, rows, accounts, .. } = &books;
            say(&format!("{transfers} transfers, {accounts} accounts, {rows} leads, payouts and deposits"));
            for wrong in &books.differences {
                say(&line(wrong));
            }
        }
        match books.differences.len() {
            0 => Ok(()),
            wrong => Err(format!("{wrong} differences: the ledger is not right")),
        }
    }
}

fn name(account: Option<Account>) -> String {
    account.map_or_else(String::new, |account| {
        let Account { kind, owner_id, currency_id } = account;
        format!(" of {kind:?}, owner {owner_id}, currency {currency_id}")
    })
}

fn line(wrong: &Difference) -> String {
    let Difference { what, account, found, expected } = wrong;
    format!("wrong: {what}{}: {found} micro-units instead of {expected}", name(*account))
}

fn object(books: &Books) -> serde_json::Value {
    let difference = |wrong: &Difference| {
        json!({
            "what": wrong.what,
            "account": wrong.account.map(|account| json!({
                "kind": account.kind,
                "owner_id": account.owner_id,
                "currency_id": account.currency_id,
            })),
            "found": wrong.found.to_string(),
            "expected": wrong.expected.to_string(),
        })
    };
    json!({
        "transfers": books.transfers,
        "accounts": books.accounts,
        "rows": books.rows,
        "differences": books.differences.iter().map(difference).collect::<Vec<_>>(),
    })
}
