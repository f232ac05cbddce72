//! Whether the books are right: every balance, and what leads, payouts and deposits say beside what was moved for them.

mod export;

use std::collections::{BTreeMap, BTreeSet};

use whocpa_domain::Result;
use whocpa_domain::ledger::{Account, CauseKind};
use whocpa_store::{Db, balance, ledger};

use crate::{Engine, EngineConfig, open};
pub use export::{Exported, export};
pub use whocpa_store::journal::JournalFilter;

/// What is not right with an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// What was compared, in words.
    pub what: String,
    /// Which account; none for a whole currency.
    pub account: Option<Account>,
    /// What transfers say, micro-units.
    pub found: i128,
    /// What it should be, micro-units.
    pub expected: i128,
}

/// What a look at the books found.
#[derive(Debug, Clone, Default)]
pub struct Books {
    /// Transfers that were added up.
    pub transfers: i64,
    /// Leads, payouts and deposits that they were compared with.
    pub rows: i64,
    /// Accounts in which there is or was money.
    pub accounts: usize,
    /// What is not right: nothing, unless somebody changed the database by hand.
    pub differences: Vec<Difference>,
}

/// Looks at the books of a network beside its running server; changes nothing.
pub async fn verify(config: &EngineConfig) -> Result<Books> {
    let store = open::connect(config).await?;
    let books = read(&store.read()).await;
    store.close().await;
    books
}

impl Engine {
    /// Looks at the books; a difference is an error in the log. A job.
    pub async fn ledger_verify(&self) -> Result<Books> {
        let books = read(&self.store().read()).await?;
        for wrong in &books.differences {
            tracing::error!(?wrong, "the ledger is not right");
        }
        if books.differences.is_empty() {
            tracing::info!(transfer.count = books.transfers, "the ledger is right");
        }
        Ok(books)
    }
}

async fn read(db: &Db) -> Result<Books> {
    let sides = ledger::sides(db).await?;
    let mut differences = Vec::new();
    let mut sums: BTreeMap<i64, i128> = BTreeMap::new();
    for ((_, account), micros) in &sides.found {
        *sums.entry(account.currency_id).or_default() += micros;
    }
    for (currency_id, found) in sums.into_iter().filter(|(_, sum)| *sum != 0) {
        let what = format!("all balances in currency {currency_id} together");
        differences.push(Difference { what, account: None, found, expected: 0 });
    }
    // An operator's own entries have no row to be compared with.
    let is_told = |(cause, _): &&(i64, Account)| *cause != CauseKind::Manual.code();
    let keys: BTreeSet<(i64, Account)> =
        sides.found.keys().chain(sides.expected.keys()).filter(is_told).copied().collect();
    for key in keys {
        let of = |side: &BTreeMap<(i64, Account), i128>| side.get(&key).copied().unwrap_or(0);
        let (found, expected) = (of(&sides.found), of(&sides.expected));
        if found != expected {
            let cause = CauseKind::from_code(key.0).map_or("unknown", CauseKind::word);
            let what = format!("transfers beside what caused them ({cause})");
            differences.push(Difference { what, account: Some(key.1), found, expected });
        }
    }
    for wrong in balance::differences(db).await? {
        let (what, found) = ("a folded balance, too high by this".to_owned(), i128::from(wrong.micros));
        differences.push(Difference { what, account: Some(wrong.account), found, expected: 0 });
    }
    let accounts: BTreeSet<Account> = sides.found.keys().map(|(_, account)| *account).collect();
    Ok(Books { transfers: sides.transfers, rows: sides.rows, accounts: accounts.len(), differences })
}
