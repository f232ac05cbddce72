//! The journal as CSV: a period, one account or all, as it was written; read in portions, however long it is.

use std::collections::BTreeMap;
use std::io::Write;

use csv::Writer;
use whocpa_domain::ledger::{Account, CauseKind, TransferKind};
use whocpa_domain::money::Amount;
use whocpa_domain::{Error, Result, Scope, Time};
use whocpa_store::currency;
use whocpa_store::journal::{self, Entry, JournalFilter};

use crate::{EngineConfig, open};

/// Transfers that are read at once.
const PORTION: i64 = 5_000;

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exported {
    /// Lines of transfers.
    pub transfers: i64,
}

/// Writes the wanted part of the journal, beside a running server and changing nothing.
///
/// With one account (kind, owner and currency) each line also has what it did to the account and the balance after it,
/// beginning with what was there before the period; so the last line is what remains.
///
/// # Errors
/// When the database cannot be read, or `out` not be written.
pub async fn export(
    config: &EngineConfig,
    filter: &JournalFilter,
    out: impl Write + Send,
) -> Result<Exported> {
    let store = open::connect(config).await?;
    let db = store.read();
    let mut currencies = BTreeMap::new();
    for row in currency::list(&db, Scope::All).await? {
        currencies.insert(row.id, (u8::try_from(row.digits).unwrap_or(0), row.code));
    }
    let mut journal = Journal { out: Writer::from_writer(out), filter: *filter, currencies, balance: None };
    if is_one_account(filter) {
        journal.balance = Some(journal::opening(&db, filter).await?);
    }
    journal.head()?;
    let (mut after, mut transfers) = (0, 0);
    loop {
        let portion = journal::list(&db, filter, after, PORTION).await?;
        for entry in &portion {
            journal.line(entry)?;
            transfers += 1;
        }
        match portion.last() {
            Some(last) => after = last.id,
            None => break,
        }
    }
    journal.out.flush().map_err(|error| unwritten(&error))?;
    store.close().await;
    Ok(Exported { transfers })
}

/// Whether a balance means something.
fn is_one_account(filter: &JournalFilter) -> bool {
    filter.account.is_some() && filter.owner_id.is_some() && filter.currency_id.is_some()
}

struct Journal<W: Write> {
    out: Writer<W>,
    filter: JournalFilter,
    /// Digits and letters.
    currencies: BTreeMap<i64, (u8, String)>,
    /// Of the one account, micro-units.
    balance: Option<i128>,
}

/// Columns of every export; all values are numbers, times and words of this program, so that no cell can be a formula.
const COLUMNS: [&str; 12] = [
    "id",
    "date",
    "kind",
    "debit_account",
    "debit_owner",
    "credit_account",
    "credit_owner",
    "amount",
    "currency",
    "cause",
    "cause_id",
    "cause_step",
];

impl<W: Write> Journal<W> {
    fn head(&mut self) -> Result<()> {
        let more: &[&str] = if self.balance.is_some() { &["change", "balance"] } else { &[] };
        self.out.write_record(COLUMNS.iter().chain(more)).map_err(|error| unwritten(&error))?;
        let Some(balance) = self.balance else { return Ok(()) };
        let shown = self.micros(balance, self.filter.currency_id.unwrap_or(0));
        let date = self.filter.from.map_or_else(String::new, time);
        let mut cells = vec![String::new(); COLUMNS.len() + 2];
        for (at, cell) in [(1, date), (2, "opening".to_owned()), (COLUMNS.len() + 1, shown)] {
            cells[at] = cell;
        }
        self.out.write_record(&cells).map_err(|error| unwritten(&error))
    }

    fn line(&mut self, entry: &Entry) -> Result<()> {
        let code = self.currencies.get(&entry.debit.currency_id).map_or("", |(_, code)| code.as_str());
        let mut cells = vec![
            entry.id.to_string(),
            time(Time(entry.date_created)),
            TransferKind::from_code(entry.kind).map_or_else(|| entry.kind.to_string(), |kind| name(&kind)),
            name(&entry.debit.kind),
            entry.debit.owner_id.to_string(),
            name(&entry.credit.kind),
            entry.credit.owner_id.to_string(),
            self.micros(i128::from(entry.amount), entry.debit.currency_id),
            code.to_owned(),
            CauseKind::from_code(entry.cause).map_or_else(|| entry.cause.to_string(), |kind| name(&kind)),
            entry.cause_id.to_string(),
            entry.cause_number.to_string(),
        ];
        if let Some(balance) = self.balance {
            let part = |account: Account| i128::from(self.filter.has(account)) * i128::from(entry.amount);
            let change = part(entry.credit) - part(entry.debit);
            let after = balance + change;
            self.balance = Some(after);
            let currency_id = entry.debit.currency_id;
            cells.extend([self.micros(change, currency_id), self.micros(after, currency_id)]);
        }
        self.out.write_record(&cells).map_err(|error| unwritten(&error))
    }

    fn micros(&self, micros: i128, currency_id: i64) -> String {
        let digits = self.currencies.get(&currency_id).map_or(0, |(digits, _)| *digits);
        i64::try_from(micros)
            .map_or_else(|_| micros.to_string(), |micros| Amount { micros, digits }.to_string())
    }
}

/// A code's name as the documentation writes it: `WebmasterHold` as `webmaster_hold`.
fn name(code: &impl std::fmt::Debug) -> String {
    let mut name = String::new();
    for letter in format!("{code:?}").chars() {
        if letter.is_ascii_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(letter.to_ascii_lowercase());
    }
    name
}

fn time(time: Time) -> String {
    time.to_string()
}

fn unwritten(error: &dyn std::fmt::Display) -> Error {
    Error::Unavailable(format!("the journal cannot be written: {error}"))
}
