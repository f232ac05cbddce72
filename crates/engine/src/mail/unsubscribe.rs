//! The link that ends letters: signed, so that it works without signing in and nobody ends another one's letters.

use whocpa_domain::user::{Language, Notify};
use whocpa_domain::{Error, Resource, Result, Scope};
use whocpa_store::person::{self, User};

use super::compose::prefix;
use crate::audit::Changes;
use crate::vault::fingerprint;
use crate::{Caller, Engine};

/// What a link that ends letters names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsubscribe {
    /// Whose letters.
    pub user_id: i64,
    /// Which, as bits of `Notify`.
    pub choices: i64,
    /// That it is one of ours.
    pub signature: String,
}

impl Engine {
    /// The link that ends the letters of these choices (bits of `Notify`).
    pub(super) fn unsubscribe_link(&self, user_id: i64, language: Language, choices: i64) -> String {
        let signature = self.unsubscribe_signature(user_id, choices);
        let path = prefix(language);
        format!(
            "{}{path}/unsubscribe?user={user_id}&choices={choices}&signature={signature}",
            self.base_url()
        )
    }

    fn unsubscribe_signature(&self, user_id: i64, choices: i64) -> String {
        self.vault().mac(format!("unsubscribe\0{user_id}\0{choices}").as_bytes())
    }

    /// What such a link would end; `None` for one that is not ours.
    pub fn unsubscribe_choices(&self, link: &Unsubscribe) -> Option<Vec<Notify>> {
        let ours = self.unsubscribe_signature(link.user_id, link.choices);
        // Of hashes the time of a comparison tells nothing.
        (fingerprint(&ours) == fingerprint(&link.signature)).then(|| Notify::from_bits(link.choices))
    }

    /// Ends the letters of these choices for a person; once more does no harm.
    ///
    /// # Errors
    /// [`Error::NotFound`] for a link that is not ours.
    pub async fn unsubscribe(&self, link: &Unsubscribe) -> Result<()> {
        let choices = Notify::bits(&self.unsubscribe_choices(link).ok_or(Error::NotFound)?);
        let user_id = link.user_id;
        self.store()
            .write(move |db| async move {
                let found = person::view_for_update(&db, Scope::All, user_id).await?;
                let before = found.ok_or(Error::NotFound)?;
                let after = User { notify: before.notify & !choices, ..before.clone() };
                if after.notify == before.notify {
                    return Ok(());
                }
                let changes = Changes::updated(&before, &after).also("way", "unsubscribe".into());
                person::update(&db, after).await?;
                self.note(&db, Caller::SYSTEM, Resource::User, user_id, changes).await
            })
            .await
    }
}
