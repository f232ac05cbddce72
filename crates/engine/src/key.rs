//! API keys: always the caller's own, whatever his level.

use whocpa_domain::user::KeyKind;
use whocpa_domain::{Error, FieldErrors, Method, Resource, Result, Time, params, view};
use whocpa_store::api_key::{self, Key};

use crate::{Caller, Engine, check};

/// Working keys that one account may have: each is a way in that somebody must watch.
const KEY_LIMIT: usize = 100;

params! {
    /// A new additional key.
    pub struct KeyCreate {
        /// What you call it, for example the program that uses it.
        name: String,
    }
}

view! {
    /// An API key.
    pub struct KeyView {
        /// Key id.
        id: i64,
        /// Why it exists.
        kind: KeyKind,
        /// What you call it.
        name: String,
        /// Its first letters, to tell keys apart.
        prefix: String,
        /// When it was made.
        date_created: Time,
        /// When it was revoked; `null` while it works.
        date_revoked: Option<Time>,
    }
}

view! {
    /// A new key.
    pub struct KeyCreated {
        /// Key id.
        id: i64,
        /// The key itself: shown this once, write it down.
        key: String,
    }
}

impl From<Key> for KeyView {
    fn from(row: Key) -> Self {
        Self {
            id: row.id,
            kind: KeyKind::from_code(row.kind).unwrap_or(KeyKind::Extra),
            name: row.name,
            prefix: row.prefix,
            date_created: Time(row.date_created),
            date_revoked: row.date_revoked.map(Time),
        }
    }
}

impl Engine {
    /// Your keys, oldest first; revoked ones too.
    pub async fn key_list(&self, caller: Caller) -> Result<Vec<KeyView>> {
        caller.may(Resource::Key, Method::List)?;
        let rows = api_key::list(&self.store().read(), caller.user_id).await?;
        Ok(rows.into_iter().map(KeyView::from).collect())
    }

    /// One of your keys.
    pub async fn key_view(&self, caller: Caller, id: i64) -> Result<KeyView> {
        caller.may(Resource::Key, Method::View)?;
        let row = api_key::view(&self.store().read(), caller.user_id, id).await?;
        // Never the key itself: whoever holds one key must not get another that outlives it.
        row.map(KeyView::from).ok_or(Error::NotFound)
    }

    /// Adds an additional key; gives its id and the key, which is shown this once.
    pub async fn key_create(&self, caller: Caller, input: KeyCreate) -> Result<KeyCreated> {
        caller.may(Resource::Key, Method::Create)?;
        if caller.is_system() {
            // The network's own jobs are nobody's account, so nobody could sign in with the key.
            return Err(Error::Forbidden);
        }
        let mut errors = FieldErrors::default();
        check::name(&mut errors, "name", &input.name);
        errors.finish()?;
        let input = &input;
        self.store()
            .write(move |db| async move {
                let rows = api_key::list(&db, caller.user_id).await?;
                if rows.iter().filter(|row| row.date_revoked.is_none()).count() >= KEY_LIMIT {
                    return Err(Error::Conflict(format!("You have {KEY_LIMIT} keys: revoke one first")));
                }
                let added = self.key_add(&db, caller.user_id, KeyKind::Extra, &input.name);
                let (id, key) = added.await?;
                Ok(KeyCreated { id, key })
            })
            .await
    }

    /// Revokes a key; it stays in the list. A revoked profile key is replaced by a new one at once, so that an
    /// account always has one. A key that was revoked before stays as it is.
    pub async fn key_delete(&self, caller: Caller, id: i64) -> Result<()> {
        caller.may(Resource::Key, Method::Delete)?;
        self.store()
            .write(move |db| async move {
                let found = api_key::view_for_update(&db, caller.user_id, id).await?;
                let row = found.ok_or(Error::NotFound)?;
                if row.date_revoked.is_some() {
                    return Ok(());
                }
                let is_profile = row.kind == KeyKind::Profile.code();
                let revoked = Key {
                    date_revoked: Some(self.now().0),
                    // The readable form has no use any more.
                    cipher: String::new(),
                    ..row
                };
                api_key::update(&db, revoked).await?;
                if is_profile {
                    self.key_add(&db, caller.user_id, KeyKind::Profile, "Profile").await?;
                }
                Ok(())
            })
            .await
    }

    /// The readable form of a profile key.
    pub(crate) fn key_text(&self, row: &Key) -> Result<String> {
        let lost = || {
            let text = format!("key {} cannot be decrypted: is secret.key that of this database?", row.id);
            Error::Internal(text)
        };
        self.vault().open_text(&row.cipher).ok_or_else(lost)
    }
}
