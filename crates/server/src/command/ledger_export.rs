//! `whocpa ledger export`

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;

use clap::Args;
use whocpa_domain::Time;
use whocpa_domain::ledger::AccountKind;
use whocpa_engine::ledger::{self, Exported, JournalFilter};

use super::{Settings, complain, told};

/// What `ledger export` takes.
#[derive(Debug, Args)]
pub struct Export {
    #[command(flatten)]
    settings: Settings,
    /// Transfers from here on, a date or a time in UTC: 2026-01-01
    #[arg(long, value_name = "DATE", value_parser = time)]
    from: Option<Time>,
    /// Transfers before this: 2026-02-01 for all of January
    #[arg(long, value_name = "DATE", value_parser = time)]
    until: Option<Time>,
    /// Only in this currency, by its number: 840
    #[arg(long, value_name = "ID")]
    currency: Option<i64>,
    /// Only from or to accounts of this person, 0 for the network itself
    #[arg(long, value_name = "ID")]
    owner: Option<i64>,
    /// Only from or to accounts of this kind, by its number: 11 for what webmasters have available. With owner and
    /// currency each line has the balance too
    #[arg(long, value_name = "KIND", value_parser = account)]
    account: Option<AccountKind>,
    /// Write to this file, which must not exist yet, instead of standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Export {
    /// Writes the journal.
    ///
    /// # Errors
    /// When the period is empty, or something cannot be read or written.
    pub async fn run(self) -> Result<(), String> {
        if self.from.zip(self.until).is_some_and(|(from, until)| from >= until) {
            return Err("--until must be after --from".to_owned());
        }
        let filter = JournalFilter {
            from: self.from,
            until: self.until,
            currency_id: self.currency,
            owner_id: self.owner,
            account: self.account,
        };
        let out: Box<dyn Write + Send> = match &self.out {
            Some(path) => Box::new(BufWriter::new(
                File::create_new(path).map_err(|e| format!("{}: {e}", path.display()))?,
            )),
            None => Box::new(std::io::stdout()),
        };
        let engine = self.settings.read()?.engine();
        let Exported { transfers } = ledger::export(&engine, &filter, out).await.map_err(|e| told(&e))?;
        complain(&format!("{transfers} transfers"));
        Ok(())
    }
}

fn time(text: &str) -> Result<Time, String> {
    Time::parse(text).ok_or_else(|| {
        "must be a date or a time in UTC such as 2026-01-31 or 2026-01-31T12:00:00Z".to_owned()
    })
}

fn account(text: &str) -> Result<AccountKind, String> {
    let known = text.parse().ok().and_then(AccountKind::from_code);
    known.ok_or_else(|| {
        let all = AccountKind::ALL.iter().map(|kind| format!("{} ({})", kind.code(), kind.word()));
        format!("must be one of {}", all.collect::<Vec<String>>().join("; "))
    })
}
