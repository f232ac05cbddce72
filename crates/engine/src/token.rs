//! Tokens of advertisers' postbacks: encrypted in the store, found by their hash, replaced with an overlap (trust §3).

use whocpa_domain::{Error, Result, Time};
use whocpa_store::person::{self, User};
use whocpa_store::{Db, Store};

use crate::vault::{Vault, fingerprint};
use crate::{Engine, Rng};

/// Letters of a token: 32 of 5 bits are 160 random bits.
const TOKEN_LETTERS: usize = 32;
/// Hours for which a replaced token works on, unless told: time to change it in every system that sends it.
pub(crate) const OVERLAP_HOURS: i64 = 72;
/// The most hours.
pub(crate) const OVERLAP_HOURS_MAX: i64 = 720;

impl Engine {
    /// Gives a person a token; what stood there before is gone.
    pub(crate) fn token_set(&self, row: &mut User) -> Result<()> {
        let token = self.rng().letters(TOKEN_LETTERS);
        row.postback_token = self.vault().seal(self.rng(), &token)?;
        row.postback_hash = fingerprint(&token);
        Ok(())
    }

    /// Gives a person a new token; the present one works `hours` longer, the one before it no more.
    pub(crate) fn token_rotate(&self, row: &mut User, hours: i64) -> Result<()> {
        let until = self.now().plus(hours * 3600);
        let (old, date) =
            if hours > 0 { (row.postback_hash.clone(), Some(until.0)) } else { (String::new(), None) };
        (row.postback_hash_old, row.date_postback_old) = (old, date);
        self.token_set(row)
    }

    /// The readable token of a person, who may have none.
    pub(crate) fn token_text(&self, row: &User) -> Result<Option<String>> {
        if row.postback_token.is_empty() {
            return Ok(None);
        }
        let lost = || {
            let text = format!(
                "the postback token of user {} cannot be decrypted: is secret.key that of this database?",
                row.id
            );
            Error::Internal(text)
        };
        self.vault().open_text(&row.postback_token).ok_or_else(lost).map(Some)
    }

    /// Until when the token before the present one works.
    pub(crate) fn token_overlap(&self, row: &User) -> Option<Time> {
        row.date_postback_old.map(Time).filter(|until| *until > self.now())
    }
}

/// Encrypts tokens that an earlier version stored as they are.
pub(crate) async fn seal_plain(store: &Store, vault: &Vault, rng: &Rng) -> Result<()> {
    let is_there = !person::with_plain_token(&store.read()).await?.is_empty();
    if !is_there {
        return Ok(());
    }
    store
        .write(move |db: Db| async move {
            for row in person::with_plain_token(&db).await? {
                let postback_hash = fingerprint(&row.postback_token);
                let postback_token = vault.seal(rng, &row.postback_token)?;
                person::update(&db, User { postback_token, postback_hash, ..row }).await?;
            }
            Ok(())
        })
        .await
}
