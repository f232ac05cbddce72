//! A way back into an account for those who run the machine: `whocpa admin password`.

use serde_json::json;
use whocpa_domain::{Error, FieldErrors, Resource, Result};
use whocpa_store::person::{self, User};
use whocpa_store::{second_factor, session};

use crate::audit::Changes;
use crate::auth::login_plain;
use crate::password::{password_check, password_hash};
use crate::{Caller, Engine};

impl Engine {
    /// Gives the account of this login a new password, takes its second factor away if asked, ends its sessions and
    /// revokes its API keys (there is a new profile key); gives its id. Not part of the API: who can do it, can read the database.
    ///
    /// # Errors
    /// [`Error::NotFound`] when nobody has this login.
    pub async fn account_rescue(&self, login: &str, password: String, drops_factor: bool) -> Result<i64> {
        let mut errors = FieldErrors::default();
        password_check(&mut errors, login, &password);
        errors.finish()?;
        let found = person::by_login(&self.store().read(), &login_plain(login)).await?;
        let id = found.ok_or(Error::NotFound)?.id;
        let hash = &password_hash(password).await?;
        self.change(move |db| async move {
            let found = person::view_for_update(&db, whocpa_domain::Scope::All, id).await?;
            let before = found.ok_or(Error::NotFound)?;
            let row = User { password_hash: hash.clone(), ..before.clone() };
            let changes = Changes::updated(&before, &row).also("password", json!("changed"));
            let mut changes = self.password_told(&db, &row, "operator", changes).await?;
            person::update(&db, row).await?;
            if drops_factor {
                second_factor::delete(&db, id).await?;
                changes = changes.also("second_factor", json!("off"));
            }
            session::revoke_others(&db, id, 0, self.now()).await?;
            let changes = self.keys_replace(&db, id, changes).await?;
            self.note(&db, Caller::SYSTEM, Resource::User, id, changes).await?;
            Ok(id)
        })
        .await
    }
}
