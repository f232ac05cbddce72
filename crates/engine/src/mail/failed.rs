//! Letters that were given up: told to whoever runs the network, who may let them be tried anew.

use whocpa_domain::letter::LetterKind;
use whocpa_domain::{Result, Time};
use whocpa_store::{letter, person};

use crate::Engine;

/// A letter that was given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedLetter {
    /// Its number.
    pub id: i64,
    /// Login of the person.
    pub login: String,
    /// What it was about, `payout`.
    pub kind: &'static str,
    /// Tries.
    pub tries: i64,
    /// Why the last one failed.
    pub error: String,
    /// When it was written.
    pub date_created: Time,
}

impl Engine {
    /// Letters that were given up in the last thirty days, newest first: at most so many. For the command line.
    pub async fn letter_failed_list(&self, limit: u64) -> Result<Vec<FailedLetter>> {
        let db = self.store().read();
        let rows = letter::list_failed(&db, limit).await?;
        let ids: Vec<i64> = rows.iter().map(|row| row.user_id).collect();
        let people = person::by_ids(&db, &ids).await?;
        let told = rows.into_iter().map(|row| FailedLetter {
            id: row.id,
            login: people.get(&row.user_id).map(|user| user.login.clone()).unwrap_or_default(),
            kind: LetterKind::from_code(row.kind).map_or("", LetterKind::name),
            tries: row.try_count,
            error: row.error,
            date_created: Time(row.date_created),
        });
        Ok(told.collect())
    }

    /// Lets a letter that was given up be tried anew; false when there is none. For the command line.
    pub async fn letter_revive(&self, id: i64) -> Result<bool> {
        let now = self.now();
        self.store().write(move |db| async move { letter::revive(&db, id, now).await }).await
    }
}
